"""How many judges a round takes, and what each number can tell: no answers needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from analysis.scale.content_validity import FEWEST_JUDGES
from analysis.scale.judge_numbers import (
    MOST_JUDGES,
    FewestJudges,
    Judged,
    JudgeNumber,
    fewest_judges,
    judge_number,
)
from surveyapp.errors import Invalid
from surveyapp.results.number_arguments import number_in, whole_in

JUDGED: Mapping[str, Judged] = MappingProxyType(
    {"sort": "sort", "relevance": "relevance", "essential": "essential"}
)
TABULATED = range(FEWEST_JUDGES, 31)
_AGREE: Mapping[Judged, str] = MappingProxyType(
    {
        "sort": "sort an item to its construct",
        "relevance": "rate an item 3 or 4",
        "essential": "call an item essential",
    }
)

# By which rule an item is kept.
NUMBER_RULES: Mapping[Judged, str] = MappingProxyType(
    {
        "sort": "Exact binomial test against one half, one-sided .05 (Anderson and Gerbing 1991); csv where"
        " everybody else chooses the same rival.",
        "relevance": "All of up to five judges, an I-CVI of at least 7 of 9 of more, and kappa* above .74 (Lynn"
        " 1986; Polit, Beck and Owen 2007).",
        "essential": "Exact binomial test against one half, one-sided .05 (Ayre and Scally 2014).",
    }
)


@dataclass(frozen=True)
class JudgeQuestion:
    """``judges`` None where the fewest are wanted; ``true`` and ``power`` as shares."""

    kind: Judged
    judges: int | None = None
    true: float = 0.9
    power: float | None = None


@dataclass(frozen=True)
class JudgeAnswer:
    """The answer in a sentence, as a document, and what each number of judges can tell."""

    asked: JudgeQuestion
    said: str
    document: Mapping[str, Any]
    rows: Sequence[JudgeNumber]


def read_judges(arguments: Mapping[str, str]) -> JudgeQuestion | None:
    """The question of an address, probabilities in percent; None where it asks none.

    Raises Invalid, with the field.
    """
    kind = arguments.get("kind", "").strip()
    if not kind:
        return None
    if kind not in JUDGED:
        raise Invalid(
            f"{kind[:40]!r} is nothing that judges are asked; use {', '.join(JUDGED)}.",
            field="kind",
        )
    power = number_in(arguments, "power", None, 1, 99.9)
    return JudgeQuestion(
        JUDGED[kind],
        whole_in(arguments, "judges", None, 1, MOST_JUDGES),
        (number_in(arguments, "true", 90.0, 1, 99.9) or 90.0) / 100,
        None if power is None else power / 100,
    )


def answer_judges(asked: JudgeQuestion) -> JudgeAnswer:
    """What is asked, computed. Raises Invalid, with the field, for a power beside a number of judges."""
    if asked.judges is not None and asked.power is not None:
        raise Invalid("Enter the judges or the power that is wanted, not both.", field="power")
    found: JudgeNumber | None = None
    told: dict[str, Any] = {"kind": asked.kind, "true": asked.true}
    if asked.judges is not None:
        found = judge_number(asked.kind, asked.judges, true=asked.true)
        said = _of_number(asked.kind, found)
    else:
        power = 0.8 if asked.power is None else asked.power
        fewest = fewest_judges(asked.kind, true=asked.true, power=power)
        told |= {"wanted_power": power, "fewest": fewest.first, "always_from": fewest.always}
        if fewest.first is not None:
            found = judge_number(asked.kind, fewest.first, true=asked.true)
        said = _of_fewest(asked, power, fewest, found)
    rows = [judge_number(asked.kind, number, true=asked.true) for number in TABULATED]
    answer = None if found is None else asdict(found)
    return JudgeAnswer(
        asked, said, {**told, "answer": answer, "table": [asdict(each) for each in rows]}, rows
    )


def _of_number(kind: Judged, found: JudgeNumber) -> str:
    if found.needed is None:
        few = "judge is" if found.judges == 1 else "judges are"
        return f"{found.judges} {few} too few: no item could be kept, even if all of them agreed."
    return (
        f"{found.needed} of {found.judges} judges have to {_AGREE[kind]} ({_values(kind, found)}). An"
        f" item on which each judge agrees with a probability of {found.true:.0%} is then kept in"
        f" {found.power:.1%} of rounds, and in {found.chance:.1%} if every judge tosses a coin."
    )


def _of_fewest(
    asked: JudgeQuestion, power: float, fewest: FewestJudges, found: JudgeNumber | None
) -> str:
    item = f"an item on which each judge agrees with a probability of {asked.true:.0%}"
    if found is None:
        return f"No number of judges up to {MOST_JUDGES} has a power of {power:.0%} to keep {item}."
    always = (
        f" With {fewest.always} judges or more the power is never lower; with fewer it is for some numbers."
        if fewest.always is not None and fewest.always != fewest.first
        else ""
    )
    return (
        f"{found.judges} judges are the fewest with a power of {power:.0%} to keep {item}:"
        f" {found.needed} of them have to {_AGREE[asked.kind]} ({_values(asked.kind, found)}). If"
        f" every judge tosses a coin, an item is kept in {found.chance:.1%} of rounds.{always}"
    )


def _values(kind: Judged, found: JudgeNumber) -> str:
    if kind == "relevance":
        return f"I-CVI {found.share:.2f}, κ* {found.kappa:.2f}"
    if kind == "sort":
        return f"psa {found.share:.2f}, csv {found.ratio:.2f}"
    return f"CVR {found.ratio:.2f}"
