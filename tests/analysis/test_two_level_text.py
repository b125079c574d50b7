"""What a two-level model's text and data must be, and what is said where they are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.sem import fit_sem
from analysis.errors import DataError, MissingItem, ModelError, NoVariance, TooFewCases
from analysis.two_level.fit import TwoLevelFit, fit_two_level
from analysis.two_level.model import has_levels, parse_levels
from analysis.two_level.script import two_level_script
from tests.analysis.two_level_numbers import PLAIN, TIED, branches

pytestmark = pytest.mark.xdist_group("two-level")
DATA = branches()
CFA = "level: 1\nsat =~ q1 + q2 + q3\nlevel: 2\nplace =~ q1 + q2 + q3"


def fit(text: str, data: pd.DataFrame = DATA, **options: Any) -> TwoLevelFit:
    return fit_two_level(data, text, "branch", **options)


def test_both_words_of_lavaan_are_read_and_written_back():
    model = parse_levels(TIED)
    assert model.both == ("q1", "q2", "q3", "q4", "mood")
    assert parse_levels(model.text) == model
    assert model.text.splitlines()[0] == "level: 1"
    assert [definition.name for definition in model.definitions] == ["gap"]
    plain = parse_levels(PLAIN)
    assert (plain.within_only, plain.between_only) == (("wait",), ("tenure", "region"))


def test_comments_and_other_headings_are_no_levels():
    assert not has_levels("# level: 1\nf =~ a + b + c")
    assert not has_levels("y ~ level + x\nlevel =~ a + b")
    assert has_levels("LEVEL : within ; f =~ a")
    assert parse_levels("# a note\n" + CFA) == parse_levels(CFA)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CFA.replace("place =~ q1", "place =~ q1 ++"), r"line 4, column 14"),
        ("level: 1\nf =~ a + b", "no level 2 .between clusters"),
        ("level: 2\nf =~ a + b", "no level 1 .within clusters"),
        (CFA + "\nlevel: 1\nx ~ q1", "line 5, column 1: level 1 stands twice"),
        (CFA.replace("level: 2", "level: 3"), "line 3, column 1: 'level: 3' is none of"),
        (CFA.replace("level: 2", "group: b"), "line 3, column 1: 'group:' is not read"),
        ("x ~ q1\n" + CFA, "above the first level"),
        (CFA + "\nc <~ w1 + w2", "composites are not fitted at two levels"),
        (CFA + "\nq1 | t1", "line 5, .*thresholds are not fitted at two levels"),
        (CFA + "\nq1 ~*~ 1*q1", "line 5, .*response scales are not fitted at two levels"),
        (CFA.replace("place =~", 'efa("b")*place =~'), r"exploratory blocks .efa. are not fitted"),
        (
            CFA.replace("+ q2", "+ a*q2") + "\na > 0.5",
            "two-level models keep linear equations only",
        ),
        (
            CFA.replace("place =~ q1 + q2", "place =~ q1 + lower(0)*q2"),
            "two-level models keep linear equations only",
        ),
        (CFA.replace("place =~ q1", "place =~ reverse(q1)"), "q1 is reversed at one level"),
        (CFA.replace("place", "q4") + "\n", None),
        (CFA.replace("sat =~", "q4 ~ q1\nsat =~").replace("place", "q4"), "factor at one level"),
        (CFA + "\nlevel: 2", "line 5, column 1: level 2 stands twice"),
        (CFA.replace("sat =~", "a := b\nsat =~"), "b is the label of no parameter"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_by_line(text: str, said: str | None):
    if said is None:
        assert fit(text).converged
        return
    with pytest.raises(ModelError, match=said):
        fit(text)


def test_a_model_without_clusters_says_how_levels_are_fitted():
    with pytest.raises(ModelError, match="sem --cluster"):
        fit_sem(DATA, CFA)


def test_what_is_not_fitted_at_two_levels_is_refused():
    with pytest.raises(ModelError, match="ML or MLR"):
        fit(CFA, estimator="WLSMV")
    with pytest.raises(ModelError, match=r"not identified: .*sat=~q2 at level 1"):
        fit("level: 1\nsat =~ q1 + q2\nlevel: 2\nq1 ~~ q2")
    with pytest.raises(ModelError, match="not identified"):
        fit(CFA.replace("level: 2", "q1 ~ 1\nlevel: 2"))  # its mean is the one between clusters
    with pytest.raises(ModelError, match="cannot be a variable"):
        fit(CFA + "\nplace ~ branch")
    many = " + ".join(f"v{k}" for k in range(51))
    with pytest.raises(ModelError, match="51 variables; at most 50 at each level"):
        fit(f"level: 1\nsat =~ {many}\nlevel: 2\nplace =~ q1 + q2")
    with pytest.raises(MissingItem):
        fit(CFA.replace("q3", "q9"))


def test_data_of_no_two_levels_are_refused():
    with pytest.raises(
        DataError, match=r"wait stands at level 2 only, but differs within \d+ clust"
    ):
        fit(CFA + "\nplace ~ wait")
    with pytest.raises(NoVariance, match="tenure is the same for all rows of each branch"):
        fit(CFA.replace("level: 2", "sat ~ tenure\nlevel: 2"))
    with pytest.raises(NoVariance, match="all 587 answers are 1"):
        fit(CFA, DATA.assign(q1=1.0))
    with pytest.raises(DataError, match="every cluster of branch has one row"):
        fit(CFA, DATA.assign(branch=np.arange(len(DATA))))
    with pytest.raises(TooFewCases, match="clusters in branch for 3 level-2 variables"):
        fit(CFA, DATA[DATA["branch"].isin(["b00", "b01", "b02"])])
    with pytest.raises(DataError, match="dependent variables among"):
        fit(CFA, DATA.assign(q3=DATA["q1"] + DATA["q2"]))


def test_what_is_doubtful_is_said():
    few = DATA[DATA["branch"].isin([f"b{k:02d}" for k in range(12)])].copy()
    few.iloc[0, 0] = np.nan
    few.iloc[1, few.columns.get_loc("branch")] = None
    alone = few.iloc[[5]].assign(branch="by itself")
    said = "\n".join(fit(CFA, pd.concat([few, alone])).warnings)
    assert "1 of 134 rows has no value of branch and was left out" in said
    assert "1 of 134 rows has a missing answer and was left out" in said
    assert "1 cluster has one row" in said
    assert "branch has 13 clusters; below 50" in said
    assert "Heywood case: the residual variance of q1 between clusters is negative" in said
    assert "Fixing it at 0 (q1 ~~ 0*q1) is usual at level 2" in said
    assert "13 clusters are no more than the 15 parameters; the robust" in "\n".join(
        fit(CFA, pd.concat([few, alone]), estimator="MLR").warnings
    )
    assert "below 50" not in "\n".join(fit(CFA).warnings)
    placed = fit("level: 1\nsat =~ q1 + q2 + q3\nsat ~ mood\nlevel: 2\nplace =~ q1 + q2 + q3")
    assert any(text.startswith("mood stands at level 1 only") for text in placed.warnings)


def test_reversed_items_are_turned_at_both_levels():
    text = CFA.replace("+ q2", "+ reverse(q2)")
    found = fit(text, DATA.assign(q2=12 - DATA["q2"]))
    plain = fit(CFA)
    assert found.fit["chisq"] == pytest.approx(plain.fit["chisq"], abs=1e-8)
    assert found.estimates["est"][1] == pytest.approx(plain.estimates["est"][1])
    assert "q2 is read the other way round" in found.warnings[0]


def test_the_script_is_the_same_fit_in_lavaan():
    found = fit(PLAIN, estimator="MLR", std_lv=True)
    script = two_level_script(found)
    assert (
        'fit <- sem(model, data = data, cluster = "branch", estimator = "MLR", std.lv = TRUE)'
        in (script)
    )
    assert f"chisq = {found.fit['chisq']:.8g}" in script
    assert "  level: 1\n  sat =~ q1\n" in script
    assert "fit <- cfa(" in two_level_script(fit(CFA, fixed_x=False))
