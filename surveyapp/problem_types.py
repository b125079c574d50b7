"""The types of problem (RFC 9457): what the ``type`` of a problem document names, and what to do then.

The API answers with such documents, and a page does where its numbers were asked for as JSON.

A type's name never changes: programs compare it. The installation shows each at its own address, and
the documentation has a section of the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "/api/problems"
BLANK = "about:blank"


@dataclass(frozen=True)
class ProblemType:
    """A kind of problem; without a ``name`` it says no more than its HTTP status does."""

    name: str  # the last part of its URI
    status: int
    title: str
    meaning: str
    cure: str
    example: str  # a detail that such a problem can carry

    def uri(self, base: str) -> str:
        """The ``type`` of its documents on the installation at ``base``."""
        return f"{base.rstrip('/')}{PREFIX}/{self.name}" if self.name else BLANK


MALFORMED = ProblemType(
    "malformed-request",
    400,
    "Malformed request",
    "The body is not valid JSON.",
    "Send JSON in UTF-8 as defined by RFC 8259, without NaN or Infinity.",
    "The body is not valid JSON: Expecting value: line 1 column 1 (char 0).",
)
INVALID_KEY = ProblemType(
    "invalid-key",
    401,
    "Invalid API key",
    "The request carries no API key, or one that is unknown or revoked.",
    "Send a valid API key in the header `Authorization: Bearer sak_...`.",
    "Send a valid API key in the header Authorization: Bearer sak_...",
)
NOT_ALLOWED = ProblemType(
    "not-allowed",
    403,
    "Not allowed",
    "The API key is valid but does not have the scope that this operation requires, or the role of the"
    " account does not permit this page.",
    "Use a key that has the scope: administrators choose the scopes of a key under Connections. For a"
    " page, ask an administrator for another role.",
    'This requires the scope "read results"; the key Branches has read surveys.',
)
NOT_FOUND = ProblemType(
    "not-found",
    404,
    "Not found",
    "There is no such address, or no survey, journey or segment with this code.",
    "Check the code: `GET /api/v1/surveys` lists surveys with their journeys.",
    "There is no journey 'onbording'.",
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    405,
    "Method not allowed",
    "The address exists, but not with this HTTP method.",
    "Use a method that the response header `Allow` lists.",
    "The method is not allowed for the requested URL.",
)
CONFLICT = ProblemType(
    "not-possible-now",
    409,
    "Not possible now",
    "The request is valid but contradicts the present state, for example while responses are still"
    " being assigned to a segment.",
    "Wait a few minutes and send the request again, or change what `detail` names.",
    "Responses are still being assigned to the segment North. Its scores are shown when this is"
    " done; try again in a few minutes.",
)
CHANGED = ProblemType(
    "changed-in-the-meantime",
    409,
    "Changed in the meantime",
    "Another request changed the same data at the same time. Nothing was stored.",
    "Send the request again.",
    "Nothing was stored. Send the request again.",
)
TOO_LARGE = ProblemType(
    "body-too-large",
    413,
    "Body too large",
    "The body is larger than 2 MiB.",
    "Split it into several requests.",
    "The data value transmitted exceeds the capacity limit.",
)
UNSUPPORTED = ProblemType(
    "unsupported-media-type",
    415,
    "Unsupported media type",
    "The body is not declared as JSON.",
    "Send JSON with the header `Content-Type: application/json`.",
    "Send JSON with the header Content-Type: application/json.",
)
INVALID = ProblemType(
    "invalid-input",
    422,
    "Invalid input",
    "A field or parameter is missing, unknown or out of range; `errors` lists all of them.",
    "Correct the fields that `errors` names.",
    "Nothing was done. interactions.0.at: Missing data for required field.",
)
NOTHING_ACCEPTED = ProblemType(
    "nothing-accepted",
    422,
    "No event was accepted",
    "The batch is well formed, but each of its events was rejected; `errors` gives the reasons.",
    "Correct the events that `errors` names.",
    "1 rejected; the first: There is no touchpoint 'nowhere'.",
)
NOT_POSSIBLE = ProblemType(
    "not-possible",
    422,
    "Not possible",
    "The request is well formed, but it cannot be carried out.",
    "Change what `detail` names.",
    "The questionnaire of this survey is no longer installed.",
)
TOO_MANY = ProblemType(
    "too-many-requests",
    429,
    "Too many requests",
    "The key has sent too many requests, or the address too many wrong keys.",
    "Wait for the number of seconds in the response header `Retry-After`.",
    "The limit is 600 requests in 60 seconds; wait and try again.",
)
UNEXPECTED = ProblemType(
    "internal-error",
    500,
    "Internal error",
    "The server failed. Nothing was stored. The error has been logged under the number in `request`.",
    "Send the request again later; if it fails again, give the number to the administrator.",
    "Nothing was stored. The error has been logged under the request's number.",
)
UNAVAILABLE = ProblemType(
    "database-unavailable",
    503,
    "Database unavailable",
    "The database did not answer in time. Nothing was stored.",
    "Send the request again in a moment.",
    "Nothing was stored. Send the request again in a moment.",
)

TYPES: Mapping[str, ProblemType] = {
    each.name: each
    for each in (
        *(MALFORMED, INVALID_KEY, NOT_ALLOWED, NOT_FOUND, METHOD_NOT_ALLOWED, CONFLICT, CHANGED),
        *(TOO_LARGE, UNSUPPORTED, INVALID, NOTHING_ACCEPTED, NOT_POSSIBLE, TOO_MANY, UNEXPECTED),
        UNAVAILABLE,
    )
}
# The types that an HTTP status alone tells.
BY_STATUS: Mapping[int, ProblemType] = {
    each.status: each
    for each in (
        *(MALFORMED, NOT_ALLOWED, NOT_FOUND, METHOD_NOT_ALLOWED, CONFLICT, TOO_LARGE, UNSUPPORTED),
        *(INVALID, TOO_MANY, UNEXPECTED, UNAVAILABLE),
    )
}


def of_status(status: int, title: str) -> ProblemType:
    """The type that a status alone tells; one without a name, with this title, where it tells none."""
    return BY_STATUS.get(status, ProblemType("", status, title, "", "", ""))
