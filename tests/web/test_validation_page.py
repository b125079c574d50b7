"""A validation is asked for with its choices, shown as the report has it, and taken away as files."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.results.analyses import compute
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Analysis, Response
from tests.results.study_place import make_study, people
from tests.web.world import add_user


@pytest.fixture
def place(installation: Installation, sign_in) -> tuple[FlaskClient, int, int]:
    """A researcher, a journey and its survey with 120 answers of two regions."""
    with installation.store.writing() as session:
        survey = make_study(session, people(120), ("sjq", "marker"))
        user, journey_id, survey_id = add_user(session, "researcher"), survey.journey_id, survey.id
    return sign_in(user), journey_id, survey_id


def _ask(place: tuple[FlaskClient, int, int], **choices: object) -> str:
    reader, journey_id, survey_id = place
    answer = reader.post(
        f"/journeys/{journey_id}/analyses",
        data={"scale": f"{survey_id}:sjq", "segment": "", **choices},
    )
    assert answer.status_code == 303
    return str(answer.location)


def test_the_choices_of_the_form_are_stored_and_shown(place, installation: Installation):
    reader, journey_id, _ = place
    form = reader.get(f"/journeys/{journey_id}/results").text
    assert 'name="group"' in form and 'value="region"' in form
    assert 'name="reverse"' in form
    where = _ask(
        place, group=["region"], marker="y", estimator="MLR", missing="fiml", reverse="sea2, coh3",
        cutoffs="y",
    )  # fmt: skip
    with installation.store.reading() as session:
        analysis = session.scalars(select(Analysis)).one()
    asked = analysis.parameters
    assert (asked["group"], asked["marker"], asked["estimator"], asked["missing"]) == (
        ["region"], "1", "MLR", "fiml",
    )  # fmt: skip
    compute.run_validation(installation, analysis.id, progress=lambda _percent, _step: None)
    page = reader.get(where).text
    assert "Robust maximum likelihood" in page
    assert "Use all available answers" in page
    assert asked["reverse"] == ["sea2", "coh3"]
    assert "Reversed before the analysis: sea2, coh3." in page
    assert "<dt>Items reversed</dt><dd>sea2, coh3</dd>" in page
    for heading in (
        "Invariance Over Region", "Marker Variable in the Confirmatory Model", "Bifactor Model",
        "Signs of Careless Answering", "Reproducibility", "Dynamic Cut-Offs of Fit Indices",
    ):  # fmt: skip
        assert heading in page
    assert "style=" not in page

    document = reader.get(f"{where}.json")
    assert document.headers["Content-Disposition"].startswith("attachment")
    assert json.loads(document.text)["settings"]["group"] == ["region"]
    fit = json.loads(document.text)["cfa"]["fit"]
    key = page[page.index("Chi-square</dt>") :]
    assert f"{fit['chisq_scaled']:.1f}" in key[:200]
    assert f"{fit['chisq_scaled']:.1f}" != f"{fit['chisq']:.1f}"
    tables = reader.get(f"{where}/tables.tex")
    assert "Invariance Over Region" in tables.text
    assert tables.headers["Content-Disposition"].endswith('-tables.tex"')
    assert f'href="{where}/tables.docx"' in page
    figures = re.findall(rf'href="{where}/figures/([0-9]+)\.png"', page)
    assert figures == [str(number) for number in range(1, page.count("<figure") + 1)]
    script = reader.get(f"{where}.R")
    assert "library(lavaan)" in script.text
    assert 'group = "region"' in script.text
    assert "\N{NO-BREAK SPACE}" not in script.text

    assert "<dt>Rules</dt><dd>version 2</dd>" in page and "Compute again" not in page
    with installation.store.writing() as session:
        row = session.get_one(Analysis, analysis.id)
        row.result = {k: v for k, v in row.result.items() if k != "rules_version"}
        row.fingerprint = "of the rules before"  # pages are kept by it
    earlier = reader.get(where).text
    assert "Computed by version 1 of the rules; version 2 is current." in earlier
    assert "plain chi-squares subtracted; since version 2 the scaled difference" in earlier
    assert "earlier rules" in reader.get(f"/journeys/{journey_id}/results").text
    again = reader.post(f"{where}/again")
    assert again.status_code == 303 and again.location != where
    with installation.store.writing() as session:
        repeated = session.scalars(select(Analysis).order_by(Analysis.id.desc())).first()
        assert repeated.parameters == asked and repeated.job is not None
        assert repeated.seed == analysis.seed
        session.get_one(Analysis, analysis.id).result = {**row.result, "rules_version": 2}

    said = "out of date"
    index = f"/journeys/{journey_id}/results"
    assert said not in page.lower() and said not in reader.get(index).text.lower()
    with installation.store.writing() as session:
        row = session.scalars(select(Response)).first()
        row.corrected_at = utc_now()
    for where_said in (where, index):
        shown = reader.get(where_said).text.lower()
        assert said in shown and "1 answer changed" in shown


def test_a_validation_without_choices_takes_the_usual_ones(place, installation: Installation):
    _ask(place)
    with installation.store.reading() as session:
        asked = session.scalars(select(Analysis)).one().parameters
    assert (asked["group"], asked["estimator"], asked["missing"]) == ([], "ML", "listwise")
    assert "cutoffs" not in asked


def test_choices_that_are_not_offered_or_do_not_fit_are_refused(place, installation: Installation):
    reader, journey_id, survey_id = place
    for wrong, said in (
        ({"group": "shoe size"}, "from the lists"),
        ({"estimator": "OLS"}, "from the lists"),
        ({"estimator": "WLSMV", "missing": "fiml"}, "WLSMV requires complete answers"),
        (
            {"reverse": "sea2 sea99"},
            "&#39;sea99&#39; is no item of this scale; its items are per3, ",
        ),
        ({"reverse": "sea2, sea2"}, "sea2 stands twice"),
    ):
        answer = reader.post(
            f"/journeys/{journey_id}/analyses",
            data={"scale": f"{survey_id}:sjq", "segment": "", **wrong},
        )
        assert (answer.status_code, said in answer.text) == (422, True), wrong
    with installation.store.reading() as session:
        assert session.scalars(select(Analysis)).all() == []


def test_an_analysis_without_a_result_has_nothing_to_download(place):
    reader, _, _ = place
    where = _ask(place)
    assert reader.get(f"{where}.json").status_code == 409
    assert reader.get(f"{where}.R").status_code == 409
    for file in ("tables.docx", "tables.tex", "tables.zip", "figures.zip", "figures/1.png"):
        assert reader.get(f"{where}/{file}").status_code == 409
