"""A batch of reports that are each checked on their own: its fields, and what became of it."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.problems import Fault, Problem
from surveyapp.problem_types import NOTHING_ACCEPTED
from surveyapp.sampling.interactions import Received


def text(description: str, longest: int = 200, **other: Any) -> ma.fields.String:
    """A field of text with its limits, not empty where it is required."""
    shortest = 1 if other.get("required") else None
    return ma.fields.String(
        validate=ma.validate.Length(min=shortest, max=longest),
        metadata={"description": description},
        **other,
    )


def moment(description: str) -> ma.fields.String:
    """A required time, read report by report, so that a wrong one leaves the others alone."""
    return ma.fields.String(
        required=True,
        validate=_short,
        metadata={"format": "date-time", "description": description},
    )


def _short(told: str) -> None:
    """A limit that the document does not tell: generated clients would apply it to a time."""
    ma.validate.Length(min=1, max=60)(told)


class RefusedSchema(ma.Schema):
    """An event or outcome that was rejected, and why; the others were accepted."""

    place = ma.fields.Integer(
        required=True, metadata={"description": "Position in the batch, from 0.", "minimum": 0}
    )
    field = ma.fields.String(
        required=True, metadata={"description": "Empty if all of it is invalid."}
    )
    reason = ma.fields.String(required=True)
    cure = ma.fields.String(required=True, metadata={"description": "How to fix it."})


class ReceivedSchema(ma.Schema):
    """The result of the batch."""

    stored = ma.fields.Integer(required=True)
    already = ma.fields.Integer(
        required=True, metadata={"description": "Already reported, and unchanged."}
    )
    refused = ma.fields.List(ma.fields.Nested(RefusedSchema), required=True)


def as_answer(received: Received, name: str) -> dict[str, Any]:
    """What became of the batch ``name``, as ReceivedSchema. Raises Problem where nothing was accepted."""
    if not received.stored and not received.already:
        raise Problem(
            NOTHING_ACCEPTED,
            f"{received.refused_reports} rejected; the first: {received.refused[0].reason}",
            tuple(
                Fault(
                    f"{name}.{each.place - 1}" + (f".{each.field}" if each.field else ""),
                    f"{each.reason} {each.cure}".strip(),
                )
                for each in received.refused
            ),
        )
    refused = [{**vars(each), "place": each.place - 1} for each in received.refused]
    return {"stored": received.stored, "already": received.already, "refused": refused}
