"""Scales under development: the pool with its states, judges' rounds and results, the evidence."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from surveyapp.api.bodies import Blueprint
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.api.scale_development_schemas import (
    DecidedItemSchema,
    EvidenceQuery,
    JudgingRoundSchema,
    NewPoolItemSchema,
    NewRoundSchema,
    NewScaleConstructSchema,
    NewScaleSchema,
    PoolItemSchema,
    RewordedItemSchema,
    RoundHeadSchema,
    RoundQuery,
    ScaleConstructSchema,
    ScaleQuery,
    ScaleSchema,
    ScalesSchema,
    WholeScaleSchema,
)
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import NotFound
from surveyapp.i18n.report_languages import written_in
from surveyapp.journeys.queries import journey_by_code
from surveyapp.reports.formats.names import Format
from surveyapp.scale_development import judging, pool, queries
from surveyapp.scale_development.evidence import evidence_of
from surveyapp.scale_development.judgements import judgements
from surveyapp.scale_development.scale_json import (
    construct_to_json,
    evidence_to_json,
    item_to_json,
    round_to_json,
    scale_to_json,
)
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, JudgingRound, ScaleDevelopment, ScaleItem

scale_development = Blueprint(
    "scale_development",
    __name__,
    url_prefix="/api/v1/journeys/<string:code>/scale-development",
    description="Scales on their way from the construct to the questionnaire.",
)

_AT = "2026-06-01T05:00:00+00:00"
_SCALE = {
    "id": 2,
    "name": "Adviser encounter",
    "definition": "How customers experience the talk with an adviser.",
    "population": "Customers who talked to an adviser",
    "language": "en",
    "answer_scale": "agree7",
    "items": {"draft": 1},
    "created_at": _AT,
}
_CONSTRUCT = {
    "id": 5,
    "kind": "dimension",
    "code": "empathy",
    "name": "Empathy",
    "definition": "The adviser sees things as the customer does.",
    "relation": "",
}
_ITEM = {
    "id": 9,
    "code": "emp1",
    "text": "The adviser understood my situation.",
    "dimension": "empathy",
    "reverse": False,
    "source": "Interviews",
    "state": "draft",
    "reason": "",
    "history": [
        {
            "text": "The adviser understood my situation.",
            "state": "draft",
            "reason": "",
            "at": _AT,
        }
    ],
}
_HEAD = {"id": 3, "kind": "sort", "created_at": _AT, "closed_at": None}
_ROUND = {
    **_HEAD,
    "invited": 8,
    "judges": 7,
    "agreement": {"estimate": 0.71, "low": 0.58, "high": 0.83, "observed": 0.84, "units": 12},
    "rule": "Keep: significantly more judges than chance sorted the item to its own construct.",
    "items": [
        {
            "id": 9,
            "code": "emp1",
            "text": "The adviser understood my situation.",
            "construct": "empathy",
            "judges": 7,
            "numbers": {"psa": 1.0, "csv": 1.0, "critical": 7},
            "proposal": "keep",
            "remarks": [],
        }
    ],
}


@scale_development.route("", methods=["GET"])
@needs(KeyScope.READ_SURVEYS)
@scale_development.response(
    200, ScalesSchema, example={"journey": "onboarding", "scales": [_SCALE]}
)
@scale_development.alt_response(404, "NOT_FOUND")
def list_scales(code: str) -> dict[str, Any]:
    """List a journey's scales under development

    The newest first.
    """
    with installation().store.reading() as session:
        journey = _journey(session, code)
        found = queries.scales_of(session, journey.id)
        counts = queries.item_counts(session, found)
        return {
            "journey": journey.code,
            "scales": [scale_to_json(each, counts[each.id]) for each in found],
        }


@scale_development.route("", methods=["POST"])
@needs(KeyScope.EDIT_JOURNEYS)
@scale_development.arguments(
    NewScaleSchema,
    example={"name": "Adviser encounter", "definition": "How customers experience the talk."},
)
@scale_development.response(200, ScaleSchema, example=_SCALE)
@scale_development.alt_response(404, "NOT_FOUND")
def create_scale(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Create a scale to be developed

    Requests can be repeated safely: the same scale is given back. Another one of its name is refused.
    """
    with installation().store.writing() as session:
        journey = _journey(session, code)
        for each in queries.scales_of(session, journey.id):
            if all(getattr(each, name) == value for name, value in asked.items()):
                return scale_to_json(each, queries.item_counts(session, [each])[each.id])
        wanted = pool.ScaleWanted(**asked)
        return scale_to_json(pool.make_scale(session, journey, wanted, user_id=None), {})


@scale_development.route("/scale", methods=["GET"])
@needs(KeyScope.READ_SURVEYS)
@scale_development.arguments(ScaleQuery, location="query")
@scale_development.response(
    200,
    WholeScaleSchema,
    example={"scale": _SCALE, "constructs": [_CONSTRUCT], "pool": [_ITEM], "rounds": [_HEAD]},
)
@scale_development.alt_response(404, "NOT_FOUND")
def read_scale(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read a scale with its pool

    Constructs, items with every wording and decision on record, and the rounds of judges.
    """
    with installation().store.reading() as session:
        scale = _scale(session, code, query["scale"])
        changes = queries.changes_of(session, scale.id)
        counts = queries.item_counts(session, [scale])[scale.id]
        return {
            "scale": scale_to_json(scale, counts),
            "constructs": [
                construct_to_json(each) for each in queries.constructs_of(session, scale.id)
            ],
            "pool": [
                item_to_json(each, changes.get(each.id, ()))
                for each in queries.items_of(session, scale.id)
            ],
            "rounds": [_head(each) for each in queries.rounds_of(session, scale.id)],
        }


@scale_development.route("/constructs", methods=["POST"])
@needs(KeyScope.EDIT_JOURNEYS)
@scale_development.arguments(
    NewScaleConstructSchema,
    example={"scale": 2, **{name: _CONSTRUCT[name] for name in _CONSTRUCT if name != "id"}},
)
@scale_development.response(200, ScaleConstructSchema, example=_CONSTRUCT)
@scale_development.alt_response(404, "NOT_FOUND")
def add_construct(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Add a dimension or a neighbour to a scale

    Requests can be repeated safely: the same construct is given back. Another one of its code is refused.
    """
    with installation().store.writing() as session:
        scale = _scale(session, code, asked.pop("scale"), to_change=True)
        for each in queries.constructs_of(session, scale.id):
            if all(getattr(each, name) == value for name, value in asked.items()):
                return construct_to_json(each)
        wanted = pool.ConstructWanted(**asked)
        return construct_to_json(pool.add_construct(session, scale, wanted, user_id=None))


@scale_development.route("/items", methods=["POST"])
@needs(KeyScope.EDIT_JOURNEYS)
@scale_development.arguments(
    NewPoolItemSchema,
    example={"scale": 2, "code": "emp1", "text": _ITEM["text"], "dimension": "empathy"},
)
@scale_development.response(200, PoolItemSchema, example=_ITEM)
@scale_development.alt_response(404, "NOT_FOUND")
def add_pool_item(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Add an item to a scale's pool

    Requests can be repeated safely: the same item is given back. Another one of its code or its wording
    is refused.
    """
    with installation().store.writing() as session:
        scale = _scale(session, code, asked["scale"], to_change=True)
        for each in queries.items_of(session, scale.id):
            own = (each.code, each.text, each.construct.code, each.reverse, each.source)
            names = ("code", "text", "dimension", "reverse", "source")
            if own == tuple(asked[name] for name in names):
                return _told_item(session, each)
        dimensions = queries.constructs_of(session, scale.id, pool.DIMENSION)
        found = next((each.id for each in dimensions if each.code == asked["dimension"]), 0)
        wanted = pool.ItemWanted(
            asked["code"], asked["text"], found, asked["reverse"], asked["source"]
        )
        made = pool.add_item(session, scale, wanted, user_id=None, now=_now())
        return _told_item(session, made)


@scale_development.route("/items/reworded", methods=["POST"])
@needs(KeyScope.EDIT_JOURNEYS)
@scale_development.arguments(
    RewordedItemSchema,
    example={"scale": 2, "item": 9, "text": "The adviser saw my side.", "reason": "Too long"},
)
@scale_development.response(200, PoolItemSchema, example=_ITEM)
@scale_development.alt_response(404, "NOT_FOUND")
def reword_pool_item(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Reword an item of a scale's pool

    A new wording needs its reason; the old one stays on record. The same wording changes nothing.
    """
    with installation().store.writing() as session:
        scale = _scale(session, code, asked["scale"], to_change=True)
        item = queries.item_of(session, scale.id, asked["item"])
        wanted = pool.ItemWanted(
            item.code, asked["text"], item.construct_id, item.reverse, item.source, asked["reason"]
        )
        pool.change_item(session, scale, item, wanted, user_id=None, now=_now())
        return _told_item(session, item)


@scale_development.route("/items/decided", methods=["POST"])
@needs(KeyScope.EDIT_JOURNEYS)
@scale_development.arguments(
    DecidedItemSchema,
    example={"scale": 2, "item": 9, "state": "dropped", "reason": "Sorted to warmth"},
)
@scale_development.response(200, PoolItemSchema, example=_ITEM)
@scale_development.alt_response(404, "NOT_FOUND")
def decide_pool_item(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Decide about an item of a scale's pool

    To drop it needs a reason, which stays on record. The same decision changes nothing.
    """
    with installation().store.writing() as session:
        scale = _scale(session, code, asked["scale"], to_change=True)
        item = queries.item_of(session, scale.id, asked["item"])
        state, reason = asked["state"], asked["reason"]
        pool.set_state(session, scale, item, state, reason, user_id=None, now=_now())
        return _told_item(session, item)


@scale_development.route("/rounds", methods=["POST"])
@needs(KeyScope.EDIT_JOURNEYS)
@scale_development.arguments(NewRoundSchema, example={"scale": 2, "kind": "sort"})
@scale_development.response(200, RoundHeadSchema, example=_HEAD)
@scale_development.alt_response(404, "NOT_FOUND")
def begin_judging_round(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Begin a round of judges

    Of the items that are not dropped; drafts become items in judging. Judges are invited on the round's
    page. Until one is, the same round is given back.
    """
    with installation().store.writing() as session:
        scale = _scale(session, code, asked["scale"], to_change=True)
        return _head(judging.begin_round(session, scale, asked["kind"], user_id=None, now=_now()))


@scale_development.route("/rounds/closed", methods=["POST"])
@needs(KeyScope.EDIT_JOURNEYS)
@scale_development.arguments(RoundQuery, example={"round": 3})
@scale_development.response(200, RoundHeadSchema, example={**_HEAD, "closed_at": _AT})
@scale_development.alt_response(404, "NOT_FOUND")
def close_judging_round(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Close a round of judges

    Its links open nothing any more. A second time it changes nothing.
    """
    with installation().store.writing() as session:
        row = _round(session, code, asked["round"])
        judging.close_round(session, row, user_id=None, now=_now())
        return _head(row)


@scale_development.route("/round", methods=["GET"])
@needs(KeyScope.READ_SURVEYS)
@scale_development.arguments(RoundQuery, location="query")
@scale_development.response(200, JudgingRoundSchema, example=_ROUND)
@scale_development.alt_response(404, "NOT_FOUND")
def read_judging_round(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read what judges found

    Item by item, with a proposal by the stated rule. Remarks stand without who made them.
    """
    with installation().store.reading() as session:
        row = _round(session, code, query["round"])
        judges = queries.judges_of(session, row.id)
        return round_to_json(row, judgements(row, judges), len(judges))


@scale_development.route("/evidence", methods=["GET"])
@needs(KeyScope.MODEL_ANSWERS)
@scale_development.arguments(EvidenceQuery, location="query")
@scale_development.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/octet-stream",
    description="The file.",
    example="the bytes of the file",
)
@scale_development.alt_response(404, "NOT_FOUND")
def download_scale_evidence(query: dict[str, Any], code: str) -> Response:
    """Download the evidence of a scale

    Every step that is on record, pilots included, as JSON or as a document.
    """
    form, number = query["format"], query["scale"]
    with installation().store.reading() as session:
        scale = _scale(session, code, number)
        found = evidence_of(session, scale)
        journey = session.get_one(Journey, scale.journey_id)
        if form == "json":
            data = json.dumps(evidence_to_json(found), default=_moment, allow_nan=False).encode()
        else:
            from surveyapp.reports.formats.writers import written  # loaded with the first file
            from surveyapp.reports.scale_development.evidence import content

            words = written_in(query["report_language"])
            document = content(found, journey, made=_now().date(), words=words)
            data = dict(written(document, [Format(form)]))[Format(form)]
    with installation().store.writing() as session:
        record(
            session,
            None,
            "download scale evidence",
            f"scale {number}",
            file=form,
            key=caller().name,
        )
    answer = Response(data, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="scale-{number}.{form}"'
    return answer


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not written as JSON")


def _now() -> datetime:
    return installation().now()


def _journey(session: Session, code: str) -> Journey:
    return journey_by_code(session, code_in(code, "journey"), caller().journey_id)


def _scale(
    session: Session, code: str, number: int, *, to_change: bool = False
) -> ScaleDevelopment:
    return queries.scale_of(session, _journey(session, code).id, number, to_change=to_change)


def _round(session: Session, code: str, number: int) -> JudgingRound:
    journey = _journey(session, code)
    row = session.get(JudgingRound, number)
    gone = row is None or row.scale.journey_id != journey.id or row.scale.removed_at is not None
    if row is None or gone:
        raise NotFound("There is no such judging round on this journey.")
    return row


def _told_item(session: Session, item: ScaleItem) -> dict[str, Any]:
    session.refresh(item)
    return item_to_json(item, queries.changes_of(session, item.scale_id).get(item.id, ()))


def _head(row: JudgingRound) -> dict[str, Any]:
    names = ("id", "kind", "created_at", "closed_at")
    return {name: getattr(row, name) for name in names}
