"""Ordinal items beside numbers at two waves: R's numbers, incomplete rows, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.measurement_invariance.mixed_longitudinal import mixed_longitudinal
from analysis.covariance.measurement_invariance.wave_script import ordinal_wave_script
from analysis.errors import ModelError
from tests.analysis.test_ordinal_longitudinal import ITEMS, MODEL, two_waves, waves

ORDERED = ("u1", "u2", "u3", "u5", "u6")
MEASURED = ("df", "chisq", "chisq_scaled", "cfi_scaled", "rmsea_scaled", "srmr")


def mixed() -> pd.DataFrame:
    """The five-point answers, with u4, u7 and u8 as numbers."""
    data, rng = two_waves().astype(float), np.random.default_rng(3)
    for name in ("u4", "u7", "u8"):
        for wave in ("w1", "w2"):
            column = data[f"{name}_{wave}"]
            data[f"{name}_{wave}"] = (column + rng.normal(size=len(data)) * 0.5).round(3)
    return data


def with_gaps(data: pd.DataFrame) -> pd.DataFrame:
    """15 % missed the second wave, a tenth left out u4 or u2 at the first."""
    rng = np.random.default_rng(5)
    data = data.astype(float)
    data.loc[rng.random(len(data)) < 0.15, [f"{item}_w2" for item in ITEMS]] = np.nan
    return data.assign(
        **{name: data[name].where(rng.random(len(data)) > 0.1) for name in ("u4_w1", "u2_w1")}
    )


# semTools 0.5-6 measEq.syntax(ordered = <five items>, ID.fac = "std.lv", ID.cat =
# "Wu.Estabrook.2016", longFacNames, longIndNames, auto = 1, long.equal = ...), parameterization delta,
# of the last step theta; lavaan 0.6-14, WLSMV; lavTestLRT(method = "satorra.2000").
COMPLETE = (
    ("configural", 90, 37.221628353, 78.374567715, 1, 0, 0.024403843),
    ("thresholds", 100, 40.535079639, 86.581290435, 1, 0, 0.024403844),
    ("loadings", 106, 47.553480960, 91.443602204, 1, 0, 0.025383595),
    ("intercepts", 112, 139.946222129, 205.191668461, 0.972023944, 0.040834690, 0.027616832),
    ("residuals", 120, 147.017527971, 209.634153032, 0.973091907, 0.038689745, 0.028514020),
)
# The same with missing = "pairwise".
PAIRWISE = (
    ("configural", 90, 31.194853552, 68.864642823, 1, 0, 0.024387921),
    ("thresholds", 100, 34.191406056, 76.412167057, 1, 0, 0.024387921),
    ("loadings", 106, 42.410608281, 83.998774367, 1, 0, 0.026072861),
    ("intercepts", 112, 117.814619849, 174.598714555, 0.979110111, 0.033467512, 0.028276402),
    ("residuals", 120, 123.557524791, 179.080907191, 0.980284043, 0.031411066, 0.028925182),
)


def test_each_step_its_test_and_the_changes_are_those_of_lavaan() -> None:
    found = mixed_longitudinal(waves(mixed()), MODEL, ordered=ORDERED)
    for step, (name, *wanted) in zip(found.steps, COMPLETE, strict=True):
        assert step.name == name
        assert np.allclose([step.fit[key] for key in MEASURED], wanted, rtol=1e-6, atol=1e-6)
    differences = [(step.d_df, step.d_chisq) for step in found.steps[1:4]]
    lrt = [(10, 7.6475079628), (6, 4.5457020832), (6, 131.57337009)]
    assert np.allclose(differences, lrt, rtol=1e-6)
    assert (found.reached, found.verdict, found.n) == ("loadings", "partial scalar", 500)
    assert [one.parameter for one in found.releases] == ["u3~1"]
    assert found.partial is not None  # the same with long.partial = "u3~1"
    assert found.partial["chisq_scaled"] == pytest.approx(95.477718605, rel=1e-6)
    changes = found.changes[["est", "se"]].to_numpy()
    assert np.allclose(
        changes, [(0.361657194, 0.0473851858), (0.006042134, 0.0397852264)], atol=1e-6
    )
    assert (found.changes["d_ci_lower"] < found.changes["d"]).all()


def test_with_pairwise_answers_customers_who_missed_a_wave_count_as_in_lavaan() -> None:
    data = with_gaps(mixed())
    found = mixed_longitudinal(waves(data), MODEL, ordered=ORDERED, missing="pairwise")
    for step, (_, *wanted) in zip(found.steps, PAIRWISE, strict=True):
        assert np.allclose([step.fit[key] for key in MEASURED], wanted, rtol=2e-6, atol=1e-6)
    assert (found.n, found.in_all, len(found.releases)) == (500, 424, 1)
    wanted = [(0.3838506076, 0.0527135428), (0.0087985447, 0.0445847489)]  # with u3~1 free
    assert np.allclose(found.changes[["est", "se"]], wanted, atol=1e-6)
    script = ordinal_wave_script(
        found, waves(data), MODEL, ordered=ORDERED, missing="pairwise", file="panel.csv"
    )
    assert 'missing = "pairwise")\n# expected: n = 500, chisq = 31.1949, df = 90' in script
    assert "lavTestLRT(configural, thresholds, loadings, intercepts, residuals)" in script


def test_ordinal_items_alone_may_be_pairwise_and_their_joins_stand_in_the_script() -> None:
    data = with_gaps(two_waves())
    found = mixed_longitudinal(waves(data), MODEL, ordered=ITEMS, missing="pairwise", partial=False)
    lavaan = (34.593817152, 40.392820001, 49.482896394, 134.252535072, 146.599402536)
    assert [step.fit["chisq"] for step in found.steps] == pytest.approx(lavaan, rel=1e-6)
    assert found.n == 500
    joined = data.assign(u5_w2=data["u5_w2"].clip(lower=2))
    script = ordinal_wave_script(found, waves(joined), MODEL, ordered=ITEMS, missing="pairwise")
    recoded = 'data[["u5_w1"]] <- unname(c("1" = 1, "2" = 1, "3" = 2, "4" = 3, "5" = 4)['
    assert "takes no notice of cluster" not in script
    assert recoded in script and 'data[["u4_w1"]] <-' not in script


def test_what_the_ladder_cannot_take_is_refused() -> None:
    few = waves(mixed().head(60))
    with pytest.raises(ModelError, match="u9 is no item of the model"):
        mixed_longitudinal(few, MODEL, ordered=("u9",))
    with pytest.raises(ModelError, match="numbers alone are compared over waves by ML"):
        mixed_longitudinal(few, MODEL, ordered=())
    with pytest.raises(ModelError, match=r"'u4\|' is no loading, intercept or item's thresholds"):
        mixed_longitudinal(few, MODEL, ordered=ORDERED, free=("u4|",))
    with pytest.raises(ModelError, match="FIML goes with ML or MLR, not with WLSMV"):
        mixed_longitudinal(few, MODEL, ordered=ORDERED, missing="fiml")
