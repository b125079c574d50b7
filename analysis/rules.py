"""The rules by which numbers are computed, as versions, and which numbers each version changed.

A stored result carries the version that it was computed by; one without is of version 1, from before
versions were kept. Whoever changes a number that results or reports show raises ``RULES``, adds the
change here and to the table "Numbers that change" of the changelog.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

RULES = 2
FIRST = 1  # of results that carry no version

VALIDATION, STUDY, BENCHMARK = "validate_scale", "sjq_study", "benchmark"
_ROBUST = ("MLR", "MLM", "WLSMV")


@dataclass(frozen=True)
class Change:
    """A number that is another since ``version``, as the changelog words it.

    ``kinds``: of analyses and reports that show it. ``estimators`` and ``options`` (of which one must
    have been asked for): where it changed; empty: everywhere.
    """

    version: int
    number: str
    was: str
    now: str
    why: str
    kinds: tuple[str, ...]
    estimators: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """In one sentence, without its full stop."""
        head = self.number[:1].upper() + self.number[1:]
        return f"{head}: {self.was}; since version {self.version} {self.now} ({self.why})"


def changes(
    version: int | None, kind: str, *, estimator: str = "", options: Collection[str] = ()
) -> tuple[Change, ...]:
    """What is computed otherwise since a result of this version.

    kind: "validate_scale", "sjq_study" or "benchmark". options: those that were used, of "group" and
    "marker".
    """
    return tuple(
        one
        for one in CHANGES
        if one.version > (version or FIRST)
        and kind in one.kinds
        and (not one.estimators or estimator in one.estimators)
        and (not one.options or not set(one.options).isdisjoint(options))
    )


CHANGES = (
    Change(
        2,
        "difference of each rival from the hypothesised model under MLR, MLM, WLSMV",
        "plain chi-squares subtracted",
        "the scaled difference; none for the model without factors",
        "Satorra and Bentler 2001; Satorra 2000; lavaan",
        (VALIDATION,),
        estimators=_ROBUST,
    ),
    Change(
        2,
        "validation report and page under MLR, MLM, WLSMV: the test and indices that come first",
        "plain",
        "the scaled test and robust indices, the plain ones beside them",
        "they are what the estimator was chosen for",
        (VALIDATION,),
        estimators=_ROBUST,
    ),
    Change(
        2,
        "marker sequence and method factor under MLR and MLM",
        "by ML, plain differences",
        "by the chosen estimator, scaled differences",
        "scaled tests wherever the estimator is robust",
        (VALIDATION,),
        estimators=("MLR", "MLM"),
    ),
    Change(
        2,
        "marker sequence under WLSMV",
        "by ML, as if the answers were continuous",
        "by WLSMV, scaled differences",
        "the chosen estimator is used; lavaan",
        (VALIDATION,),
        estimators=("WLSMV",),
        options=("marker",),
    ),
    Change(
        2,
        "method factor without items of its own under WLSMV",
        "by ML, as if the answers were continuous",
        "none, with the reason",
        "an estimator is used or refused by name",
        (VALIDATION,),
        estimators=("WLSMV",),
    ),
    Change(
        2,
        "invariance over groups under WLSMV",
        "none",
        "the ordinal ladder",
        "scaled tests wherever the estimator is robust",
        (VALIDATION,),
        estimators=("WLSMV",),
        options=("group",),
    ),
    Change(
        2,
        "standard errors, scaled statistics and difference tests of MLM with restricted means (scalar and strict invariance)",
        "moments about the implied means",
        "about the sample's",
        "Satorra and Bentler 1994; lavaan",
        (VALIDATION,),
        estimators=("MLM",),
        options=("group",),
    ),
    Change(
        2,
        "items that purification proposes to drop",
        "an item worded the other way round made healthy ones look weak",
        "none while an item runs against its factor, which is named",
        "a reversed item is no bad item",
        (VALIDATION,),
    ),
    Change(
        2,
        "omegas, explained variance, method shares and their p of an improper solution (bifactor, second order, method factor, marker sequence, exploratory)",
        "printed as findings",
        "those of a proper solution of further starts where one fits as well, else none",
        "a negative variance has no share",
        (VALIDATION,),
    ),
    Change(
        2,
        "number of factors that is compared with the model's",
        "common factors by squared multiple correlations alone",
        "what two of three rules find",
        "the one rule is known to ask for too many with many rows",
        (VALIDATION,),
    ),
    Change(
        2,
        "interval and p of a difference in Net Promoter Score",
        "around the adjusted scores, which could leave the difference out",
        "joined from both intervals",
        "coverage was .68 in the extreme and is .94 and more",
        (BENCHMARK,),
    ),
    Change(
        2,
        "interval of a mean whose answers are all equal",
        "without width",
        "the bound on the share of other answers",
        "equal answers do not prove that there are no others",
        (BENCHMARK,),
    ),
    Change(
        2,
        "difference of means where a group's answers are all equal",
        "without width and p = 0, or with the other group's spread alone",
        "joined from both intervals",
        "equal answers do not prove that there are no others",
        (BENCHMARK,),
    ),
    Change(
        2,
        "drivers of NPS: touchpoints that hardly any customer scored all of",
        "none",
        "each touchpoint's correlation with NPS from its own pairs of answers",
        "sparse touchpoints are the normal case",
        (BENCHMARK,),
    ),
)
