"""What judges found, item by item, with a proposal by a stated rule. Nobody's decision is made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analysis.agreement import Agreement, krippendorff_alpha
from analysis.errors import DataError
from analysis.scale.content_validity import (
    ENOUGH,
    EXCELLENT,
    FAIR,
    FEWEST_JUDGES,
    RELEVANT,
    UNANIMOUS_TO,
    EssentialItem,
    Relevance,
    RelevantItem,
    essential,
    is_relevant,
    relevance,
)
from analysis.scale.item_sort import SortedItem, sorted_item
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.scale_development.judging import RoundKind
from surveyapp.store.models import Judge, JudgingRound

SEED = 19910745
_RESAMPLES = 1000
_RULES: Mapping[RoundKind, str] = {
    RoundKind.SORT: msg(
        "Keep: significantly more judges than chance sorted the item to its own construct (exact binomial"
        " test, one-sided .05; Anderson and Gerbing 1991). Drop: as many or more chose another one."
        " Revise: in between."
    ),
    RoundKind.RELEVANCE: msg(
        "Keep: kappa* above {excellent}, and an I-CVI of 1 with up to {few} judges or at least {enough} with"
        " more (Lynn 1986; Polit, Beck and Owen 2007). Drop: kappa* below {fair}. Revise: in between."
    ),
    RoundKind.ESSENTIAL: msg(
        "Keep: significantly more judges than chance call the item essential (exact binomial test,"
        " one-sided .05; Ayre and Scally 2014). Drop: half of them or fewer. Revise: in between."
    ),
}


def rule_said(kind: RoundKind, words: Words = ENGLISH) -> str:
    """By which rule the results of a round are turned into proposals."""
    numbers = {"excellent": EXCELLENT, "enough": ENOUGH, "fair": FAIR}
    said = {name: words.number(value, 2) for name, value in numbers.items()}
    return words.say(_RULES[kind], few=words.number(UNANIMOUS_TO), **said)


class Proposal(StrEnum):
    """What the rule says of an item."""

    KEEP = "keep"
    REVISE = "revise"
    DROP = "drop"
    TOO_FEW = "too few judges"


@dataclass(frozen=True)
class JudgedItem:
    """One item of a round: who it was for, what came of it (None: no judge), what judges remarked."""

    id: int
    code: str
    text: str
    construct: str
    sorted: SortedItem | None
    relevant: RelevantItem | None
    essential: EssentialItem | None
    proposal: Proposal
    remarks: Sequence[str]

    @property
    def judges(self) -> int:
        """By how many judges it was answered."""
        found = self.sorted or self.relevant or self.essential
        return found.judges if found else 0


@dataclass(frozen=True)
class Judgements:
    """A round's results by the judges who handed in; ``agreement`` None where too few did.

    ``agreement`` is about the construct chosen, relevant or not, or essential or not.
    """

    kind: RoundKind
    judges: int
    items: Sequence[JudgedItem]
    agreement: Agreement | None
    relevance: Relevance | None
    rule: str


def judgements(row: JudgingRound, judges: Sequence[Judge]) -> Judgements:
    """The results of a round. Remarks stand without their judges' labels."""
    kind = RoundKind(row.kind)
    submitted = [each for each in judges if each.submitted_at is not None]
    answers = {
        str(item["id"]): [judge.answers.get(str(item["id"])) for judge in submitted]
        for item in row.items
    }
    codes = {item: _coded(kind, given) for item, given in answers.items()}
    rated = {item: given for item, given in codes.items() if any(x is not None for x in given)}
    whole = relevance(rated) if kind == RoundKind.RELEVANCE and rated else None
    relevant = {each.item: each for each in whole.items} if whole else {}
    necessary = {}
    if kind == RoundKind.ESSENTIAL and rated:
        necessary = {each.item: each for each in essential(rated)}
    found = []
    for item in row.items:
        key = str(item["id"])
        chosen = [each or "" for each in answers[key]]
        placed = None
        if kind == RoundKind.SORT and any(chosen):
            placed = sorted_item(item["code"], item["construct"], chosen)
        found.append(
            JudgedItem(
                item["id"],
                item["code"],
                item["text"],
                item["construct"],
                placed,
                relevant.get(key),
                necessary.get(key),
                _proposal(placed or relevant.get(key) or necessary.get(key)),
                [each.remarks[key] for each in submitted if each.remarks.get(key)],
            )
        )
    agreed = _agreement(kind, answers, codes)
    return Judgements(kind, len(submitted), found, agreed, whole, rule_said(kind))


def _coded(kind: RoundKind, given: Sequence[str | None]) -> list[int | None]:
    """Answers as the numbers that indices are made of; of a sort there are none."""
    if kind == RoundKind.SORT:
        return [None for _ in given]
    code: Callable[[str], int] = int if kind == RoundKind.RELEVANCE else _is_essential
    return [code(each) if each else None for each in given]


def _is_essential(answer: str) -> int:
    return int(answer == "essential")


def _proposal(found: SortedItem | RelevantItem | EssentialItem | None) -> Proposal:
    if found is None or found.judges < FEWEST_JUDGES:
        return Proposal.TOO_FEW
    if isinstance(found, RelevantItem):
        if is_relevant(found.relevant, found.judges):
            return Proposal.KEEP
        return Proposal.DROP if found.kappa < FAIR else Proposal.REVISE
    if found.significant:
        return Proposal.KEEP
    value = found.csv if isinstance(found, SortedItem) else found.cvr.estimate
    return Proposal.DROP if value <= 0 else Proposal.REVISE


def _agreement(
    kind: RoundKind,
    answers: Mapping[str, Sequence[str | None]],
    codes: Mapping[str, Sequence[int | None]],
) -> Agreement | None:
    if kind == RoundKind.SORT:
        units: list[list[object]] = [[each or None for each in given] for given in answers.values()]
    elif kind == RoundKind.RELEVANCE:
        units = [[None if x is None else x >= RELEVANT for x in given] for given in codes.values()]
    else:
        units = [list(given) for given in codes.values()]
    try:
        rng = np.random.default_rng(SEED)
        return krippendorff_alpha(units, resamples=_RESAMPLES, rng=rng)
    except DataError:
        return None
