"""Invariance of ordinal items beside numbers: R's numbers, releases, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.measurement_invariance.mixed_invariance import mixed_invariance
from analysis.covariance.measurement_invariance.ordinal_invariance import ordinal_invariance
from analysis.errors import AnalysisError
from tests.analysis.peer_data import four_categories

MODEL = "f1 =~ u1 + u2 + u3 + u4; f2 =~ u5 + u6 + u7 + u8"
ORDERED = ("u1", "u2", "u3", "u5", "u6")


def mixed_items() -> pd.DataFrame:
    """The four-point answers, with u4, u7 and u8 as numbers."""
    data, rng = four_categories(), np.random.default_rng(7)
    for name in ("u4", "u7", "u8"):
        data[name] = (data[name] + rng.normal(size=len(data)) * 0.5).round(3)
    return data


def test_each_step_and_the_partial_ladder_are_those_of_lavaan() -> None:
    """lavaan 0.6-14 with semTools 0.5-6: cfa(as.character(measEq.syntax(ID.fac = "std.lv", ID.cat =
    "Wu.Estabrook.2016", ordered = <five items>, group = "g", group.equal = ...)), estimator = "WLSMV")
    in the delta parametrisation, residuals and group.partial = "u3 ~ 1" in theta; lavTestLRT.
    """
    found = mixed_invariance(mixed_items(), MODEL, "g", ordered=ORDERED, strict=True)
    names = ("df", "chisq", "chisq_scaled", "cfi_scaled", "rmsea_scaled", "srmr")
    lavaan = {
        "configural": (38, 17.785034040, 37.391070111, 1, 0, 0.036658352),
        "thresholds": (43, 18.480759405, 39.746045552, 1, 0, 0.036658356),
        "loadings": (49, 25.954413173, 46.664233542, 1, 0, 0.040903364),
        "intercepts": (55, 50.764430622, 80.355132572, 0.981965978, 0.048131019, 0.040598974),
        "residuals": (63, 53.657532554, 84.348577017, 0.984815670, 0.041265551, 0.039856995),
    }
    measured = {step.name: [step.fit[name] for name in names] for step in found.steps}
    assert list(measured) == list(lavaan)
    for name, wanted in lavaan.items():
        assert np.allclose(measured[name], wanted, rtol=1e-6, atol=1e-7), name
    differences = [(step.d_df, step.d_chisq) for step in found.steps[1:]]
    lrt = [(5, 1.5521484343), (6, 6.145997214), (6, 36.41419493), (8, 4.5884940601)]
    assert np.allclose(differences, lrt, rtol=1e-6)
    assert found.reached == "loadings"
    (release,) = found.releases
    assert (release.step, release.parameter, release.holds) == ("intercepts", "u3~1", True)
    assert found.partial is not None
    partial = [found.partial[name] for name in ("df", "chisq", "chisq_scaled")]
    assert np.allclose(partial, (54, 29.977324696, 52.647782031), rtol=1e-6)
    means = found.latent_means[["est", "se"]].to_numpy()
    wanted_means = [(0.0908787336, 0.1147441239), (-0.2717918797, 0.1119552721)]
    assert np.allclose(means, wanted_means, atol=5e-6)
    assert found.latent_means["group"].tolist() == ["b", "b"]


def test_pairwise_answers_are_those_of_lavaan() -> None:
    """As above with missing = "pairwise", of the mixed ladder and of ordinal items alone."""

    def with_gaps(data: pd.DataFrame) -> pd.DataFrame:
        rng = np.random.default_rng(1)
        there = {name: rng.random(len(data)) > 0.1 for name in ("u1", "u4", "u6")}
        return data.assign(**{n: data[n].astype(float).where(known) for n, known in there.items()})

    options = {"strict": True, "partial": False, "missing": "pairwise"}
    mixed = mixed_invariance(with_gaps(mixed_items()), MODEL, "g", ordered=ORDERED, **options)
    chisq = (17.146268584, 17.816423504, 25.358653359, 50.232503277, 53.295774411)
    scaled = (35.622301677, 37.940197841, 45.147779866, 78.332103137, 82.695854226)
    assert mixed.n == 400
    assert [step.fit["chisq"] for step in mixed.steps] == pytest.approx(chisq, rel=1e-5)
    assert [step.fit["chisq_scaled"] for step in mixed.steps] == pytest.approx(scaled, rel=1e-5)
    plain = ordinal_invariance(with_gaps(four_categories()), MODEL, "g", **options)
    scaled = (31.717433649, 36.339759295, 46.532283021, 80.131475564, 84.988974318)
    assert [step.fit["chisq_scaled"] for step in plain.steps] == pytest.approx(scaled, rel=1e-6)
    differences = [step.d_chisq for step in plain.steps[1:4]]
    assert differences == pytest.approx((3.5680973416, 8.8512975435, 30.617462907), rel=1e-6)


def test_what_is_free_is_free_at_every_step_be_it_a_first_item_or_a_number() -> None:
    data = mixed_items()

    def left(name: str) -> list[float]:
        found = mixed_invariance(
            data, MODEL, "g", ordered=ORDERED, strict=True, free=(name,), partial=False
        )
        return [step.fit["df"] for step in found.steps]

    assert left("u1|") == [38, 42, 47, 52, 59]
    assert left("f1=~u1") == [38, 43, 48, 54, 62]
    assert left("u4~1") == [38, 43, 49, 54, 62]


def test_all_items_ordered_are_the_ordinal_ladder_whose_other_parametrisation_it_is() -> None:
    data = four_categories()
    options = {"strict": True, "partial": False}
    plain = ordinal_invariance(data, MODEL, "g", **options)
    every = mixed_invariance(data, MODEL, "g", ordered=[f"u{k}" for k in range(1, 9)], **options)
    assert [step.fit for step in every.steps] == [step.fit for step in plain.steps]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": MODEL + "; f2 ~ f1"}, "f2~f1: ordinal items beside numbers are compared"),
        ({"model": MODEL.replace("u4", "1*u4")}, "f1=~u4: the ladder says what is fixed"),
        ({"ordered": ("u1", "u9")}, "u9 is no item of the model"),
        ({"free": ("u4|",)}, "u4 is a number and has no thresholds"),
        ({"free": ("u9~1",)}, "'u9~1' is no loading, intercept"),
        ({"ordered": ("u1", "two")}, "two has 2 categories; thresholds can be compared from three"),
        ({"ordered": ("gap",)}, "gap: nobody in group b chose 4"),
    ],
)
def test_what_cannot_be_compared_is_refused(options: dict[str, object], said: str) -> None:
    data = mixed_items()
    gap = data["u2"].where((data["g"] == "a") | (data["u2"] < 4), 3)
    data = data.assign(two=data["u3"] > 2, gap=gap)
    model = str(options.get("ordered", "")).count("two") and MODEL.replace("u3", "two")
    model = model or ("gap" in str(options) and MODEL.replace("u2", "gap")) or MODEL
    with pytest.raises(AnalysisError, match=said):
        mixed_invariance(data, group="g", **({"model": model, "ordered": ORDERED} | options))  # type: ignore[arg-type]


def test_categories_are_joined_where_a_group_lacks_one() -> None:
    data = mixed_items()
    data["u2"] = data["u2"].where((data["g"] == "a") | (data["u2"] < 4), 3)
    found = mixed_invariance(data, MODEL, "g", ordered=ORDERED, join=True, partial=False)
    by_hand = data.assign(u2=data["u2"].clip(upper=3))
    other = mixed_invariance(by_hand, MODEL, "g", ordered=ORDERED, partial=False)
    assert [step.fit for step in found.steps] == [step.fit for step in other.steps]
    assert found.warnings[0].startswith("u2: the answers 3, 4 were joined")
