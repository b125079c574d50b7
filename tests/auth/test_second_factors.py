"""Second factors: codes good once, sealed secrets, recovery codes, resets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select, text

from surveyapp.auth import actions, second_factors, sessions, totp
from surveyapp.auth.accounts import Account
from surveyapp.auth.permissions import Role
from surveyapp.auth.sessions import Origin
from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation
from surveyapp.settings import ROLES
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, UserSession
from tests.auth.test_actions import create
from tests.installations import installation_on

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Telephone:
    """An authenticator app, the account that it belongs to, and the time for both."""

    def __init__(self, store: Store) -> None:
        self.seconds = 0
        self.installation: Installation = installation_on(store, now=self.now)
        with store.writing() as session:
            self.account: Account = create(session)
            sessions.begin(session, self.account, Origin("", ""), now=NOON)
            totp.begin(session, self.account.id, secret_key=self.installation.secret_key)
            self.session_id = session.scalars(select(UserSession.id)).one()
        with store.reading() as session:
            key = self.installation.secret_key
            found = totp.pending_secret(session, self.account.id, secret_key=key)
        assert found is not None
        self.secret, self.app = found, pyotp.TOTP(found)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def code(self, steps: int = 0) -> str:
        return str(self.app.at(self.now(), counter_offset=steps))

    def turn_on(self) -> list[str]:
        with self.installation.store.writing() as session:
            return second_factors.turn_on(
                session,
                self.account,
                self.code(),
                session_id=self.session_id,
                installation=self.installation,
            )

    def used(self, typed: str) -> str | None:
        with self.installation.store.writing() as session:
            return second_factors.use(
                session, self.account.id, typed, installation=self.installation
            )


@pytest.fixture
def phone(store: Store) -> Telephone:
    return Telephone(store)


def test_an_app_counts_once_it_has_shown_a_right_code(store: Store, phone: Telephone):
    with store.reading() as session:
        assert not second_factors.of(session, phone.account.id).is_on
    assert phone.used(phone.code()) is None
    with pytest.raises(Invalid, match="clock"), store.writing() as session:
        totp.confirm(session, phone.account.id, "000000", secret_key=phone.installation.secret_key, now=NOON)  # fmt: skip
    codes = phone.turn_on()
    with store.reading() as session:
        found = second_factors.of(session, phone.account.id)
        key = phone.installation.secret_key
        assert totp.pending_secret(session, phone.account.id, secret_key=key) is None
        assert session.get_one(UserSession, phone.session_id).method == "code"
    assert found.is_on and found.recovery_codes == len(codes) == len(set(codes)) == 10
    with pytest.raises(Conflict), store.writing() as session:
        totp.begin(session, phone.account.id, secret_key=phone.installation.secret_key)


def test_a_code_is_good_once_within_a_step_either_way(phone: Telephone):
    phone.turn_on()
    assert phone.used(phone.code()) is None  # the one that turned it on
    phone.seconds = 60
    typed = phone.code()
    assert phone.used(f" {typed[:3]} {typed[3:]} ") == "code"
    assert phone.used(typed) is None
    assert phone.used(phone.code(-1)) is None  # unused, but of before
    assert phone.used(phone.code(2)) is None
    assert phone.used(phone.code(1)) == "code"
    phone.seconds = 300
    with ThreadPoolExecutor(4) as pool:
        assert sum(used is not None for used in pool.map(phone.used, [phone.code()] * 4)) == 1


def test_a_recovery_code_is_good_once(phone: Telephone):
    codes = phone.turn_on()
    assert phone.used(codes[0].upper().replace("-", " ")) == "recovery code"
    assert [phone.used(typed) for typed in (codes[0], codes[1][:-1], "", "١٢٣٤٥٦")] == [None] * 4
    phone.seconds = 60
    with phone.installation.store.writing() as session:
        new = second_factors.new_recovery_codes(
            session, phone.account, phone.code(), installation=phone.installation
        )
    assert phone.used(codes[2]) is None
    assert phone.used(new[2]) == "recovery code"


def test_the_database_and_its_log_give_no_secret_away(store: Store, phone: Telephone):
    codes = phone.turn_on()
    with store.reading() as session:
        for table in ("totp_secrets", "recovery_codes", "audit_entries"):
            rows = str(session.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608
            assert phone.secret not in rows
            assert not [code for code in codes if code.replace("-", "") in rows or code in rows]


def test_turning_off_takes_a_code_and_a_reset_is_noted_and_ends_sessions(store, phone: Telephone):
    phone.turn_on()
    with pytest.raises(Invalid), store.writing() as session:
        second_factors.turn_off(session, phone.account, "000000", installation=phone.installation)
    phone.seconds = 60
    with store.writing() as session:
        second_factors.turn_off(
            session, phone.account, phone.code(), installation=phone.installation
        )
        assert session.get_one(UserSession, phone.session_id).method == "password"
        totp.begin(session, phone.account.id, secret_key=phone.installation.secret_key)
    with store.writing() as session:
        second_factors.reset(session, phone.account.id, by=phone.account.id)
        assert not second_factors.of(session, phone.account.id).is_on
        changed = actions.end_sessions(session, phone.account.id)
    assert changed.session_epoch == phone.account.session_epoch + 2
    with store.reading() as session:
        log = [
            entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        ]
    assert log[1:-1] == ["turn on second factor", "turn off second factor", "reset second factor"]


def test_the_setting_knows_the_roles_that_there_are():
    assert set(ROLES) == set(Role)
