"""What the API takes and says of scales under development, their items and judging rounds."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Strict
from surveyapp.i18n.report_languages import REPORT_LANGUAGES
from surveyapp.i18n.words import ENGLISH
from surveyapp.reports.formats.names import Format
from surveyapp.scale_development import judging, pool

_LARGEST = 2_147_483_647
_JSON, _DOCUMENTS = "json", (Format.PDF, Format.DOCX, Format.HTML)


def _number(description: str) -> ma.fields.Integer:
    return ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(min=1, max=_LARGEST),
        metadata={"description": description},
    )


def _text(longest: int, description: str = "", *, least: int = 0, **given: Any) -> ma.fields.String:
    return ma.fields.String(
        validate=ma.validate.Length(min=least, max=longest),
        metadata={"description": description} if description else {},
        **given,
    )


def _one_of(known: Any, description: str = "", **given: Any) -> ma.fields.String:
    return ma.fields.String(
        validate=ma.validate.OneOf([str(each) for each in known]),
        metadata={"description": description} if description else {},
        **given,
    )


class ScaleQuery(Strict):
    """A scale by its number."""

    scale = _number("The scale's number.")


class RoundQuery(Strict):
    """A judging round by its number."""

    round = _number("The judging round's number.")


class EvidenceQuery(ScaleQuery):
    format = _one_of((_JSON, *_DOCUMENTS), required=True)
    report_language = _one_of(
        REPORT_LANGUAGES,
        "Of the document, by default `en`; texts of the pool stay as they were written.",
        load_default=ENGLISH.language,
    )


class NewScaleSchema(Strict):
    """A scale to be developed."""

    name = _text(pool.LONGEST_NAME, least=1, required=True)
    definition = _text(
        pool.LONGEST_DEFINITION, "What the construct is, and what not.", least=1, required=True
    )
    population = _text(500, "Who is to answer.", load_default="")
    language = _text(40, "Of the items, such as `en`.", load_default=ENGLISH.language)
    answer_scale = _text(40, "The code of an offered answer scale.", load_default="agree7")


class NewScaleConstructSchema(ScaleQuery):
    """A dimension of the scale, or a neighbour that it is told apart from."""

    kind = _one_of((pool.DIMENSION, pool.NEIGHBOUR), required=True)
    code = _text(pool.LONGEST_CODE, "Small letters, digits and underscores.", required=True)
    name = _text(pool.LONGEST_NAME, least=1, required=True)
    definition = _text(pool.LONGEST_DEFINITION, least=1, required=True)
    relation = _text(500, "Expected of a neighbour.", load_default="")


class NewPoolItemSchema(ScaleQuery):
    """An item for the pool, which begins as a draft."""

    code = _text(pool.LONGEST_CODE, "Small letters, digits and underscores.", required=True)
    text = _text(pool.LONGEST_TEXT, least=1, required=True)
    dimension = _text(pool.LONGEST_CODE, "The dimension's code.", required=True)
    reverse = ma.fields.Boolean(load_default=False)
    source = _text(500, "Where it comes from.", load_default="")


class RewordedItemSchema(ScaleQuery):
    """A new wording of an item; the old one stays on record."""

    item = _number("The item's number.")
    text = _text(pool.LONGEST_TEXT, least=1, required=True)
    reason = _text(pool.LONGEST_REASON, "Why; it stays on record.", load_default="")


class DecidedItemSchema(ScaleQuery):
    """A decision about an item."""

    item = _number("The item's number.")
    state = _one_of(pool.STATES, required=True)
    reason = _text(pool.LONGEST_REASON, "Needed to drop an item.", load_default="")


class NewRoundSchema(ScaleQuery):
    """A round in which judges sort or rate the items that are not dropped."""

    kind = _one_of(judging.RoundKind, required=True)


class ScaleSchema(ma.Schema):
    """A scale under development."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    definition = ma.fields.String(required=True)
    population = ma.fields.String(required=True)
    language = ma.fields.String(required=True)
    answer_scale = ma.fields.String(required=True)
    items = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={"description": "How many items there are in each state."},
    )
    created_at = ma.fields.AwareDateTime(required=True)


class ScalesSchema(ma.Schema):
    """A journey's scales, the newest first."""

    journey = ma.fields.String(required=True)
    scales = ma.fields.List(ma.fields.Nested(ScaleSchema), required=True)


class ScaleConstructSchema(ma.Schema):
    """A dimension or a neighbour."""

    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    definition = ma.fields.String(required=True)
    relation = ma.fields.String(required=True)


class PoolItemChangeSchema(ma.Schema):
    """What an item said and was from a time on."""

    text = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    at = ma.fields.AwareDateTime(required=True)


class PoolItemSchema(ma.Schema):
    """An item with every wording and decision on record."""

    id = ma.fields.Integer(required=True)
    code = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    dimension = ma.fields.String(required=True)
    reverse = ma.fields.Boolean(required=True)
    source = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(list(pool.STATES)))
    reason = ma.fields.String(required=True)
    history = ma.fields.List(ma.fields.Nested(PoolItemChangeSchema), required=True)


class JudgedItemSchema(ma.Schema):
    """An item of a round, and what judges made of it."""

    id = ma.fields.Integer(required=True)
    code = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    construct = ma.fields.String(required=True)
    judges = ma.fields.Integer(required=True)
    numbers = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        metadata={
            "description": "Of a sort psa, csv and their test; of relevance the I-CVI, kappa and Aiken's V;"
            " of necessity the content validity ratio. Empty without a judge."
        },
    )
    proposal = ma.fields.String(required=True, metadata={"description": "By the round's `rule`."})
    remarks = ma.fields.List(ma.fields.String(), required=True)


class JudgingRoundSchema(ma.Schema):
    """A judging round with its results."""

    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True)
    created_at = ma.fields.AwareDateTime(required=True)
    closed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    invited = ma.fields.Integer(required=True, metadata={"description": "Judges with a link."})
    judges = ma.fields.Integer(required=True, metadata={"description": "Those who handed in."})
    agreement = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "Krippendorff's alpha; null where too few judged."},
    )
    rule = ma.fields.String(required=True)
    items = ma.fields.List(ma.fields.Nested(JudgedItemSchema), required=True)


class RoundHeadSchema(ma.Schema):
    """A judging round without its results."""

    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True)
    created_at = ma.fields.AwareDateTime(required=True)
    closed_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class WholeScaleSchema(ma.Schema):
    """A scale with its constructs, its pool and the heads of its rounds."""

    scale = ma.fields.Nested(ScaleSchema, required=True)
    constructs = ma.fields.List(ma.fields.Nested(ScaleConstructSchema), required=True)
    pool = ma.fields.List(ma.fields.Nested(PoolItemSchema), required=True)
    rounds = ma.fields.List(ma.fields.Nested(RoundHeadSchema), required=True)
