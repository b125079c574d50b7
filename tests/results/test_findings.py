"""Findings claim a difference only when it is significant, in plain sentences."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from instruments.loader import BUILT_IN
from surveyapp.results import dashboards, findings, phrases
from surveyapp.results.figures import differences, figure
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Hidden
from surveyapp.store.db import Store
from tests.responses.makers import as_survey, make_survey
from tests.results import bank

AT = datetime(2026, 2, 2, tzinfo=UTC)


def said(store: Store, journey: int) -> dict[str, findings.Finding]:
    with store.reading() as session:
        found = findings.findings(
            dashboards.journey_overview(session, Scope(journey), library=BUILT_IN),
            dashboards.segment_comparison(session, Scope(journey), library=BUILT_IN),
            dashboards.trend(session, Scope(journey), library=BUILT_IN),
        )
    return {finding.headline: finding for finding in found}


def stage_answers(store: Store, **satisfied: tuple[int, int]) -> int:
    """CSAT answers at one touchpoint of each stage: (satisfied, others)."""
    with store.writing() as session:
        made = bank.make_journey(session)
        for code, (yes, no) in satisfied.items():
            rows = [(AT, {}, {"csat": {"csat": 5 if i < yes else 2}}) for i in range(yes + no)]
            bank.store_answers(session, made.surveys[code], rows, {})
    return made.journey


def test_the_lowest_stage_is_named_when_it_is_significantly_below_every_other(store: Store):
    headlines = said(store, stage_answers(store, app=(30, 70), pay=(80, 20), meet=(85, 15)))
    finding = headlines["Onboarding scores lowest on CSAT."]
    assert finding.certain
    assert "50 percentage points below Daily banking" in finding.text
    assert "CSAT there is 30%, 95% CI 22 to 40 (n = 100)" in finding.text


def test_a_lowest_stage_within_chance_is_not_called_the_lowest(store: Store):
    headlines = said(store, stage_answers(store, app=(70, 30), pay=(74, 26), meet=(90, 10)))
    finding = headlines["No significant difference between the lowest stages on CSAT."]
    assert not finding.certain
    assert "not significantly different from Daily banking." in finding.text
    assert "significantly lower than at Advice" in finding.text


def test_segments_and_dimensions_planted_in_the_data_are_found(store: Store):
    with store.writing() as session:
        made = bank.filled(session)
    lower = "North scores lower on Seamlessness."
    assert lower not in said(store, made.journey)  # nothing says that it means the same there
    with store.writing() as session:
        bank.measured_alike(session, made)
    headlines = said(store, made.journey)
    assert lower in headlines
    # Seamlessness is the lowest, but not significantly below personalization.
    dimensions = headlines["Coherence scores highest."]
    assert dimensions.certain
    assert "not significantly different from personalization." in dimensions.text


def test_random_segments_without_any_effect_are_seldom_called_different(store: Store):
    """One table of differences: the chance of any false claim stays near 5 %, here 20 tables."""
    from numpy.random import default_rng

    from surveyapp.results.cells import Sums
    from surveyapp.results.definitions import scored

    with store.writing() as session:
        asked = as_survey(session, make_survey(session, asks=("csat",)))
    entry = scored([asked], library=BUILT_IN)["csat"]
    rng = default_rng(3)

    def drawn() -> Sums:
        counts = rng.multinomial(80, [0.1, 0.1, 0.2, 0.3, 0.3])
        values = range(1, 6)
        return Sums(
            80,
            float(sum(c * v for c, v in zip(counts, values, strict=True))),
            float(sum(c * v * v for c, v in zip(counts, values, strict=True))),
            (0, *(int(c) for c in counts), 0, 0, 0, 0, 0),
        )

    false = 0
    for _ in range(20):
        table = differences([(entry, drawn(), drawn()) for _ in range(12)])
        false += any(contrast is not None and contrast.certain for contrast in table)
    assert false <= 3


def test_sentences_hold_no_unfilled_place_and_no_machine_word(store: Store):
    with store.writing() as session:
        made = bank.filled(session)
    for headline, finding in said(store, made.journey).items():
        assert re.fullmatch(r"[A-Z].*\.", headline)
        assert finding.text.endswith(".")
        assert not re.search(r"None|nan|\{|\}|e-\d", headline + finding.text)


def test_numbers_wear_real_minus_signs_units_and_the_digits_they_can_bear():
    assert phrases.number(-12.4) == "\u221212"
    assert phrases.number(-0.2) == "0"
    assert phrases.number(31, signed=True) == "+31"
    assert phrases.listed(["a", "b", "c"]) == "a, b and c"
    assert phrases.hidden(Hidden.FEW, few=7) == "hidden (fewer than 7)"


def test_a_hidden_figure_is_empty_whatever_lies_behind_it(store: Store):
    from surveyapp.results.cells import Sums
    from surveyapp.results.definitions import scored

    with store.writing() as session:
        asked = as_survey(session, make_survey(session, asks=("nps",)))
    entry = scored([asked], library=BUILT_IN)["nps"]
    found = figure(entry, Sums(3, 27.0, 243.0, (0,) * 9 + (3, 0)), Hidden.FEW)
    assert (found.n, found.estimate, found.low, found.high, found.mean) == (None,) * 5
    assert phrases.value(found) == "hidden (fewer than 5)"


def test_dimensions_within_chance_are_all_said_to_be(store: Store):
    """Fifteen customers are too few to tell the dimensions apart."""
    with store.writing() as session:
        made = bank.make_journey(session)
        bank.fill(session, made, a_place=5)
    finding = said(store, made.journey)[
        "No single dimension of Service journey quality scores lowest or highest."
    ]
    assert not finding.certain
    assert finding.text.endswith("Neither is significantly different from any other dimension.")
