"""What a ladder of measurement invariance allows: may the groups' means be compared?"""

from __future__ import annotations

from typing import Protocol

from analysis.comparability import Verdict
from analysis.covariance.measurement_invariance.invariance import Release

_MEANS = frozenset({"scalar", "strict", "intercepts", "residuals"})
_RELATIONS = frozenset({"metric", "loadings"})


class Ladder(Protocol):
    """What is judged: the last step that holds with all before it, and what was released for more."""

    @property
    def reached(self) -> str | None: ...

    @property
    def releases(self) -> tuple[Release, ...]: ...

    @property
    def partial(self) -> object | None: ...


def verdict(found: Ladder) -> Verdict:
    """The verdict of a ladder by its own rules.

    Scalar: equal intercepts hold (of ordinal items with equal thresholds and loadings). Partial scalar:
    they hold with some parameters released, while each factor keeps two items untouched. Metric: equal
    loadings hold, and no release saves the intercepts. None: else, also where the first model, without
    any equality, does not fit.

    References: Byrne, B. M., Shavelson, R. J. and Muthén, B. (1989). Testing for the equivalence of
    factor covariance and mean structures: the issue of partial measurement invariance. Psychological
    Bulletin, 105, 456-466. Steenkamp, J.-B. and Baumgartner, H. (1998). Assessing measurement
    invariance in cross-national consumer research. Journal of Consumer Research, 25, 78-90.
    """
    if found.reached is None:  # equalities are nothing to judge in a model that does not fit
        return Verdict.NONE
    if found.reached in _MEANS:
        return Verdict.SCALAR
    if found.partial is not None and found.releases:
        return Verdict.PARTIAL_SCALAR
    return Verdict.METRIC if found.reached in _RELATIONS else Verdict.NONE
