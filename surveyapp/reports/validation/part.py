"""What a section's module gives to the report: parts of chapters, and criteria."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Generic

from analysis.scale.document import ScaleValidation
from analysis.scale.study import S
from surveyapp.i18n.words import msg
from surveyapp.reports.document import Block
from surveyapp.reports.studies.stored_study import Study

ValidationStudy = Study[ScaleValidation]
Numbers = Iterator[int]  # of tables, in their order of appearance
Draw = Callable[[S, ValidationStudy, Numbers], Iterable[Block]]


class Chapter(StrEnum):
    """The chapters that sections fill, in their order; one without content is left out."""

    METHOD = msg("Method")
    ITEMS = msg("Items")
    DIMENSIONALITY = msg("Dimensionality")
    CONFIRMATORY = msg("Confirmatory factor analysis")
    VALIDITY = msg("Reliability and validity")
    INVARIANCE = msg("Invariance")
    THREATS = msg("Threats to validity")
    ANNEX = msg("Annex: wording and matrices of the items")


@dataclass(frozen=True)
class Part(Generic[S]):
    """What a section says at one place of the report; nothing where it was not computed.

    ``place`` orders the parts of a chapter. ``under``: a heading that neighbouring parts share.
    ``explained``: where the section could not be computed, its warnings say why.
    """

    section: type[S]
    chapter: Chapter
    place: int
    draw: Draw[S]
    under: str = ""
    explained: bool = False


class Form(Enum):
    """How a criterion's value is written."""

    BOUNDED = "cannot exceed one in size"
    FREE = "may exceed one"
    COUNT = "a whole number"
    PVALUE = "a probability"


@dataclass(frozen=True)
class Family:
    """Criteria that ask the same question, and what helps where they are not met.

    ``gravity``: families are told from the smallest, the gravest, on.
    """

    name: str
    gravity: int
    advice: str


# For how many of its subjects a criterion is not met.
FACTORS = msg("{n} of {total} factors")
PAIRS = msg("{n} of {total} pairs")
STEPS = msg("{n} of {total} steps")


@dataclass(frozen=True)
class Criterion:
    """A measure that a section's ``conclude`` compares with a cut-off, as the report calls it.

    ``place`` orders the measures of a family; ``subjects``: for how many of those that it is computed for
    it is not met.
    """

    measure: str
    label: str
    family: Family
    place: int
    form: Form = Form.BOUNDED
    subjects: str = FACTORS


KEYING = Family(
    msg("Direction of items"),
    5,
    msg(
        "turn the items that are worded the other way round, as the chapter on items says, before judging"
        " anything else"
    ),
)
FIT = Family(
    msg("Model fit"),
    10,
    msg("inspect the residual correlations for misfit before interpreting the factors"),
)
RELIABILITY = Family(
    msg("Reliability"),
    20,
    msg("do not report single scores of these factors, or measure them with more items"),
)
DISCRIMINANT = Family(
    msg("Discriminant validity"),
    30,
    msg("do not interpret these factors as distinct: report them together, or sharpen their items"),
)
CONVERGENT = Family(
    msg("Convergent validity"),
    40,
    msg(
        "inspect the items with the lowest loadings; the section on purification"
        " proposes which to remove"
    ),
)
NUMBER_OF_FACTORS = Family(
    msg("Number of factors"),
    50,
    msg("compare the model with its rivals before reporting its factors"),
)
INVARIANCE = Family(
    msg("Invariance"),
    60,
    msg("compare these groups only as far as the invariance steps hold"),
)
ADEQUACY = Family(
    msg("Sampling adequacy"),
    70,
    msg("collect more answers, or look for items that share little with the others"),
)
METHOD_VARIANCE = Family(
    msg("Common method variance"),
    80,
    msg(
        "consider all tests of method variance before relating these scores to"
        " answers from the same survey"
    ),
)
