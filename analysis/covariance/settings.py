"""The choices that a covariance-structure fit is made under, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.errors import ModelError

ESTIMATORS = (
    *("ML", "MLR", "MLM", "MLMV", "ULS", "GLS", "WLS", "DWLS"),
    *("WLSMV", "WLSM", "ULSMV"),
)
MAXIMUM_LIKELIHOOD = ("ML", "MLR", "MLM", "MLMV")
# Estimators of ordinal items by limited information, with standard errors and tests corrected.
LIMITED_INFORMATION = ("WLSMV", "WLSM", "ULSMV")
# Tests that a scale and a shift give the mean and the variance of a chi-square.
SCALED_AND_SHIFTED = ("WLSMV", "ULSMV", "MLMV")
PARAMETRIZATIONS = ("delta", "theta")
MISSING = ("listwise", "fiml", "pairwise")
LIKELIHOODS = ("normal", "wishart")
INFORMATION = ("expected", "observed")
H1_INFORMATION = ("structured", "unstructured")


@dataclass(frozen=True)
class Options:
    """Estimator, handling of missing cells, and the rules that complete the model.

    ``information`` is expected for ML on complete data and observed for FIML, where the expected is right
    only for cells missing completely at random; MLR has the observed one alone.
    ``h1_information`` is at which moments MLM weighs: the model's ("structured", lavaan's default) or
    the sample's ("unstructured", Mplus).
    """

    estimator: str = "ML"
    missing: str = "listwise"
    group: str | None = None
    equal: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    mean_structure: bool | None = None
    likelihood: str = "normal"
    information: str = ""  # the estimator's own
    std_lv: bool = False
    orthogonal: bool = False
    fixed_x: bool = True
    ordered: bool = False
    seed: int | None = None
    h1_information: str = "structured"
    sampling_weights: str | None = None  # the columns' names
    cluster: str | None = None
    # Ordinal items beside numbers or predictors, with their answers in order; empty where all items
    # are ordinal (``ordered``) or none.
    answers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    parametrization: str = "delta"
    auxiliary: tuple[str, ...] = ()  # of FIML

    def __post_init__(self) -> None:
        _among("estimator", self.estimator, ESTIMATORS)
        _among("missing", self.missing, MISSING)
        _among("likelihood", self.likelihood, LIKELIHOODS)
        if not self.information:
            own = INFORMATION[self.estimator == "MLR" or self.missing == "fiml"]
            object.__setattr__(self, "information", own)
        _among("information", self.information, INFORMATION)
        _among("h1_information", self.h1_information, H1_INFORMATION)
        if self.information == "expected" and self.estimator == "MLR":
            raise ModelError(
                "MLR's standard errors and test stand on the observed information; leave information out"
            )
        _among("parametrization", self.parametrization, PARAMETRIZATIONS)
        if self.h1_information != "structured" and self.estimator != "MLM":
            raise ModelError(
                f"h1_information says at which moments MLM weighs; {self.estimator} has no such choice"
            )
        if self.auxiliary and self.missing != "fiml":
            raise ModelError(
                "auxiliary variables tell of missing cells to FIML; choose missing='fiml', or leave them out"
            )
        if self.missing == "fiml" and self.estimator not in ("ML", "MLR"):
            raise ModelError(
                f"FIML goes with ML or MLR, not with {self.estimator}; choose missing='listwise' or another estimator"
            )
        if self.missing == "pairwise" and not (self.ordered or self.answers):
            raise ModelError(
                "pairwise moments are those of ordinal items (WLSMV, WLSM, ULSMV, DWLS); for numbers choose "
                "missing='fiml' with ML or MLR"
            )
        if self.likelihood == "wishart" and (self.estimator != "ML" or self.missing == "fiml"):
            raise ModelError("the Wishart likelihood goes with ML on complete data only")
        self._check_design()

    def _check_design(self) -> None:
        """Refuse what does not go with sampling weights or clusters."""
        for name, value, allowed in (
            ("sampling_weights", self.sampling_weights, ("ML", "MLR", "WLSMV")),
            ("cluster", self.cluster, ("MLR", "WLSMV")),
        ):
            if value is None:
                continue
            if self.estimator not in allowed:
                raise ModelError(
                    f"{name} goes with {' or '.join(allowed)}, not with {self.estimator}; choose one of these"
                )
            if (self.estimator == "WLSMV") is not bool(self.ordered or self.answers):
                raise ModelError(
                    f"{name} goes with WLSMV for ordinal items, with ML or MLR for continuous ones"
                )
            if self.likelihood == "wishart":
                raise ModelError(f"{name} does not go with the Wishart likelihood; choose normal")
        if self.cluster is not None and self.mean_structure is False:
            raise ModelError("cluster models the means; leave mean_structure out")

    @property
    def maximum_likelihood(self) -> bool:
        """Whether the discrepancy is the normal likelihood's."""
        return self.estimator in MAXIMUM_LIKELIHOOD

    @property
    def robust(self) -> bool:
        """Whether standard errors and test are corrected for the data's distribution."""
        return self.estimator in ("MLR", "MLM", "MLMV", *LIMITED_INFORMATION)

    @property
    def ordinal(self) -> tuple[str, ...]:
        """Ordinal items beside numbers or predictors."""
        return tuple(self.answers)

    @property
    def thresholds(self) -> dict[str, int] | None:
        """How many thresholds each of them has; None without any."""
        return {name: len(own) - 1 for name, own in self.answers.items()} or None

    @property
    def unweighted(self) -> bool:
        """Whether least squares weighs every moment alike."""
        return self.estimator in ("ULS", "ULSMV")

    @property
    def scaled_and_shifted(self) -> bool:
        """Whether the test is corrected by a scale and a shift, not by a scale alone."""
        return self.estimator in SCALED_AND_SHIFTED

    @property
    def unbiased(self) -> bool:
        """Whether covariances are divided by n - 1 and the test multiplies by N - groups."""
        return not self.maximum_likelihood or self.likelihood == "wishart"

    @property
    def observed_information(self) -> bool:
        """Whether standard errors come from the exact Hessian."""
        return self.information == "observed"


def _among(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ModelError(f"{what} {value!r} is not known; choose among {', '.join(allowed)}")
