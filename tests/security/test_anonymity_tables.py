"""Threats 17 and 24: neither a dump nor what is below its tables joins an anonymous answer to a customer.

Each customer gives an answer of their own, so that every answer that can be placed is a name found.
"""

from __future__ import annotations

from sqlalchemy import select, text

from surveyapp.responses.release_duty import release_all
from surveyapp.responses.waiting import read_content
from surveyapp.store.models import AnonymityEpoch, DrawEntry, HeldResponse, Invitation, Response
from tests.installations import installation_on
from tests.security.anonymous import (
    ANSWERS,
    NAMES,
    NAMING,
    ORDER,
    answer,
    bank,
    tables,
    transactions,
)


def in_order(installation, table: str, column: str) -> list:
    """A column in the rows' physical order, which is that of a dump."""
    place = "rowid" if installation.store.is_sqlite else "ctid"
    with installation.store.engine.connect() as connection:
        query = text(f"SELECT {column} FROM {table} ORDER BY {place}")  # noqa: S608
        return list(connection.execute(query).scalars())


def test_an_answer_and_a_draw_entry_change_no_table_that_names_anybody(client, installation):
    """No row written, changed or deleted, and none in an order or at a time that follows from it."""
    made = bank(installation, NAMES[:2])
    before = tables(installation)
    answer(client, made.paths[NAMES[0]], 3, draw="a@example.org")
    after = tables(installation)
    changed = {name for name, rows in after.items() if rows != before[name]}
    # The epoch's key is a row on PostgreSQL and a file elsewhere; it names nobody.
    assert changed - {"shared_epoch_keys"} == {"held_responses", "anonymity_epochs"}
    written = str(after["held_responses"] + after["anonymity_epochs"])
    with installation.store.reading() as session:
        hashes = session.scalars(select(Invitation.token_hash)).all()
        held = session.scalars(select(HeldResponse)).one()
    for known in (*hashes, "a@example.org", NAMES[0], made.paths[NAMES[0]].rsplit("/", 1)[1]):
        assert known not in written
    assert "nps" not in written
    again = installation_on(installation.store).epoch_keys  # of another secret key
    assert read_content(held.content, again.seal) is None
    known = read_content(held.content, installation.epoch_keys.seal)
    assert known is not None and known["answers"]["nps"]["nps"] == 3


def test_after_the_release_neither_transactions_nor_places_join_anything(client, installation):
    made = bank(installation)
    for number in ORDER:
        answer(client, made.paths[NAMES[number]], number % 11, draw=f"{NAMES[number]}@d.example")
    assert release_all(installation, installation.now()) == 12
    with installation.store.reading() as session:
        assert session.scalars(select(HeldResponse)).all() == []
        assert session.scalars(select(Invitation)).all() == []
        rows = session.scalars(select(Response)).all()
        days = {row.submitted_at.date() for row in rows}
        assert {entry.day for entry in session.scalars(select(DrawEntry))} == days
    assert len(days) == 1
    assert all(row.id >= 2**52 and row.public_id[14] == "4" for row in rows)  # both are random
    assert {(row.invitation_id, row.journey_run_id, row.started_at) for row in rows} == {
        (None, None, None)
    }
    for table, count in (("responses", 12), ("draw_entries", 7)):  # five wait for others
        ids = in_order(installation, table, "id")
        assert len(ids) == count and ids == sorted(ids)
    answered = in_order(installation, "decisions WHERE invitation_id IS NULL", "id")
    assert len(answered) == 12 and answered != [number + answered[0] for number in ORDER]
    if installation.store.is_sqlite:
        return
    found = transactions(installation, *NAMING, *ANSWERS)
    naming = {number for name in NAMING for number in found[name]}
    assert not naming & {number for name in ANSWERS for number in found[name]}
    assert len(set(found["responses"])) == len(set(found["draw_entries"])) == 1


def test_before_the_release_the_transactions_of_waiting_answers_name_nobody(client, installation):
    """PostgreSQL: the row that all waiting tokens share has the last answer's transaction, and no more."""
    made = bank(installation, NAMES[:6])
    for number in (4, 1, 3):
        answer(client, made.paths[NAMES[number]], number)
    with installation.store.reading() as session:
        (epoch,) = session.scalars(select(AnonymityEpoch))
    hashes = [epoch.used[at : at + 16] for at in range(0, len(epoch.used), 16)]
    assert len(hashes) == 3 and hashes == sorted(hashes)
    if not installation.store.is_sqlite:
        found = transactions(installation, *NAMING, "held_responses", "anonymity_epochs")
        waiting = set(found["held_responses"])
        assert not waiting & {number for name in NAMING for number in found[name]}
        assert found["anonymity_epochs"] == [max(waiting)]


def test_a_key_that_is_gone_leaves_nothing_of_a_copy(client, installation):
    """Whoever copies database and key folder before a flush knows who answered; after it, the same copy
    of the database alone says nothing.
    """
    made = bank(installation, NAMES[:6])
    for number in range(5):
        answer(client, made.paths[NAMES[number]], number)
    keys = installation.epoch_keys
    with installation.store.reading() as session:
        (epoch,) = session.scalars(select(AnonymityEpoch))
    assert keys.read(epoch.name) is not None
    assert release_all(installation, installation.now()) == 5
    assert keys.read(epoch.name) is None
    assert keys.names() == set()
    with installation.store.reading() as session:
        assert session.scalars(select(AnonymityEpoch)).all() == []
        assert len(session.scalars(select(Invitation)).all()) == 1
