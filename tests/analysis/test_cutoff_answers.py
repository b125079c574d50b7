"""Dynamic cut-offs of ordinal, Likert and resampled answers and of second-order models, against R dynamic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.sem import fit_sem
from analysis.covariance.simulation.cutoff_samples import (
    BootstrapSamples,
    Draws,
    Fitted,
    LikertSamples,
    categories_of,
)
from analysis.covariance.simulation.dynamic_cutoffs import dynamic_cutoffs, population_cutoffs
from analysis.covariance.simulation.factor_population import population_from, population_of
from analysis.covariance.simulation.simulated_fits import SimulatedFits
from analysis.covariance.text.syntax import parse
from analysis.errors import DataError, ModelError
from tests.analysis.classic_data import HS, holzinger

# The example of catOne's and likertOne's documentation: five items of five categories, n = 500.
CUTS = {
    "X5": (-0.274, 0.305, 0.765, 1.259),
    "X6": (-0.279, 0.353, 0.779, 1.175),
    "X7": (-0.269, 0.385, 0.871, 1.329),
    "X8": (-0.274, 0.358, 0.779, 1.237),
    "X9": (-0.269, 0.342, 0.745, 1.248),
}
ORDINAL = "F1 =~ .550*X5 + .614*X6 + .726*X7 + .723*X8 + .236*X9\n" + "\n".join(
    f"{item} | " + " + ".join(f"{cut}*t{k}" for k, cut in enumerate(cuts, start=1))
    for item, cuts in CUTS.items()
)
NUMBERS = "F1 =~ .5168*X5 + .5487*X6 + .679*X7 + .6937*X8 + .2029*X9"
# SRMR, RMSEA and CFI of levels 0, 1 and 2, whose standard errors are .001 to .003: lavaan 0.6-14 on 500
# samples by catOne's rule (R dynamic 1.1.0 itself, of 250: .0389, .0679 and .9794 at level 1, .0483, .0916
# and .9715 at level 2); R dynamic's likertOne of 500.
CAT_ONE = ((0.0335, 0.0517, 0.9876), (0.0396, 0.0717, 0.9795), (0.0466, 0.0907, 0.9724))
LIKERT_ONE = ((0.0302, 0.0510, 0.9751), (0.0357, 0.0658, 0.9635), (0.0459, 0.0877, 0.9425))

# hier1HB(manual = TRUE, n = 500) of 200 samples: levels 0 to 4.
HIER = (
    (0.0290, 0.0236, 0.9922),
    (0.0335, 0.0302, 0.9882),
    (0.0372, 0.0395, 0.9844),
    (0.0390, 0.0481, 0.9802),
    (0.0381, 0.0635, 0.9715),
)


def _draws(reps: int) -> Draws:
    return Draws(reps, np.random.default_rng(3), 1, None)


def _bounds(found: SimulatedFits, share: float) -> list[float]:
    cfi = 1 - share
    return [
        float(np.quantile(found.srmr, share)),
        float(np.quantile(found.rmsea, share)),
        float(np.quantile(found.cfi, cfi)),
    ]


def test_ordinal_answers_have_the_cutoffs_of_cat_one() -> None:
    found = population_cutoffs(ORDINAL, 500, reps=300, workers=1)
    assert (found.answers, found.estimator, found.df) == ("ordinal", "WLSMV", 5)
    for level, expected in zip(found.levels, CAT_ONE, strict=True):
        own = [level.srmr.value, level.rmsea.value, level.cfi.value]
        assert own == pytest.approx(expected, abs=8e-3)
    assert [one.value for level in found.levels for one in level.added] == [0.3, 0.3]


def test_likert_answers_as_numbers_have_the_cutoffs_of_likert_one() -> None:
    population = population_from(parse(NUMBERS))
    model = "F1 =~ X5 + X6 + X7 + X8 + X9"
    samples = LikertSamples(
        Fitted(population.items, parse(model), 500, std_lv=True),
        tuple(np.array(cuts) for cuts in CUTS.values()),
        (np.arange(1.0, 6.0),) * 5,
        "ML",
    )
    added = ((), *population.levels())
    for omitted, expected, share in zip(added, LIKERT_ONE, (0.95, 0.05, 0.05), strict=True):
        for one in omitted:
            population = population.with_omitted(one)
        found = samples.fits(population.correlation, _draws(800))
        assert _bounds(found, share) == pytest.approx(expected, abs=8e-3)


def test_ordinal_fits_are_compared_in_scaled_indices_and_any_threads_agree() -> None:
    data = holzinger()[[f"x{number}" for number in range(1, 10)]]
    coded = pd.DataFrame({name: pd.cut(data[name], 3, labels=False) for name in data})
    fit = fit_sem(coded, HS, estimator="WLSMV")
    one, two = (dynamic_cutoffs(fit, reps=100, workers=workers) for workers in (1, 2))
    assert one == two
    assert one.fit["rmsea"] == fit.fit["rmsea_scaled"]
    assert one.fit["cfi"] == fit.fit["cfi_scaled"]
    assert one.df == 24
    with pytest.raises(ModelError, match="likert answers are those of numeric items"):
        dynamic_cutoffs(fit, answers="likert", reps=100)
    with pytest.raises(ModelError, match="in the delta parametrisation, by WLSMV"):
        dynamic_cutoffs(fit_sem(coded, HS, estimator="WLSM"), reps=100)


def test_rows_drawn_again_keep_estimator_and_distribution() -> None:
    data = holzinger()
    text = "textual =~ x4 + x5 + x6 + x1"
    robust, plain = (
        dynamic_cutoffs(
            fit_sem(data, text, estimator=estimator), answers="bootstrap", reps=100, workers=1
        )
        for estimator in ("MLR", "ML")
    )
    assert (robust.answers, robust.estimator, plain.estimator) == ("bootstrap", "MLR", "ML")
    assert len(robust.levels) == 2
    # A multivariate t keeps its heavy tails, which inflate the chi-square of normal theory.
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(400, 4)) / np.sqrt(rng.chisquare(5, size=(400, 1)) / 5)
    population = population_of(fit_sem(data, text))
    fitted = Fitted(population.items, parse(text), 400)
    heavy, light = (
        BootstrapSamples(fitted, own, "ML", "listwise").fits(population.correlation, _draws(300))
        for own in (rows, rng.normal(size=(400, 4)))
    )
    assert heavy.chisq.mean() > 1.3 * light.chisq.mean()
    assert light.chisq.mean() == pytest.approx(2, abs=0.5)


def test_missing_answers_stay_missing_under_fiml() -> None:
    text = "textual =~ x4 + x5 + x6 + x1"
    data = holzinger()[["x4", "x5", "x6", "x1"]].to_numpy().copy()
    population = population_of(fit_sem(holzinger(), text))
    fitted = Fitted(population.items, parse(text), len(data))
    whole = BootstrapSamples(fitted, data, "ML", "fiml").fits(population.correlation, _draws(100))
    data[:100, 1:3] = np.nan
    holes = BootstrapSamples(fitted, data, "ML", "fiml").fits(population.correlation, _draws(40))
    assert (whole.df, holes.df) == (2, 2)
    assert holes.theta[:, 0].std() > whole.theta[:, 0].std()


def test_second_order_models_have_the_cross_loadings_of_hier1hb() -> None:
    text = """G =~ .51*F1 + .83*F2 + .97*F3 + .83*F4 + .87*F5
        F1 =~ .41*Y1 + .81*Y2 + .71*Y3; F2 =~ .79*Y4 + .64*Y5 + .81*Y6
        F3 =~ .53*Y8 + .68*Y9 + .66*Y10; F4 =~ .79*Y11 + .76*Y12
        F5 =~ .82*Y13 + .71*Y14 + .85*Y15 + .81*Y16"""
    population = population_from(parse(text))
    assert population.factors == ("F1", "F2", "F3", "F4", "F5")
    assert population.correlations[0, 1] == pytest.approx(0.51 * 0.83)
    assert np.diag(population.correlation) == pytest.approx(np.ones(15))
    found = population_cutoffs(text, 500, reps=200, workers=1)
    assert [
        (one.lhs, one.rhs, round(one.value, 3)) for level in found.levels for one in level.added
    ] == [
        ("F5", "Y1", 0.41),
        ("F5", "Y8", 0.486),
        ("F5", "Y5", 0.413),
        ("F4", "Y14", 0.34),
    ]
    values = [(level.srmr.value, level.rmsea.value, level.cfi.value) for level in found.levels]
    assert np.array(values) == pytest.approx(np.array(HIER), abs=5e-3)
    disturbed = population_from(parse(f"{text}\nF3 ~~ .5*F4"))
    left = np.sqrt((1 - 0.97**2) * (1 - 0.83**2))
    assert disturbed.correlations[2, 3] == pytest.approx(0.97 * 0.83 + 0.5 * left)


def test_a_fitted_second_order_model_is_its_own_population() -> None:
    fit = fit_sem(holzinger(), f"{HS}\ng =~ visual + textual + speed")
    plain = population_of(fit_sem(holzinger(), HS))
    assert population_of(fit).correlation == pytest.approx(plain.correlation, abs=1e-4)
    found = dynamic_cutoffs(fit, reps=100, workers=1)
    assert [one.rhs for level in found.levels for one in level.added] == ["x2", "x7"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("F =~ .5*a + .5*b\nG =~ .6*F + .5*c + .5*d", "measured by items alone or"),
        ("F =~ .5*a + .5*b\nG =~ .6*F\nH =~ .6*G", "measured by items alone or"),
        ("F =~ .5*a + .5*b\nK =~ .5*c + .5*d\nG =~ .6*F", "belongs to none of these"),
        ("F =~ .5*a + .5*b\nG =~ 0.6*F\nG ~~ .3*F", "G~~F"),
    ],
)
def test_orders_that_mix_are_refused(text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        population_from(parse(text))


def test_too_few_samples_with_answers_that_differ_are_refused() -> None:
    rare = "\n".join(f"{item} | 2.4*t1" for item in "abcde")
    with pytest.raises(ModelError, match=r"converges in \d+ of 100 samples, too few for cut-offs"):
        population_cutoffs(f"F =~ .5*a + .5*b + .5*c + .5*d + .5*e\n{rare}", 40, reps=100)


def test_answers_that_do_not_go_with_the_fit_are_refused() -> None:
    data = holzinger()
    fit = fit_sem(data, HS)
    for answers, said in (("ordinal", "fit by WLSMV"), ("skewed", "choose normal, likert, bootst")):
        with pytest.raises(ModelError, match=said):
            dynamic_cutoffs(fit, answers=answers, reps=100)
    with pytest.raises(DataError, match="too many to be a Likert item's"):
        categories_of(np.arange(60.0).reshape(30, 2), ("a", "b"))
    with pytest.raises(ModelError, match="for ML and MLR without auxiliary"):
        dynamic_cutoffs(fit_sem(data, HS, estimator="MLM"), answers="bootstrap", reps=100)
    weighted = fit_sem(data, HS, sampling_weights=np.linspace(0.5, 1.5, len(data)))
    with pytest.raises(ModelError, match="leave weights and clusters out"):
        dynamic_cutoffs(weighted, reps=100)
