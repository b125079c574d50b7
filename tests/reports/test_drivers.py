"""The benchmark report's chapter on what goes with recommending."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analysis.drivers import Driver, RelativeImportance
from instruments.schema import Metric
from surveyapp.reports.document import Chart, Heading, Paragraph
from surveyapp.reports.drivers import drivers
from surveyapp.results.drivers import Drivers
from surveyapp.results.view_models import Definition, Hidden, Unit

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
    assert "An association is not a cause" in str(caution.text)
    assert isinstance(chart, Chart)
    assert chart.title == "Coherence is most strongly associated with recommending"
    for part in ("39% (30 to 49)", "n = 240.", "LMG", "1,000 resamples", "in one submission"):
        assert part in chart.note, part
    assert "31" in chart.svg and "Seamlessness" in chart.svg


def test_a_first_place_that_changes_between_resamples_is_not_claimed():
    unsure = replace(FOUND, drivers=(replace(FOUND.drivers[0], first=0.8), FOUND.drivers[1]))
    *_, chart = drivers([replace(SPLIT, found=unsure)])
    assert isinstance(chart, Chart) and "none is the largest in 95%" in chart.title


def note(**changes: Any) -> str:
    *_, last = drivers([replace(SPLIT, kind="touchpoints", found=None, **changes)])
    assert isinstance(last, Paragraph)
    return str(last.text)


def test_too_few_are_said_to_be_too_few():
    assert note(n=12) == (
        "Touchpoints: 12 customers answered the recommendation question and gave all of these"
        " scores: Coherence and Seamlessness. At least 50 are needed."
    )


def test_no_number_of_fewer_than_five_customers_is_told():
    assert "fewer than 5 customers answered" in note(n=1)
    assert "no customers answered" in note(n=0)


def test_scores_that_too_few_gave_are_named_and_nobody_is_said_to_have_given_all():
    said = note(n=0, labels={}, joined=213, left_out=("Form (CES)", "App (CES)"))
    assert (
        "none was given by half of the 213 customers who answered the recommendation question"
        in said
    )
    assert "Left out, as fewer than half gave them: Form (CES) and App (CES)." in said
    assert "all of these scores" not in said


def test_scores_beyond_those_that_can_be_compared_together_are_named():
    *_, chart = drivers([replace(SPLIT, beyond=("Card (CES)",))])
    assert isinstance(chart, Chart)
    assert "Left out, as at most 2 are compared: Card (CES)." in chart.note


def test_hidden_drivers_say_why():
    assert note(n=0, hidden=Hidden.COMPLEMENT) == "Touchpoints: not shown: protects a small group."


@pytest.mark.parametrize("word", ["drive", "lead to", "because", "impact", "effect"])
def test_no_word_of_the_chapter_claims_a_cause(word):
    # "Drivers" is the established heading of such a chapter; the caution stands below it.
    said = " ".join(str(block.text) for block in drivers([SPLIT]) if isinstance(block, Paragraph))
    charts = [block for block in drivers([SPLIT]) if isinstance(block, Chart)]
    said += " ".join(chart.title + chart.note for chart in charts)
    assert word not in said.lower()
