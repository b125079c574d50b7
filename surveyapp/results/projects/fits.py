"""A project's answers described, and its models fitted: in the worker, without a transaction open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from analysis.composite.higher_order import is_formed
from analysis.composite.pls import fit_pls
from analysis.composite.weighted_paths import both_weightings
from analysis.covariance.compare_models import difference_test
from analysis.covariance.drawn_rows import not_drawn
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.text.script import lavaan_script
from analysis.errors import AnalysisError
from analysis.json_values import to_json
from analysis.provenance import fingerprint
from analysis.rules import RULES
from analysis.scale.describe import describe_items
from analysis.threads import one_blas_thread
from analysis.two_level.difference import level_difference
from analysis.two_level.fit import TwoLevelFit, fit_two_level
from analysis.two_level.model import has_levels
from analysis.two_level.script import two_level_script
from surveyapp.errors import Conflict, NotFound
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import ProjectModelPayload, ProjectPayload
from surveyapp.jobs.running import Progress
from surveyapp.results.projects.answers import ProjectAnswers, project_answers
from surveyapp.results.projects.model_texts import COVARIANCE, observed_names
from surveyapp.results.projects.options import (
    auxiliary_items,
    drawn_by,
    drawn_columns,
    freed,
    is_drawn,
    ordinal_items,
    rotation_of,
)
from surveyapp.results.projects.projects import standing_steps
from surveyapp.results.projects.sample_fits import levels_document, weights_document
from surveyapp.results.projects.steps import Taken, careless_rows, scaled, scales_after, taken
from surveyapp.results.projects.suppression import (
    left_out_by,
    of_large_groups,
    refuse_few,
    refuse_few_in_effect,
)
from surveyapp.results.projects.tables import (
    MOST_GROUPS,
    columns_of,
    file_rows,
    read_project_file,
)
from surveyapp.results.projects.uploads import FileReading
from surveyapp.results.projects.variables import Variables, file_variables, variables_of
from surveyapp.store.models import File, Project, ProjectModel, ProjectStep

DESCRIPTION, MODEL = "project/1", "project-model/1"
# A modification index below chi-square's 5 % bound is not worth a row.
_LEAST_INDEX = 3.84


def run_project_description(
    installation: Installation, asked: ProjectPayload, *, progress: Progress
) -> dict[str, Any]:
    """Describe a project's answers after its steps and store the description.

    Raises NotFound, and Conflict for too few respondents, before the steps or after them.
    """
    progress(0, "Reading answers")
    with installation.store.reading() as session:
        project = session.get(Project, asked.project_id)
        if project is None:
            raise NotFound("This project has been removed.")
        steps = standing_steps(session, project)
        reading = project.file_reading
        known, found, columns = _answers(session, project, installation)
    data = found.data
    progress(60, "Describing items")
    after, log = _stepped(data, known, steps, installation.settings.minimum_cell)
    names = [name for name in known.items if name in after.columns]
    scales = scales_after(known, [(step.kind, step.arguments) for step in steps])
    document = {
        "format": DESCRIPTION,
        "n_before": len(data),
        "n": len(after),
        "complete": int(after[names].notna().all(axis=1).sum()),
        "steps": log,
        "items": describe_items(after, names, scales=scales),
        "careless": [
            {"instrument": code, "n": len(flags), "flagged": int(flags.sum())}
            for code, flags in careless_rows(after, scaled(known, scales)).items()
        ],
        "warnings": [*found.mixed.values(), *(columns or {}).get("warnings", ())],
        "groups": {
            name: _counts(after[name], installation.settings.minimum_cell)
            for name in known.groups
            if name in after.columns
        },
    }
    progress(95, "Storing the description")
    with installation.store.writing() as session:
        row = session.get_one(Project, asked.project_id)
        row.description = dict(to_json(document))
        row.described_steps = [step.id for step in steps]
        row.opened_at = row.opened_at or installation.now()
        if row.file_reading == reading:  # else it is read in another way by now
            row.file_columns = columns
    return {"project_id": asked.project_id, "n": len(after)}


def run_project_model(
    installation: Installation, asked: ProjectModelPayload, *, progress: Progress
) -> dict[str, Any]:
    """Fit a project's model and store the result. Raises NotFound, Conflict for too few respondents,
    and what the estimation says of a model or of data that it cannot use."""
    progress(0, "Reading answers")
    with installation.store.reading() as session:
        model = session.get(ProjectModel, asked.model_id)
        if model is None:
            raise NotFound("This model has been removed.")
        parent = session.get(ProjectModel, model.parent_id) if model.parent_id else None
        rows = model_rows(session, model, installation)
    after, group = rows.data, model.options.get("group")
    said = list(rows.left_out)
    progress(40, "Fitting the model")
    with one_blas_thread():
        if model.kind == COVARIANCE:
            if group:
                minimum = installation.settings.minimum_cell
                after = of_large_groups(after, group, rows.used, model.options["missing"], minimum)
                said += left_out_by(group, len(rows.data) - len(after))
            refuse_few_in_effect(after, model.options, group, installation.settings.minimum_cell)
            made = _levels if has_levels(model.text) else _covariance
            result = made(after, model, parent)
        else:
            result = _composite(after, model)
    refuse_few(result, installation.settings.minimum_cell)
    document = {
        "format": MODEL,
        "rules_version": RULES,
        "n_before": rows.n_before,
        "n_rows": len(after),
        "steps": rows.log,
        **result,
        "warnings": [*result["warnings"], *rows.mixed, *said],
    }
    progress(95, "Storing the result")
    with installation.store.writing() as session:
        row = session.get_one(ProjectModel, asked.model_id)
        row.result = dict(to_json(document))
        row.fingerprint = fingerprint(after, rows.numbers)
        row.versions = result["versions"]
        row.project.opened_at = row.project.opened_at or installation.now()
    return {"model_id": asked.model_id, "n": result["n"]}


@dataclass(frozen=True)
class ModelRows:
    """The answers that a model is fitted to, after its steps; ``used``: the items that it names;
    ``scales``: the ends of each item's scale where they are known; ``weights``: the column of weights of a
    model without levels; ``left_out`` says how many rows are missing for want of a weight or a cluster."""

    data: pd.DataFrame
    used: Sequence[str]
    n_before: int
    log: Sequence[Taken]
    mixed: Sequence[str] = ()
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    weights: str | None = None
    left_out: Sequence[str] = ()

    @property
    def numbers(self) -> list[str]:
        """The columns that the result depends on, all of numbers."""
        return [*self.used, *filter(None, [self.weights])]


def model_rows(session: Session, model: ProjectModel, installation: Installation) -> ModelRows:
    """The model's rows, as the answers are now. Raises Conflict for too few."""
    steps = [session.get_one(ProjectStep, number) for number in model.steps]
    known, found, _ = _answers(session, model.project, installation)
    after, log = _stepped(found.data, known, steps, installation.settings.minimum_cell)
    used = observed_names(model.kind, model.text)
    asked = {known.items[name].instrument for name in used if name in known.items}
    mixed = [text for code, text in found.mixed.items() if code in asked]
    scales = scales_after(known, [(step.kind, step.arguments) for step in steps])
    count, weights = len(found.data), None
    said: list[str] = []
    levels = model.kind == COVARIANCE and has_levels(model.text)
    if not levels and is_drawn(model.options):
        weights = model.options.get("weights")
        after, said = _drawn(after, model.options, installation.settings.minimum_cell)
    return ModelRows(after, used, count, log, mixed, scales, weights, said)


def _drawn(
    data: pd.DataFrame, options: Mapping[str, Any], minimum: int
) -> tuple[pd.DataFrame, list[str]]:
    """The rows that have a weight and a cluster, where the options ask for them, and what is said of others.

    Raises Conflict for a column that a step left out, and for too few rows.
    """
    names = drawn_by(options)
    for name in drawn_columns(options):
        if name not in data.columns:
            raise Conflict(
                f"{name} is no column of these answers any more; fit the model without it, or undo the step that"
                " left it out."
            )
    out = not_drawn(data, names["sampling_weights"], names["cluster"])
    if not out.any():
        return data, []
    kept = data[~out]
    if len(kept) < minimum:
        raise Conflict(
            f"Fewer than {minimum} respondents have a weight and a cluster, too few to show; fit the model"
            " without these."
        )
    wanted = " and ".join(
        said
        for said, name in (
            ("a weight above 0", names["sampling_weights"]),
            ("a cluster", names["cluster"]),
        )
        if name
    )
    count = int(out.sum())
    people = "respondent was" if count == 1 else "respondents were"
    return kept, [f"{count:,} {people} left out: without {wanted}"]


def rows_before_steps(
    session: Session, model: ProjectModel, installation: Installation
) -> tuple[Variables, pd.DataFrame, list[tuple[str, Mapping[str, Any]]]]:
    """What models can name, the answers before the model's steps, and these steps."""
    steps = [session.get_one(ProjectStep, number) for number in model.steps]
    known, found, _ = _answers(session, model.project, installation)
    return known, found.data, [(step.kind, step.arguments) for step in steps]


def _answers(
    session: Session, project: Project, installation: Installation
) -> tuple[Variables, ProjectAnswers, dict[str, Any] | None]:
    """What models can name, the rows, and of a file its columns."""
    minimum = installation.settings.minimum_cell
    if project.file_reading is None:
        known = variables_of(session, project, installation.library)
        return known, project_answers(session, project, known, minimum_cell=minimum), None
    file = session.get(File, project.file_id) if project.file_id is not None else None
    if file is None:
        raise Conflict(
            f"{project.file_name}, the file of this project, has been deleted; its results stay, and"
            " for more of them upload the file to a new project."
        )
    reading = FileReading.from_json(project.file_reading)
    answers = read_project_file(installation, file, reading)
    columns = project.file_columns or columns_of(answers, reading, installation.library)
    data = file_rows(answers, columns, minimum_cell=minimum)
    return file_variables(columns, installation.library), ProjectAnswers(data, {}), columns


def _stepped(
    data: pd.DataFrame, known: Variables, steps: Sequence[ProjectStep], minimum: int
) -> tuple[pd.DataFrame, list[Taken]]:
    after, log = taken(data, known, [(step.kind, step.arguments) for step in steps])
    if len(after) < minimum:
        raise Conflict(
            f"The steps leave fewer than {minimum} respondents, too few to show; undo some of them."
        )
    return after, log


def _counts(column: pd.Series, minimum: int) -> dict[str, int | None]:
    """How many respondents have each value; None where that is fewer than may be told. Of the many values
    of clusters only their number.
    """
    if column.nunique() > MOST_GROUPS:
        return {f"{column.nunique():,} different values": int(column.notna().sum())}
    return {
        str(value): int(count) if count >= minimum else None
        for value, count in column.value_counts().items()
    }


def _covariance(
    data: pd.DataFrame, model: ProjectModel, parent: ProjectModel | None
) -> dict[str, Any]:
    fit = fit_covariance(data, model)
    indices = None
    if not fit.table.composites and fit.converged:
        indices = fit.modification_indices(minimum=_LEAST_INDEX).to_dict(orient="records")
    return {
        **fit.to_dict(),
        "weights": weights_document(fit.weights),
        "modification_indices": indices,
        "difference": _difference(data, fit, parent, model.steps),
        "r_script": lavaan_script(fit),
    }


def _levels(data: pd.DataFrame, model: ProjectModel, parent: ProjectModel | None) -> dict[str, Any]:
    fit = _fit_levels(data, model)
    indices = None
    if fit.converged:
        indices = fit.modification_indices(minimum=_LEAST_INDEX).to_dict(orient="records")
    return {
        **levels_document(fit),
        "modification_indices": indices,
        "difference": _level_difference(data, fit, parent, model.steps),
        "r_script": two_level_script(fit),
    }


def _fit_levels(data: pd.DataFrame, model: ProjectModel) -> TwoLevelFit:
    options: Mapping[str, Any] = model.options
    return fit_two_level(
        data,
        model.text,
        options["cluster"],
        estimator=options["estimator"],
        missing=options["missing"],
        group=options["group"] or None,
        equal=tuple(filter(None, options["equal"].split(","))),
        free=freed(options),
        sampling_weights=options.get("weights"),
        cluster_weights=options.get("cluster_weights"),
        std_lv=options["std_lv"],
    )


def _level_difference(
    data: pd.DataFrame, fit: TwoLevelFit, parent: ProjectModel | None, steps: Sequence[int]
) -> dict[str, Any] | None:
    """As ``_difference``, of a model with levels."""
    if parent is None or parent.kind != COVARIANCE:
        return None
    base: dict[str, Any] = {"model_id": parent.id, "name": parent.name}
    if list(parent.steps) != list(steps):
        return {**base, "why": "the two were fitted to different rows"}
    if not has_levels(parent.text):
        return {**base, "why": "that one has no levels"}
    try:
        other = _fit_levels(data, parent)
        restricted, general = (fit, other) if fit.fit["df"] > other.fit["df"] else (other, fit)
        return {
            **base,
            **vars(level_difference(restricted, general)),
            "restricted": restricted is fit,
        }
    except AnalysisError as error:
        return {**base, "why": str(error)}


def fit_covariance(data: pd.DataFrame, model: ProjectModel) -> SemFit:
    """The covariance-based model fitted to these rows, as its options say. Raises as ``fit_sem``."""
    options: Mapping[str, Any] = model.options
    return fit_sem(
        data,
        model.text,
        estimator=options["estimator"],
        ordered=ordinal_items(options) or None,
        missing=options["missing"],
        group=options["group"] or None,
        equal=tuple(filter(None, options["equal"].split(","))),
        free=freed(options),
        auxiliary=auxiliary_items(options),
        std_lv=options["std_lv"],
        rotation=rotation_of(options),
        **drawn_by(options),
    )


def _difference(
    data: pd.DataFrame, fit: SemFit, parent: ProjectModel | None, steps: Sequence[int]
) -> dict[str, Any] | None:
    """The test against the model that this one was made of; why there is none; None for no parent."""
    if parent is None or parent.kind != COVARIANCE:
        return None
    base: dict[str, Any] = {"model_id": parent.id, "name": parent.name}
    if list(parent.steps) != list(steps):
        return {**base, "why": "the two were fitted to different rows"}
    if has_levels(parent.text):
        return {**base, "why": "that one has two levels"}
    if parent.options.get("group") != fit.settings.group and (
        parent.options.get("group") or fit.settings.group
    ):
        return {**base, "why": "the two have different groups"}
    if drawn_by(parent.options) != {
        "sampling_weights": fit.settings.sampling_weights,
        "cluster": fit.settings.cluster,
    }:
        return {**base, "why": "the two have different weights or clusters"}
    try:
        other = fit_covariance(data, parent)
        restricted, general = (fit, other) if fit.tests.df > other.tests.df else (other, fit)
        return {
            **base,
            **vars(difference_test(restricted, general)),
            "restricted": restricted is fit,
        }
    except AnalysisError as error:
        return {**base, "why": str(error)}


def _composite(data: pd.DataFrame, model: ProjectModel) -> dict[str, Any]:
    options = model.options
    fit = fit_pls(
        data,
        model.text,
        scheme=options["scheme"],
        consistent=options["consistent"],
        higher_order=options.get("higher_order", "two-stage"),
        missing=options["missing"],
        bootstrap=options["bootstrap"],
        seed=options["seed"],
        **drawn_by(options),
    )
    compared = both_weightings(fit, data, model.text) if options.get("weights") else None
    effects = fit.design_effects
    return {
        **fit.to_dict(),
        "case_weights": weights_document(fit.case_weights),
        "design_effects": None if effects is None else effects.to_dict("records"),
        "weighted_paths": None if compared is None else compared.to_dict("records"),
        "formed": {one.name: one.parts for one in fit.model.constructs if is_formed(one)},
        "shown": {one.name: one.parts for one in fit.model.higher if not is_formed(one)},
    }
