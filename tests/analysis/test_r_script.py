"""The R script says the same model, data handling and steps, and knows when its numbers differ."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from analysis.scale.r_script import validation_script
from tests.analysis.data_sets import HS_MODEL


def test_the_script_holds_model_rivals_and_every_package_call():
    got = validation_script(HS_MODEL, likelihood="wishart", draws=200, group=("school",))
    assert "  visual =~ x1 + x2 + x3\n" in got
    assert got.count("\nrival") == 4  # one factor, and each pair of factors merged
    for model in ("fit <- cfa(", "second <- cfa(", 'both <- do.call("cfa"', "again <- cfa("):
        assert got.count(model) == 1, model
    for step in ("configural", "metric", "scalar", "strict"):
        assert f'\n{step} <- do.call("cfa", named(' in got
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


def test_columns_of_an_export_lose_the_names_before_their_points():
    got = validation_script(HS_MODEL, instrument="hs")
    assert 'sub("^(hs|attribute)[.]", "", names(answers))' in got


def test_the_difference_of_ordinal_models_has_both_in_one_order_of_items():
    """lavaan pairs the items of both models by their place: 176 became 255 with another order."""
    got = validation_script(HS_MODEL, estimator="WLSMV")
    merged = "rival3 <- cfa('\n  visual_speed =~ x1 + x2 + x3 + x7 + x8 + x9\n  textual =~ x4"
    same = "same3 <- cfa('\n  visual =~ x1 + x2 + x3\n  speed =~ x7 + x8 + x9\n  textual =~ x4"
    assert merged in got and same in got
    assert 'compare_rival("visual + speed", rival3, same3)' in got
    assert 'compare_rival("one factor", rival1, fit)' in got
    assert "same" not in validation_script(HS_MODEL, estimator="MLR").split("# ---- data ----")[1]


needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")


@needs_r
def test_every_variant_of_the_script_is_r(tmp_path: Path):
    texts = [
        validation_script(HS_MODEL, estimator=estimator, missing=missing, group=("school", "sex"))
        for estimator, missing in (("ML", "listwise"), ("MLR", "fiml"), ("WLSMV", "listwise"))
    ]
    texts += [validation_script({"one": ("a", "b", "c")}), validation_script({"a": ("b",)})]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.R").write_text(text)
    ran = _ran(tmp_path, 'for (file in list.files(pattern = "[0-9].R")) invisible(parse(file))')
    assert ran.returncode == 0, ran.stderr


@needs_r
@pytest.mark.parametrize(("own", "code"), [("1.00009", 0), ("1.0002", 1)])
def test_the_script_fails_when_a_number_is_beyond_the_tolerance(
    tmp_path: Path, own: str, code: int
):
    # Without lavaan and jsonlite, which a machine with R need not have: comparing takes neither.
    text = validation_script(HS_MODEL).split("# ---- data ----")[0]
    text = text.replace("suppressPackageStartupMessages(library(lavaan))", "")
    begin = 'packageVersion <- function(...) numeric_version("0.6.14")\n'
    compared = f'results <- list(x = 1)\ncompare("x", {own}, results$x)\nconclude()'
    ran = _ran(tmp_path, f"{begin}{text}\n{compared}")
    assert ran.returncode == code, ran.stderr
    assert (code == 1) == ("Error in conclude()" in ran.stderr)


def _ran(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "run.R").write_text(text)
    command = ["Rscript", "run.R"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
