"""Whether a two-level model fits worse than another that it is a special case of."""

from __future__ import annotations

from analysis.covariance.compare_models import DifferenceTest
from analysis.covariance.fit_measures import NAN, chi_square_pvalue
from analysis.covariance.statistics import Scaling
from analysis.errors import DataError, ModelError
from analysis.two_level.fit import TwoLevelFit

# What has to be the same for the two likelihoods to be those of the same data.
SAME = (
    *("estimator", "cluster", "group", "missing", "fixed_x"),
    *("sampling_weights", "cluster_weights"),
)


def level_difference(restricted: TwoLevelFit, general: TwoLevelFit) -> DifferenceTest:
    """Chi-square difference test of two nested models of the same rows; of MLR scaled (Satorra & Bentler 2001).

    Raises DataError for different rows, variables, weights, clusters, groups or estimators, ModelError where the restricted model
    has no more degrees of freedom. Validated against: lavaan 0.6-14 ``lavTestLRT``.
    """
    for what in SAME:
        if getattr(restricted.settings, what) != getattr(general.settings, what):
            raise DataError(f"the two models differ in {what}; fit both with the same")
    if (restricted.n, restricted.n_clusters) != (general.n, general.n_clusters):
        raise DataError(
            f"the two models were fitted to different rows: {restricted.n} in {restricted.n_clusters} "
            f"clusters, {general.n} in {general.n_clusters}"
        )
    if set(restricted.model.observed) != set(general.model.observed):
        raise DataError("the two models have different variables; nested ones have the same")
    df = int(restricted.fit["df"] - general.fit["df"])
    if df <= 0:
        raise ModelError(
            "the restricted model must have more degrees of freedom than the general one"
        )
    if not (restricted.converged and general.converged):
        why = "one of the two models did not converge: there is no difference test"
        return DifferenceTest(NAN, df, NAN, "none", NAN, why)
    # Of the likelihoods: the unrestricted models, which depend on the variables, would not cancel.
    chisq = 2 * (general.fit["logl"] - restricted.fit["logl"])
    if not restricted.solution.robust:
        return DifferenceTest(chisq, df, chi_square_pvalue(chisq, df), "standard", 1.0)
    traces = [
        fit.fit["scaling_factor_h0"] * fit.solution.table.joint.n_free
        for fit in (restricted, general)
    ]
    scaling = Scaling((traces[1] - traces[0]) / df)
    corrected = scaling.apply(chisq)
    lacking = None if scaling.defined else "the scaling factor of the difference is not positive"
    return DifferenceTest(
        corrected,
        df,
        chi_square_pvalue(corrected, df) if scaling.defined else NAN,
        "Satorra & Bentler 2001",
        scaling.factor,
        lacking,
    )
