"""A draw: once for each who answered, unlinkable, drawn by chance, noted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text

from surveyapp.errors import Conflict, Invalid
from surveyapp.exports.prize_draws import entries_csv
from surveyapp.installation import open_installation
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, DrawEntry, PrizeDrawWinner, SurveyRow
from surveyapp.surveys import prize_draws
from tests.responses.makers import SECRET, as_survey, make_survey

DAY = date(2026, 3, 29)


@pytest.fixture
def survey(store: Store) -> SurveyRow:
    with store.writing() as session:
        return make_survey(session)


def fill(store: Store, survey: SurveyRow, *addresses: str) -> None:
    with store.writing() as session:
        for number, address in enumerate(addresses):
            prize_draws.enter(
                session,
                survey_id=survey.id,
                number=10**9 - number * 7919,
                address=address,
                day=DAY,
            )


def test_a_pass_is_for_one_survey_and_cannot_be_made_or_changed():
    text = prize_draws.write_pass(SECRET, "abc", "AAAAAAAB")
    assert prize_draws.read_pass(SECRET, "abc", text) == 1
    for wrong in ("", "AAAAAAAB", text[:-1], f"{text}x", f"B{text[1:]}", "x" * 500):
        assert prize_draws.read_pass(SECRET, "abc", wrong) is None
    assert prize_draws.read_pass(SECRET, "abd", text) is None
    assert prize_draws.read_pass(f"{SECRET}x", "abc", text) is None


def test_a_pass_or_an_address_used_again_changes_nothing(store: Store, survey):
    fill(store, survey, "a@example.org")
    with store.writing() as session:
        for number, address in ((10**9, "b@example.org"), (5, "a@EXAMPLE.org")):
            prize_draws.enter(session, survey_id=survey.id, number=number, address=address, day=DAY)
    with store.reading() as session:
        kept = prize_draws.entries(session, survey.id)
        assert [(each.id, each.address) for each in kept] == [(10**9, "a@example.org")]


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@b", "@example.org", "a b@example.org", "a@example.org,b@example.org",
     "<a@example.org>", f"{'a' * 250}@example.org", "a@example.org\nBcc: b@example.org", "a@@b.c",
     "a\x00@example.org", "a\u202e@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(store: Store, survey, address: str):
    with store.writing() as session, pytest.raises(Invalid):
        prize_draws.enter(session, survey_id=survey.id, number=1, address=address, day=DAY)


def test_the_database_does_not_keep_the_order_in_which_people_came(
    store: Store, database_url: str, tmp_path: Path, survey
):
    came = [f"{letter}@example.org" for letter in "hgbdfaec"]
    fill(store, survey, *came)
    assert set(DrawEntry.__table__.columns.keys()) == {
        *("id", "survey_id", "address", "address_index", "day")
    }
    installation = open_installation(read({}, home=tmp_path / "home", database_url=database_url))
    with store.reading() as backup:
        backup.execute(
            select(DrawEntry.id)
        ).all()  # who reads for long keeps nobody waiting who enters
        assert prize_draws.mix(installation, utc_now()) == 0
    assert prize_draws.mix(installation, utc_now()) == 0
    installation.close()
    place = "rowid" if store.engine.dialect.name == "sqlite" else "ctid"
    with store.reading() as session:
        kept = session.scalars(select(DrawEntry.address).order_by(text(place))).all()
        assert kept == list(reversed(came))  # by their numbers, which are random in life
        shown = [each.address for each in prize_draws.entries(session, survey.id)]
        assert shown == sorted(came)


def test_winners_are_different_people_and_noted_without_their_addresses(store: Store, survey):
    fill(store, survey, *(f"{letter}@example.org" for letter in "abcdef"))
    with store.writing() as session:
        own = session.get_one(SurveyRow, survey.id)
        winners = prize_draws.draw_winners(session, own, count=6, user_id=None)
        assert len({each.address for each in winners}) == 6
        few = prize_draws.draw_winners(session, own, count=2, user_id=None)
        for wrong, kind in ((0, Invalid), (7, Conflict), (10**6, Invalid)):
            with pytest.raises(kind):
                prize_draws.draw_winners(session, own, count=wrong, user_id=None)
    with store.reading() as session:
        own = session.get_one(SurveyRow, survey.id)
        held = prize_draws.drawings(session, as_survey(session, own))
        assert [(each.entries, len(each.winners)) for each in held] == [(6, 2), (6, 6)]
        assert held[0].winners == tuple(sorted(each.address for each in few))
        assert held[1].winners == tuple(sorted(each.address for each in winners))
        log = select(AuditEntry.detail).where(AuditEntry.action == "draw winners")
        assert session.scalars(log.order_by(AuditEntry.id)).all() == [
            {"entries": 6, "winners": 6},
            {"entries": 6, "winners": 2},
        ]


def test_a_winner_whose_entry_is_deleted_is_named_by_no_draw(store: Store, survey):
    fill(store, survey, "a@example.org", "b@example.org")
    with store.writing() as session:
        own = session.get_one(SurveyRow, survey.id)
        prize_draws.draw_winners(session, own, count=2, user_id=None)
        prize_draws.delete_entries(session, own, numbers=[10**9], user_id=None)
        ((held,),) = [prize_draws.drawings(session, as_survey(session, own))]
        assert (held.entries, held.winners) == (2, ("b@example.org",))
        assert session.query(PrizeDrawWinner).count() == 1


def test_every_entry_wins_sooner_or_later(store: Store, survey):
    fill(store, survey, *(f"{letter}@example.org" for letter in "abc"))
    with store.writing() as session:
        own = session.get_one(SurveyRow, survey.id)
        won = {
            prize_draws.draw_winners(session, own, count=1, user_id=None)[0].id for _ in range(60)
        }
    assert len(won) == 3


def test_entries_are_deleted_and_the_log_says_how_many(store: Store, survey):
    fill(store, survey, "a@example.org", "b@example.org", "c@example.org")
    with store.writing() as session:
        own = session.get_one(SurveyRow, survey.id)
        assert prize_draws.delete_entries(session, own, numbers=[10**9], user_id=None) == 1
        assert prize_draws.delete_entries(session, own, numbers=[10**9], user_id=None) == 0
        assert prize_draws.delete_entries(session, own, user_id=None) == 2
        assert prize_draws.entries(session, own.id) == []
        actions = select(AuditEntry).where(AuditEntry.action == "delete draw entries")
        assert [entry.detail for entry in session.scalars(actions.order_by(AuditEntry.id))] == [
            {"entries": 1},
            {"entries": 0},
            {"entries": 2},
        ]


def test_the_file_runs_no_formula(store: Store, survey):
    fill(store, survey, "=cmd|x@example.org", "b@example.org")
    with store.reading() as session:
        lines = entries_csv(prize_draws.entries(session, survey.id)).splitlines()
    assert lines == [
        "\ufeffaddress,day",
        "'=cmd|x@example.org,2026-03-29",
        "b@example.org,2026-03-29",
    ]


def test_a_draw_is_offered_while_it_has_a_text(store: Store, survey):
    with store.writing() as session:
        own = session.get_one(SurveyRow, survey.id)
        prize_draws.change_draw(session, own, text="  Ten vouchers.  ", user_id=None)
        assert own.draw == "Ten vouchers."
        with pytest.raises(Invalid):
            prize_draws.change_draw(session, own, text="x" * 1001, user_id=None)
        prize_draws.change_draw(session, own, text=" ", user_id=None)
        assert own.draw == ""
