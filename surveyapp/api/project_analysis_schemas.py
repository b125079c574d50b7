"""What the API takes and says of further analyses of a project's model."""

from __future__ import annotations

import marshmallow as ma

from surveyapp.api.bodies import Strict
from surveyapp.api.schema_fields import choice, number, short_text
from surveyapp.results.projects.analysis_kinds import ANALYSES

_ANALYSIS_STATES = ["waiting", "done", "failed"]


class NewAnalysisSchema(Strict):
    """A further analysis of a fitted model."""

    model = number("The model's number.", required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(list(ANALYSES)))
    group = short_text(
        "The attribute that makes groups, where they are compared.", 200, load_default=""
    )
    construct = short_text("The formed construct of a `redundancy` analysis.", 200, load_default="")
    item = short_text("The item that asks for all of it.", 200, load_default="")
    parameter = short_text(
        "What a `multiverse` estimates, such as `loyalty ~ ease`.", 500, load_default=""
    )
    cluster = short_text(
        "The attribute that makes clusters, of `two_level` and `mixed`.", 200, load_default=""
    )
    wave = short_text(
        "The length of a wave of `longitudinal`: `quarter`, the default, `month`, `half` or `year`; of a file the"
        " column that tells the wave, or `columns by wave` where columns end in it.",
        200,
        load_default="",
    )
    outcome = short_text(
        "The explained construct of `necessity` and `importance`, or variable of `mixed`; of `copula` the one whose"
        " equation is tested, by default every one.",
        200,
        load_default="",
    )
    slope = short_text(
        "The predictor of `mixed` whose slope differs between clusters, `*` for every one; by default none.",
        200,
        load_default="",
    )
    means = short_text(
        "`apart`: predictors of `mixed` within clusters and between them; by default as they are.",
        10,
        load_default="",
    )
    level = short_text(
        "The wanted level of `importance`, from 0 to 100; by default 85.", 10, load_default=""
    )
    method = short_text(
        "Of `dif` `ordinal`, the default, or `mimic`; of `alignment` `fixed`, the default, or `free`; of"
        " `exploratory` `minres`, the default, `ml`, `principal_axis` or `principal`; of `mixed` `reml`, the"
        " default, or `ml`.",
        20,
        load_default="",
    )
    rotation = short_text(
        "Of `esem` `target`, the default, `bi-target`, `geomin`, `oblimin`, `bi-geomin` or `bi-quartimin`; of `exploratory` `oblimin`, the"
        " default, `promax`, `varimax` or `none`.",
        20,
        load_default="",
    )
    factors = short_text(
        "How many factors `exploratory` takes; by default as parallel analysis suggests.",
        2,
        load_default="",
    )
    answers = short_text(
        "What the samples of `cutoffs` consist of: by default normal answers, or ordinal ones of a model by"
        " WLSMV; `likert`, the items' categories as numbers, or `bootstrap`, the rows drawn again.",
        20,
        load_default="",
    )
    reference = short_text(
        "The group that others are compared with, of `invariance`, `alignment` and `dif`; by default the first.",
        200,
        load_default="",
    )
    first = short_text(
        "With `second` the groups of `groups`, of an attribute with more.", 200, load_default=""
    )
    second = short_text("See `first`.", 200, load_default="")
    free = short_text(
        "Parameters that `invariance` leaves free at every step, such as `x3~1, f=~x2`.",
        500,
        load_default="",
    )
    difference = choice(
        ("2001", "2010", "2000"), "The difference test of `invariance` by MLR; by default 2001."
    )
    correction = choice(("holm", "benjamini-hochberg"), "Of the tests of `dif`; by default Holm's.")
    alpha = short_text(
        "The level of the tests of `dif`: `0.05`, the default, `0.1`, `0.01` or `0.001`.",
        10,
        load_default="",
    )
    classes = choice(
        ("jodoin-gierl", "zumbo"),
        "Bounds of the sizes of `dif` by `ordinal`; by default the first.",
    )
    criterion = choice(
        ("test", "size"), "What flags an item of `dif` by `ordinal`; by default its test alone."
    )
    purify = choice(
        ("yes", "no"),
        "Whether flagged items leave the matching score of `dif`; by default they do.",
    )
    epsilon = short_text(
        "Of the loss of `alignment`: `0.01`, the default, `0.001` or `0.0001`.", 10, load_default=""
    )
    least = short_text(
        "Rows that a group of `alignment` has at least: `50`, the default, `20`, `30`, `100` or `200`.",
        10,
        load_default="",
    )
    simulate = short_text(
        "Samples that show whether `alignment` finds the means again: `0`, the default, `100` or `500`.",
        10,
        load_default="",
    )
    orthogonal = choice(("no", "yes"), "Whether the factors of `esem` stay uncorrelated.")
    ceiling = choice(
        ("CE-FDH", "CR-FDH"),
        "Which ceiling of `necessity` and `importance` decides; by default CE-FDH.",
    )
    steps = short_text(
        "Intervals of the bottlenecks of `necessity`: `10`, the default, `5` or `20`.",
        10,
        load_default="",
    )
    conditions = short_text(
        "The conditions of `necessity`, separated by commas; by default all that lead to the outcome.",
        500,
        load_default="",
    )
    borrow = choice(
        ("no", "yes"), "Whether constructs of two or three items borrow some for `tetrads`."
    )
    against = short_text(
        "The number of the model whose `prediction` is compared.", 15, load_default=""
    )
    technique = choice(
        ("direct", "earliest"), "What a `prediction` is from; by default direct antecedents."
    )
    folds = short_text("Of `prediction`: `10`, the default, `5` or `20`.", 10, load_default="")
    repetitions = short_text(
        "Of `prediction`: `10`, the default, `1` or `20`.", 10, load_default=""
    )
    up_to = short_text(
        "The most `segments`: `5`, the default, `2`, `3`, `4`, `6`, `8` or `10`.",
        10,
        load_default="",
    )
    segments = short_text(
        "Whose paths `segments` shows, `1` to `10`; by default as AIC3 says.", 10, load_default=""
    )
    starts = short_text("Of `segments`: `10`, the default, `50` or `100`.", 10, load_default="")
    permutations = short_text("Of `groups`: `1000`, the default, or `5000`.", 10, load_default="")
    bootstrap = short_text(
        "Resamples of each group of `groups` for Henseler's comparison: `0`, the default, `1000` or `5000`.",
        10,
        load_default="",
    )
    interaction = choice(
        ("two-stage", "orthogonal", "product-indicator"),
        "How the products of `slopes` are made; by default in two stages.",
    )


class AnalysisSchema(ma.Schema):
    """A further analysis; the model has its result once it is done."""

    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True)
    options = ma.fields.Dict(keys=ma.fields.String(), required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(_ANALYSIS_STATES))
