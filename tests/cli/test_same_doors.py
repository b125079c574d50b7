"""Every option of a command is on the pages of models and in the API, or stands here with the reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click
import pytest

from surveyapp.api.analyses import NewStudySchema, NewValidationSchema
from surveyapp.api.project_analysis_schemas import NewAnalysisSchema
from surveyapp.api.project_schemas import ModelOptionsSchema
from surveyapp.cli import COMMANDS, surveyapp
from surveyapp.results.projects.analysis_kinds import ANALYSES, ANALYSIS_OPTIONS
from surveyapp.results.projects.options import OPTION_NAMES
from surveyapp.store.models import ProjectModel
from surveyapp.web.analyses import ValidationForm
from surveyapp.web.model_forms import AnalysisForm
from surveyapp.web.project_forms import ModelForm
from surveyapp.web.studies import StudyForm

# Of every command: how its file is read, and what it writes.
OF_FILES = frozenset(
    (
        *("--sheet", "--encoding", "--delimiter", "--decimal", "--values-ok", "--json", "--out"),
        *("--diagram", "--plot", "--pdf", "--report-language", "--tables", "--figures"),
    )
)
TEXT = "the text of the project's model"
SEED = "fixed, and stored with the result"
LENGTH = "fixed at what a paper reports; a project's resamples are those of its model"
OF_COVARIANCES = {"--missing": "model missing", "--model": TEXT}
PLAIN = {"--missing": "model composite_missing", "--model": TEXT, "--seed": SEED}
OF_COMPOSITES = PLAIN | {
    "--scheme": "model scheme",
    "--consistent": "model consistent",
    "--higher-order": "model higher_order",
}
DRAWN = {"--weights": "model weights", "--cluster": "model cluster"}
DRAWN_COMPOSITES = {"--weights": "model composite_weights", "--cluster": "model composite_cluster"}
# Of each command and option the form's field it is ("model group", "dif reference": of a model or of an
# analysis), or why it is none.
DOORS: Mapping[str, Mapping[str, str]] = {
    "sem": OF_COVARIANCES
    | {
        "--seed": SEED,
        "--estimator": "model estimator",
        "--ordered": "model ordered",
        "--parametrization": "thresholds are estimated in unit variances; fit is the same in both",
        "--information": "each estimator's usual one",
        "--auxiliary": "model auxiliary",
        "--imputations": "imputation",
        "--group": "model group",
        "--equal": "model equal",
        "--free": "model free",
        "--h1-information": "of MLM, which the pages do not offer",
        "--likelihood": "normal, as R counts",
        "--weights": "model weights",
        "--cluster-weights": "model cluster_weights",
        "--cluster": "model cluster",
        "--std-lv": "model std_lv",
        "--rotation": "model rotation",
        "--target": "a file of loadings; an ESEM rotates to the model's own factors",
        "--esem": "esem",
        "--bifactor": "esem rotation",
        "--orthogonal-rotation": "esem orthogonal",
        "--geomin-epsilon": "geomin's usual constant",
        "--oblimin-gamma": "0, which is quartimin",
        "--rotation-starts": "30, which the note counts",
    },
    "pls": OF_COMPOSITES | DRAWN_COMPOSITES | {"--bootstrap": "model bootstrap"},
    "validate": {
        "--missing": "validation missing",
        "--seed": SEED,
        "--instrument": "validation scale",
        "--key": "validation scale",
        "--model": "a model of one's own is fitted in a project",
        "--reverse": "validation reverse",
        "--group": "validation group",
        "--marker": "validation marker",
        "--seconds": "a response has its duration",
        "--estimator": "validation estimator",
        "--likelihood": "normal, as R counts",
        "--cutoffs": "validation cutoffs",
        "--esem": "validation esem",
    },
    "study": {  # beside them a page and a program choose the survey and the customers
        "--missing": "a survey's answers have no codes for missing ones",
        "--key": "the key that the survey asks",
        "--bootstrap": LENGTH,
        "--seed": SEED,
    },
    "invariance": OF_COVARIANCES
    | DRAWN
    | {
        "--group": "invariance group",
        "--estimator": "model estimator",
        "--difference": "invariance difference",
        "--reference": "invariance reference",
        "--free": "invariance free",
        "--ordered": "model ordered",
    },
    "longitudinal": OF_COVARIANCES
    | DRAWN
    | {
        "--ordered": "model ordered",
        "--person": "the customer of the answer",
        "--wave": "longitudinal wave",
        "--waves": "the last four that have enough customers",
        "--estimator": "model estimator",
        "--difference": "that of 2001",
        "--free": "the ladder releases parameters itself",
    },
    "alignment": OF_COVARIANCES
    | DRAWN
    | {
        "--seed": SEED,
        "--group": "alignment group",
        "--method": "alignment method",
        "--reference": "alignment reference",
        "--epsilon": "alignment epsilon",
        "--least": "alignment least",
        "--estimator": "model estimator",
        "--ordered": "model ordered",
        "--simulate": "alignment simulate",
    },
    "dif": OF_COVARIANCES
    | {
        "--group": "dif group",
        "--method": "dif method",
        "--reference": "dif reference",
        "--correction": "dif correction",
        "--level": "dif alpha",
        "--classes": "dif classes",
        "--criterion": "dif criterion",
        "--purify": "dif purify",
        "--estimator": "model estimator",
        "--ordered": "model ordered",
    },
    "efa": {
        "--missing": "complete rows; the project has read the file",
        "--items": TEXT,
        "--seed": SEED,
        "--factors": "exploratory factors",
        "--method": "exploratory method",
        "--rotation": "exploratory rotation",
    },
    "scores": OF_COVARIANCES
    | {"--kind": "the scores' own form on the model's page", "--estimator": "model estimator"},
    "cutoffs": OF_COVARIANCES
    | {
        "--answers": "cutoffs answers",
        "--seed": SEED,
        "--n": "the rows of the model",
        "--estimator": "model estimator",
        "--samples": "2,000 a level, as the command's default",
    },
    "predict": OF_COMPOSITES
    | {
        "--against": "prediction against",
        "--folds": "prediction folds",
        "--repetitions": "prediction repetitions",
        "--technique": "prediction technique",
    },
    "micom": OF_COMPOSITES
    | {
        "--group": "groups group",
        "--groups": "groups first",
        "--permutations": "groups permutations",
    },
    "mga": OF_COMPOSITES
    | {
        "--group": "groups group",
        "--groups": "groups second",
        "--permutations": "groups permutations",
        "--bootstrap": "groups bootstrap",
    },
    "fimix": OF_COMPOSITES
    | {
        "--up-to": "segments up_to",
        "--segments": "segments segments",
        "--starts": "segments starts",
    },
    "moderation": PLAIN
    | DRAWN_COMPOSITES
    | {
        "--consistent": "model consistent",
        "--interaction": "slopes interaction",
        "--bootstrap": "model bootstrap",
    },
    "nca": OF_COMPOSITES
    | {
        "--outcome": "necessity outcome",
        "--conditions": "necessity conditions",
        "--scale": "the scales of the project's items",
        "--steps": "necessity steps",
        "--permutations": LENGTH,
        "--ceiling": "necessity ceiling",
    },
    "cipma": OF_COMPOSITES
    | {
        "--target": "importance outcome",
        "--scale": "the scales of the project's items",
        "--outcome": "importance level",
        "--bootstrap": "model bootstrap",
        "--permutations": LENGTH,
        "--ceiling": "importance ceiling",
    },
    "copula": OF_COMPOSITES | {"--targets": "copula outcome", "--bootstrap": "model bootstrap"},
    "cta": PLAIN | DRAWN_COMPOSITES | {"--bootstrap": LENGTH, "--borrow": "tetrads borrow"},
    "mixed": {
        "--missing": "complete rows; the project has read the file",
        "--outcome": "mixed outcome",
        "--predictors": "those of the outcome's regression in the model",
        "--cluster": "mixed cluster",
        "--slopes": "mixed slope",
        "--method": "mixed method",
        "--means": "mixed means",
    },
    "redundancy": {
        "--missing": "complete rows; the project has read the file",
        "--items": "redundancy construct",
        "--global": "redundancy item",
        "--bootstrap": LENGTH,
        "--seed": SEED,
    },
    "multiverse": OF_COVARIANCES
    | {
        "--seed": SEED,
        "--missing": "every treatment that the estimators know",
        "--parameter": "multiverse parameter",
        "--estimators": "every one that can estimate the parameter",
        "--treatments": "every treatment that the estimators know",
        "--exclude": "the project's steps that leave out rows",
        "--rotation": "model rotation",
    },
}
# Commands on a file or a model whose pages are not those of models.
ELSEWHERE = {
    "contentvalidity": "scale development",
    "import": "imports of answers",
    "interactions": "imports of events",
    "itemsort": "scale development",
    "power": "the simulated power of a plan",
    "score": "scores of a survey's answers",
    "shortform": "scale development",
    "weight": "population shares",
}
# Values of a command's options that the page does not have.
WITHOUT = {
    ("sem", "--rotation"): {"geomin", "quartimin", "target", "bi-target"},  # "" is geomin
    ("cutoffs", "--answers"): {"normal"},  # "" is normal
    ("mixed", "--method"): {"REML", "ML"},  # in small letters
    ("multiverse", "--rotation"): {"geomin"},
}
# Options whose values are of the answers or of the model.
OF_THE_DATA = frozenset(
    (
        *("group", "cluster", "reference", "first", "second", "parameter", "construct", "item"),
        *("wave", "outcome", "against"),
    )
)


def options_of(command: str) -> Iterator[click.Option]:
    found = surveyapp.get_command(click.Context(surveyapp), command)
    assert found is not None
    for each in found.params:
        if isinstance(each, click.Option) and each.opts[0] not in OF_FILES:
            yield each


def door(text: str) -> tuple[str, str] | None:
    """The form and the field of an option; None of a reason."""
    form, _, field = text.partition(" ")
    known = form in ("model", "validation") or form in ANALYSES
    return (form, field) if known and " " not in field else None


@pytest.mark.parametrize("command", DOORS)
def test_each_option_of_a_command_has_its_door_or_a_reason(command):
    own = DOORS[command]
    options = {each.opts[0]: each for each in options_of(command)}
    assert set(options) == set(own)
    for name, option in options.items():
        found = door(own[name])
        if found is None:
            continue
        values = values_of(*found)
        if isinstance(option.type, click.Choice):
            assert set(option.type.choices) - values == WITHOUT.get((command, name), set()), name


def values_of(form: str, field: str) -> set[str]:
    """What the field offers, if it is a list; the field is in the form, and in the schema of the API."""
    if form in ANALYSES:
        if not field:  # the analysis itself
            return set()
        option = ANALYSES[form].options[field]
        numeric = ProjectModel(kind="covariance", text="", options={"estimator": "ML"})
        return set() if field in OF_THE_DATA else set(option.offered(numeric, None))  # type: ignore[arg-type]
    if form == "model":
        assert field in OPTION_NAMES
        assert field.removeprefix("composite_") in ModelOptionsSchema().fields
        return listed(ModelForm, field)
    assert set(SENT.get(field, (field,))) <= set(NewValidationSchema().fields)
    return listed(ValidationForm, field)


def listed(form: type, field: str) -> set[str]:
    return {value for value, *_ in getattr(form, field).kwargs.get("choices") or ()}


# Fields of the pages' forms which programs call otherwise: a page lists what a program names.
SENT = {"scale": ("survey", "instrument"), "place": ("survey",)}


@pytest.mark.parametrize(
    ("form", "schema"), [(ValidationForm, NewValidationSchema), (StudyForm, NewStudySchema)]
)
def test_what_the_page_of_results_chooses_a_program_chooses_too(form, schema):
    fields = {name for name in vars(form) if hasattr(getattr(form, name), "field_class")}
    sent = schema().fields
    renamed = {"group": ("segment",)} if form is StudyForm else {}
    chosen = {each for name in fields for each in (renamed | SENT).get(name, (name,))}
    assert chosen == set(sent) - {"again"}  # the page has a button for it
    for name in fields & set(sent):
        values = [each.choices for each in sent[name].validators if hasattr(each, "choices")]
        if values:
            assert set(*values) == listed(form, name)


def test_each_option_of_an_analysis_is_in_the_form_and_in_the_schema():
    schema = NewAnalysisSchema().fields
    assert set(ANALYSIS_OPTIONS) == set(schema) - {"model", "kind"}
    assert set(ANALYSIS_OPTIONS) <= set(AnalysisForm.__dict__)
    # What the schema lists is what some analysis offers: a value of one that has it, too.
    for name in ANALYSIS_OPTIONS:
        listed = [each.choices for each in schema[name].validators if hasattr(each, "choices")]
        for values in listed:
            offered = {
                value
                for kind in ANALYSES.values()
                if name in kind.options
                for value in kind.options[name].offered(None, None)  # type: ignore[arg-type]
            }
            assert set(values) - {""} == offered - {""}, name


def test_each_command_on_a_file_or_a_model_is_compared():
    assert set(DOORS) | set(ELSEWHERE) <= set(COMMANDS)
    compared = set()
    for name in COMMANDS:
        found = surveyapp.get_command(click.Context(surveyapp), name)
        assert found is not None
        named = {text for each in found.params for text in each.opts}
        if {"file", "--model"} & named:
            compared.add(name)
    assert compared == set(DOORS) | set(ELSEWHERE)
