"""The benchmark report's chapter on what goes with recommending."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.drivers import Driver, RelativeImportance
from instruments.schema import Metric
from surveyapp.reports.document import Chart, Heading, Paragraph
from surveyapp.reports.drivers import drivers
from surveyapp.results.drivers import Drivers
from surveyapp.results.shapes import Definition, Unit

NPS = Definition(
    "nps", "nps", Metric.NPS, "Net Promoter Score (NPS)", "NPS", Unit.NPS, (-100, 100), "", ""
)
FOUND = RelativeImportance(
    drivers=(
        Driver("sjq.coherence", 0.31, 0.22, 0.41, 0.6, 0.99),
        Driver("sjq.seamlessness", 0.08, 0.03, 0.15, 0.4, 0.01),
    ),
    r_squared=0.39, low=0.30, high=0.49, n=240, resamples=1000, confidence=0.95, method="LMG",
)  # fmt: skip
LABELS = {"sjq.coherence": "Coherence", "sjq.seamlessness": "Seamlessness"}
SPLIT = Drivers("dimensions", NPS, LABELS, 240, 50, FOUND)


def test_nothing_joined_is_no_chapter():
    assert list(drivers([])) == []


def test_the_chart_says_n_interval_method_and_that_it_is_no_cause():
    heading, caution, chart = drivers([SPLIT])
    assert isinstance(heading, Heading) and isinstance(caution, Paragraph)
    assert "not what causes what" in str(caution.text)
    assert isinstance(chart, Chart)
    assert chart.title == "Coherence goes most closely with recommending"
    for part in ("39 % (30 to 49)", "n = 240.", "LMG", "1,000 resamples", "in one submission"):
        assert part in chart.note, part
    assert "31" in chart.svg and "Seamlessness" in chart.svg


def test_a_first_place_that_changes_between_resamples_is_not_claimed():
    unsure = replace(FOUND, drivers=(replace(FOUND.drivers[0], first=0.8), FOUND.drivers[1]))
    *_, chart = drivers([replace(SPLIT, found=unsure)])
    assert isinstance(chart, Chart) and "none stands out for certain" in chart.title


def test_too_few_are_said_to_be_too_few():
    *_, note = drivers([replace(SPLIT, kind="touchpoints", n=12, found=None)])
    assert isinstance(note, Paragraph)
    assert "Touchpoints: 12 customers gave all of these scores" in str(note.text)


@pytest.mark.parametrize("word", ["drive", "lead to", "because", "impact", "effect"])
def test_no_word_of_the_chapter_claims_a_cause(word):
    said = " ".join(str(vars(block)) for block in drivers([SPLIT]) if not isinstance(block, Chart))
    charts = [block for block in drivers([SPLIT]) if isinstance(block, Chart)]
    said += " ".join(chart.title + chart.note for chart in charts)
    assert word not in said.lower()
