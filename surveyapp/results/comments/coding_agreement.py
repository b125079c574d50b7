"""How far two coders of comments agree, code by code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sqlalchemy.orm import Session

from analysis.agreement import Agreement, krippendorff_alpha
from surveyapp.comments.coding import Codes, double_coded
from surveyapp.store.models import CommentCode

SEED = 20111116
_RESAMPLES = 1000
RELIABLE, TENTATIVE = 0.80, 0.667  # Krippendorff's customary limits


@dataclass(frozen=True)
class CodeAgreement:
    """One code's agreement, and how many comments either coder gave it."""

    code: CommentCode
    agreement: Agreement
    given: int

    @property
    def verdict(self) -> str:
        """What the limits say of the interval's lower end: the estimate alone may be chance."""
        if self.agreement.estimate is None:
            return "does not vary"
        low = self.agreement.low
        if self.agreement.observed == 1:
            return "no disagreement yet"
        if low is None:
            return "too few comments"
        if low >= RELIABLE:
            return "reliable"
        return "tentative" if low >= TENTATIVE else "not reliable yet"


def agreement_by_code(
    session: Session, survey_ids: Sequence[int], codes: Sequence[CommentCode]
) -> list[CodeAgreement]:
    """Krippendorff's alpha of each code over the comments that two have coded, as given or not given.

    A comment may have several codes, hence one alpha a code. Only what was coded apart counts, not what
    was settled afterwards. Empty while no comment was coded twice.
    """
    pairs = double_coded(session, survey_ids)
    if not pairs:
        return []
    told = _agreements(tuple(pairs), tuple(code.id for code in codes))
    return [
        CodeAgreement(code, alpha, given) for code, (alpha, given) in zip(codes, told, strict=True)
    ]


@lru_cache(maxsize=32)  # the same until somebody codes a comment
def _agreements(
    pairs: tuple[tuple[Codes, Codes], ...], codes: tuple[int, ...]
) -> tuple[tuple[Agreement, int], ...]:
    """Of each code its agreement, and how many comments either coder gave it."""
    rng = np.random.default_rng(SEED)
    found = []
    for code in codes:
        marks = [(code in first, code in second) for first, second in pairs]
        alpha = krippendorff_alpha(marks, resamples=_RESAMPLES, rng=rng)
        found.append((alpha, sum(any(each) for each in marks)))
    return tuple(found)
