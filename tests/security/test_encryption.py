"""Names and addresses are encrypted at rest: a copy of the database, the audit log and logs name nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from surveyapp.closed_loop import contact_details, staff_messages
from surveyapp.distribution.bounces import note_list
from surveyapp.distribution.outbox import send_due
from surveyapp.errors import SettingsError
from surveyapp.installation import Installation
from surveyapp.responses.erasures import erase
from surveyapp.sampling import contacts, customers, opt_outs
from surveyapp.sampling.contacts import Card
from surveyapp.sampling.forgetting import forget
from surveyapp.settings import read
from surveyapp.store import data_keys, encryption, lost_key, plain_copies, reencryption
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.encrypted_columns import Encrypted
from surveyapp.store.encryption import DataKey
from surveyapp.store.models import (
    AuditEntry,
    Base,
    Case,
    CaseNote,
    CommentOriginal,
    Contact,
    DrawEntry,
    Erasure,
    OptOut,
    OutgoingMessage,
    Response,
)
from surveyapp.store.sealing import Unreadable
from surveyapp.surveys import prize_draws
from surveyapp.surveys.links import pseudonym
from surveyapp.surveys.queries import survey
from tests.cli.conftest import run
from tests.conftest import MASTER
from tests.distribution.mail_server import mail_server
from tests.distribution.makers import NOW, installation_with, make_survey, to_be_asked
from tests.responses.makers import SECRET
from tests.responses.makers import make_survey as make_survey_row
from tests.security.dumps import dump
from tests.web.world import add_user

__all__ = ["run"]

NAME, LOCAL, PHONE = "Quilla Zebrowski", "quilla.zebrowski", "+358401234567"
EMAIL = f"{LOCAL}@example.org"
PLAIN = (LOCAL, "Zebrowski", PHONE.removeprefix("+"))
OTHER = "another master key, of the second home 42"
REF = "a" * 32


def keep(store: Store, ref: str, **card: str) -> None:
    with store.writing() as session:
        contacts.keep(session.connection(), [(ref, Card(**card))], now=NOW)


def email_of(store: Store, ref: str = REF) -> str:
    with store.reading() as session:
        return session.get_one(Contact, ref).email


def raw(store: Store, ref: str = REF) -> str:
    with store.engine.connect() as connection:
        query = text("SELECT email FROM contacts WHERE customer_ref = :ref")
        return str(connection.execute(query, {"ref": ref}).scalar_one())


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    with (
        mail_server() as (place, _),
        installation_with(database_url, tmp_path / "home", mail=place) as opened,
    ):
        yield opened


def test_a_customers_whole_way_leaves_neither_name_nor_address_in_a_copy(
    installation: Installation, caplog: pytest.LogCaptureFixture
):
    """Fact: asked, sent, bounced, opted out, a case, a draw, an alert, erased; read as they were meant."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.ERROR, logger="mail.log")  # the test's mail server
    store, secret = installation.store, installation.secret_key
    installation.check_key()
    asked = make_survey(installation)
    with store.writing() as session:
        worker = add_user(session, "manager").id
    ref = pseudonym(secret, "quokka")
    keep(store, ref, email=EMAIL, phone=PHONE)
    with store.writing() as session:
        to_be_asked(session, installation, asked, "quokka")
    assert send_due(installation, NOW) == 1
    note_list(store, [(EMAIL, f"550 5.1.1 <{EMAIL}> unknown", None)], user_id=None)
    with store.writing() as session:
        known = customers.customer(session, ref, secret_key=secret)
        assert (known.contact.email, known.contact.phone) == (EMAIL, PHONE)
        assert customers.search(session, EMAIL.upper(), secret_key=secret) == [ref]
        assert customers.search(session, PHONE, secret_key=secret) == [ref]
        opt_outs.opt_out(session, customers.keys_of(known, secret), source="staff")
        prize_draws.enter(
            session, survey_id=asked.id, number=7, address=EMAIL, day=date(2026, 3, 4)
        )
        prize_draws.enter(
            session, survey_id=asked.id, number=8, address=EMAIL, day=date(2026, 3, 4)
        )
        staff_messages.write(
            session, "case 1", "case", asked.id, to=EMAIL, subject="Case 1", text=f"{NAME} waits."
        )
        given = Response(
            survey_id=asked.id, source="link", answers={}, language="en", submitted_at=NOW
        )
        session.add(given)
        session.flush()
        case = Case(response_id=given.id, survey_id=asked.id, scale="nps", value=2, due_at=NOW)
        session.add(case)
        session.flush()
        session.add(CaseNote(case_id=case.id, text=f"Called {NAME} at {PHONE}."))
        session.add(Erasure(survey_id=asked.id, note=f"{NAME} asked for it."))
        case_id, response_id = case.id, given.id
    with store.reading() as session:
        assert [each.address for each in prize_draws.entries(session, asked.id)] == [EMAIL]
        assert session.scalars(select(CaseNote.text)).one() == f"Called {NAME} at {PHONE}."
        query = select(OutgoingMessage.content).order_by(OutgoingMessage.id)
        assert "waits" in session.scalars(query).all()[-1]["text"]
    with store.writing() as session:
        case = session.get_one(Case, case_id)
        contact_details.look_at(session, case, secret_key=secret, user_id=worker)
    copy = dump(store)
    assert "quokka" not in copy
    assert [each for each in PLAIN if each in copy] == []
    with store.writing() as session:
        erase(session, survey(session, asked.id), response_id, now=NOW, secret_key=secret)
        forget(session, ref, user_id=None, now=NOW, secret_key=secret)
        assert session.get(Contact, ref) is None
        assert session.query(OptOut).count() == 3
    assert [each for each in PLAIN if each in dump(store) + caplog.text] == []


def test_what_is_moved_changed_or_plain_cannot_be_read(store: Store):
    keep(store, REF, email=EMAIL, phone=PHONE)
    keep(store, "b" * 32, email="thief@example.org")
    stolen, phone = raw(store, "b" * 32), raw(store)
    columns = Base.metadata.tables["contacts"].c
    for value in (stolen, phone[:-6] + "AAAAA=", "thief@example.org", "e1.77.AAAA"):
        with store.engine.begin() as connection:
            connection.execute(
                text("UPDATE contacts SET email = :to WHERE customer_ref = :ref"),
                {"to": value, "ref": REF},
            )
        with pytest.raises(Unreadable, match=r"contacts\.email|data key 77"):
            email_of(store)
    with pytest.raises(TypeError, match="look for it by its blind index"):
        columns.email.like("thief%")
    with pytest.raises(TypeError, match="look for it by its blind index"):
        _ = columns.email == EMAIL
    with pytest.raises(Exception, match="write an OfRow"), store.writing() as session:
        session.execute(update(Contact).values(email=EMAIL))


def test_the_length_of_an_address_shows_in_steps_and_no_two_look_alike():
    key = DataKey(1, bytes(32))
    kept = [encryption.encrypt(key, "a" * n, "contacts.email x") for n in (6, 6, 12, 31, 32)]
    assert len({len(each) for each in kept[:4]}) == 1 < len({len(each) for each in kept})
    assert len(set(kept)) == 5
    assert [encryption.decrypt(key, each, "contacts.email x") for each in kept[:1]] == ["a" * 6]


def test_every_column_with_a_name_or_an_address_is_encrypted():
    found = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Encrypted)
    }
    assert found == {
        *("contacts.email", "contacts.phone", "contacts.bounce_reason", "draw_entries.address"),
        *("outgoing_messages.content", "alerts.emails", "case_notes.text", "erasures.note"),
        *("comment_originals.text", "alerts.chat_url", "schedule_recipients.address"),
    }
    born_encrypted = {"schedule_recipients"}  # no plain copy of them was ever written
    tables = {name.partition(".")[0] for name in found}
    assert tables - born_encrypted == set(plain_copies.TABLES)


def test_a_rotation_that_was_killed_goes_on_and_destroys_the_old_key(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    """Others read and write all the while; the key goes once every process knows the new one."""
    monkeypatch.setattr(reencryption, "AT_ONCE", 2)
    for number in range(5):
        keep(store, f"{number}" * 32, email=f"c{number}@example.org")
    with store.writing() as session:
        asked = make_survey_row(session)
        given = {"survey_id": asked.id, "source": "link", "language": "en", "submitted_at": NOW}
        answers = [Response(answers={}, **given) for _ in range(2)]
        session.add_all(answers)
        session.flush()
        session.add_all(
            CommentOriginal(response_id=each.id, item=item, text=f"{NAME} {item}")
            for each in answers
            for item in ("a", "b")
        )
    other = Store(database_url, master_key=MASTER)  # of another process
    assert email_of(other, "0" * 32) == "c0@example.org"
    before, keyring = raw(store, "4" * 32), store.keyring
    newest = reencryption.begin(store, keyring)
    assert reencryption.begin(store, keyring) == newest  # called again, it goes on

    def killed(_rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reencryption.reencrypt(store, keyring, killed)
    with store.reading() as session:
        assert (reencryption.state(session).remaining, reencryption.state(session).earlier) == (
            7,
            (1,),
        )
    keep(other, "9" * 32, email="late@example.org")  # under the key that it knows
    assert raw(store, "9" * 32).startswith("e1.1.")
    assert reencryption.reencrypt(store, keyring, lambda _: None) == 8
    assert not reencryption.finish(store, utc_now())
    assert reencryption.finish(store, utc_now() + reencryption.GRACE)
    with store.reading() as session:
        assert reencryption.state(session).earlier == ()
        assert customers.search(session, "late@example.org", secret_key=SECRET) == ["9" * 32]
    assert {email_of(other, f"{n}" * 32) for n in range(5)} == {
        f"c{n}@example.org" for n in range(5)
    }
    assert raw(store, "4" * 32).startswith(f"e1.{newest}.")
    with other.reading() as session:
        said = session.scalars(select(CommentOriginal.text)).all()
        assert sorted(said) == sorted([f"{NAME} a", f"{NAME} b"] * 2)
    fresh = Store(database_url, master_key=MASTER)
    with pytest.raises(Unreadable, match="no data key 1"):
        fresh.keyring.decrypted(before, f"contacts.email {'4' * 32}")
    fresh.close()
    other.close()


def test_of_several_workers_one_makes_a_key_each_takes_rows_of_its_own_and_one_ends_it(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reencryption, "AT_ONCE", 3)
    rows = 60
    with store.writing() as session:
        card = Card(email=EMAIL)
        contacts.keep(session.connection(), [(f"{n:032}", card) for n in range(rows)], now=NOW)
    workers = [store, *(Store(database_url, master_key=MASTER) for _ in range(2))]
    together = Barrier(len(workers))

    def begin(own: Store) -> int:
        together.wait()
        return reencryption.begin(own, own.keyring)

    def reencrypt(own: Store) -> int:
        together.wait()
        return reencryption.reencrypt(own, own.keyring, lambda _: None)

    def finish(own: Store) -> bool:
        together.wait()
        return reencryption.finish(own, utc_now() + reencryption.GRACE)

    with ThreadPoolExecutor(len(workers)) as threads:
        assert len(set(threads.map(begin, workers))) == 1
        assert sum(threads.map(reencrypt, workers)) == rows
        assert all(threads.map(finish, workers))
    with store.reading() as session:
        for word in ("make", "destroy"):
            told = select(func.count()).where(AuditEntry.action == f"{word} data key")
            assert session.scalar(told) == 1
        assert set(session.scalars(select(Contact.email))) == {EMAIL}
    for own in workers[1:]:
        own.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_rotation_ends_later_where_somebody_is_writing(store: Store):
    """Who waits for a lock on these tables holds up every customer's transaction behind it."""
    keep(store, REF, email=EMAIL)
    reencryption.begin(store, store.keyring)
    reencryption.reencrypt(store, store.keyring, lambda _: None)
    after = utc_now() + reencryption.GRACE
    with store.writing() as session:
        contacts.keep(session.connection(), [("b" * 32, Card(email=EMAIL))], now=NOW)
        assert not reencryption.finish(store, after)
    assert reencryption.finish(store, after)


def test_another_master_key_is_refused_until_the_keys_are_wrapped_anew(
    store: Store, database_url: str
):
    """Data stay as they are; who runs on with the old master key writes nothing that would be lost."""
    keep(store, REF, email=EMAIL)
    data_keys.check(store)
    second = Store(database_url, master_key=OTHER)
    with pytest.raises(
        SettingsError, match="encrypted under the master key with the fingerprint"
    ) as told:
        data_keys.check(second)
    assert len(str(told.value).splitlines()) == 1
    assert MASTER not in str(told.value) and OTHER not in str(told.value)
    with pytest.raises(Unreadable):
        email_of(second)
    kept = raw(store)
    with store.writing() as session:
        assert data_keys.rewrap(session, MASTER, OTHER) == 2
    data_keys.check(second)
    assert (email_of(second), raw(store)) == (EMAIL, kept)
    with pytest.raises(SettingsError):
        data_keys.check(store)
    with store.writing() as session:
        data_keys.rewrap(session, OTHER, MASTER)
    second.close()


def test_with_a_lost_master_key_addresses_are_given_up_and_answers_stay(
    store: Store, database_url: str
):
    keep(store, REF, email=EMAIL)
    found = Store(database_url, master_key=OTHER)
    with found.writing() as session:
        lost_key.abandon(session, OTHER)
    data_keys.check(found)
    assert email_of(found) == ""
    keep(found, REF, email=EMAIL)
    assert email_of(found) == EMAIL
    with found.writing() as session:
        assert session.query(DrawEntry).count() == 0
        lost_key.abandon(session, MASTER)
    found.close()


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("short", "has 5 characters"),
        ("a" * 64, "has 1 different characters"),
        (SECRET, "is the secret key"),
    ],
)
def test_a_weak_master_key_is_refused(key: str, why: str):
    with pytest.raises(SettingsError, match=f"MASTER_KEY {why}"):
        read({}, secret_key=SECRET, master_key=key)


def test_commands_rotate_rewrap_and_say_how_far_it_is(
    migrated_sqlite: Path, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "surveyapp.db").write_bytes(migrated_sqlite.read_bytes())
    (tmp_path / "next").write_text(OTHER)
    monkeypatch.setenv("SURVEYAPP_HOME", str(tmp_path))
    monkeypatch.delenv("SURVEYAPP_MASTER_KEY")
    monkeypatch.setattr(reencryption, "GRACE", timedelta())
    assert "data key 1 since" in run("encryption", "status").out
    assert run("encryption", "rotate").code == 0
    assert "data key 3 since" in run("encryption", "status").out
    assert "names and addresses are under data key 3" in run("doctor").out
    before = (tmp_path / "master.key").read_text()
    assert run("encryption", "rewrap", "--new-key-file", str(tmp_path / "next")).code == 0
    assert (tmp_path / "master.key").read_text() == OTHER != before
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "master.key").write_text(before)
    refused = run("encryption", "status")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert "encrypted under the master key with the fingerprint" in refused.err
    assert run("encryption", "abandon", "--yes").code == 0
    assert run("encryption", "clean").code == 0
    assert "data key 1 since" in run("encryption", "status").out
