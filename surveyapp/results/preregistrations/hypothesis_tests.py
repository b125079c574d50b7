"""The hypotheses of a registered plan beside the estimates of its models: supported, or what else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from analysis.compare import benjamini_hochberg, holm
from surveyapp.results.preregistrations.planned_models import DoneModel, planned_models
from surveyapp.results.projects.model_texts import COMPOSITE

SUPPORTED, NOT_SIGNIFICANT, OPPOSITE = "supported", "not significant", "opposite sign"
SIGNIFICANT, NONE_FOUND, UNEXPECTED = "significant", "none found", "significant, none expected"
NO_TEST, NOT_TESTED = "without a p value", "not tested"
_LEVEL = 0.05
_NAME = re.compile(r"[^\W\d][\w.]*")
_PARAMETER = re.compile(r"\s*([^\s~=<:]+(?:\s*[:*]\s*[^\s~=<:]+)?)\s*(=~|<~|~~|:=|~)\s*(.*?)\s*")


def _bonferroni(p_values: Sequence[float]) -> tuple[float, ...]:
    return tuple(min(1.0, len(p_values) * p) for p in p_values)


# How p values are adjusted for the number of a plan's hypotheses, by the name in its document.
ADJUSTED: Mapping[str, Callable[[Sequence[float]], Sequence[float]]] = MappingProxyType(
    {"": tuple, "holm": holm, "bonferroni": _bonferroni, "benjamini-hochberg": benjamini_hochberg}
)


@dataclass(frozen=True)
class HypothesisTest:
    """A hypothesis that names a parameter, and what one planned model estimates for it.

    ``estimate`` with its 95 % interval: standardised; ``p``: two-sided; ``p_adjusted``: for the
    hypotheses that this model, and within it this ``group``, tests, or where the plan's ``family`` is
    "all" for every test of its models and groups. Of one that no model tests all of
    these are None and ``model`` is empty.
    """

    number: int
    text: str
    parameter: str
    sign: str
    model: str = ""
    model_id: int | None = None
    group: str = ""
    n: int | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    verdict: str = NOT_TESTED
    family: str = ""


def hypothesis_tests(plan: Mapping[str, Any], done: Sequence[DoneModel]) -> list[HypothesisTest]:
    """Each hypothesis of the plan that names a parameter, by every planned model that has it.

    Models that were not planned test none. P values are adjusted as the plan says.
    """
    named = [
        HypothesisTest(
            number, each["text"], each["parameter"], each["sign"], family=plan.get("family", "")
        )
        for number, each in enumerate(plan["hypotheses"], start=1)
        if each["parameter"]
    ]
    models = [model for found in planned_models(plan, done) for model in found]
    tests = [test for model in dict.fromkeys(models) for test in _of_model(named, model)]
    tested = list(_adjusted(tests, plan.get("correction", "")))
    reached = {test.number for test in tested}
    tested += [test for test in named if test.number not in reached]
    return sorted(tested, key=lambda test: test.number)


def unreachable(
    hypotheses: Sequence[Mapping[str, Any]], texts: Sequence[str]
) -> list[tuple[int, str, tuple[str, ...]]]:
    """The hypotheses that no planned model can test: number, parameter, and the names in it that no
    model's text has. Of a parameter whose names are there nothing is said: it may be one that a model
    has without its being written.
    """
    there = {name for text in texts for name in _NAME.findall(text)}
    found = []
    for number, each in enumerate(hypotheses, start=1):
        missing = tuple(name for name in _NAME.findall(each["parameter"]) if name not in there)
        if each["parameter"] and missing:
            found.append((number, each["parameter"], missing))
    return found


def _of_model(named: Sequence[HypothesisTest], model: DoneModel) -> Iterator[HypothesisTest]:
    for test in named:
        for group, row in _rows(test.parameter, model):
            yield replace(
                test,
                model=model.called,
                model_id=model.id,
                group=group,
                n=model.result.get("n"),
                estimate=row["estimate"],
                low=row["low"],
                high=row["high"],
                p=row["p"],
            )


def _adjusted(tests: list[HypothesisTest], correction: str) -> Iterator[HypothesisTest]:
    families: dict[tuple[int | None, str], list[HypothesisTest]] = {}
    for test in tests:
        families.setdefault((None, "") if test.family else (test.model_id, test.group), []).append(
            test
        )
    for own in families.values():
        tried = [test for test in own if test.p is not None]
        p_values = ADJUSTED[correction]([test.p for test in tried if test.p is not None])
        found = dict(zip(tried, p_values, strict=True))
        for test in own:
            p = found.get(test)
            yield replace(test, p_adjusted=p, verdict=_verdict(test.sign, test.estimate, p))


def _verdict(sign: str, estimate: float | None, p: float | None) -> str:
    if p is None or estimate is None:
        return NO_TEST
    significant = p < _LEVEL
    if sign == "0":
        return UNEXPECTED if significant else NONE_FOUND
    if not significant:
        return NOT_SIGNIFICANT
    if not sign:
        return SIGNIFICANT
    return SUPPORTED if (estimate > 0) == (sign == "+") else OPPOSITE


def _rows(parameter: str, model: DoneModel) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parameter in a model's result, of several groups once for each."""
    found = _PARAMETER.fullmatch(parameter)
    if found is None or not model.result.get("converged"):
        return
    lhs, op, rhs = _named(found[1]), found[2], _named(found[3])
    if model.kind == COMPOSITE:
        yield from _paths(lhs, op, rhs, model.result)
        return
    groups = list(model.result["groups"])
    for row in model.result["estimates"]:
        names = _named(row["lhs"]), _named(row["rhs"])
        is_it = names == (lhs, rhs) or (op == "~~" and names == (rhs, lhs))
        if row["op"] == op and (is_it or (op == ":=" and names[0] == lhs)):
            group = str(groups[row["group"] - 1]) if groups and row["group"] else ""
            yield (
                group,
                {
                    "estimate": row["std_all"],
                    "low": row.get("std_ci_lower"),
                    "high": row.get("std_ci_upper"),
                    "p": row["pvalue"],
                },
            )


def _paths(
    lhs: str, op: str, rhs: str, result: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    tables = (result.get("bootstrap") or {}).get("tables") or {}
    resampled = {tuple(row["label"]): row for row in tables.get("paths", ())}
    for row in result["paths"]:
        if (op, _named(row["target"]), _named(row["source"])) == ("~", lhs, rhs):
            ends = resampled.get((row["source"], row["target"]), {})
            yield (
                "",
                {
                    "estimate": row["estimate"],
                    "low": ends.get("lower"),
                    "high": ends.get("upper"),
                    "p": ends.get("p"),
                },
            )


def _named(text: str) -> str:
    """A name without blanks; of a product the same in any order."""
    parts = "".join(text.split()).split(":")
    return ":".join(sorted(parts)) if len(parts) > 1 else parts[0]
