"""Every combination of facts about a link and its survey shows what is written down for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from attrs import fields

from surveyapp.surveys.links import Ticket
from surveyapp.surveys.survey import Survey
from surveyapp.web.respond.link_states import (
    SHOWN,
    Link,
    Shown,
    SurveyState,
    link_state,
    survey_state,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WRITTEN_DOWN = """
             absent   early    running      full         over
open         neutral  neutral  form         full         closed
withdrawn    neutral  neutral  neutral      neutral      closed
unknown      neutral  neutral  neutral      neutral      neutral
waiting      neutral  neutral  form         full         closed
sending      neutral  neutral  form         form         closed
used         neutral  neutral  own_answers  own_answers  own_answers
expired      neutral  neutral  neutral      neutral      neutral
gone         neutral  neutral  neutral      neutral      closed
"""


def written_down() -> dict[tuple[Link, SurveyState], Shown]:
    head, *rows = [line.split() for line in WRITTEN_DOWN.strip().splitlines()]
    return {
        (Link[row[0].upper()], SurveyState[column.upper()]): Shown[cell.upper()]
        for row in rows
        for column, cell in zip(head, row[1:], strict=True)
    }


def test_the_table_has_a_cell_for_every_link_and_survey_and_each_is_as_written_down():
    assert set(SHOWN) == set(product(Link, SurveyState))
    assert dict(SHOWN) == written_down()


def test_a_stranger_cannot_tell_unknown_from_expired_or_from_no_survey():
    for state in SurveyState:
        assert SHOWN[Link.UNKNOWN, state] is SHOWN[Link.EXPIRED, state] is Shown.NEUTRAL
    for link in Link:
        assert SHOWN[link, SurveyState.ABSENT] is SHOWN[link, SurveyState.EARLY] is Shown.NEUTRAL


# personal, ticket (none, for ever, a second left, over at this moment), open, waiting, used, sending
FACTS = list(
    product(
        (False, True),
        (None, Ticket("t"), *(Ticket("t", expires_at=NOW + s) for s in (SECOND, 0 * SECOND))),
        (False, True),
        (False, True),
        (False, True),
        (False, True),
    )
)


def expected(
    personal: bool, ticket: Ticket | None, open_link: bool, waiting: bool, used: bool, sending: bool
) -> set[Link]:
    """The only state whose definition these facts meet."""
    over = ticket is not None and ticket.expires_at == NOW
    ours = personal and ticket is not None
    alive = ours and not used and not over
    return {
        link
        for link, holds in {
            Link.OPEN: not personal and open_link,
            Link.WITHDRAWN: not personal and not open_link,
            Link.UNKNOWN: personal and ticket is None,
            Link.USED: ours and used,
            Link.EXPIRED: ours and not used and over,
            Link.SENDING: alive and sending,
            Link.WAITING: alive and not sending and waiting,
            Link.GONE: alive and not sending and not waiting,
        }.items()
        if holds
    }


def test_every_combination_of_facts_is_the_state_that_they_define():
    assert len(FACTS) == 128
    reached = set()
    for personal, ticket, open_link, waiting, used, sending in FACTS:
        found = link_state(
            ticket,
            personal=personal,
            open_link=open_link,
            waiting=waiting,
            used=used,
            sending=sending,
            now=NOW,
        )
        reached.add(found)
        assert {found} == expected(personal, ticket, open_link, waiting, used, sending)
    assert reached == set(Link)


def survey_at(**facts: Any) -> Survey:
    return Survey(**{**dict.fromkeys(each.name for each in fields(Survey)), **facts})


@pytest.mark.parametrize(
    ("state", "opens", "closes", "found"),
    [
        ("draft", None, None, SurveyState.EARLY),
        ("draft", -SECOND, -SECOND, SurveyState.EARLY),
        ("open", None, None, SurveyState.RUNNING),
        ("open", 0 * SECOND, SECOND, SurveyState.RUNNING),
        ("open", SECOND, None, SurveyState.EARLY),
        ("open", None, 0 * SECOND, SurveyState.OVER),
        ("open", SECOND, -SECOND, SurveyState.EARLY),
        ("closed", None, None, SurveyState.OVER),
        ("closed", SECOND, None, SurveyState.EARLY),
        ("closed", -SECOND, SECOND, SurveyState.OVER),
    ],
)
def test_a_survey_is_early_running_or_over_by_its_state_and_its_days(
    state: str, opens: timedelta | None, closes: timedelta | None, found: SurveyState
):
    survey = survey_at(
        state=state,
        opens_at=None if opens is None else NOW + opens,
        closes_at=None if closes is None else NOW + closes,
    )
    assert survey_state(survey, NOW) is found
    assert survey_state(None, NOW) is SurveyState.ABSENT
