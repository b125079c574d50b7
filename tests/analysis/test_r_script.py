"""The R script says the same model, data handling and steps."""

from __future__ import annotations

from analysis.scale.r_script import validation_script
from tests.analysis.data_sets import HS_MODEL


def test_the_script_holds_model_rivals_and_every_package_call():
    got = validation_script(HS_MODEL, likelihood="wishart", draws=200, group=("school",))
    assert "  visual =~ x1 + x2 + x3\n" in got
    assert got.count("cfa(") == 1 + 4 + 4  # the model, four rivals, four steps of invariance
    assert 'likelihood = "wishart"' in got
    assert "n.iter = 200" in got
    for call in ("KMO(", "cortest.bartlett(", "fa.parallel(", "alpha.ci(", "AVE(fit)", "htmt("):
        assert call in got


def test_brackets_and_quotes_are_balanced():
    got = validation_script(HS_MODEL, group=("school",))
    assert got.count("(") == got.count(")")
    assert got.count("'") % 2 == got.count('"') % 2 == 0


def test_reverse_items_are_turned_and_single_items_have_no_alpha():
    got = validation_script({"a": ("q1", "q2", "q3"), "b": ("q4",)}, reverse={"q2": 8.0})
    assert "answers$q2 <- 8 - answers$q2" in got
    assert "b =~ 1*q4\n  q4 ~~ 0*q4" in got
    assert 'alpha(na.omit(answers[c("q4")]))' not in got
