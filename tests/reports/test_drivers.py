"""The benchmark report's chapter on what goes with recommending."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analysis.drivers import Driver, RelativeImportance
from instruments.schema import Metric
from surveyapp.reports.document import Chart, Heading, Paragraph, Table, plain
from surveyapp.reports.journeys.drivers import drivers
from surveyapp.results.drivers.associations import AssociatedKind, Association, Associations
from surveyapp.results.drivers.drivers import Drivers, parts_of
from surveyapp.results.view_models import Definition, Figure, Hidden, Unit

NPS = Definition(
    "nps", "nps", Metric.NPS, "Net Promoter Score (NPS)", "NPS", Unit.NPS, (-100, 100), "", ""
)
FOUND = RelativeImportance(
    drivers=(
        Driver("sjq.coherence", 0.31, 0.22, 0.41, 0.6, 0.99, 0.05),
        Driver("sjq.seamlessness", 0.08, 0.03, 0.15, 0.4, 0.01, 0.03),
    ),
    r_squared=0.39, low=0.30, high=0.49, n=240, resamples=1000, confidence=0.95, method="LMG",
    leader="sjq.coherence",
)  # fmt: skip
LABELS = {"sjq.coherence": "Coherence", "sjq.seamlessness": "Seamlessness"}
SPLIT = Drivers("dimensions", NPS, LABELS, 240, 50, FOUND, parts=parts_of(FOUND, LABELS))


def test_nothing_joined_is_no_chapter():
    assert list(drivers([])) == []


def test_the_chart_says_n_interval_method_and_that_it_is_no_cause():
    heading, caution, chart = drivers([SPLIT])
    assert isinstance(heading, Heading) and isinstance(caution, Paragraph)
    assert "An association is not a cause" in str(caution.text)
    assert isinstance(chart, Chart)
    assert chart.title == "Coherence is most strongly associated with recommending"
    for part in (
        "39% (30 to 49)",
        "n = 240 submissions with all of them.",
        "LMG",
        "1,000 resamples",
        "in one submission",
    ):
        assert part in chart.note, part
    assert "31" in chart.svg and "Seamlessness" in chart.svg


def test_a_first_place_that_changes_between_resamples_is_not_claimed():
    unsure = replace(FOUND, leader=None)
    *_, chart = drivers([replace(SPLIT, found=unsure)])
    assert isinstance(chart, Chart) and "none differs significantly from every other" in chart.title


def note(**changes: Any) -> str:
    *_, last = drivers([replace(SPLIT, kind="touchpoints", found=None, **changes)])
    assert isinstance(last, Paragraph)
    return str(last.text)


def test_too_few_are_said_to_be_too_few():
    assert note(n=12) == (
        "Touchpoints: 12 journeys have an answer to NPS and all of these scores: Coherence and"
        " Seamlessness. At least 50 are needed."
    )


def test_no_number_of_fewer_than_five_customers_is_told():
    assert "fewer than 5 journeys have an answer" in note(n=1)
    assert "no journeys have an answer" in note(n=0)


def test_scores_that_too_few_gave_are_named_and_nobody_is_said_to_have_given_all():
    said = note(n=0, labels={}, joined=213, left_out=("Form (CES)", "App (CES)"))
    assert "none was given in half of the 213 journeys with an answer to NPS and any of" in said
    assert "Left out, as fewer than half have them: Form (CES) and App (CES)." in said
    assert "all of these scores" not in said


def test_scores_beyond_those_that_can_be_compared_together_are_named():
    *_, chart = drivers([replace(SPLIT, beyond=("Card (CES)",))])
    assert isinstance(chart, Chart)
    assert "Left out, as at most 2 are compared: Card (CES)." in chart.note


def test_hidden_drivers_say_why():
    assert note(n=0, hidden=Hidden.COMPLEMENT) == "Touchpoints: hidden (protects a small group)."


@pytest.mark.parametrize("word", ["drive", "lead to", "because", "impact", "effect"])
def test_no_word_of_the_chapter_claims_a_cause(word):
    # "Drivers" is the established heading of such a chapter; the caution stands below it.
    blocks = list(drivers([SPLIT], SPARSE))
    said = " ".join(str(block.text) for block in blocks if isinstance(block, Paragraph))
    said += " ".join(f"{block.title} {block.note}" for block in blocks if isinstance(block, Table))
    charts = [block for block in blocks if isinstance(block, Chart)]
    said += " ".join(chart.title + chart.note for chart in charts)
    assert word not in said.lower()


def associated(
    key: str, n: int | None, r: float | None, *, hidden: Hidden = Hidden.NO
) -> Association:
    unit = Definition(
        f"nps~{key}", "nps", Metric.NPS, key, "correlation", Unit.CORRELATION, (-1, 1), "", ""
    )
    ends = (None, None) if r is None else (r - 0.1, r + 0.1)
    figure = Figure(unit, n, r, *ends, None, hidden)
    p = None if r is None else 0.0004
    return Association(key, key, n, figure, p, certain=r is not None)


SPARSE = Associations(
    NPS,
    (
        AssociatedKind(
            "touchpoints",
            400,
            (
                associated("Card (CES)", 40, None),
                associated("Form (CES)", 213, 0.41),
                associated("Call (CES)", None, None, hidden=Hidden.FEW),
            ),
        ),
    ),
    1,
)


def test_sparse_touchpoints_have_their_own_pairs_and_one_alone_is_not_drawn():
    together = replace(SPLIT, kind="touchpoints", found=None, n=0, labels={}, joined=250)
    heading, caution, title, table, second, last = drivers([together], SPARSE)
    assert isinstance(heading, Heading) and heading.text == "Drivers of NPS"
    assert isinstance(caution, Paragraph) and "An association is not a cause" in str(caution.text)
    assert isinstance(title, Paragraph)
    assert plain(title.text) == "Form (CES) is significantly associated with recommending"
    assert isinstance(table, Table)
    form, card, call = (["".join(map(str, cell)) for cell in row] for row in table.rows)
    assert form == ["Form (CES)", "0.41", "0.31 to 0.51", "< .001", "213", "47%"]
    assert card == ["Card (CES)\nnot enough answers (40 of 50 needed)", "", "", "", "40", "90%"]
    assert call == ["Call (CES)\nhidden (fewer than 5)", "", "", "", "", ""]
    assert "400 journeys with an answer to NPS" in str(table.note)
    assert isinstance(second, Heading) and isinstance(last, Paragraph)
    assert "213" not in str(last.text)


def test_several_touchpoints_are_drawn_with_their_own_pairs():
    (kind,) = SPARSE.kinds
    two = replace(kind, each=(kind.each[1], associated("Chat (CES)", 99, 0.2)))
    chart = next(b for b in drivers([], replace(SPARSE, kinds=(two,))) if isinstance(b, Chart))
    assert "Form (CES), correlation: 0.41, 0.31 to 0.51, n = 213" in chart.svg


def test_touchpoints_that_all_have_too_few_pairs_are_named_with_their_own():
    (kind,) = SPARSE.kinds
    few = replace(kind, each=(kind.each[0], kind.each[2]))
    *_, last = drivers([], replace(SPARSE, kinds=(few,), comparisons=0))
    assert isinstance(last, Paragraph)
    assert "".join(getattr(part, "text", part) for part in last.text).startswith(
        "No touchpoint has enough answers yet. Card (CES): not enough answers (40 of 50 needed);"
        " Call (CES): hidden (fewer than 5). Pearson correlation"
    )


def test_an_outcome_that_is_hidden_hides_every_score():
    *_, last = drivers([], Associations(NPS, (), 0, Hidden.FEW))
    assert isinstance(last, Paragraph) and str(last.text) == "Hidden (fewer than 5)."
