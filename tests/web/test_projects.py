"""Modelling projects on the staff pages: answers described, models fitted, changed and compared."""

from __future__ import annotations

import io
import json
import re
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from analysis.composite.cipma import combined_map
from analysis.composite.copula import copula_analysis
from analysis.composite.cta import tetrad_analysis
from analysis.composite.cvpat import cvpat_compare
from analysis.composite.pls import fit_pls
from analysis.composite.predict import predict_pls
from analysis.composite.redundancy import redundancy_analysis
from analysis.covariance.exploratory.esem import exploratory
from analysis.covariance.measurement_invariance.alignment import alignment
from analysis.covariance.measurement_invariance.invariance import invariance
from analysis.covariance.measurement_invariance.longitudinal import longitudinal
from analysis.covariance.measurement_invariance.mimic import mimic
from analysis.covariance.measurement_invariance.mixed_longitudinal import mixed_longitudinal
from analysis.covariance.measurement_invariance.waves import from_long
from analysis.covariance.missing.pooling import fit_imputed
from analysis.covariance.sem import fit_sem
from analysis.covariance.simulation.dynamic_cutoffs import dynamic_cutoffs
from analysis.covariance.text.syntax import parse
from analysis.scale.efa import efa
from analysis.scale.ordinal_dif import ordinal_dif
from analysis.two_level.fit import fit_two_level
from analysis.two_level.random_slopes import fit_mixed
from instruments.loader import BUILT_IN
from surveyapp.errors import NotFound
from surveyapp.responses.bulk import store_bulk
from surveyapp.results.answers.person_answers import person_answers
from surveyapp.results.projects.uploads import forget_files
from surveyapp.results.projects.wave_fits import run_customers
from surveyapp.store.models import (
    AuditEntry,
    File,
    Job,
    JourneyRun,
    Project,
    ProjectModel,
    Response,
)
from surveyapp.web.installation import EXTENSION
from surveyapp.worker import run_job
from tests.responses.makers import NOW, as_survey, make_journey, make_survey
from tests.results.study_place import STUDY, make_study, people, prepared
from tests.web.one_app import one_app, researcher

pytestmark = pytest.mark.xdist_group("projects")

MODEL = "\n".join(
    (
        "reliability =~ rel1 + rel2 + rel3",
        "assurance =~ ass1 + ass2 + ass3",
    )
)

FORM = {
    "name": "",
    "kind": "covariance",
    "text": MODEL,
    "estimator": "ML",
    "missing": "listwise",
    "group": "",
    "equal": "",
    "scheme": "path",
    "composite_missing": "mean",
    "bootstrap": "0",
}


@pytest.fixture(scope="module")
def app(migrated_sqlite, tmp_path_factory):
    yield from one_app(migrated_sqlite, tmp_path_factory)


@pytest.fixture(scope="module")
def installation(app):
    return app.extensions[EXTENSION]


@pytest.fixture(scope="module")
def journey_id(installation) -> int:
    with installation.store.writing() as session:
        return make_study(session, people(240)).journey_id


@pytest.fixture(scope="module")
def client(app, journey_id) -> FlaskClient:
    return researcher(app)


def run_jobs(installation) -> None:
    while True:
        with installation.store.reading() as session:
            job = session.scalars(
                select(Job.id).where(Job.state == "waiting").order_by(Job.id)
            ).first()
        if job is None:
            return
        run_job(installation, job, worker="test")


@pytest.fixture(scope="module")
def base(client, installation, journey_id) -> str:
    """The address of a described project."""
    made = client.post(
        f"/journeys/{journey_id}/projects/new",
        data={"name": "Scale <b>study", "survey": "", "segment": ""}
        | survey_of(client, journey_id),
    )
    assert made.status_code == 303, made.text
    assert "<progress" in client.get(made.location).text
    run_jobs(installation)
    return made.location


@pytest.fixture(scope="module")
def described(installation, base, file_base, tmp_path_factory) -> Path:
    """Rows and files as they were when both projects had just been described."""
    kept = tmp_path_factory.mktemp("described")
    _copy_rows(installation.store.engine.url.database, kept / "rows.db")
    shutil.copytree(installation.settings.files_path, kept / "files")
    return kept


@pytest.fixture(autouse=True)
def as_described(installation, described) -> None:
    """Every test begins with these, so that none needs another or stands in its way."""
    _copy_rows(described / "rows.db", installation.store.engine.url.database)
    shutil.rmtree(installation.settings.files_path)
    shutil.copytree(described / "files", installation.settings.files_path)


def _copy_rows(of: str | Path, into: str | Path) -> None:
    with closing(sqlite3.connect(of)) as source, closing(sqlite3.connect(into)) as target:
        source.backup(target)


def survey_of(client, journey_id: int) -> dict[str, str]:
    page = client.get(f"/journeys/{journey_id}/projects/new").text
    return {"survey": re.findall(r'<option (?:selected )?value="(\d+)"', page)[0]}


def fitted(client, installation, base: str, **changes: str) -> str:
    """The address of a model of these answers, fitted."""
    made = client.post(f"{base}/models/new", data=FORM | changes)
    assert made.status_code == 303, made.text
    run_jobs(installation)
    return made.location


def items_of(installation, journey_id: int):
    with installation.store.reading() as session:
        rows = [
            {item: value for given in one.answers.values() for item, value in given.items()}
            for one in person_answers(session, journey_id)
        ]
    return pd.DataFrame(rows, dtype=float)


def test_answers_are_described_with_what_stands_in_them(client, installation, journey_id, base):
    page = client.get(base).text
    assert "Scale &lt;b&gt;study" in page and "240 respondents" in page
    found = client.get(f"{base}.json").json["description"]
    data = items_of(installation, journey_id)
    told = {row["item"]: row for row in found["items"]}
    assert found["n"] == found["complete"] == 240
    for item in ("rel1", "ass2"):
        assert told[item]["mean"] == pytest.approx(data[item].mean(), abs=1e-12)
        assert sum(n for _, n in told[item]["histogram"]) == 240
    assert found["groups"]["region"] == {"North": 120, "South": 120}


def test_a_model_has_the_numbers_of_the_engine_and_every_file(
    client, installation, journey_id, base
):
    address = fitted(client, installation, base, name="Two factors", reason="Theory")
    page = client.get(address).text
    data = items_of(installation, journey_id)
    fit = fit_sem(data, MODEL)
    document = json.loads(client.get(f"{address}.json").text)
    assert document["result"]["fit"]["chisq"] == pytest.approx(fit.fit["chisq"], rel=1e-9)
    assert document["result"]["n"] == 240 and document["fingerprint"]
    assert f"χ²(8, N = 240) = {fit.fit['chisq']:.2f}" in page
    assert "Why this model:" in page and "<svg" in page
    program = client.get(f"{address}.R").text
    assert program.startswith("# data.csv: exported responses to ") and ", as CSV\n" in program
    assert 'read.csv("data.csv")\n# Exported items' in program and "library(lavaan)" in program
    with zipfile.ZipFile(io.BytesIO(client.get(f"{address}/tables.zip").data)) as files:
        assert any("estimates" in name for name in files.namelist())
    assert client.get(f"{address}/tables.docx").data[:2] == b"PK"
    assert "Parameter Estimates" in client.get(f"{address}/tables.tex").text
    assert client.get(f"{address}/figure.png").data[1:4] == b"PNG"
    assert client.get(f"{address}/figures.zip").status_code == 200
    assert "Export scores" in page
    sent = client.get(f"{address}/scores?method=bartlett")
    assert "-240-rows.csv" in sent.headers["Content-Disposition"]
    rows = pd.read_csv(io.StringIO(sent.text.removeprefix("\ufeff")))
    own = fit.factor_scores(data, method="bartlett")
    for name in own.columns:
        np.testing.assert_allclose(rows[f"score.{name}"], own[name], atol=1e-6)
    with installation.store.reading() as session:
        answered = session.scalars(select(Response.id).order_by(Response.id)).all()
        told = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert rows["response"].tolist() == answered and rows["response_id"].is_unique
    assert (told.action, told.detail["method"]) == ("export scores", "bartlett")
    for asked in ("method=sum", "method=composite", "format=doc"):
        assert client.get(f"{address}/scores?{asked}").status_code == 422


def test_a_proposal_makes_another_model_and_tests_it_against_the_first(client, installation, base):
    first = fitted(client, installation, base)
    page = client.get(first).text
    line = re.findall(r'name="line" value="([^"]+)"', page)[0]
    made = client.post(f"{first}/change", data={"line": line, "item": "", "reason": "Same words"})
    again = client.post(f"{first}/change", data={"line": line, "item": "", "reason": "Same words"})
    assert made.status_code == again.status_code == 303
    assert made.location == again.location  # sent twice, fitted once
    run_jobs(installation)
    changed = client.get(made.location).text
    assert f"Added {line}" in changed and "Same words" in changed
    before, after = (json.loads(client.get(f"{each}.json").text) for each in (first, made.location))
    drop = before["result"]["fit"]["chisq"] - after["result"]["fit"]["chisq"]
    assert after["result"]["difference"]["chisq"] == pytest.approx(drop, rel=1e-6)
    assert f"Δχ²(1) = {drop:,.2f}" in changed
    shorter = client.post(f"{first}/change", data={"line": "", "item": "rel3", "reason": ""})
    run_jobs(installation)
    page = client.get(shorter.location).text
    assert "rel3" not in json.loads(client.get(f"{shorter.location}.json").text)["text"]
    assert "No difference test against" in page  # other items
    for wrong in ({"line": "", "item": ""}, {"line": "a ~~ b", "item": "rel1"}):
        assert client.post(f"{first}/change", data=wrong).status_code == 422


def test_groups_robust_and_composite_models(client, installation, journey_id, base):
    chosen = {"equal": "loadings", "free": "reliability=~rel2, reliability=~rel3"}
    grouped = fitted(client, installation, base, group="region", estimator="MLR", **chosen)
    page = client.get(grouped).text
    assert "North: Loadings" in page and "Robust" in page
    assert "equal loadings but reliability=~rel2, reliability=~rel3" in page
    document = client.get(f"{grouped}.json").json["result"]
    assert document["fit"]["df"] == 18  # 8 of each group, and two loadings that are equal
    helped = fitted(client, installation, base, missing="fiml", auxiliary="rel4")
    assert "auxiliary rel4" in client.get(helped).text
    assert "rel4 ~~ rel1" in client.get(f"{helped}.R").text
    second = "whole <~ quality + sure\nquality =~ rel1 + rel2\nsure =~ ass1 + ass2"
    second += "\nfeel =~ emp1 + emp2\nfeel ~ whole"
    data = items_of(installation, journey_id)
    for how in ("two-stage", "repeated"):
        staged = fitted(client, installation, base, kind="composite", text=second, higher_order=how)
        estimate = client.get(f"{staged}.json").json["result"]["paths"][0]["estimate"]
        own = fit_pls(data, second, higher_order=how)
        assert estimate == pytest.approx(own.path("whole", "feel"), abs=1e-9)
        *lines, _end = client.get(f"{staged}/scores?format=jsonl").text.splitlines()
        scores = [json.loads(line)["scores"]["whole"] for line in lines]
        assert scores == pytest.approx(own.scores["whole"].tolist(), abs=1e-6)
    text = "quality <~ rel1 + rel2 + rel3\nsure =~ ass1 + ass2 + ass3\nsure ~ quality"
    made = fitted(client, installation, base, kind="composite", text=text, bootstrap="500")
    page = client.get(made).text
    assert "quality → sure" in page and "95% CI" in page and "PLS" in page
    result = json.loads(client.get(f"{made}.json").text)["result"]
    (row,) = result["bootstrap"]["tables"]["paths"]
    shown = re.findall(r"\[(\.\d+), (\.\d+)\]", page)
    assert (f"{row['lower']:.2f}"[1:], f"{row['upper']:.2f}"[1:]) in shown
    assert client.get(f"{made}.R").status_code == 404
    scores = json.loads(client.get(f"{made}/scores?format=jsonl").text.splitlines()[0])["scores"]
    assert set(scores) == {"quality", "sure"}
    copied = client.get(f"{base}/models/new?parent={made.rpartition('/')[2]}").text
    assert "quality &lt;~ rel1" in copied and 'value="500" selected' in copied.replace(
        'selected value="500"', 'value="500" selected'
    )


def test_further_analyses_are_those_of_the_engines_and_in_every_file(
    client, installation, journey_id, base
):
    model = fitted(client, installation, base, name="For groups", estimator="MLR")
    asked = {"kind": "invariance", "group": "region"}
    for _ in range(2):  # the second time it is the same one
        assert client.post(f"{model}/analyses", data=asked).status_code == 303
    assert "<progress" in client.get(model).text
    run_jobs(installation)
    page = client.get(model).text
    (made,) = json.loads(client.get(f"{model}.json").text)["analyses"]
    data = items_of(installation, journey_id)
    data["region"] = ["North", "South"] * 120
    ladder = invariance(data, MODEL, "region", estimator="MLR")
    found = {step["name"]: step["fit"]["chisq_scaled"] for step in made["result"]["steps"]}
    assert found == pytest.approx(
        {s.name: s.fit.fit["chisq_scaled"] for s in ladder.steps}, rel=1e-7
    )
    assert "Measurement Invariance by Region" in page and "Latent Means" in page
    assert "Measurement Invariance" in client.get(f"{model}/tables.tex").text
    for wrong in (
        {"kind": "segments"},
        {"kind": "invariance", "group": "age"},
        {"group": "region"},
        {"kind": "cutoffs", "group": "region"},
    ):
        assert client.post(f"{model}/analyses", data=wrong).status_code == 422
    text = "quality <~ rel1 + rel2 + rel3\nsure =~ ass1 + ass2 + ass3\nsure ~ quality"
    model = fitted(client, installation, base, kind="composite", text=text)
    rival = fitted(
        client, installation, base, kind="composite", name="Rival", text=text.replace("<~", "=~")
    )
    against = {"against": rival.rpartition("/")[2], "folds": "5", "repetitions": "1"}
    two = {"group": "region", "first": "South", "second": "North", "bootstrap": "1000"}
    for asked in (
        {"kind": "groups"} | two,
        {"kind": "prediction"} | against,
        {"kind": "segments", "up_to": "2", "segments": "2"},
    ):
        assert client.post(f"{model}/analyses", data=asked).status_code == 303, asked
    for wrong in (
        {"kind": "groups", "group": "region", "first": "South"},
        {"kind": "groups", "group": "region", "first": "South", "second": "East"},
        {"kind": "prediction", "against": model.rpartition("/")[2]},
        {"kind": "segments", "up_to": "2", "segments": "3"},
    ):
        assert client.post(f"{model}/analyses", data=wrong).status_code == 422, wrong
    run_jobs(installation)
    page = client.get(model).text
    results = {
        each["kind"]: each["result"]
        for each in json.loads(client.get(f"{model}.json").text)["analyses"]
    }
    frame = data.drop(columns="region")
    how = {"folds": 5, "repetitions": 1, "seed": results["prediction"]["seed"]}
    predicted = predict_pls(frame, text, **how)
    q2 = {row["item"]: row["q2"] for row in results["prediction"]["items"]}
    assert q2 == pytest.approx(predicted.items["q2"].to_dict(), abs=1e-9)
    other = cvpat_compare(predicted, predict_pls(frame, text.replace("<~", "=~"), **how))
    tested = results["prediction"]["cvpat"][-1]
    assert (tested["benchmark"], tested["loss_benchmark"]) == (
        "Rival",
        pytest.approx(other.loss_benchmark, abs=1e-9),
    )
    (path,) = results["groups"]["paths"]
    assert results["groups"]["groups"] == ["South", "North"] and 0 < path["p_mga"] < 1
    assert [row["segments"] for row in results["segments"]["criteria"]] == [1, 2]
    assert len(results["segments"]["shares"]) == 2
    for title in (
        "Invariance of the Composites (MICOM)",
        "Predictive Ability (CVPAT)",
        "Number of Segments",
        *("differ significantly (Holm)", "Predictive power:", "AIC3 points to", "Henseler"),
        *("by region: South and North", "than that of Rival", "than that of the linear model"),
        *("Group South: n = ", "ρA, CR and AVE are no criteria: quality."),
    ):
        assert title in page
    assert page.count('<details class="folded"><summary><h2') == 3 and 'href="#analysis-' in page


def test_items_are_explored_and_cut_offs_slopes_and_coverage_told(
    client, installation, journey_id, base
):
    model = fitted(client, installation, base, name="To explore")
    composite = fitted(
        client, installation, base, kind="composite",
        text="quality <~ rel1 + rel2 + rel3\nsure =~ ass1 + ass2 + ass3\nfeel =~ emp1 + emp2\n"
        "feel ~ quality + sure + quality:sure",
    )  # fmt: skip
    whole = {"kind": "redundancy", "construct": "quality", "item": "res1"}
    assert "Simple slopes" not in client.get(model).text
    for address, asked in (
        (model, {"kind": "exploratory", "method": "ml"}),
        (model, {"kind": "cutoffs", "answers": "likert"}),
        (composite, {"kind": "slopes", "interaction": "orthogonal"}),
        (composite, whole),
    ):
        assert client.post(f"{address}/analyses", data=asked).status_code == 303, asked
    wrong = {"kind": "cutoffs", "answers": "ordinal"}
    assert client.post(f"{model}/analyses", data=wrong).status_code == 422
    for wrong in ({"construct": "sure"}, {"item": "rel1"}, {"item": "region"}):
        assert client.post(f"{composite}/analyses", data=whole | wrong).status_code == 422
    run_jobs(installation)
    made = {
        each["kind"]: each["result"]
        for address in (model, composite)
        for each in json.loads(client.get(f"{address}.json").text)["analyses"]
    }
    data = items_of(installation, journey_id)
    names = ["rel1", "rel2", "rel3", "ass1", "ass2", "ass3"]
    explored = made["exploratory"]
    again = efa(data, explored["suggested"]["parallel_factors"], names, method="ml")
    assert np.allclose(explored["loadings"], again.loadings, atol=1e-6)
    asked = {name: made["cutoffs"][name] for name in ("answers", "reps", "seed")}
    cut = dynamic_cutoffs(fit_sem(data, MODEL), **asked)
    assert asked["answers"] == "likert"
    assert "from Likert answers" in client.get(model).text
    assert [each["rmsea"]["value"] for each in made["cutoffs"]["levels"]] == pytest.approx(
        [each.rmsea.value for each in cut.levels], abs=1e-6
    )
    [slope] = made["slopes"]["moderations"]
    low, mean, high = (each["estimate"] for each in slope["slopes"])
    assert (
        high - mean == pytest.approx(mean - low) == pytest.approx(slope["interaction"]["estimate"])
    )
    found = redundancy_analysis(data, names[:3], ["res1"])
    assert made["redundancy"]["path"] == pytest.approx(found.path, abs=1e-9)
    page = client.get(model).text + client.get(composite).text
    for title in (
        *("Exploratory Factor Loadings", "Dynamic Cut-Offs", "Simple Slopes", "Redundancy"),
        *(
            "by maximum likelihood",
            "orthogonal product",
            "of the items&#39; variance",
            "SRMR",
            "quality × sure → feel ",
            "Path to res1 ",
        ),
    ):
        assert title in page, title
    assert "sure at its mean" in page and "sure at −1 SD" in page
    assert "Simple slopes by the moderator" in page and page.count("<figure") == 4
    with zipfile.ZipFile(io.BytesIO(client.get(f"{composite}/figures.zip").data)) as files:
        assert len([name for name in files.namelist() if name.endswith(".svg")]) == 3
    assert client.get(f"{composite}/tables.docx").data[:2] == b"PK"


def analysed(client, installation, address: str, *asked: dict[str, str]) -> list[dict]:
    """The model's analyses after these were asked for."""
    for each in asked:
        assert client.post(f"{address}/analyses", data=each).status_code == 303, each
    run_jobs(installation)
    return json.loads(client.get(f"{address}.json").text)["analyses"]


def test_groups_are_aligned_items_tested_and_cross_loadings_freed(
    client, installation, journey_id, base
):
    model = fitted(client, installation, base, name="To align", estimator="MLR", std_lv="y")
    by, sizes = {"group": "region"}, {"classes": "zumbo", "criterion": "size"}
    aligned, ordinal, by_mimic, esem, turned, one = analysed(
        client,
        installation,
        model,
        {"kind": "alignment", "reference": "South", "simulate": "100"} | by,
        {"kind": "dif", "purify": "no", "correction": "benjamini-hochberg"} | by | sizes,
        {"kind": "dif", "method": "mimic", "reference": "South", "alpha": "0.1"} | by,
        {"kind": "esem"},
        {"kind": "esem", "rotation": "geomin", "orthogonal": "yes"},
        {"kind": "exploratory", "factors": "1", "rotation": "none"},
    )
    for wrong in (
        {"kind": "dif", "method": "irt"} | by,
        {"kind": "dif", "reference": "East"} | by,
        {"kind": "dif", "method": "mimic", "purify": "no"} | by,
        {"kind": "esem", "rotation": "none"},
    ):
        assert client.post(f"{model}/analyses", data=wrong).status_code == 422
    data = items_of(installation, journey_id)
    data["region"] = ["North", "South"] * 120
    seed, south = aligned["result"]["seed"], {"reference": "South"}
    found = alignment(data, MODEL, "region", estimator="MLR", seed=seed, **south)
    recovery = aligned["result"]["recovery"]
    assert (recovery["reps"], recovery["seed"]) == (100, seed)
    assert 0 < recovery["factors"][0]["mean_error"] < 0.5
    factor = aligned["result"]["factors"][1]
    assert [row["mean"] for row in factor["means"]] == pytest.approx(
        found.factors[1].means["mean"].tolist(), abs=1e-6
    )
    told = ordinal_dif(
        data, MODEL, "region", purify=False, correction="benjamini-hochberg", **sizes
    )
    items = ordinal["result"]["items"]
    assert [one["p_adjusted"] for one in items] == pytest.approx(
        [one.p_adjusted for one in told.items], rel=1e-6
    )
    assert [one["size"] for one in items] == [one.size for one in told.items]
    freed = {one.item: one.chisq for one in mimic(data, MODEL, "region", level=0.1, **south).items}
    items = by_mimic["result"]["items"]
    assert {one["item"]: one["chisq"] for one in items} == pytest.approx(freed, rel=1e-5)
    made = exploratory(parse(MODEL))
    free = fit_sem(data, made.model, estimator="MLR", rotation=made.rotation, target=made.target)
    assert esem["result"]["fit"]["chisq"] == pytest.approx(free.fit["chisq"], rel=1e-6)
    first = free.estimates.query("lhs == 'assurance' and op == '=~' and rhs == 'rel1'")
    crossing = esem["result"]["items"][0]["loadings"][1]["std"]
    assert crossing == pytest.approx(first["std_all"].iloc[0], abs=1e-5)
    assert turned["options"] == {"rotation": "geomin", "orthogonal": "yes"}
    assert turned["result"]["correlations"][0]["esem"] == pytest.approx(0, abs=1e-9)
    assert np.allclose(
        one["result"]["loadings"],
        efa(data, 1, ["rel1", "rel2", "rel3", "ass1", "ass2", "ass3"], rotation="none").loadings,
    )
    page = client.get(model).text
    for said in (
        *("Aligned Means by Region", "Differences of the Aligned Means", "rule of thumb"),
        *("Simulation of the Alignment", "by region, reference South, simulated in 100 samples"),
        *("Tests adjusted by Benjamini and Hochberg, significant at 5%", "An item differs where"),
        *("significant at 10%", "geomin rotation, factors uncorrelated"),
        *("(DIF) by region, MIMIC model", "Factor Means With and Without DIF", ", rotation geomin"),
        *("Standardised Loadings", "The largest cross-loading is that of", "(asked for: 1)"),
        "of 6 items. ",
    ):
        assert said in page, said
    assert "Aligned means by Region" in page and "<figure" in page
    with zipfile.ZipFile(io.BytesIO(client.get(f"{model}/tables.zip").data)) as files:
        assert any("aligned-means" in name for name in files.namelist()), files.namelist()
    grouped = fitted(client, installation, base, name="Grouped ESEM", group="region")
    refused = client.post(f"{grouped}/analyses", data={"kind": "esem"})
    assert refused.status_code == 422 and "fit the same model without groups" in refused.text
    assert "left out, since this model is fitted by groups" in client.get(grouped).text


def test_levels_and_imputations_are_those_of_the_engines(client, installation):
    with installation.store.writing() as session:
        journey = make_journey(session, "branches").id
    draw = np.random.default_rng(5)
    branch = np.repeat(np.arange(40), 8)
    level = draw.normal(size=320) + 0.8 * draw.normal(size=40)[branch]
    data = pd.DataFrame(
        {f"x{j}": (4 + level + draw.normal(scale=0.7, size=320)).round(2) for j in range(1, 5)}
    )
    data["x1"] = data["x1"].mask(draw.random(320) < 0.1)
    data["branch"] = [f"Branch {number}" for number in branch]
    data["region"] = np.where(branch % 2 == 0, "North", "South")
    data["times"] = 1 + branch % 3
    data["share"] = np.where(np.arange(320) % 27 == 5, np.nan, 1 + branch % 3)
    data["desk"] = [f"Desk {number // 3}" for number in range(320)]  # 107 of them, named
    data["who"] = [f"Person {number}" for number in range(320)]
    sent = {"name": "Branches", "file": (io.BytesIO(data.to_csv(index=False).encode()), "b.csv")}
    sent["groups"] = "desk, who"
    made = client.post(f"/journeys/{journey}/project-files", data=sent | {"months": "6"})
    assert made.status_code == 303, made.text
    run_jobs(installation)
    shown = client.get(made.location).text
    assert "<bdi>107 different values</bdi> 320" in shown and "Person" not in shown
    text = "f =~ x1 + x2 + x3 + x4"
    model = fitted(client, installation, made.location, text=text)
    assert client.post(f"{model}/analyses", data={"kind": "two_level"}).status_code == 422
    levels, imputed = (
        each["result"]
        for each in analysed(
            client,
            installation,
            model,
            {"kind": "two_level", "cluster": "branch"},
            {"kind": "imputation"},
        )
    )
    fit = fit_two_level(data, f"level: 1\n{text}\nlevel: 2\n{text}", "branch")
    assert levels["fit"]["chisq"] == pytest.approx(fit.fit["chisq"], rel=1e-6)
    assert levels["clusters"] == 40 and "cluster_scores" not in levels
    drawn = fit_imputed(data, text, seed=imputed["seed"]).estimates
    assert [row["est"] for row in imputed["estimates"]] == pytest.approx(drawn["est"], abs=1e-8)
    page = client.get(model).text
    for said in (
        *("Fit at Two Levels", "Share of variance between clusters (ICC)", "by branch"),
        *("Reliability at Each Level", "Estimates Over Imputations", "over the imputations"),
        *("D2: F(2,", "; D3: F(2,", "; D4: F(2,"),
    ):
        assert said in page, said
    _a_regression_by_branches(client, installation, made.location, data)
    _two_levels_of_its_own(client, installation, made.location, data)
    _drawn_by_branches(client, installation, made.location, data)
    _drawn_composites(client, installation, made.location, data)


def _drawn_composites(client, installation, base: str, data: pd.DataFrame) -> None:
    """A composite model has weights and clusters, too; its slopes and tetrads use them."""
    text = "Q =~ x1 + x2 + x3 + x4\nY =~ times\nY ~ Q"
    chosen = {"kind": "composite", "text": text, "bootstrap": "500"}
    chosen |= {"composite_cluster": "branch", "composite_weights": "share"}
    refused = client.post(f"{base}/models/new", data=FORM | chosen | {"composite_weights": "x1"})
    assert refused.status_code == 422 and "x1 is an item of the model" in refused.text
    model = fitted(client, installation, base, **chosen)
    columns = {"sampling_weights": "share", "cluster": "branch"}
    found = json.loads(client.get(f"{model}.json").data)["result"]
    fit = fit_pls(data, text, bootstrap=500, seed=found["seed"], **columns)
    assert [row["estimate"] for row in found["paths"]] == pytest.approx([fit.path("Q", "Y")])
    [path] = found["bootstrap"]["tables"]["paths"]
    [theirs] = fit.to_dict()["bootstrap"]["tables"]["paths"]
    assert [path[each] for each in ("se", "lower")] == pytest.approx(
        [theirs["se"], theirs["lower"]]
    )
    assert set(found["case_weights"]) == {"effective_n", "design_effect"}
    [compared] = found["weighted_paths"]
    plain = fit_pls(data[(data["share"] > 0) & data["branch"].notna()], text).path("Q", "Y")
    assert compared["unweighted"] == pytest.approx(plain) != compared["weighted"]
    page = client.get(model).text
    for said in (
        *("clusters by branch, respondents weighted by share", "Answers Within Clusters"),
        *("Paths With and Without Weights", "What Clusters Cost the Paths", "of whole clusters"),
        "(Kish), design effect",
    ):
        assert said in page, said
    assert 'value="prediction"' not in page
    refused = client.post(f"{model}/analyses", data={"kind": "prediction"})
    assert (
        refused.status_code == 422
        and "This analysis cannot use weights or clusters" in refused.text
    )
    [tetrads] = analysed(client, installation, model, {"kind": "tetrads"})
    engine = tetrad_analysis(data, text, resamples=5_000, seed=tetrads["result"]["seed"], **columns)
    [one], [other] = tetrads["result"]["constructs"], engine.constructs
    assert one["tetrads"][0]["lower"] == pytest.approx(other.tetrads[0].lower)
    changed = client.get(f"{base}/models/new?parent={model.rpartition('/')[2]}").text
    assert changed.count('<option selected value="branch">') == 1
    planned = FORM | chosen | {"name": "Drawn composites", "analyses": ["prediction"]}
    refused = client.post(f"{base}/preregistrations/models/new", data=planned)
    assert refused.status_code == 422 and "cannot use weights or clusters" in refused.text


def _drawn_by_branches(client, installation, base: str, data: pd.DataFrame) -> None:
    """A model of one level has weights and clusters; analyses use them or say that they cannot."""
    text = "f =~ x1 + x2 + x3 + x4"
    chosen = {"text": text, "estimator": "MLR", "cluster": "branch", "weights": "share"}
    for wrong, said in (
        ({"group": "branch"}, "leave nothing to compare"),
        ({"weights": "x1"}, "x1 is a variable of the model"),
    ):
        refused = client.post(f"{base}/models/new", data=FORM | chosen | wrong)
        assert refused.status_code == 422 and said in refused.text, said
    model = fitted(client, installation, base, **chosen)
    columns = {"sampling_weights": "share", "cluster": "branch"}
    fit = fit_sem(data, text, estimator="MLR", **columns)
    found = json.loads(client.get(f"{model}.json").data)["result"]
    assert found["fit"]["chisq_scaled"] == pytest.approx(fit.fit["chisq_scaled"], rel=1e-8)
    errors = fit.estimates["se"].to_numpy()
    assert [row["se"] for row in found["estimates"]] == pytest.approx(errors, rel=1e-6)
    assert set(found["weights"]) == {"effective_n", "design_effect"}
    assert 'cluster = "branch"' in client.get(f"{model}.R").text
    [ladder] = analysed(client, installation, model, {"kind": "invariance", "group": "region"})
    theirs = invariance(data, text, "region", estimator="MLR", **columns)
    chisq = [step.fit.fit["chisq_scaled"] for step in theirs.steps]
    assert [each["fit"]["chisq_scaled"] for each in ladder["result"]["steps"]] == pytest.approx(
        chisq, rel=1e-6
    )
    refused = client.post(f"{model}/analyses", data={"kind": "exploratory"})
    assert (
        refused.status_code == 422
        and "This analysis cannot use weights or clusters" in refused.text
    )
    page = client.get(model).text
    for said in (
        *("clusters by branch, respondents weighted by share", "Answers Within Clusters"),
        "12 respondents were left out: without a weight above 0 and a cluster",
        *("(Kish), design effect", "40 clusters by branch", "are left out; fit the same model"),
    ):
        assert said in page, said
    assert 'value="exploratory"' not in page and 'value="alignment"' in page
    unweighted = chosen | {"weights": "", "parent": model.rpartition("/")[2]}
    other = client.get(fitted(client, installation, base, **unweighted)).text
    assert "the two have different weights or clusters" in other
    planned = FORM | chosen | {"name": "Drawn", "analyses": ["exploratory"]}
    refused = client.post(f"{base}/preregistrations/models/new", data=planned)
    assert refused.status_code == 422 and "cannot use weights or clusters" in refused.text


def _a_regression_by_branches(client, installation, base: str, data: pd.DataFrame) -> None:
    """The mixed model is that of the engine on the items' mean, and can be planned."""
    text = "f =~ x1 + x2 + x3\nx4 ~ f"
    model = fitted(client, installation, base, text=text)
    asked = {"kind": "mixed", "outcome": "x4", "cluster": "branch", "slope": "*", "means": "apart"}
    for wrong in ({"outcome": "f"}, {"cluster": ""}, {"slope": "x1"}, {"method": "mimic"}):
        refused = client.post(f"{model}/analyses", data=asked | wrong)
        assert refused.status_code == 422, wrong
    [found] = analysed(client, installation, model, asked)
    del asked["kind"]
    assert found["options"] == asked | {"method": "reml"}
    means = data.assign(f=data[["x1", "x2", "x3"]].mean(axis=1, skipna=False))
    fit = fit_mixed(means, "x4", ["f"], "branch", slopes=["f"], means=True)
    result = found["result"]
    assert [list(row.values())[1:] for row in result["fixed"]] == [
        pytest.approx(list(vars(one).values())[1:], rel=1e-5) for one in fit.fixed
    ]
    assert result["logl"] == pytest.approx(fit.logl) and result["clusters"] == 40
    assert "Branch" not in json.dumps(result) and result["n"] == fit.n < 320
    page = client.get(model).text
    for said in (
        *("Mixed Model of x4 by Branch", "f (x1, x2, x3)", "every slope differs", "The slope "),
        *(
            "f_mean",
            "Differences Between Branch Clusters",
            "rows have a missing answer",
            "95% of clusters",
        ),
    ):
        assert said in page, said
    planned = FORM | {"text": text, "name": "Planned", "analyses": ["mixed"]}
    address = f"{base}/preregistrations/models/new"
    for missing in ({}, {"analysis_cluster": "branch", "analysis_outcome": "f"}):
        refused = client.post(address, data=planned | missing)
        assert refused.status_code == 422 and "mixed model" in refused.text, missing
    chosen = {"analysis_cluster": "branch", "analysis_outcome": "x4", "analysis_slope": "f"}
    assert client.post(address, data=planned | chosen).status_code == 303
    assert (
        "of x4 by branch, slope of f differs, REML" in client.get(f"{base}/preregistrations").text
    )


def _two_levels_of_its_own(client, installation, base: str, data: pd.DataFrame) -> None:
    """A text with levels is fitted by clusters, groups and weights; what it has no sense for is refused."""
    text = "level: 1\nw =~ x1 + x2 + x3 + x4\nlevel: 2\nb =~ x1 + x2 + x3 + x4"
    chosen = {"text": text, "cluster": "branch", "missing": "fiml", "group": "region"}
    for wrong, said in (
        ({"cluster": ""}, "needs clusters"),
        ({"estimator": "WLSMV", "missing": "listwise"}, "fitted by ML or MLR"),
        ({"cluster_weights": "times"}, "choose MLR"),
        ({"weights": "x1", "estimator": "MLR"}, "x1 is a variable of the model"),
        ({"group": "branch"}, "Groups are groups of clusters"),
        ({"text": "f =~ x1 + x2 + x3"}, "choose MLR, or WLSMV for ordinal items"),
        (
            {"text": "f =~ x1 + x2 + x3", "cluster": "", "cluster_weights": "times"},
            "belong to a model with levels",
        ),
        ({"text": text.replace("level: 2", "level: 3")}, "none of level 1, 2"),
    ):
        refused = client.post(f"{base}/models/new", data=FORM | chosen | wrong)
        assert refused.status_code == 422 and said in refused.text, said
    model = fitted(client, installation, base, **chosen)
    held = chosen | {"equal": "loadings,intercepts", "parent": model.rpartition("/")[2]}
    page = client.get(fitted(client, installation, base, **held)).text
    theirs = [
        fit_two_level(data, text, "branch", missing="fiml", group="region", equal=equal)
        for equal in ((), ("loadings", "intercepts"))
    ]
    found = json.loads(client.get(f"{model}.json").data)["result"]
    assert found["fit"]["logl"] == pytest.approx(theirs[0].fit["logl"])
    change = 2 * (theirs[0].fit["logl"] - theirs[1].fit["logl"])
    for said in (
        f"Δχ²(9) = {change:,.2f}",
        "N = 320 in 40 clusters",
        "North, within: Loadings",
        "South, between: Variances",
        "Fit at Two Levels",
        "x1 (South)",
        "two levels by branch",
        "This model has two levels",
    ):
        assert said in page, said
    assert 'missing = "ml"' in client.get(f"{model}.R").text
    assert client.get(f"{model}/figure.svg").text.count("within") >= 2
    with zipfile.ZipFile(io.BytesIO(client.get(f"{model}/tables.zip").data)) as files:
        assert any("fit-at-two-levels" in name for name in files.namelist())
    assert client.post(f"{model}/analyses", data={"kind": "exploratory"}).status_code == 422
    by = {"kind": "invariance", "group": "region"}
    for wrong in ({"reference": "South"}, {"difference": "2010"}, {"group": "branch"}):
        assert client.post(f"{model}/analyses", data=by | wrong).status_code == 422, wrong
    ladder = analysed(client, installation, model, by | {"free": "x3~1"})[0]["result"]
    configural, _, scalar, _ = ladder["steps"]
    assert configural["chisq"] == pytest.approx(theirs[0].fit["chisq"], rel=1e-6)
    assert scalar["df"] == theirs[1].fit["df"] - 1  # one intercept is free
    assert ladder["groups"] == ["North", "South"] and ladder["clusters"] == 40
    page = client.get(model).text
    assert "Measurement Invariance at Two Levels by Region" in page and "free: x3~1" in page
    assert "Not rejected at 5%: " in page and "40 clusters, n = 320" in page
    _changed_at_a_level(client, installation, base, chosen | {"group": ""})
    planned = FORM | chosen | {"name": "Planned", "analyses": ["exploratory"]}
    refused = client.post(f"{base}/preregistrations/models/new", data=planned)
    assert refused.status_code == 422 and "This model has two levels" in refused.text
    weighted = {"text": text, "cluster": "branch", "cluster_weights": "times", "estimator": "MLR"}
    page = client.get(fitted(client, installation, base, **weighted)).text
    assert "clusters weighted by times" in page and "Mplus" not in page


def _changed_at_a_level(client, installation, base: str, chosen: dict[str, str]) -> None:
    """A change of a model with levels goes to its level."""
    first = fitted(client, installation, base, **chosen)
    sent = {"line": "x1 ~~ x2", "item": "", "reason": ""}
    assert client.post(f"{first}/change", data=sent | {"level": "3"}).status_code == 422
    made = client.post(f"{first}/change", data=sent | {"level": "1"})
    run_jobs(installation)
    document = client.get(f"{made.location}.json").json
    assert document["change"] == "Added x1 ~~ x2 within clusters"
    assert document["text"].index("x1 ~~ x2") < document["text"].index("level: 2")
    assert document["result"]["difference"]["df"] == 1


def test_the_same_customers_are_compared_over_waves(client, installation, base):
    first, second = people(160, seed=8), people(160, seed=9)
    second = ((first + second) / 2).round().astype(int)  # who they were is half of what they are
    with installation.store.writing() as session:
        survey = make_survey(
            session, asks=STUDY, journey=make_journey(session, "again"), at_end=True
        )
        for rows, when in ((first, datetime(2025, 11, 3, tzinfo=UTC)), (second, NOW)):
            asked = rows if rows is first else rows.head(130)
            given = [
                replace(prepared(row, at, ref=f"customer {at}"), submitted_at=when)
                for at, row in enumerate(asked.to_dict("records"))
            ]
            store_bulk(session, as_survey(session, survey), iter(given), library=BUILT_IN)
        journey = survey.journey_id
    made = client.post(
        f"/journeys/{journey}/projects/new",
        data={"name": "Again", "survey": str(survey.id), "segment": ""},
    )
    run_jobs(installation)
    model = fitted(client, installation, made.location)
    [found] = analysed(client, installation, model, {"kind": "longitudinal"})
    result = found["result"]
    assert found["options"] == {"wave": "quarter"}
    assert result["people"] == {"2025-Q4": 160, "2026-Q1": 130} and result["n"] == 130
    with installation.store.reading() as session:
        run = session.scalars(select(JourneyRun).where(JourneyRun.journey_id == journey)).first()
        assert run_customers(session, [None, run.id, run.id]) == {run.id: run.customer_ref}
    names = ["rel1", "rel2", "rel3", "ass1", "ass2", "ass3"]
    long = pd.concat([first[names].assign(w="a"), second[names].head(130).assign(w="b")])
    waves = from_long(long.reset_index(names="who"), names, person="who", wave="w")
    changes = longitudinal(waves, MODEL).changes
    assert [row["est"] for row in result["changes"]] == pytest.approx(
        changes["est"].tolist(), abs=1e-6
    )
    assert {row["missed"] for row in result["attrition"]} == {30}
    page = client.get(model).text
    for said in (
        "Measurement Invariance by Wave",
        "Change of the Latent Means",
        "a wave a quarter",
        "of 2 changes of latent means significant (Holm)",
    ):
        assert said in page, said
    other = fitted(client, installation, base, name="Once", missing="fiml")
    analysed(client, installation, other, {"kind": "longitudinal", "wave": "year"})
    assert "belong to no customers" in client.get(other).text


def panel_file() -> pd.DataFrame:
    """150 customers of 30 branches at two waves, four items of five points, of which x2 is answered higher at
    the second; 20 missed that.
    """
    rng, n = np.random.default_rng(4), 150
    level, rows = rng.normal(size=n), []
    for wave in (9, 10):  # by size, not by the text
        level = 0.8 * level + 0.6 * rng.normal(size=n) + 0.2 * (wave == 10)
        answers = {}
        for j in range(1, 5):
            moved = 0.8 * (j == 2) * (wave == 10)
            behind = level + moved + rng.normal(scale=0.7, size=n)
            answers[f"x{j}"] = np.digitize(behind, [-1.3, -0.4, 0.4, 1.3]) + 1
        who = [f"P{at:03}" for at in range(n)]
        branch = [f"Branch {at % 30}" for at in range(n)]
        rows.append(pd.DataFrame(answers).assign(who=who, round=wave, branch=branch))
    return pd.concat([rows[0], rows[1].head(130)], ignore_index=True)


def uploaded(client, installation, journey_id: int, data: pd.DataFrame, **read: str) -> str:
    content = (io.BytesIO(data.to_csv(index=False).encode()), "panel.csv")
    sent = {"name": f"Panel {len(data)}", "months": "6", "file": content} | read
    made = client.post(f"/journeys/{journey_id}/project-files", data=sent)
    assert made.status_code == 303, made.text
    run_jobs(installation)
    return str(made.location)


def test_waves_of_a_file_are_told_by_a_column_or_by_what_columns_end_in(
    client, installation, journey_id
):
    data, items = panel_file(), ["x1", "x2", "x3", "x4"]
    at = uploaded(client, installation, journey_id, data, person="WHO", groups="branch")
    assert "tells respondents apart" in client.get(edit_of(at)).text
    assert "P001" not in client.get(at).text
    text = "f =~ x1 + x2 + x3 + x4"
    ordinal = {"text": text, "estimator": "WLSMV", "missing": "pairwise"}
    model = fitted(client, installation, at, **ordinal, ordered="x1, x2, x3")
    refused = client.post(f"{model}/analyses", data={"kind": "longitudinal"})
    assert refused.status_code == 422 and "Choose what a wave is" in refused.text
    [found] = analysed(client, installation, model, {"kind": "longitudinal", "wave": "round"})
    result = found["result"]
    assert (result["waves"], result["n"]) == (["9", "10"], 150)
    waves = from_long(data, items, person="who", wave="round")
    theirs = mixed_longitudinal(waves, text, ordered=items[:3], missing="pairwise")
    chisq = [step.fit["chisq_scaled"] for step in theirs.steps]
    assert [step["fit"]["chisq_scaled"] for step in result["steps"]] == pytest.approx(chisq)
    assert 'timevar = "round"' in result["r_script"] and "WLSMV" in result["r_script"]
    page = client.get(model).text
    for said in ("Change of the Latent Means", "waves by round", "Thresholds", "Program for R"):
        assert said in page, said
    assert "Points" not in page and "P001" not in page
    assert [each.parameter for each in theirs.releases] == ["x2~1"]
    assert "Released, as a proposal to be justified by content: x2~1." in page
    clustered = fitted(client, installation, at, text=text, estimator="MLR", cluster="branch")
    [found] = analysed(client, installation, clustered, {"kind": "longitudinal", "wave": "round"})
    kept = from_long(data, items, person="who", wave="round", keep=("branch",))
    theirs = longitudinal(kept, text, estimator="MLR", cluster="branch")
    assert found["result"]["changes"][0]["se"] == pytest.approx(theirs.changes["se"][0], rel=1e-6)
    twice = fitted(client, installation, at, text=text, name="Twice")
    analysed(client, installation, twice, {"kind": "longitudinal", "wave": "branch"})
    assert "130 times a respondent (who) has several rows in one wave" in client.get(twice).text
    wide = data.pivot(index="who", columns="round", values=items)
    wide.columns = [f"{item}_w{wave}" for item, wave in wide.columns]
    other = uploaded(client, installation, journey_id, wide)
    named = "f_w9 =~ " + " + ".join(f"{item}_w9" for item in items)
    by_columns = fitted(client, installation, other, text=named)
    [found] = analysed(client, installation, by_columns, {"kind": "longitudinal"})
    assert found["options"] == {"wave": "columns by wave"}
    assert (found["result"]["waves"], found["result"]["n"]) == (["w9", "w10"], 130)
    changes = longitudinal(from_long(data, items, person="who", wave="round"), text).changes
    assert found["result"]["changes"][0]["est"] == pytest.approx(changes["est"][0], abs=1e-6)
    assert found["result"]["changes"][0]["factor"] == "f"
    planned = FORM | {"text": named, "name": "Waves", "analyses": ["longitudinal"]}
    told = client.post(f"{other}/preregistrations/models/new", data=planned)
    assert told.status_code == 422 and "waves of a file are told by its columns" in told.text


def test_needs_priorities_tetrads_and_copulas_are_those_of_the_engines(
    client, installation, journey_id, base
):
    text = "quality =~ rel1 + rel2 + rel3 + rel4\nsure =~ ass1 + ass2 + ass3\nsure ~ quality"
    model = fitted(client, installation, base, kind="composite", text=text)
    outcome = {"outcome": "sure"}
    needed, combined, tetrads, copula = (
        each["result"]
        for each in analysed(
            client,
            installation,
            model,
            {"kind": "necessity", "ceiling": "CR-FDH", "steps": "5"} | outcome,
            {"kind": "importance", "level": "60"} | outcome,
            {"kind": "tetrads", "borrow": "yes"},
            {"kind": "copula"} | outcome,
        )
    )
    for wrong in ({"outcome": "quality"}, {"outcome": ""}, {"outcome": "sure", "level": "61"}):
        sent = {"kind": "importance"} | wrong
        assert client.post(f"{model}/analyses", data=sent).status_code == 422
    sent = {"kind": "necessity", "conditions": "quality, sure"} | outcome
    assert "no other construct" in client.post(f"{model}/analyses", data=sent).text
    data, seed = items_of(installation, journey_id), needed["seed"]
    map_ = combined_map(
        data, text, "sure", scale=(1, 7), outcome=60, bootstrap=1_000, permutations=9, seed=seed
    ).constructs[0]
    found = combined["constructs"][0]
    told = (found["importance_lower"], found["performance"], found["effect"])
    expected = (map_.importance_lower, map_.performance, map_.effect)
    assert told == pytest.approx(expected, abs=1e-9)
    ceiling = needed["conditions"][0]["ceilings"][0]
    assert ceiling["effect"] == pytest.approx(map_.effect, abs=1e-9)
    assert ceiling["least_without_one"] <= ceiling["effect"] <= ceiling["most_without_one"]
    assert "influential" not in needed["conditions"][0]  # single respondents
    levels = [each["level"] for each in needed["conditions"][0]["bottlenecks"]]
    assert sorted(map(round, set(levels))) == [0, 20, 40, 60, 80, 100]
    first, lent = tetrad_analysis(data, text, seed=seed, borrow=True).constructs
    for own, tested in zip(tetrads["constructs"], (first, lent), strict=True):
        assert [one["adjusted_p"] for one in own["tetrads"]] == pytest.approx(
            [one.adjusted_p for one in tested.tetrads], abs=1e-9
        )
    biased = copula_analysis(data, text, seed=seed).equations[0].models[0].terms[0]
    term = copula["equations"][0]["models"][0]["terms"][0]
    assert term["estimate"] == pytest.approx(biased.estimate, abs=1e-9)
    page = client.get(model).text
    for said in (
        *("Necessary Conditions of sure", "Bottlenecks of sure", "Needed for 60"),
        *("by CR-FDH", "borrowed from quality"),
        *("A common factor is", "Paths Without and With Gaussian Copulas"),
        "Importance, performance and necessity for sure",
    ):
        assert said in page, said
    assert client.get(f"{model}/tables.docx").data[:2] == b"PK"
    assert "Bottlenecks of sure" in client.get(f"{model}/tables.tex").text


def test_steps_are_taken_by_later_models_alone_and_can_be_undone(client, installation, base):
    whole = fitted(client, installation, base, name="All rows")
    for kind, typed in (
        ("leave_out_rows", {"name": "region", "comparison": "=", "value": "South"}),
        ("half", {"half": "1", "seed": "5"}),
    ):
        added = client.post(f"{base}/steps/{kind}", data=typed | {"reason": "Pilot"})
        assert added.status_code == 303, added.text
        twice = client.post(f"{base}/steps/{kind}", data=typed | {"reason": "Pilot"})
        assert twice.status_code == 422 and "among the steps already" in twice.text
    run_jobs(installation)
    page = client.get(base).text
    assert "60 respondents of 240" in page and "240 to 120 rows" in page
    assert "fitted to other rows" in client.get(whole).text
    part = fitted(client, installation, base, name="North half")
    assert json.loads(client.get(f"{part}.json").text)["result"]["n"] == 60
    for undone in re.findall(r"/steps/(\d+)/undo", page):
        assert client.post(f"{base}/steps/{undone}/undo").status_code == 303
    run_jobs(installation)
    page = client.get(base).text
    assert "240 respondents" in page and page.count('class="undone"') == 2
    few = {"name": "rel1", "comparison": ">", "value": "0", "reason": ""}
    client.post(f"{base}/steps/leave_out_rows", data=few)
    run_jobs(installation)
    page = client.get(base).text
    assert "too few to show" in page
    (step,) = set(re.findall(r"/steps/(\d+)/undo", page))
    client.post(f"{base}/steps/{step}/undo")
    run_jobs(installation)


def test_ordinal_items_may_stand_beside_numbers(client, installation, base):
    address = fitted(
        client, installation, base, name="Mixed", estimator="WLSMV", ordered="rel1, rel2, ass1"
    )
    document = client.get(f"{address}.json").json
    assert document["options"]["ordered"] == "rel1,rel2,ass1"
    assert set(document["result"]["settings"]["answers"]) == {"rel1", "rel2", "ass1"}
    assert "ordinal rel1, rel2, ass1" in client.get(address).text
    assert 'ordered = c("rel1", "rel2", "ass1")' in client.get(f"{address}.R").text
    (ladder,) = analysed(client, installation, address, {"kind": "invariance", "group": "region"})
    # Thresholds of the three items alone, less an intercept and a scale each, and what was joined.
    steps = {step["name"]: step for step in ladder["result"]["steps"]}
    answers = document["result"]["settings"]["answers"].values()
    joined = [said for said in ladder["result"]["warnings"] if "were joined" in said]
    assert {said.split(":")[0] for said in joined} <= {"rel1", "rel2", "ass1"}
    wanted = sum(len(own) - 3 for own in answers) - len(joined)
    assert joined and steps["thresholds"]["d_df"] == wanted
    turned = fitted(
        client,
        installation,
        base,
        name="Turned",
        estimator="WLSMV",
        ordered="rel1, rel2, ass1",
        text='efa("b")*F + efa("b")*G =~ rel1 + rel2 + rel3 + ass1 + ass2 + ass3',
        rotation="oblimin",
    )
    document = client.get(f"{turned}.json").json
    assert document["result"]["rotation"]["method"] == "oblimin"
    assert document["result"]["fit"]["df"] == 4
    assert "oblimin rotation" in client.get(turned).text
    assert 'rotation = "oblimin"' in client.get(f"{turned}.R").text
    loading = {"kind": "multiverse", "parameter": "F =~ rel1"}
    (found,) = analysed(client, installation, turned, loading)
    own = next(
        row["std_all"]
        for row in document["result"]["estimates"]
        if (row["lhs"], row["op"], row["rhs"]) == ("F", "=~", "rel1")
    )
    wanted = {"Estimator": "WLSMV", "Missing answers": "listwise"}
    assert [
        each["headline"]["estimate"]
        for each in found["result"]["universes"]
        if each["choices"] == wanted
    ] == [pytest.approx(own, abs=1e-9)]


def test_a_text_is_drawn_and_an_edit_of_the_drawing_is_one_of_the_text(client, base):
    typed = {"kind": "covariance", "text": f"{MODEL}\nassurance ~ reliability\nx > 0"}
    drawn = client.post(f"{base}/models/draw", data=typed).json
    assert drawn["text"] == typed["text"] and drawn["fault"] is None and drawn["done"] == ""
    assert [node["shape"] for node in drawn["nodes"]] == [*["factor"] * 2, *["item"] * 6]
    assert drawn["paths"][-1]["said"] == "assurance is regressed on reliability"
    assert all(len(path["points"]) > 1 for path in drawn["paths"])
    assert [(each["line"], each["why"]) for each in drawn["undrawn"]] == [(4, "a constraint")]
    wish = {"action": "items", "lhs": "reliability", "items": "rel4 rel5"}
    made = client.post(f"{base}/models/draw", data=typed | wish).json
    assert made["text"] == typed["text"].replace("rel3", "rel3 + rel4 + rel5")
    assert made["done"] == "2 items added to reliability."
    refused = client.post(
        f"{base}/models/draw",
        data=typed | wish | {"items": "rel9"},
        headers={"Accept": "application/json"},
    )
    assert refused.status_code == 422 and "did you mean rel" in refused.json["detail"]
    assert client.post(f"{base}/models/draw", data={"kind": "x"}).status_code == 422
    # Without JavaScript: a button that draws and checks, and makes no model.
    page = client.post(f"{base}/models/new", data=FORM | typed | {"draw": "1"})
    assert page.status_code == 200 and "reliability to assurance" in page.text
    assert "a constraint" in page.text and "every name is known" in page.text
    page = client.post(f"{base}/models/new", data=FORM | {"text": "F =~ rel1 +", "draw": "1"})
    assert page.status_code == 200 and "not read as a statement" in page.text


def test_a_text_is_checked_while_it_is_typed_and_refused_when_it_is_sent(client, base):
    wrong = {"kind": "covariance", "text": "F =~ rel1 + rel9\nF ~"}
    (fault, *_) = client.post(f"{base}/models/check", data=wrong).json["faults"]
    assert fault["line"] == 2
    fault = client.post(
        f"{base}/models/check", data=wrong | {"text": "F =~ rel1 + rel9 + rel2"}
    ).json["faults"][0]
    assert (fault["line"], fault["column"]) == (1, 13) and "did you mean rel" in fault["text"]
    assert client.post(f"{base}/models/check", data={"kind": "x", "text": ""}).status_code == 422
    refused = client.post(f"{base}/models/new", data=FORM | wrong)
    assert refused.status_code == 422 and "Line 2" in refused.text
    for changes in (
        {"estimator": "WLSMV", "missing": "fiml"},
        {"missing": "pairwise"},
        {"ordered": "rel1"},
        {"estimator": "WLSMV", "ordered": "rel1, nobody"},
        {"equal": "loadings"},
        {"group": "age"},
        {"kind": "tree"},
        {"rotation": "oblimin"},
        {"rotation": "varimin"},
        {"free": "f=~rel1"},
        {"auxiliary": "rel4"},
        {"auxiliary": "rel1", "missing": "fiml"},
    ):
        answer = client.post(f"{base}/models/new", data=FORM | changes)
        assert answer.status_code == 422, changes


def test_options_of_the_other_kind_of_model_are_hidden_and_refused_by_name(client, base):
    page = client.get(f"{base}/models/new").text
    assert 'data-kind="composite" hidden disabled' in page
    typed = FORM | {"kind": "composite", "text": "C <~ rel1 + rel2"}
    shown = client.post(f"{base}/models/new", data=typed | {"show": "1"})
    assert shown.status_code == 200 and "C &lt;~ rel1 + rel2" in shown.text
    assert 'data-kind="covariance" hidden disabled' in shown.text
    assert 'data-kind="composite">' in shown.text
    for kind, changes, name in (
        ("composite", {"estimator": "MLR"}, "Estimator"),
        ("composite", {"group": "region"}, "Groups by"),
        ("composite", {"std_lv": "y"}, "Factor variances"),
        ("covariance", {"bootstrap": "500"}, "Bootstrap"),
        ("covariance", {"composite_missing": "listwise"}, "Missing answers"),
    ):
        refused = client.post(f"{base}/models/new", data=FORM | {"kind": kind} | changes)
        assert refused.status_code == 422, changes
        assert f"{name} is an option of " in refused.text


def test_a_model_that_cannot_be_fitted_says_why_and_can_be_tried_again(client, installation, base):
    address = fitted(
        client, installation, base, name="Too much", text="F =~ rel1 + rel2\nG =~ rel1"
    )
    page = client.get(address).text
    assert "The model could not be fitted." in page
    for part in (".json", ".R", "/tables.docx", "/figures.zip"):
        assert client.get(f"{address}{part}").status_code == 409
    assert client.post(f"{address}/again").status_code == 303
    run_jobs(installation)
    good = fitted(client, installation, base, name="Fine")
    assert client.post(f"{good}/again").status_code == 409


def test_models_and_projects_are_removed_restored_and_on_record(
    client, installation, journey_id, base
):
    step = {"name": "rel1", "reason": ""}
    client.post(f"{base}/steps/reverse", data=step)
    (number,) = set(re.findall(r"/steps/(\d+)/undo", client.get(base).text))
    client.post(f"{base}/steps/{number}/undo")
    run_jobs(installation)
    address = fitted(client, installation, base, name="To be removed", std_lv="y")
    assert client.post(f"{address}/remove").status_code == 303
    assert client.get(address).status_code == 404
    page = client.get(base).text
    assert "Removed models" in page and "Restore To be removed" in page
    assert client.post(f"{address}/restore").status_code == 303
    assert client.get(address).status_code == 200
    assert client.post(f"{base}/remove").status_code == 303
    assert client.get(base).status_code == client.get(address).status_code == 404
    assert "Restore Scale &lt;b&gt;study" in client.get(f"/journeys/{journey_id}/projects").text
    taken = client.post(
        f"/journeys/{journey_id}/projects/new",
        data={"name": "scale <B>study", "segment": ""} | survey_of(client, journey_id),
    )
    assert taken.status_code == 303
    refused = client.post(f"{base}/restore")
    assert refused.status_code == 409 and "another project" in refused.text
    client.post(f"{taken.location}/remove")
    assert client.post(f"{base}/restore").status_code == 303
    listed = client.get(f"/journeys/{journey_id}/projects.json").json["projects"]
    (restored,) = (each for each in listed if each["name"] == "Scale <b>study")
    assert restored["models"] >= 1
    with installation.store.reading() as session:
        said = set(session.scalars(select(AuditEntry.action)))
        assert (
            session.scalars(select(Project)).first()
            and session.scalars(select(ProjectModel)).first()
        )
    assert {"make project", "fit model", "add project step", "undo project step"} <= said
    assert {"remove project", "restore project", "remove model", "restore model"} <= said


def test_what_was_removed_long_ago_goes_with_the_next_removal(client, installation, journey_id):
    def made(name: str) -> str:
        data = {"name": name, "segment": ""} | survey_of(client, journey_id)
        return client.post(f"/journeys/{journey_id}/projects/new", data=data).location

    old, new = made("Old"), made("New")
    run_jobs(installation)
    fitted(client, installation, old)
    client.post(f"{old}/steps/reverse", data={"name": "rel1", "reason": ""})
    client.post(f"{old}/remove")
    number = int(old.rpartition("/")[2])
    with installation.store.writing() as session:
        project = session.get_one(Project, number)
        project.removed_at -= timedelta(days=91)
    assert client.post(f"{old}/restore").status_code == 404
    client.post(f"{new}/remove")
    with installation.store.reading() as session:
        assert session.get(Project, number) is None
        assert not session.scalars(
            select(ProjectModel).where(ProjectModel.project_id == number)
        ).all()


def test_respondents_that_are_left_out_are_counted(client, installation, journey_id, base):
    step = {"name": "rel1", "values": "1=missing, 2=missing, 3=missing", "reason": ""}
    assert client.post(f"{base}/steps/recode", data=step).status_code == 303
    with installation.store.writing() as session:
        for number in range(3):
            row = session.scalars(
                select(Response).order_by(Response.id).offset(number).limit(1)
            ).one()
            row.attributes = {"region": "West"}
    model = fitted(client, installation, base, group="region")
    result = json.loads(client.get(f"{model}.json").text)["result"]
    data = items_of(installation, journey_id)
    assert result["n_rows"] == 237
    assert result["n"] == int((data["rel1"][3:] > 3).sum())
    page = client.get(model).text
    assert "3 respondents were left out: without a value of region" in page
    assert f"{237 - result['n']} of 237 respondents are left out for missing answers" in page


def test_answers_to_several_wordings_are_told(client, installation, journey_id, base):
    with installation.store.writing() as session:
        for row in session.scalars(select(Response).order_by(Response.id).offset(10).limit(60)):
            row.wordings = {**(row.wordings or {}), "servqual-p": "older"}
        for row in session.scalars(select(Response).order_by(Response.id).offset(80).limit(60)):
            row.wordings = {**(row.wordings or {}), "servqual-p": "newer"}
    client.post(f"{base}/describe")
    model = fitted(
        client, installation, base, name="Of two wordings", text=f"{MODEL}\nrel1 ~~ ass1"
    )
    for page in (client.get(base).text, client.get(model).text):
        assert "older" in page and "newer" in page


def file_of(installation, journey_id: int) -> bytes:
    """The study's answers as somebody else's file, with what such files hold."""
    data = items_of(installation, journey_id)[["rel1", "rel2", "rel3", "ass1", "ass2", "ass3"]]
    rows = ["row;rel1;rel2;rel 3!;ass1;ass2;ass3;region;arm;mail;empty"]
    for at, row in enumerate(data.astype(int).to_numpy().tolist(), start=1):
        third = -99 if at <= 4 else row[2]
        place = ("North", "South")[at % 2]
        cells = [at, row[0], row[1], third, *row[3:], place, at % 3, f"a{at}@example.org", ""]
        rows.append(";".join(map(str, cells)))
    return "\n".join(rows).encode()


@pytest.fixture(scope="module")
def file_base(client, installation, journey_id) -> str:
    """The address of a project on a file, described."""
    data = {"name": "Own file", "months": "3", "file": (io.BytesIO(file_of(installation, journey_id)), "=a<b>.csv")}  # fmt: skip
    made = client.post(f"/journeys/{journey_id}/project-files", data=data)
    assert made.status_code == 303, made.text
    run_jobs(installation)
    return made.location


def edit_of(address: str) -> str:
    return address.replace("/projects/", "/project-files/")


def test_a_file_is_read_as_chosen_and_fitted_as_by_the_engine(
    client, installation, journey_id, file_base
):
    about = client.get(edit_of(file_base)).text
    assert "separated by semicolon" in about and "=a&lt;b&gt;.csv" in about
    assert "rel 3!: -99 in 4 cells looks like a code for a missing answer" in about
    for why in ("it numbers the rows", "it holds addresses of mail", "it is empty"):
        assert f"left out: {why}" in about
    assert "item, -99 to" in about
    read = {"missing": "-99", "groups": "ARM"}
    assert client.post(edit_of(file_base), data=read).status_code == 303
    run_jobs(installation)
    page = client.get(file_base).text
    assert "looks like a code" not in page and "240 respondents" in page
    assert "236 answered every item" in page and "the file" in page
    assert "Keep a period" not in page and "Keep a group" in page
    model = fitted(
        client, installation, file_base, text=MODEL.replace("rel3", "rel_3"), group="arm"
    )
    result = json.loads(client.get(f"{model}.json").text)["result"]
    data = items_of(installation, journey_id).rename(columns={"rel3": "rel_3"})
    data.loc[:3, "rel_3"] = float("nan")
    data["arm"] = [str(at % 3) for at in range(1, 241)]
    fit = fit_sem(data, MODEL.replace("rel3", "rel_3"), group="arm")
    assert result["fit"]["chisq"] == pytest.approx(fit.fit["chisq"], rel=1e-9)
    assert result["n"] == 236 and set(result["groups"]) == {"0", "1", "2"}
    scores = client.get(f"{model}/scores").text.splitlines()
    assert scores[0].endswith("row,score.reliability,score.assurance") and len(scores) == 241
    assert scores[1].startswith("1,") and scores[240].startswith("240,")
    refused = client.post(edit_of(file_base), data={"missing": ""})
    assert refused.status_code == 422 and "upload it to a new project" in refused.text
    book = client.get(f"{file_base}/codebook.csv").text.splitlines()
    assert book[0].startswith("name,kind,questionnaire,column,text,lowest,highest,labels,n")
    assert "rel_3,item,,rel 3!,rel 3!,1,7,,236,4," in "\n".join(book)
    assert [row.partition(",")[0] for row in book[-2:]] == ["region", "arm"]


def test_columns_named_as_a_questionnaire_have_its_texts_scales_and_models(
    client, installation, journey_id
):
    data = items_of(installation, journey_id)
    codes = [name for name in data if name[:3] in ("rel", "ass")]
    heads = [f"servqual-p.{codes[0]}", f"SERVQUAL_P_{codes[1]}", *codes[2:], "other"]
    rows = [[*map(int, row), 7] for row in data[codes].to_numpy().tolist()]
    rows[0][0] = 9
    text = "\n".join(",".join(map(str, row)) for row in [heads, *rows])
    made = client.post(
        f"/journeys/{journey_id}/project-files",
        data={"name": "Own scale", "months": "3", "instrument": "servqual-p"}
        | {"file": (io.BytesIO(text.encode()), "own.csv")},
    )
    assert made.status_code == 303, made.text
    run_jobs(installation)
    about = client.get(edit_of(made.location)).text
    assert f"{heads[0]}: 1 answer lies outside 1 to 7" in about and "item, 7 to 7" in about
    assert about.count("item, 1 to 7") == len(codes)
    page = client.get(f"{made.location}/models/new").text
    assert "The provider gets things right at the first attempt." in page and "{" not in about
    assert "Measurement models of the questionnaires" in page and heads[0].replace("-", "_") in page
    client.post(f"{made.location}/remove")


def test_what_a_file_cannot_be_is_refused_or_said(client, installation, journey_id):
    address = f"/journeys/{journey_id}/project-files"

    def sent(content: bytes, **changes: str):
        data = {"name": "Other", "months": "3"} | changes
        return client.post(address, data=data | {"file": (io.BytesIO(content), "x.csv")})

    for changes in ({"name": " "}, {"name": "own FILE"}, {"months": "7"}, {"decimal": "x"}):
        assert sent(b"a,b\n1,2\n", **changes).status_code == 422, changes
    few = sent(b"a,b\n1,2\n3,1\n")
    run_jobs(installation)
    assert "too few to show" in client.get(few.location).text
    wide = sent(",".join(f"c{at}" for at in range(501)).encode() + b"\n1\n", name="Wide")
    run_jobs(installation)
    assert "501 columns; at most 500 are taken" in client.get(wide.location).text
    assert client.get(edit_of(wide.location)).status_code == 200
    for made in (few, wide):
        assert client.post(f"{made.location}/remove").status_code == 303


def test_a_file_is_deleted_by_hand_or_in_time_and_results_stay(
    client, installation, journey_id, file_base
):
    assert client.post(edit_of(file_base), data={"missing": "-99"}).status_code == 303
    run_jobs(installation)
    assert client.get(f"{file_base}/codebook.csv").status_code == 200
    model = fitted(client, installation, file_base, text="F =~ rel1 + rel2 + ass1 + ass2")
    number = int(file_base.rpartition("/")[2])
    with installation.store.reading() as session:
        project = session.get_one(Project, number)
        file = session.get_one(File, project.file_id)
        day = project.file_until
    assert forget_files(installation, installation.now()) == 0
    later = datetime.combine(day, datetime.min.time(), UTC)
    assert forget_files(installation, later) == 1
    assert forget_files(installation, later) == 0
    assert client.post(f"{edit_of(file_base)}/delete").status_code == 303  # a second time
    with pytest.raises(NotFound):
        installation.files.open(file)
    assert "(deleted)" in client.get(file_base).text
    assert json.loads(client.get(f"{model}.json").text)["result"]["n"] == 240
    late = fitted(client, installation, file_base, text="F =~ rel1 + rel2 + ass1 + ass3")
    assert "has been deleted; its results stay" in client.get(late).text
    other = f"/journeys/{journey_id}/project-files/{number - 1}"
    assert client.post(other, data={}).status_code == 404  # a project of answers
    with installation.store.reading() as session:
        said = set(session.scalars(select(AuditEntry.action)))
    assert {"read project file", "delete project file", "download codebook"} <= said


def test_power_is_calculated_without_data_and_mistakes_keep_what_was_typed(client, journey_id):
    address = f"/journeys/{journey_id}/model-power"
    assert "Power of a model" in client.get(address).text
    page = client.get(f"{address}?kind=fit&df=50&null=0.05&true=0.08")
    assert "214 respondents are the fewest" in page.text and 'value="50"' in page.text
    assert client.get(f"{address}.json?kind=path&path=0.2").json["answer"]["n"] == 155
    wrong = client.get(f"{address}?kind=simulation&n=100&population=F+%3D~+<b>a")
    assert wrong.status_code == 422 and "&lt;b&gt;a" in wrong.text
    assert "Nothing was calculated." in wrong.text


def test_numbers_of_answers_and_judges_are_calculated_without_data(client, journey_id):
    address = f"/journeys/{journey_id}/sample-size/calculator"
    assert "Answers needed" in client.get(address).text
    page = client.get(f"{address}?kind=nps&margin=5&promoters=50&detractors=20")
    assert "938 answers" in page.text and 'value="20"' in page.text
    assert client.get(f"{address}.json?kind=margin&margin=5").json["answer"]["n"] == 385
    wrong = client.get(f"{address}?kind=difference&difference=5&sd=<b>")
    assert wrong.status_code == 422 and "Nothing was calculated." in wrong.text
    address = f"/journeys/{journey_id}/judge-numbers"
    page = client.get(f"{address}?kind=sort&judges=20").text
    assert "15 of 20 judges have to sort an item to its construct (psa 0.75, csv 0.50)" in page
    assert client.get(f"{address}.json").json["answer"]["fewest"] == 8
    assert client.get(f"{address}?kind=rank").status_code == 422
    assert client.get(f"{address}/tables.docx?kind=relevance").data[:2] == b"PK"
    with zipfile.ZipFile(io.BytesIO(client.get(f"{address}/tables.zip?kind=essential").data)) as it:
        [name] = [each for each in it.namelist() if each.endswith(".csv")]
        lines = it.read(name).decode().splitlines()
    assert len(lines) == 29 and lines[6].startswith("8,7,0.75,")


def test_judges_answers_in_a_file_give_the_results_of_a_round_and_are_not_stored(
    client, installation, journey_id
):
    address = f"/journeys/{journey_id}/judged-files"

    def sent(text: str, **fields: str):
        return client.post(address, data=fields | {"file": (io.BytesIO(text.encode()), "j.csv")})

    model = "warmth =~ w1 + w2\nskill =~ s1"
    rows = ["warmth,warmth,skill,x"] * 8 + ["warmth,skill,skil,x"] * 2 + [",,,x"]
    shown = sent("\n".join(["w1,w2,s1,judge", *rows]), kind="sort", items=model)
    assert shown.status_code == 200, shown.text
    for said in (
        *("10 judges sorted the items", "Krippendorff", "rows without an answer were left out: 1"),
        *("no item was written for it: skil (2)", "not used: judge", "Substantive Validity"),
    ):
        assert said in unescape(shown.text) or said.capitalize() in shown.text, said
    [content] = re.findall(r'name="content" value="([^"]+)"', shown.text)
    back = {"content": unescape(content)}
    found = client.post(f"{address}/files", data=back | {"ending": "json"}).get_json(force=True)
    [_, second, third] = found["items"]
    assert "columns that are no items were not used: judge" in found["notes"]
    assert (second["numbers"]["psa"], second["numbers"]["csv"]) == pytest.approx((0.8, 0.6))
    assert (third["numbers"]["agreed"], third["proposal"]) == (8, "revise")
    for ending in ("docx", "zip"):
        assert client.post(f"{address}/files", data=back | {"ending": ending}).data[:2] == b"PK"
    for broken in ({"ending": "exe"}, {"ending": "json", "content": "[1"}, {"content": "{}"}):
        assert client.post(f"{address}/files", data=back | broken).status_code == 422, broken
    rated = sent("w1,w2\n" + "4,4\n" * 8 + "3,1\n", kind="relevance", items="w1, w2")
    assert "S-CVI/Ave" in rated.text and "κ*" in rated.text
    for text, fields, said in (
        ("w1\nx\n", {"kind": "sort", "items": "w1"}, "for which construct"),
        ("w1\n5\n", {"kind": "relevance", "items": "w1"}, "no rating from 1 to 4"),
        ("w1\n2\n", {"kind": "essential", "items": "w1"}, "neither 1 (essential) nor 0"),
        ("w1\n1\n", {"kind": "essential", "items": "w1, w9"}, "w9: the file has no such column"),
        ("w1\n" + "1\n" * 201, {"kind": "essential", "items": "w1"}, "at most 200"),
        ("w1\nx\n", {"kind": "sort", "items": "a =~ w1\nb =~ w1"}, "an item has one construct"),
        ("w1\nx\n", {"kind": "sort", "items": "a =~ w1 +"}, "Line 1"),
    ):
        refused = sent(text, **fields)
        assert refused.status_code == 422 and said in unescape(refused.text), (said, refused.text)
    assert client.post(address, data={"kind": "sort", "items": model}).status_code == 422
    with installation.store.reading() as session:
        assert "download judged file" in set(session.scalars(select(AuditEntry.action)))
