"""Bodies and queries read strictly: what is not known is refused by name, and nothing is guessed."""

from __future__ import annotations

import json
from datetime import datetime
from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Request
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

LARGEST_BODY = 2 * 1024 * 1024
_ANY = (401, 403, 429, 500, 503)
_WITH_BODY = (400, 409, 413, 415)


def attributes(description: str) -> ma.fields.Dict:
    """A customer's attributes: texts, numbers and truth values by name."""
    return ma.fields.Dict(
        keys=ma.fields.String(),
        # What they may not be, because generators make a class of a choice of types: a program could
        # then pass no plain {"region": "North", "tenure": 3}.
        values=ma.fields.Raw(metadata={"not": {"type": ["object", "array", "null"]}}),
        metadata={"description": description},
    )


class Strict(ma.Schema):
    """Refuses every field that it does not know; the document says so too."""

    class Meta:
        unknown = ma.RAISE


class Moment(ma.fields.AwareDateTime):
    """A time with its offset, of this century: further ones overflow where clocks are compared."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> datetime:
        moment: datetime = super()._deserialize(*args, **kwargs)
        if not 2000 <= moment.year < 2100:
            raise ma.ValidationError(f"The year {moment.year} is out of range; use 2000 to 2099.")
        return moment


class StrictParser(FlaskParser):
    """Reads JSON only where it is declared as such, and query parameters only by their names."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.RAISE, "query": ma.RAISE}  # noqa: RUF012

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        if not req.is_json:
            raise UnsupportedMediaType("Send JSON with the header Content-Type: application/json.")
        try:
            document = json.loads(req.get_data(cache=False), parse_constant=_refuse)
            # Halves of surrogate pairs are no text that a database could keep.
            json.dumps(document, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            said = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise BadRequest(f"The body is not valid JSON: {said[:200]}.") from error
        return document


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """A subject of the API; each of its operations is documented with every status that it can have."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(_document_problems)


def _document_problems(doc: dict[str, Any], _: Any, *, method: str, **__: Any) -> dict[str, Any]:
    """Add what any operation can answer, and what one that takes a body can, beside its own."""
    responses = doc.setdefault("responses", {})
    for status in (*_ANY, *(_WITH_BODY if method == "post" else ())):
        responses.setdefault(status, HTTPStatus(status).name)
    doc["responses"] = dict(sorted(responses.items(), key=lambda each: str(each[0])))
    return doc


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")
