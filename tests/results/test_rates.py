"""A response rate says whose it is, and gives no small group away."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.results.funnels import decision_kinds
from surveyapp.results.funnels.invitation_months import count_due, kept_counts
from surveyapp.results.funnels.rate_phrases import response_sentence, segment_sentence
from surveyapp.results.funnels.rates import response_rates, segment_rate
from surveyapp.results.journey import ground
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Hidden, SegmentRate
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.sampling.invitation_rollups import INVITATIONS
from surveyapp.store.db import Store
from surveyapp.store.models import (
    Decision,
    Interaction,
    Invitation,
    InvitationCounts,
    Journey,
    Segment,
    SurveyRow,
)
from tests.installations import installation_on
from tests.responses.makers import as_survey, make_journey
from tests.responses.makers import make_survey as make_anonymous
from tests.results import bank
from tests.sampling.makers import NOW, bring, decide, make_bank, make_survey, report

MARCH = datetime(2026, 3, 9, tzinfo=UTC)


def invited(store: Store, survey: int, states: str, at: datetime) -> None:
    """One invitation a letter: c for created, a for answered."""
    names = {"c": "created", "a": "completed"}
    with store.writing() as session:
        session.add_all(
            Invitation(
                survey_id=survey,
                token_hash=f"{survey} {at:%m} {number}",
                state=names[state],
                created_at=at,
            )
            for number, state in enumerate(states)
        )


def answered(store: Store, survey: int, n: int, at: datetime) -> None:
    with store.writing() as session:
        rows = [(at, {}, {"csat": {"csat": 4}})] * n
        bank.store_answers(session, survey, rows, {})


@pytest.fixture
def made(store: Store) -> bank.Bank:
    with store.writing() as session:
        return bank.make_journey(session)


def test_answers_to_invitations_of_another_month_are_not_said_to_have_come_another_way(
    store: Store, made: bank.Bank
):
    """20 were invited in March and answered in April, 10 were invited and answered in April."""
    place, april = made.surveys["app"], MARCH + timedelta(days=31)
    invited(store, place, "a" * 20 + "c" * 10, MARCH)
    invited(store, place, "a" * 10 + "c" * 10, april)
    answered(store, place, 30, april)
    with store.reading() as session:
        rates = response_rates(
            session, Scope(made.journey, since=date(2026, 4, 1)), library=BUILT_IN
        )
        whole = response_rates(session, Scope(made.journey), library=BUILT_IN)
    assert response_sentence(rates, whole=False) == (
        "10 of 20 invitations made in this period were answered (50%)."
    )
    assert response_sentence(whole) == "30 of 50 invitations were answered (60%)."


def test_answered_invitations_of_an_anonymous_survey_are_its_answers_however_they_came(
    store: Store,
):
    """An invitation that was answered is gone; one may be answered where the form is embedded."""
    ways: dict[str, list[dict[str, str]]] = {"plain": [{}] * 7, "mixed": [{"way": "embed"}, {}, {}]}
    with store.writing() as session:
        journey = make_journey(session)
        for code, paradata in ways.items():
            row = make_anonymous(session, journey=journey, code=code, anonymity="anonymous")
            for source, times in (("invitation", 1), ("link", 2)):
                prepared = [
                    Prepared({"csat": {"csat": 4}}, MARCH, paradata=each)
                    for each in paradata * times
                ]
                survey = as_survey(session, row)
                store_bulk(session, survey, prepared, source=source, library=BUILT_IN)
        open_ones = {"token_seed": "1", "created_at": MARCH, "survey_id": row.id}
        session.add_all(
            Invitation(token_hash=channel, channel=channel, **open_ones)
            for channel in ("email", "link")
        )
        number = journey.id
    with store.reading() as session:
        for since, answers in ((date(2026, 3, 1), (7, 3)), (date(2026, 4, 1), (0, 0))):
            rates = response_rates(session, Scope(number, since=since), library=BUILT_IN)
            told = {rate.code: (rate.completed, rate.sent) for rate in rates}
            # The email still waits to be sent; a link was handed on when it was made.
            link = 1 if answers[1] else 0
            assert told == {
                "plain": (answers[0], answers[0]),
                "mixed": (answers[1], answers[1] + link),
            }


def test_answers_without_an_invitation_are_not_all_by_open_links(store: Store, made: bank.Bank):
    """They may be imported, or come from a kiosk."""
    answered(store, made.surveys["app"], 30, MARCH)
    with store.reading() as session:
        said = response_sentence(response_rates(session, Scope(made.journey), library=BUILT_IN))
    assert said == "30 responses, none by invitation, so there is no response rate."


def test_beside_scores_a_survey_with_too_few_answers_shows_no_number(store: Store, made: bank.Bank):
    few, many = made.surveys["app"], made.surveys["pay"]
    for place, n in ((few, 3), (many, 30)):
        invited(store, place, "a" * n + "c" * 10, MARCH)
        answered(store, place, n, MARCH)
    with store.reading() as session:
        rates = response_rates(session, Scope(made.journey), minimum_cell=5, library=BUILT_IN)
        exact = response_rates(session, Scope(made.journey), library=BUILT_IN)
    hidden = next(rate for rate in rates if rate.survey_id == few)
    assert (hidden.hidden, hidden.sent) == (Hidden.FEW, 13)
    numbers = (hidden.responses, hidden.opened, hidden.completed, hidden.rate, hidden.low)
    assert numbers == (None,) * 5
    assert (hidden.first_day, hidden.last_day) == (None, None)
    assert response_sentence(rates) == (
        "30 of 40 invitations were answered (75%). One survey with too few answers to show is left "
        "out."
    )
    assert [rate.responses for rate in exact if rate.survey_id == few] == [3]


def test_two_surveys_at_one_place_are_hidden_together(store: Store, made: bank.Bank):
    """The place's own number is shown elsewhere: one survey would give the other away."""
    with store.writing() as session:
        first = session.get_one(SurveyRow, made.surveys["app"])
        second = SurveyRow(
            journey_id=first.journey_id, touchpoint_id=first.touchpoint_id, code="two", name="two",
            asks=first.asks, link="two",
        )  # fmt: skip
        session.add(second)
        session.flush()
        number = second.id
    answered(store, made.surveys["app"], 30, MARCH)
    answered(store, number, 2, MARCH)
    with store.reading() as session:
        rates = response_rates(session, Scope(made.journey), minimum_cell=5, library=BUILT_IN)
    here = [rate for rate in rates if rate.survey_id in (made.surveys["app"], number)]
    assert [rate.responses for rate in here] == [None, None]


def test_a_segments_rate_is_not_known_from_lists_and_everybodys_is_said_to_be_that(
    store: Store, made: bank.Bank
):
    with store.writing() as session:
        north = bank.make_segments(session)["north"]
    invited(store, made.surveys["app"], "a" * 20 + "c" * 30, MARCH)
    answered(store, made.surveys["app"], 20, MARCH)
    with store.reading() as session:
        own = segment_rate(session, Scope(made.journey, north), library=BUILT_IN)
        rates = response_rates(session, Scope(made.journey), minimum_cell=5, library=BUILT_IN)
    assert own is None
    assert segment_sentence(own, rates) == (
        "The response rate of this segment is not known: invitations sent to a list do not say which"
        " customers belong to it. For all customers, not only this segment: 20 of 50 invitations were answered (40%)."
    )


@pytest.fixture
def followed(store: Store) -> tuple[Store, int, dict[str, int]]:
    """90 customers asked because of an event: 40 in the North of whom 10 answer, 50 others, 25."""
    with store.writing() as session:
        journey = make_bank(session)
        make_survey(session, journey)
        rules = {"north": "region = North", "rest": "not region = North", "few": "tenure = 1"}
        for code, rule in rules.items():
            session.add(Segment(code=code, name=code.title(), rule=rule))
        session.flush()
        segments = {row.code: row.id for row in session.scalars(select(Segment))}
        number = journey.id
    bring(
        store,
        *(
            report(
                at,
                customer_ref=f"c{at}",
                email=f"c{at}@example.org",
                attributes={"region": "North" if at < 40 else "South", "tenure": int(at < 3)},
            )
            for at in range(90)
        ),
    )
    decide(store)
    with store.writing() as session:
        rows = session.execute(
            select(Decision, Interaction.external_id).join(
                Interaction, Interaction.id == Decision.interaction_id
            )
        )
        for decision, event in rows.all():
            at = int(event.removeprefix("event "))
            invitation = session.get_one(Invitation, decision.invitation_id)
            decision.sent_at = invitation.sent_at = NOW
            if at < 10 or 40 <= at < 65:
                invitation.completed_at, invitation.state = NOW, "completed"
    return store, number, segments


def test_a_segments_own_rate_is_told_where_every_invitation_follows_an_event(followed):
    store, journey, segments = followed
    with store.reading() as session:
        own = segment_rate(session, Scope(journey, segments["north"]), library=BUILT_IN)
        rates = response_rates(session, Scope(journey), library=BUILT_IN)
    assert segment_sentence(own, rates) == (
        "10 of 40 invitations to this segment were answered (25%, 95% CI 14 to 40)."
    )
    assert response_sentence(rates).startswith("35 of 90 invitations were answered")


def test_an_invitation_that_still_waits_to_be_sent_is_not_counted_as_unanswered(followed):
    store, journey, segments = followed
    with store.writing() as session:
        waiting = select(Invitation).where(Invitation.state == "created").order_by(Invitation.id)
        for invitation in session.scalars(waiting.limit(15)).all():
            invitation.sent_at = None
            decision = session.scalars(
                select(Decision).where(Decision.invitation_id == invitation.id)
            ).one()
            decision.sent_at = None
    with store.reading() as session:
        rates = response_rates(session, Scope(journey), library=BUILT_IN)
        own = segment_rate(session, Scope(journey, segments["north"]), library=BUILT_IN)
    assert response_sentence(rates).startswith("35 of 75 invitations were answered")
    assert own is not None and own.sent is not None and own.sent < 40


def test_a_small_segments_rate_is_hidden(followed):
    store, journey, segments = followed
    with store.reading() as session:
        own = segment_rate(session, Scope(journey, segments["few"]), library=BUILT_IN)
    assert own is not None
    assert (own.hidden, own.sent, own.completed, own.rate) == (Hidden.FEW, None, None, None)
    assert segment_sentence(own, ()) == (
        "The response rate of this segment is hidden (fewer than 5)."
    )


def test_one_invitation_of_a_list_makes_the_segments_rate_unknown(followed):
    store, journey, segments = followed
    with store.reading() as session:
        survey = session.get_one(Journey, journey).surveys[0].id
    invited(store, survey, "c", NOW)
    with store.reading() as session:
        assert segment_rate(session, Scope(journey, segments["north"]), library=BUILT_IN) is None


def test_a_period_has_the_segments_own_rate_unless_its_edge_cuts_off_a_few(followed):
    store, journey, segments = followed
    month = NOW.date().replace(day=1)

    def rate() -> SegmentRate | None:
        scope = Scope(journey, segments["north"], since=month, until=month)
        with store.reading() as session:
            return segment_rate(session, scope, library=BUILT_IN)

    own = rate()
    assert own is not None and (own.sent, own.completed) == (40, 10)
    assert segment_sentence(own, (), whole=False) == (
        "10 of 40 invitations to this segment made in this period were answered (25%, 95% CI 14 to 40)."
    )
    with store.writing() as session:  # three of the north were asked a month before
        asked = session.scalars(select(Decision).order_by(Decision.id).limit(3))
        for decision in asked.all():
            decision.decided_at = datetime.combine(month - timedelta(days=9), time(12), UTC)
    own = rate()
    assert own is not None and (own.sent, own.hidden) == (None, Hidden.PERIOD)


def test_a_large_journeys_invitations_are_kept_by_month_and_counted_again_where_they_changed(
    followed, monkeypatch: pytest.MonkeyPatch
):
    store, journey, segments = followed
    scope, now = Scope(journey, segments["north"]), datetime.now(UTC)
    installation = installation_on(store)

    def count() -> None:
        decision_kinds.count_due(installation, now)
        count_due(installation, now)

    def shown() -> SegmentRate | None:
        with store.reading() as session:
            return segment_rate(session, scope, library=BUILT_IN)

    plain = shown()
    monkeypatch.setattr(decision_kinds, "FEW", 10)
    waiting = shown()
    assert waiting is not None and waiting.is_waiting
    assert segment_sentence(waiting, ()) == (
        "The response rate of this segment has not been counted yet. The worker counts it in the"
        " background; try again in a few minutes."
    )
    count()
    with store.reading() as session:  # they are not counted by day yet
        assert session.get(InvitationCounts, journey) is None
    INVITATIONS.add_up(installation, now)
    DECISIONS.add_up(installation, now)
    count()

    def kept() -> SegmentRate | None:
        with store.reading() as session:
            base = ground(session, journey, library=BUILT_IN)
            assert kept_counts(session, base) is not None
            return segment_rate(session, scope, library=BUILT_IN)

    assert plain is not None
    assert (kept(), plain.completed) == (plain, 10)
    with store.writing() as session:
        state = session.scalars(
            select(Invitation)
            .join(Decision, Decision.invitation_id == Invitation.id)
            .join(Interaction, Interaction.id == Decision.interaction_id)
            .where(Interaction.external_id == "event 11")
        ).one()
        state.completed_at, state.state = NOW, "completed"
    assert kept() == plain  # until the worker looks
    count()
    own = kept()
    assert own is not None
    assert own.completed == 11
    when = Scope(journey, segments["north"], since=NOW.date().replace(day=1), until=NOW.date())
    with store.reading() as session:
        month = segment_rate(session, when, library=BUILT_IN)
    assert month == own
    with store.writing() as session:
        session.get_one(Segment, segments["north"]).rule = "region = South"
    with store.reading() as session:  # other customers: a worker is to count them
        base = ground(session, journey, library=BUILT_IN)
        assert kept_counts(session, base) is None
        other = segment_rate(session, scope, library=BUILT_IN)
    assert other == waiting
    with store.writing() as session:
        session.get_one(Segment, segments["north"]).rule = "region = North"
        session.get_one(InvitationCounts, journey).counted_at = now - timedelta(hours=2)
    with store.reading() as session:  # of a worker that has stopped
        assert kept_counts(session, ground(session, journey, library=BUILT_IN)) is None
    monkeypatch.setattr(decision_kinds, "FEW", 1_000)
    count()
    with store.reading() as session:
        assert session.get(InvitationCounts, journey) is None
