"""validate_scale: one plain document, every step or the reason why not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, MissingItem, ModelError
from analysis.scale.document import ScaleValidation
from analysis.scale.registry import sections
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.dynamic_cutoffs import DynamicCutoffsSection
from analysis.scale.sections.invariance import InvarianceSection
from analysis.scale.sections.missing_comparison import MissingComparisonSection
from analysis.scale.sections.reliability import ReliabilitySection
from analysis.scale.sections.rivals import RivalsSection
from analysis.scale.validation import validate_scale
from instruments.loader import BUILT_IN
from instruments.schema import Instrument, Item, ItemKind, Metric, Scale, ScoringKey
from tests.analysis.data_sets import (
    HS_MODEL,
    SJQ_MODEL,
    holzinger,
    mobi,
    mobi_model,
    simulated,
)
from tests.analysis.peer_data import four_categories


@pytest.fixture(scope="module")
def hs() -> dict[str, Any]:
    return validate_scale(holzinger(), model=HS_MODEL, cutoffs=200, esem=True).to_dict()


def instrument(**changes: object) -> Instrument:
    """Two factors of three items on 1..7, b1 worded the other way round."""
    scale = Scale("agree", 1, 7)
    items = [
        Item(code, ItemKind.RATING, scale=scale, reverse=code == "b1")
        for code in ("a1", "a2", "a3", "b1", "b2", "b3")
    ]
    key = ScoringKey("two", Metric.INDEX, {"A": ("a1", "a2", "a3"), "B": ("b1", "b2", "b3")})
    values = {"keys": {"two": key}, "items": tuple(items)} | changes
    return Instrument(
        code="demo", version="1", wordings={}, licence="CC0", citation="none", **values
    )


def answers(n: int = 300) -> pd.DataFrame:
    model = {"A": ("a1", "a2", "a3"), "B": ("b1", "b2", "b3")}
    return simulated(n, model=model, loadings=dict.fromkeys(model, (0.8, 0.75, 0.7)))


def fits(document: dict[str, Any]) -> None:
    """Fail unless the document is of its sections' shape: every field, and nothing else."""
    assert ScaleValidation.from_dict(json.loads(json.dumps(document))).to_dict() == document


def test_the_document_has_the_documented_shape(hs):
    fits(hs)
    assert hs["missing_comparison"] is None  # of complete data there is nothing to compare
    for kind in sections():
        if kind is not MissingComparisonSection:
            assert hs[kind.name] is not None, f"{kind.name} could not be computed"
    assert hs["invariance"] == []


def test_the_shape_is_kept_when_answers_are_missing_and_a_marker_and_times_are_given():
    data = answers(250)
    data.iloc[::7, 2] = np.nan
    data.iloc[3] = 4.0
    rng = np.random.default_rng(1)
    data = data.assign(mk1=rng.integers(1, 8, 250), mk2=rng.integers(1, 8, 250), took=60.0)
    data.loc[5, "took"] = 4.0
    got = validate_scale(data, instrument(), marker=("mk1", "mk2"), seconds="took").to_dict()
    fits(got)
    assert got["missing"]["little"]["pvalue"] > 0.001
    assert got["method_variance"]["marker"]["items"] == ["mk1", "mk2"]
    flags = {row["row"]: row["flags"] for row in got["careless"]["rows"]}
    assert flags[6] == ["speed"]
    assert {"longstring", "irv"} <= set(flags[4])
    assert got["careless"]["without"]["n_complete"] < got["sample"]["n_complete"]


@pytest.mark.parametrize("rows", [0, 1, 5, 30])
def test_the_shape_is_kept_for_few_rows(rows: int):
    fits(validate_scale(simulated(rows), model=SJQ_MODEL).to_dict())


def test_conclusions_carry_value_cut_and_source(hs):
    rows = {(row["measure"], row["subject"]): row for row in hs["conclusions"]}
    cfi = rows["cfi", None]
    assert (cfi["relation"], cfi["cut"], cfi["holds"]) == (">=", 0.95, False)
    assert cfi["value"] == hs["cfa"]["fit"]["cfi"]
    assert rows["alpha", "textual"]["holds"] and not rows["alpha", "visual"]["holds"]
    assert rows["htmt", "visual and textual"]["holds"]
    assert rows["parallel_factors", None]["value"] == 3
    assert all(row["source"] for row in hs["conclusions"])


def test_coefficients_of_the_model_have_intervals(hs):
    row = next(row for row in hs["reliability"] if row["factor"] == "visual")
    for measure in ("omega", "cr", "ave"):
        assert row[f"{measure}_lower"] < row[measure] < row[f"{measure}_upper"]


def test_flagged_rows_stay_in_and_their_absence_is_shown_beside():
    data = answers(200)
    data.iloc[:20] = 1.0
    data.iloc[20:40] = 7.0
    got = validate_scale(data, model=instrument().keys["two"].scales).to_dict()
    assert got["sample"]["n_rows"] == got["cfa"]["n"] == 200
    without = got["careless"]["without"]
    assert without["n_complete"] == 200 - got["careless"]["n_flagged"]
    assert without["reliability"][0]["alpha"] < got["reliability"][0]["alpha"] - 0.02


def test_the_purification_log_is_a_proposal_only(hs):
    assert hs["purification"]["steps"] == []
    assert hs["purification"]["kept_below_cut"] == ["x2", "x3", "x7", "x9"]


def test_the_document_is_strict_json_and_survives_it(hs):
    assert json.loads(json.dumps(hs, allow_nan=False)) == hs


def test_the_numbers_are_those_of_the_single_statistics(hs):
    # lavaan 0.6-14 and R psych on Holzinger & Swineford; see the tests of each topic
    assert hs["cfa"]["fit"]["chisq"] == pytest.approx(85.3055217699732, rel=1e-6)
    assert hs["adequacy"]["kmo"] == pytest.approx(0.752244592603047)
    assert [row["alpha"] for row in hs["reliability"]] == pytest.approx(
        [0.626117131884981, 0.882706912875796, 0.688455022985003]
    )
    assert hs["factor_count"]["factors"]["suggested"] == 3
    assert (hs["factor_count"]["map"]["suggested"], hs["factor_count"]["suggested"]) == (2, 3)
    # The only warnings are the rule that finds another number of factors, and negative residual
    # variances beside a general and a method factor.
    steps = ["factor_count", "bifactor", "method_variance"]
    assert [w["step"] for w in hs["warnings"]] == steps
    assert all("is negative" in w["message"] for w in hs["warnings"][1:])


def test_rivals_stand_beside_the_hypothesised_model_with_their_difference(hs):
    kinds = [row["kind"] for row in hs["rivals"]]
    assert kinds == ["hypothesised", "null", "one_factor", "merged", "merged", "merged"]
    base = hs["rivals"][0]["fit"]["chisq"]
    for row in hs["rivals"][1:]:
        assert row["delta_chisq"] == pytest.approx(row["fit"]["chisq"] - base)
        assert row["delta_pvalue"] < 1e-6


def test_a_second_program_confirms_the_cfa(hs):
    assert hs["check"]["program"] == "semopy"
    assert hs["check"]["agrees"]
    assert hs["check"]["largest_difference"] < 1e-4


def test_estimator_and_handling_of_missing_answers_are_chosen():
    data = holzinger()
    data.loc[::4, "x2"] = np.nan
    got = validate_scale(data, model=HS_MODEL, estimator="MLR", missing="fiml").to_dict()
    fits(got)
    assert (got["cfa"]["n"], got["cfa"]["dropped"], got["check"]) == (301, 0, None)
    assert got["cfa"]["fit"]["chisq_scaled"] != got["cfa"]["fit"]["chisq"]
    assert 'estimator = "MLR", missing = "fiml"' in got["r_script"]


def test_invariance_is_climbed_over_each_grouping_column():
    # lavaan 0.6-14 on Holzinger & Swineford by school: chisq 115.851, 124.044, 164.103, 181.511
    data = holzinger()
    got = validate_scale(data, model=HS_MODEL, group=("school", "sex")).to_dict()
    fits(got)
    by_school, by_sex = got["invariance"]
    assert [row["chisq"] for row in by_school["steps"]] == pytest.approx(
        [115.851, 124.044, 164.103, 181.511], abs=1e-3
    )
    assert {row["label"]: row["n"] for row in by_school["groups"]} == {
        "Pasteur": 156, "Grant-White": 145,
    }  # fmt: skip
    assert by_school["steps"][2]["holds"] is False
    assert [row["parameter"] for row in by_school["releases"]] == ["x3~1", "x7~1"]
    assert [row["factor"] for row in by_school["latent_means"]] == list(HS_MODEL)
    assert {row["label"] for row in by_sex["groups"]} == {"1", "2"}
    assert ("d_cfi", "scalar over school") in {
        (row["measure"], row["subject"]) for row in got["conclusions"]
    }


def test_groups_too_small_to_compare_are_left_out_and_said():
    data = holzinger()
    data.loc[:4, "school"] = "Third"
    data.loc[5:9, "school"] = None
    got = validate_scale(data, model=HS_MODEL, group="school")
    assert len(got[InvarianceSection].ladders[0].groups) == 2
    assert any("group Third was left out: 5 usable rows, needs 10" in w for w in got.warnings)
    alone = validate_scale(data.assign(school="one"), model=HS_MODEL, group="school")
    assert alone[InvarianceSection].ladders == ()
    assert any(w.startswith("invariance: school: 2 to 20 groups") for w in alone.warnings)


def test_more_items_than_can_be_validated_at_once_are_refused():
    wide = pd.DataFrame(np.zeros((5, 301)), columns=[f"q{i}" for i in range(301)])
    with pytest.raises(ModelError, match="301 items"):
        validate_scale(wide, model={"all": tuple(wide.columns)})


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_do_not_matter(hs, unit: float):
    items = [item for members in HS_MODEL.values() for item in members]
    got = validate_scale(holzinger()[items] * unit, model=HS_MODEL).to_dict()
    assert got["cfa"]["fit"]["chisq"] == pytest.approx(hs["cfa"]["fit"]["chisq"], rel=1e-5)
    assert [x["loadings"] for x in got["efa"]["items"]] == [
        pytest.approx(x["loadings"], abs=1e-5) for x in hs["efa"]["items"]
    ]
    assert [row["omega"] for row in got["reliability"]] == pytest.approx(
        [row["omega"] for row in hs["reliability"]], abs=1e-5
    )
    assert got["normality"]["skew"] == pytest.approx(hs["normality"]["skew"], rel=1e-6)


def test_the_order_of_the_rows_does_not_matter(hs):
    shuffled = holzinger().sample(frac=1, random_state=3)
    got = validate_scale(shuffled, model=HS_MODEL).to_dict()
    for section in ("cfa", "efa", "reliability", "htmt_intervals", "conclusions", "second_order"):
        assert flat(got[section]) == pytest.approx(flat(hs[section]), rel=1e-4, abs=1e-6)


def flat(value: object) -> list[float]:
    """All numbers of a section in order."""
    if isinstance(value, dict):
        return [x for entry in value.values() for x in flat(entry)]
    if isinstance(value, list):
        return [x for entry in value for x in flat(entry)]
    return [float(value)] if isinstance(value, int | float) else []


def test_progress_rises_to_100():
    seen: list[tuple[int, str]] = []
    validate_scale(holzinger(), model=HS_MODEL, progress=lambda p, step: seen.append((p, step)))
    percents = [percent for percent, _ in seen]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    assert len({step for _, step in seen}) > 5


def test_a_reverse_item_is_turned_before_anything_is_computed():
    data = answers()
    turned = data.assign(b1=8 - data["b1"])
    got = validate_scale(turned, instrument()).to_dict()
    plain = validate_scale(data, model=instrument().keys["two"].scales).to_dict()
    assert got["settings"]["reversed"] == ["b1"]
    assert got["reliability"][1]["alpha"] == pytest.approx(plain["reliability"][1]["alpha"])
    assert got["items"][3]["mean"] == pytest.approx(data["b1"].mean())


def test_answers_beyond_the_answer_scale_are_a_warning():
    data = answers()
    data.iloc[:3, 0] = 99
    (warning,) = [
        w for w in validate_scale(data, instrument()).to_dict()["warnings"] if w["step"] == "items"
    ]
    assert warning["message"] == "a1: 3 answers lie outside 1 to 7"


def test_single_item_and_two_item_dimensions_are_carried_through():
    got = validate_scale(mobi(), model=mobi_model()).to_dict()
    rows = {row["factor"]: row for row in got["reliability"]}
    assert rows["CUSCO"]["alpha"] is rows["CUSCO"]["cr"] is None
    assert rows["PERV"]["alpha"] > 0.7
    at = got["fornell_larcker"]["factors"].index("CUSCO")
    assert got["fornell_larcker"]["holds"][at] is None
    # R seminr: HTMT of Image and Complaints (a single item)
    names = got["htmt"]["factors"]
    htmt = got["htmt"]["htmt"][names.index("IMAG")][names.index("CUSCO")]
    assert htmt == pytest.approx(0.544731346013021)
    assert len([row for row in got["rivals"] if row["kind"] == "merged"]) == 21
    assert got["cfa"]["converged"]


@pytest.mark.parametrize("rows", [0, 1, 2, 12])
def test_too_few_rows_leave_reasons_not_an_error(rows: int):
    got = validate_scale(simulated(rows), model=SJQ_MODEL).to_dict()
    json.dumps(got, allow_nan=False)
    assert got["cfa"] is got["rivals"] is got["efa"] is None
    assert {"cfa", "efa", "adequacy", "factor_count"} <= {w["step"] for w in got["warnings"]}
    assert len(got["items"]) == 16


def test_alpha_needs_fewer_rows_than_the_cfa():
    got = validate_scale(simulated(12), model=SJQ_MODEL).to_dict()
    assert all(row["alpha"] is not None for row in got["reliability"])


@pytest.mark.parametrize(
    "model", [{"nps": ("x1",)}, {"pair": ("x1", "x2")}, {"a": ("x1",), "b": ("x2",)}]
)
def test_the_smallest_scales_get_what_exists(model: dict):
    got = validate_scale(holzinger(), model=model).to_dict()
    assert len(got["items"]) == sum(len(items) for items in model.values())
    assert got["warnings"]


@pytest.mark.parametrize(
    ("change", "culprit"),
    [(lambda d: d.assign(x1=3), "x1"), (lambda d: d.assign(x1=d["x2"]), "x1")],
)
def test_constant_and_duplicate_items_are_named_in_the_warnings(change, culprit):
    got = validate_scale(change(holzinger()), model=HS_MODEL)
    assert any(text.startswith("cfa:") and culprit in text for text in got.warnings)


def test_an_absent_item_and_text_in_a_number_are_errors():
    with pytest.raises(MissingItem, match="x9"):
        validate_scale(holzinger().drop(columns="x9"), model=HS_MODEL)
    with pytest.raises(DataError, match="'n/a' in row 3"):
        data = holzinger().astype(object)
        data.loc[2, "x1"] = "n/a"
        validate_scale(data, model=HS_MODEL)
    with pytest.raises(DataError, match="infinite"):
        validate_scale(holzinger().assign(x1=np.inf), model=HS_MODEL)


def test_without_factors_there_is_nothing_to_validate():
    with pytest.raises(ModelError, match="an instrument or a model"):
        validate_scale(holzinger())
    with pytest.raises(ModelError, match="no scoring key 'zzz'; it has two"):
        validate_scale(answers(), instrument(), key="zzz")
    with pytest.raises(ModelError, match="no scoring key"):
        validate_scale(answers(), instrument(keys={}))
    with pytest.raises(ModelError, match="twice here: x1"):
        validate_scale(holzinger(), model={"a": ("x1", "x2"), "b": ("x1",)})


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ({"estimator": "XYZ"}, "XYZ"),
        ({"likelihood": "wishart", "missing": "fiml"}, "Wishart"),
        ({"efa_rotation": "equamax"}, "equamax"),
        ({"reps": 0}, "at least 2"),
    ],
)
def test_an_impossible_choice_is_refused_before_anything_is_computed(choice: dict, says: str):
    with pytest.raises(ModelError, match=says):
        validate_scale(holzinger(), model=HS_MODEL, **choice)


def test_the_fingerprint_knows_the_data_and_only_the_data(hs):
    again = validate_scale(holzinger().astype(object), model=HS_MODEL).to_dict()
    assert again["fingerprint"] == hs["fingerprint"]
    changed = holzinger()
    changed.loc[0, "x1"] += 1e-9
    assert validate_scale(changed, model=HS_MODEL).to_dict()["fingerprint"] != hs["fingerprint"]


def test_the_input_is_untouched():
    data = answers()
    before = data.copy()
    validate_scale(data, instrument())
    pd.testing.assert_frame_equal(data, before)


def test_the_sjq_procedure_finds_the_population_of_the_published_loadings():
    # Jaakkola & Terho 2021: three factors, 16 items, N = 278, maximum likelihood as AMOS has it.
    sjq = BUILT_IN.load("sjq")
    data = simulated(278, correlation=0.6, seed=7)
    data = data.assign(region=np.where(np.arange(278) % 2, "north", "south"))
    got = validate_scale(data, sjq, likelihood="wishart", group="region").to_dict()
    fits(got)
    assert got["settings"]["instrument"] == "sjq"
    assert got["sample"]["n_items"] == 16
    assert got["factor_count"]["factors"]["suggested"] == 3
    fit = got["cfa"]["fit"]
    assert fit["df"] == 101  # as printed
    assert fit["rmsea"] < 0.05 and fit["cfi"] > 0.98
    merged = [row for row in got["rivals"] if row["kind"] == "merged"]
    assert [row["n_factors"] for row in merged] == [2, 2, 2]
    assert all(row["delta_pvalue"] < 1e-10 for row in merged)
    assert {row["factor"]: row["ave"] for row in got["reliability"]} == pytest.approx(
        {"personalization": 0.75, "coherence": 0.74, "seamlessness": 0.83}, abs=0.06
    )  # .766, .758 and .853 before answers were cut to seven points
    assert got["invariance"][0]["reached"] == "strict"
    assert got["purification"]["steps"] == []
    missed = {row["measure"] for row in got["conclusions"] if row["holds"] is False}
    assert missed <= {"harman_first_share"}


def test_of_many_factors_the_closest_pairs_are_merged_and_said():
    model = {f"F{j}": (f"q{j}a", f"q{j}b") for j in range(11)}
    loadings = dict.fromkeys(model, (0.8, 0.8))
    data = simulated(400, model=model, loadings=loadings, correlation=0.3, points=0)
    got = validate_scale(data, model=model, reps=50, draws=20)
    assert len([row for row in got[RivalsSection].rows if row.kind == "merged"]) == 45
    assert any("of 55 pairs of factors the 45 closest were merged" in w for w in got.warnings)


def ordinal_factors() -> dict[str, tuple[str, ...]]:
    return {"f1": ("u1", "u2", "u3", "u4"), "f2": ("u5", "u6", "u7", "u8")}


def test_rivals_of_ordinal_items_are_tested_by_the_scaled_difference():
    # lavaan 0.6-14: lavTestLRT(two, one) of cfa(model, data, ordered = TRUE)
    got = validate_scale(
        four_categories(),
        model=ordinal_factors(),
        estimator="WLSMV",
        draws=20,
        reps=20,
        cutoffs=100,
    )
    cutoffs = got[DynamicCutoffsSection]
    assert (cutoffs.answers, cutoffs.fit["cfi"]) == ("ordinal", got[CfaSection].fit["cfi_scaled"])
    own, null, one = got[RivalsSection].rows
    assert (one.delta_chisq, one.delta_df) == (pytest.approx(111.6497721, rel=1e-5), 1)
    assert one.delta_pvalue is not None and one.delta_pvalue < 1e-20
    plain = (one.fit["chisq"] or 0) - (own.fit["chisq"] or 0)
    assert one.delta_chisq != pytest.approx(plain, rel=0.01)
    assert (null.delta_chisq, null.fit["chisq_scaled"]) != (None, None)
    assert null.delta_chisq is None


def test_rivals_under_mlr_are_tested_by_satorra_and_bentler():
    got = validate_scale(holzinger(), model=HS_MODEL, estimator="MLR", draws=20, reps=20)
    one = next(row for row in got[RivalsSection].rows if row.kind == "one_factor")
    assert (one.delta_chisq, one.delta_df) == (pytest.approx(212.910839, rel=1e-5), 3)


def test_ordinal_items_climb_their_own_ladder_over_groups():
    got = validate_scale(
        four_categories(),
        model=ordinal_factors(),
        estimator="WLSMV",
        group=("g",),
        draws=20,
        reps=20,
    )
    (ladder,) = got[InvarianceSection].ladders
    assert [row.step for row in ladder.steps] == [
        "configural", "thresholds", "loadings", "intercepts", "residuals",
    ]  # fmt: skip
    # lavaan 0.6-14 with semTools 0.5-6: see test_ordinal_invariance
    assert ladder.steps[3].chisq_scaled == pytest.approx(83.228551928, rel=1e-6)
    assert ladder.steps[3].d_chisq == pytest.approx(30.137, abs=5e-4)
    assert ladder.reached == "loadings"
    assert [row.parameter for row in ladder.releases] == ["u3~1"]
    assert [(group.label, group.n) for group in ladder.groups] == [("a", 200), ("b", 200)]
    assert all(row.ci_lower is not None for row in ladder.latent_means)
    assert ScaleValidation.from_dict(json.loads(json.dumps(got.to_dict()))) == got


def test_items_of_a_model_are_turned_recorded_and_known_to_the_program_for_r():
    data = four_categories()
    options: dict[str, Any] = {"model": ordinal_factors(), "draws": 20, "reps": 20}
    plain = validate_scale(data, **options)
    got = validate_scale(data.assign(u2=5 - data["u2"]), reverse=("u2",), **options)
    assert got.settings.reversed == ("u2",)
    for kind in (CfaSection, ReliabilitySection, RivalsSection):
        assert got[kind] == plain[kind]
    assert "answers$u2 <- 5 - answers$u2" in (got.r_script or "")
    assert got.warnings[0].startswith("items: u2 is read the other way round, as 5 - u2")
    with pytest.raises(ModelError, match="reverse: u9 is no item of the model"):
        validate_scale(data, reverse=("u9",), **options)
