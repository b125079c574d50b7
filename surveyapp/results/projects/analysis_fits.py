"""Further analyses of a project's model, computed in the worker on the rows that it was fitted to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from analysis.composite.cvpat import cvpat, cvpat_compare
from analysis.composite.fimix import compare_segments
from analysis.composite.groups import compare_groups
from analysis.composite.micom import micom
from analysis.composite.moderation import moderation
from analysis.composite.pls import fit_pls
from analysis.composite.predict import predict_pls
from analysis.composite.redundancy import redundancy_analysis
from analysis.covariance.measurement_invariance.invariance import invariance
from analysis.covariance.measurement_invariance.invariance_verdict import verdict
from analysis.covariance.measurement_invariance.mixed_invariance import mixed_invariance
from analysis.covariance.simulation.dynamic_cutoffs import REPS, dynamic_cutoffs
from analysis.covariance.text.syntax import as_model
from analysis.json_values import to_json
from analysis.rules import RULES
from analysis.scale.efa import adequacy, efa
from analysis.scale.factor_count import minimum_average_partial, parallel_analysis
from analysis.threads import one_blas_thread
from analysis.two_level.model import has_levels
from surveyapp.errors import Conflict, NotFound
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import ProjectAnalysisPayload
from surveyapp.jobs.running import Progress
from surveyapp.results.projects.analysis_options import EFA_METHOD
from surveyapp.results.projects.esem_fits import fit_esem
from surveyapp.results.projects.fits import (
    fit_covariance,
    model_rows,
    rows_before_steps,
)
from surveyapp.results.projects.group_fits import fit_alignment, fit_dif, fit_level_ladder
from surveyapp.results.projects.mixed_fits import fit_slopes_by_cluster
from surveyapp.results.projects.model_texts import formative, observed_names, products
from surveyapp.results.projects.multiverse import project_multiverse
from surveyapp.results.projects.options import SEED, auxiliary_items, drawn_by, ordinal_items
from surveyapp.results.projects.path_fits import (
    composite_settings,
    fit_copula,
    fit_importance,
    fit_necessity,
    fit_tetrads,
)
from surveyapp.results.projects.path_options import (
    BOOTSTRAP,
    FOLDS,
    INTERACTION,
    PERMUTATIONS,
    REPETITIONS,
    STARTS,
    TECHNIQUE,
    UP_TO,
)
from surveyapp.results.projects.sample_fits import fit_imputations, fit_levels
from surveyapp.results.projects.steps import RUN
from surveyapp.results.projects.suppression import (
    left_out_by,
    of_large_groups,
    refuse_few,
    refuse_few_in_effect,
)
from surveyapp.results.projects.variables import variables_of
from surveyapp.results.projects.wave_fits import fit_waves, run_customers
from surveyapp.store.models import ProjectAnalysis, ProjectModel

FORMAT = "project-analysis/1"
RESAMPLES = 1_000
FEWER = 500  # samples a level of answers that are fitted one by one: 1,500 of 16 items in 4 s
_WITH_AUXILIARY = ("imputation", "esem")


def run_project_analysis(
    installation: Installation, asked: ProjectAnalysisPayload, *, progress: Progress
) -> dict[str, Any]:
    """Compute an analysis of a model and store its result. Raises NotFound, Conflict for groups that are
    too small to be told of, and what the method says of a model or data that it cannot use."""
    progress(0, "Reading answers")
    with installation.store.reading() as session:
        found = session.get(ProjectAnalysis, asked.project_analysis_id)
        if found is None:
            raise NotFound("This analysis has been removed.")
        model, kind, options = found.model, found.kind, found.options
        rows = model_rows(session, model, installation)
        before = rows_before_steps(session, model, installation) if kind == "multiverse" else None
        known: dict[str, Any] = {
            "scales": rows.scales,
            "minimum_cell": installation.settings.minimum_cell,
        }
        if kind == "longitudinal":
            project = model.project
            known["customers"] = (
                run_customers(session, rows.data[RUN]) if project.file_reading is None else None
            )
            known["person"] = variables_of(session, project, installation.library).person
        if options.get("against"):
            known["rival"] = _rival(session, model, options["against"])
    data, group = rows.data, options.get("group")
    if kind == "imputation":
        group = model.options["group"]
    if group:
        data = of_large_groups(
            data, group, rows.used, model.options["missing"], installation.settings.minimum_cell
        )
    refuse_few_in_effect(data, model.options, group, installation.settings.minimum_cell)
    progress(30, "Computing")
    with one_blas_thread():
        if before is None:
            result = _KINDS[kind](data, model, {**options, **known})
        else:
            variables, whole, steps = before
            result = project_multiverse(
                whole,
                variables,
                steps,
                model,
                options["parameter"],
                minimum_cell=installation.settings.minimum_cell,
                progress=progress,
            )
    refuse_few(result, installation.settings.minimum_cell)
    said = list(rows.left_out)
    if group:
        said += left_out_by(group, len(rows.data) - len(data))
    if kind not in _WITH_AUXILIARY and auxiliary_items(model.options):
        said.append("The model's auxiliary items are not used by this analysis")
    document = {
        "format": FORMAT,
        "rules_version": RULES,
        "n_rows": len(data),
        **result,
        "warnings": [*result.get("warnings", ()), *said],
    }
    progress(95, "Storing the result")
    with installation.store.writing() as session:
        session.get_one(ProjectAnalysis, asked.project_analysis_id).result = dict(to_json(document))
    return {"model_id": model.id}


def _rival(session: Session, model: ProjectModel, number: str) -> tuple[str, str]:
    """Name and text of the model that another is compared with. Raises Conflict where it was removed."""
    other = session.get(ProjectModel, int(number))
    if other is None or other.removed_at is not None or other.project_id != model.project_id:
        raise Conflict("The model to compare with has been removed; restore it, or choose another.")
    return other.name, other.text


def _invariance(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    free = [each.strip() for each in options.get("free", "").split(",") if each.strip()]
    if has_levels(model.text):
        return fit_level_ladder(data, model, options, free)
    reference = options.get("reference")
    if model.options["estimator"] == "WLSMV":
        ordered = ordinal_items(model.options) or as_model(model.text).observed
        ordinal = mixed_invariance(
            data,
            model.text,
            options["group"],
            ordered=ordered,
            reference=reference,
            free=free,
            join=True,
            missing=model.options["missing"],
            **drawn_by(model.options),
        )
        return {**ordinal.to_dict(), "verdict": verdict(ordinal)}
    ladder = invariance(
        data,
        model.text,
        options["group"],
        estimator=model.options["estimator"],
        missing=model.options["missing"],
        std_lv=model.options["std_lv"],
        reference=reference,
        free=free,
        method=options.get("difference", "2001"),
        **drawn_by(model.options),
    )
    return {**ladder.to_dict(), "verdict": verdict(ladder)}


def _groups(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> dict[str, Any]:
    group = options["group"]
    sizes = data[group].value_counts()
    two = [options[name] for name in ("first", "second") if name in options]
    if len(sizes) > 2 and not two:
        raise Conflict(f"{group} makes {len(sizes)} groups, and two are compared: choose them.")
    permutations = int(PERMUTATIONS.value(options, "permutations"))
    settings: dict[str, Any] = {
        "groups": tuple(two or sizes.index[:2]),
        "permutations": permutations,
        "seed": SEED,
        "settings": composite_settings(model),
        "missing": model.options["missing"],
    }
    same = micom(data, model.text, group, **settings)
    resamples = int(BOOTSTRAP.value(options, "bootstrap"))
    paths = compare_groups(data, model.text, group, bootstrap=resamples, **settings)
    return {
        "group": group,
        "groups": same.groups,
        "n": same.n,
        "permutations": permutations,
        "bootstrap": resamples,
        "inadmissible": same.inadmissible,
        "seed": SEED,
        "comparable": same.comparable,
        "constructs": same.table.reset_index(names="construct").to_dict("records"),
        "paths": paths.paths.to_dict("records"),
    }


def _prediction(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    how: dict[str, Any] = {
        "settings": composite_settings(model),
        "missing": model.options["missing"],
        "technique": TECHNIQUE.value(options, "technique"),
        "folds": int(FOLDS.value(options, "folds")),
        "repetitions": int(REPETITIONS.value(options, "repetitions")),
        "seed": SEED,
    }
    found = predict_pls(data, model.text, **how)
    tests = [cvpat(found), cvpat(found, benchmark="linear model")]
    if "rival" in options:
        name, text = options["rival"]
        tests.append(replace(cvpat_compare(found, predict_pls(data, text, **how)), benchmark=name))
    return {
        "n": found.n,
        "folds": found.folds,
        "repetitions": found.repetitions,
        "seed": SEED,
        "technique": how["technique"],
        "power": found.power,
        "items": found.items.reset_index(names="item").to_dict("records"),
        "cvpat": tests,
    }


def _segments(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    settings = composite_settings(model)
    fit = fit_pls(
        data,
        model.text,
        scheme=settings.scheme,
        consistent=settings.consistent,
        higher_order=settings.higher_order,
        missing=model.options["missing"],
    )
    starts = int(STARTS.value(options, "starts"))
    up_to = int(UP_TO.value(options, "up_to"))
    criteria, solutions = compare_segments(fit, up_to=up_to, starts=starts, seed=SEED)
    advised = int(str(criteria["aic3"].idxmin()))
    chosen = solutions[int(options.get("segments", advised))]
    return {
        "n": fit.n,
        "starts": starts,
        "advised": advised,
        "seed": SEED,
        "criteria": criteria.reset_index().to_dict("records"),
        "segments": chosen.segments,
        "shares": chosen.shares,
        "paths": chosen.paths.rename(columns=str).to_dict("records"),
        "converged": {str(number): each.converged for number, each in solutions.items()},
    }


def _exploratory(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    items = list(observed_names(model.kind, model.text))
    suited = adequacy(data, items)
    random = parallel_analysis(data, items, seed=SEED)
    suggested = random.factors.suggested
    factors = int(options.get("factors") or suggested)
    if factors < 1:
        raise Conflict(
            "The parallel analysis finds no common factor of these items; choose a number of factors to"
            " see what they have in common."
        )
    rotation = options.get("rotation", "oblimin")
    method = EFA_METHOD.value(options, "method")
    found = efa(data, factors, items, method=method, rotation=rotation)
    return {
        **asdict(found),
        "seed": SEED,
        "adequacy": asdict(suited),
        "suggested": {
            "parallel_components": random.components.suggested,
            "parallel_factors": suggested,
            "minimum_average_partial": minimum_average_partial(data, items).suggested,
        },
        "warnings": list(found.warnings),
    }


def _cutoffs(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> dict[str, Any]:
    answers = options.get("answers")
    one_by_one = answers and model.options["estimator"] == "MLR"
    return dynamic_cutoffs(
        fit_covariance(data, model),
        answers=answers,
        reps=FEWER if one_by_one or answers == "bootstrap" else REPS,
        seed=SEED,
        workers=1,
    ).to_dict()


def _slopes(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> dict[str, Any]:
    settings = composite_settings(model)
    resamples = model.options["bootstrap"] or RESAMPLES
    interaction: Any = INTERACTION.value(options, "interaction")
    fit = fit_pls(
        data,
        model.text,
        scheme=settings.scheme,
        consistent=settings.consistent,
        higher_order=settings.higher_order,
        missing=model.options["missing"],
        interaction=interaction,
        bootstrap=resamples,
        seed=SEED,
        **drawn_by(model.options),
    )
    found = [moderation(fit, *each) for each in products(model.text)]
    return {
        "n": fit.n,
        "bootstrap": resamples,
        "interaction": interaction,
        "seed": SEED,
        "moderations": [asdict(each) for each in found],
        "warnings": list(fit.warnings),
    }


def _redundancy(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    items = formative(model.text)[options["construct"]]
    if options["item"] not in data.columns:
        raise Conflict(f"{options['item']} was left out by a step, so that nothing can be tested.")
    found = redundancy_analysis(data, items, [options["item"]], bootstrap=RESAMPLES, seed=SEED)
    return {
        **asdict(found),
        "convergent": found.convergent,
        "bootstrap": RESAMPLES,
        "seed": SEED,
    }


_KINDS: Mapping[str, Callable[[pd.DataFrame, ProjectModel, Mapping[str, Any]], dict[str, Any]]] = {
    "invariance": _invariance,
    "groups": _groups,
    "prediction": _prediction,
    "segments": _segments,
    "exploratory": _exploratory,
    "cutoffs": _cutoffs,
    "slopes": _slopes,
    "redundancy": _redundancy,
    "alignment": fit_alignment,
    "dif": fit_dif,
    "esem": fit_esem,
    "two_level": fit_levels,
    "mixed": fit_slopes_by_cluster,
    "longitudinal": fit_waves,
    "imputation": fit_imputations,
    "necessity": fit_necessity,
    "importance": fit_importance,
    "tetrads": fit_tetrads,
    "copula": fit_copula,
}
