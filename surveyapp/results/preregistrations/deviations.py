"""Where a project departed from its registered plan: a comparison of the two, sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from surveyapp.results.preregistrations.hypothesis_tests import NOT_TESTED, hypothesis_tests
from surveyapp.results.preregistrations.planned_models import DoneModel, lines_of, planned_models
from surveyapp.results.preregistrations.preregistration_document import canonical, hash_of
from surveyapp.results.projects.analysis_kinds import ANALYSES
from surveyapp.results.projects.analysis_options import in_words
from surveyapp.results.projects.options import options_in_words
from surveyapp.results.projects.step_kinds import step_in_words


@dataclass(frozen=True)
class Deviation:
    """A departure. ``key`` stays the same as long as the departure does; a model's ``model_id`` None
    where it is of the whole project."""

    key: str
    kind: str  # text, options, steps, n, stopping, exploratory, not done, not tested
    sentence: str
    model_id: int | None = None


def deviations(plan: Mapping[str, Any], done: Sequence[DoneModel]) -> list[Deviation]:
    """Each departure of the fitted models from the plan's fields, in the order of the plan.

    A fitted model that is none of ``planned_models`` is exploratory. Where every planned model has been
    fitted, a hypothesis whose parameter none of them has was not tested.
    """
    found: list[Deviation] = []
    every = planned_models(plan, done)
    taken = {model.id for models in every for model in models}
    for at, (planned, models) in enumerate(zip(plan["models"], every, strict=True)):
        if not models:
            said = f"The planned model “{planned['name']}” has not been fitted."
            found.append(Deviation(f"model {at} not done", "not done", said))
            continue
        for model in models:
            found += _of_model(plan, planned, model)
        found += _of_analyses(at, planned, models)
    found += _untested(plan, done, every)
    for model in done:
        if model.id not in taken:
            said = f"{model.called} was not planned: it is exploratory."
            found.append(Deviation(f"model {model.id} exploratory", "exploratory", said, model.id))
    return found


def _untested(
    plan: Mapping[str, Any], done: Sequence[DoneModel], every: Sequence[Sequence[DoneModel]]
) -> Iterator[Deviation]:
    if not every or not all(every):
        return
    for test in hypothesis_tests(plan, done):
        if test.verdict == NOT_TESTED:
            said = (
                f"Hypothesis H{test.number} ({test.parameter}) was not tested: no planned model with a"
                " result has this parameter."
            )
            yield Deviation(f"hypothesis {test.number} not tested", "not tested", said)


def _of_model(
    plan: Mapping[str, Any], planned: Mapping[str, Any], model: DoneModel
) -> Iterator[Deviation]:
    if (model.kind, lines_of(model.text)) != (planned["kind"], lines_of(planned["text"])):
        said = f"{model.called} has another text than planned{_lines_apart(planned, model)}."
        yield Deviation(f"model {model.id} text", "text", said, model.id)
    if model.kind == planned["kind"] and dict(model.options) != planned["options"]:
        said = (
            f"{model.called} was estimated by {options_in_words(model.kind, model.options, model.text)};"
            f" planned was {options_in_words(planned['kind'], planned['options'], planned['text'])}."
        )
        yield Deviation(f"model {model.id} options", "options", said, model.id)
    wanted = {_step_key(each["kind"], each["arguments"]): each["words"] for each in plan["steps"]}
    there = {_step_key(*step): step_in_words(*step) for step in model.steps}
    for key, words in wanted.items():
        if key not in there:
            said = f"{model.called} was fitted without the planned step “{words}”."
            yield Deviation(f"model {model.id} without {key}", "steps", said, model.id)
    for key, words in there.items():
        if key not in wanted:
            said = f"{model.called} was fitted after the step “{words}”, which was not planned."
            yield Deviation(f"model {model.id} step {key}", "steps", said, model.id)
    if plan["n"] is not None and model.n != plan["n"]:
        by = "fewer" if model.n < plan["n"] else "more"
        said = (
            f"{model.called} was fitted to {model.n:,} respondents, {abs(model.n - plan['n']):,}"
            f" {by} than the {plan['n']:,} planned."
        )
        yield Deviation(f"model {model.id} n", "n", said, model.id)
    if plan["last_day"] and model.fitted_on <= date.fromisoformat(plan["last_day"]):
        last = date.fromisoformat(plan["last_day"])
        said = (
            f"{model.called} was fitted on {model.fitted_on:%-d %B %Y}, before data collection was"
            f" planned to be over ({last:%-d %B %Y})."
        )
        yield Deviation(f"model {model.id} stopping", "stopping", said, model.id)


def _of_analyses(
    at: int, planned: Mapping[str, Any], models: Sequence[DoneModel]
) -> Iterator[Deviation]:
    wanted = {canonical(each): each for each in planned["analyses"]}
    there = {
        canonical({"kind": each.kind, "options": each.options}): (each, model)
        for model in models
        for each in model.analyses
    }
    for key, each in wanted.items():
        if key not in there:
            said = f"{_analysis(each['kind'], each['options'])} of “{planned['name']}” was planned and has not been done."
            yield Deviation(f"analysis {at} {_short(key)} not done", "not done", said)
    for key, (done, model) in there.items():
        if key not in wanted:
            said = f"{_analysis(done.kind, done.options)} of {model.called} was not planned: it is exploratory."
            name = f"analysis {model.id} {_short(key)} exploratory"
            yield Deviation(name, "exploratory", said, model.id)


def _lines_apart(planned: Mapping[str, Any], model: DoneModel) -> str:
    """What was added and left out, where that is little enough for a sentence."""
    before, after = lines_of(planned["text"]), lines_of(model.text)
    added = [line for line in after if line not in before]
    out = [line for line in before if line not in after]
    if (not added and not out) or len(added) + len(out) > 4:
        return ""
    said = [f"with {line}" for line in added] + [f"without {line}" for line in out]
    return f": {', '.join(said)}"


def _analysis(kind: str, options: Mapping[str, Any]) -> str:
    found = ANALYSES.get(kind)
    return kind if found is None else in_words(found.title, found.options, options)


def _step_key(kind: str, arguments: Mapping[str, Any]) -> str:
    return _short(canonical({"kind": kind, "arguments": arguments}))


def _short(text: str) -> str:
    return hash_of(text)[:16]
