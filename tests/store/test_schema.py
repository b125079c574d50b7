"""Migrations build exactly the tables that the models describe, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, func, insert, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from surveyapp.distribution.campaign_results import campaign_summaries
from surveyapp.jobs.kinds import COUNT_DAYS, SORT_SEGMENT, JourneyPayload
from surveyapp.journeys.population_shares import population_shares
from surveyapp.journeys.weighting_cells import cell_rules, count_cells, weighting_cells
from surveyapp.responses.numbers import allocate
from surveyapp.responses.recounting import recount_journey
from surveyapp.responses.rollups import recount
from surveyapp.responses.sorting import sort_segment
from surveyapp.sampling import customers
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.store import plain_copies
from surveyapp.store.audit import record
from surveyapp.store.counters import take
from surveyapp.store.db import Store
from surveyapp.store.models import (
    NOTHING_SORTED,
    Alert,
    ApiKey,
    AuditEntry,
    Base,
    Campaign,
    CampaignRecipient,
    Case,
    CaseNote,
    Contact,
    DecisionChange,
    DecisionRollup,
    Delivery,
    Erasure,
    Event,
    ImportBatch,
    Invitation,
    Job,
    Journey,
    JourneyGrant,
    MapEvidence,
    MonthlyRollup,
    OutgoingMessage,
    PrizeDraw,
    Response,
    Rollup,
    Score,
    Segment,
    SurveyRow,
    Webhook,
    WebhookEvent,
)
from surveyapp.store.schema import pending, upgrade
from surveyapp.surveys.consents import versions
from surveyapp.surveys.prize_draws import drawings
from tests.conftest import BACKENDS, MASTER
from tests.responses.makers import SECRET, as_survey, make_survey
from tests.security.dumps import dump


@pytest.fixture(params=BACKENDS)
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database without any table."""
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path / 'empty.db'}", master_key=MASTER)
        yield store
        store.close()
        return
    url = request.getfixturevalue("postgresql_server")
    server = Store(url)
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS filled"))
        connection.execute(text("CREATE DATABASE filled"))
    server.close()
    url = make_url(url).set(database="filled").render_as_string(hide_password=False)
    store = Store(url, master_key=MASTER)
    yield store
    store.close()


def test_a_migrated_database_differs_in_nothing_from_the_models(store: Store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_an_empty_database_is_behind_and_an_upgraded_one_is_not(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    assert pending(store.engine)
    upgrade(store.engine)
    assert not pending(store.engine)
    assert set(inspect(store.engine).get_table_names()) == {
        *Base.metadata.tables,
        "alembic_version",
    }
    store.close()


def test_upgrading_twice_keeps_the_rows(store: Store):
    with store.writing() as session:
        session.add(Journey(code="onboarding", name="Onboarding", provider="Northbank"))
    upgrade(store.engine)
    with store.reading() as session:
        assert session.query(Journey).one().provider == "Northbank"


def test_sqlite_keeps_its_promises(tmp_path, durable: None):
    store = Store(f"sqlite:///{tmp_path / 'p.db'}")
    with store.engine.connect() as connection:
        ask = lambda name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()  # noqa: E731
        assert (ask("journal_mode"), ask("synchronous"), ask("foreign_keys")) == ("wal", 2, 1)
    store.close()


@pytest.mark.parametrize("fails", [True, False])
def test_a_unit_of_work_is_all_or_nothing(store: Store, fails: bool):
    def write() -> None:
        with store.writing() as session:
            session.add(Journey(code="a", name="A", provider="P"))
            session.flush()
            if fails:
                raise RuntimeError("stop")

    if fails:
        with pytest.raises(RuntimeError):
            write()
    else:
        write()
    with store.reading() as session:
        assert session.query(Journey).count() == (0 if fails else 1)


def test_a_reading_session_is_one_view(store: Store):
    """What others commit meanwhile is not seen in it, so that a page agrees with itself."""
    with store.reading() as session:
        assert session.scalars(select(Segment)).all() == []
        with store.writing() as other:
            other.add(Segment(code="north", name="North", rule="region = Nordland"))
        assert session.scalars(select(Segment)).all() == []
    with store.reading() as session:
        assert len(session.scalars(select(Segment)).all()) == 1


def test_a_filled_database_of_every_earlier_release_comes_up_with_its_rows(empty_store: Store):
    """Rows written at the first schema are all there at the newest, with defaults for what is new."""
    upgrade(empty_store.engine, "0001")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows: dict[str, dict[str, object]] = {
        "journeys": {"code": "j", "name": "J", "provider": "Bank", "goal": "", "state": "current"}
        | {"version": 1, "created_at": moment},
        "deployments": {"journey_id": 1, "code": "d", "name": "D", "asks": [], "language": "en"}
        | {"introduction": "", "consent": "", "consent_version": "", "anonymity": "pseudonymous"}
        | {"open_link": True, "link": "abc", "state": "open", "created_at": moment},
        "invitations": {"deployment_id": 1, "token_hash": "h", "channel": "link"}
        | {"state": "completed", "not_sent_reason": "", "created_at": moment},
        "journey_runs": {"journey_id": 1, "customer_ref": "c", "started_at": moment},
        "responses": {"deployment_id": 1, "invitation_id": 1, "journey_run_id": 1}
        | {"source": "invitation", "answers": {}, "wordings": {}, "attributes": {}}
        | {"language": "en", "consent_version": "", "submitted_at": moment},
        "scores": {"response_id": 1, "scale": "nps.nps", "value": 9.0, "version": "1"},
        "rollups": {"deployment_id": 1, "segment_id": 0, "scale": "responses", "n": 1}
        | {"day": moment.date(), "total": 0.0, "total_squares": 0.0}
        | {f"b{number}": 0 for number in range(11)},
    }
    _fill(empty_store, rows)
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        response = session.query(Response).one()
        assert (response.invitation_id, response.journey_run_id, response.paradata) == (1, 1, {})
        survey = response.survey
        assert (survey.paging, survey.theme, survey.languages) == ("page", {}, [])
        assert session.query(Invitation).one().interaction_id is None
        assert session.query(Score).one().value == 9
        rollup, job = (
            session.query(Rollup).one(),
            session.query(Job).filter_by(kind=COUNT_DAYS.name).one(),
        )
        assert (rollup.n, rollup.facet) == (1, "")
        month = session.query(MonthlyRollup).one()
        assert (month.month, month.facet, month.n) == (202603, "", 1)
        assert COUNT_DAYS.read(job.parameters) == JourneyPayload(1)
    recount_journey(empty_store, 1, now=lambda: moment)
    with empty_store.reading() as session:
        assert recount(session) == []
        assert {row.facet for row in session.query(Rollup)} == {"invitation/en"}


def test_a_filled_database_of_the_second_schema_comes_up_with_its_texts(empty_store: Store):
    """What staff wrote once stays the text of the survey's own language."""
    upgrade(empty_store.engine, "0002")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows: dict[str, dict[str, object]] = {
        "journeys": {"code": "j", "name": "J", "provider": "Bank", "goal": "", "state": "current"}
        | {"version": 1, "created_at": moment},
        "deployments": {"journey_id": 1, "code": "d", "name": "D", "asks": [], "language": "en"}
        | {"introduction": "Hello.", "consent": "Used to improve.", "consent_version": "2"}
        | {"draw": "A voucher.", "languages": ["en", "fi"], "anonymity": "pseudonymous"}
        | {"open_link": True, "link": "abc", "state": "open", "created_at": moment},
        "consent_texts": {
            "deployment_id": 1,
            "version": "1",
            "text": "Used.",
            "created_at": moment,
        },
    }
    _fill(empty_store, rows)
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        survey = session.query(SurveyRow).one()
        assert (survey.introduction, survey.draw) == ("Hello.", "A voucher.")
        assert (survey.texts, survey.languages) == ({}, ["en", "fi"])
        assert [
            (e.version, e.text, e.texts) for e in versions(session, as_survey(session, survey))
        ] == [
            ("2", "Used to improve.", {}),
            ("1", "Used.", {}),
        ]


def test_a_filled_database_of_the_third_schema_gives_its_rows_names_and_no_number_twice(
    empty_store: Store,
):
    """Every row is there, what refers to it still does, and numbers go on after the highest."""
    store = empty_store
    upgrade(store.engine, "0003")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows: dict[str, dict[str, object]] = {
        "journeys": {"code": "j", "name": "J", "provider": "Bank", "goal": "", "state": "current"}
        | {"version": 1, "created_at": moment},
        "deployments": {"journey_id": 1, "code": "d", "name": "D", "asks": [], "language": "en"}
        | {"introduction": "", "consent": "", "consent_version": "", "anonymity": "pseudonymous"}
        | {"open_link": True, "link": "abc", "state": "open", "created_at": moment},
        "webhooks": {"name": "CRM", "url": "https://crm.example", "seed": "0" * 32, "events": []}
        | {"active": True, "created_at": moment},
        "journey_runs": {"journey_id": 1, "customer_ref": "c", "started_at": moment},
    }
    _fill(store, rows)
    given = {"deployment_id": 1, "source": "link", "answers": {}, "wordings": {}, "attributes": {}}
    given |= {"language": "en", "consent_version": "", "submitted_at": moment, "paradata": {}}
    case = {"deployment_id": 1, "scale": "nps.nps", "value": 3.0, "state": "open", "outcome": ""}
    told = {"webhook_id": 1, "event": "response", "state": "delivered", "due_at": moment}
    told |= {"attempts": 1, "error": "", "created_at": moment}
    erased = {"event": "response.erased", "data": {"response": 7}}
    changed = {5: moment + timedelta(days=1), 2: moment + timedelta(days=2)}
    with store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=["responses", "cases", "case_notes", "deliveries", "scores"])

        def add(table: str, *many: dict[str, object]) -> None:
            for row in many:
                connection.execute(insert(old.tables[table]), row)

        numbers = [1, 2, 5, 2**52 + 9]
        add(
            "responses",
            *(
                {"id": n, **given, "journey_run_id": 1, "corrected_at": changed.get(n)}
                for n in numbers
            ),
        )
        add(
            "scores",
            *(
                {"response_id": n, "scale": "nps.nps", "value": n % 11, "version": "1"}
                for n in numbers
            ),
        )
        add("cases", {"id": 4, "response_id": 5, **case, "due_at": moment, "opened_at": moment})
        add("case_notes", {"id": 9, "case_id": 4, "kind": "note", "text": "Called.", "at": moment})
        add(
            "deliveries",
            {"id": 3, "response_id": 5, **told, "payload": {"data": {"response": 5}}},
            {"id": 8, "response_id": None, **told, "payload": erased},
        )
    upgrade(store.engine)
    with store.reading() as session:
        responses = session.scalars(select(Response).order_by(Response.id)).all()
        assert [each.id for each in responses] == numbers
        assert [each.correction for each in responses] == [None, 2, 1, None]
        named = [*responses, *session.scalars(select(Case)), *session.scalars(select(Delivery))]
        assert len({UUID(each.public_id) for each in named}) == 7
        assert {UUID(each.public_id).version for each in named} == {4}
        assert session.scalar(select(func.count()).select_from(Score)) == 4
        assert session.scalar(select(CaseNote.case_id)) == 4
    if not store.is_sqlite:  # whose sequences know nothing of rows that brought their numbers
        _go_on_after(store, responses=5, cases=4, deliveries=8)
    with store.writing() as session:
        number = allocate(session.connection(), 1, anonymous=False)
        assert number == [8 if store.is_sqlite else 6]
        assert take(session.connection(), "corrections") == 3
        session.delete(session.get_one(Delivery, 8))
        session.delete(session.get_one(Response, 5))  # its delivery goes, its case stays
        session.flush()
        session.expire_all()
        assert session.scalars(select(Delivery)).all() == []
        assert session.get_one(Case, 4).response_id is None
        session.delete(session.get_one(Case, 4))
        session.flush()
        again = Case(survey_id=1, scale="nps.nps", value=1, due_at=moment)
        session.add_all([again, Delivery(webhook_id=1, event="test", payload={})])
        session.flush()
        assert again.id > 4
        assert session.scalars(select(Delivery.id)).one() > 8
    if store.is_sqlite:
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def _go_on_after(store: Store, **numbers: int) -> None:
    with store.engine.begin() as connection:
        for table, number in numbers.items():
            connection.execute(text(f"SELECT setval('{table}_id_seq', {number})"))


def test_sqlite_numbers_no_two_rows_alike(tmp_path: Path):
    """Every table whose rows the database numbers; those of responses are given by a counter."""
    store = Store(f"sqlite:///{tmp_path / 'numbers.db'}")
    upgrade(store.engine)
    own = {
        table.name
        for table in Base.metadata.tables.values()
        if table.autoincrement_column is not None
    }
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        )
        marked = {name for name, sql in rows if "AUTOINCREMENT" in sql}
    assert marked == own - {"responses"}
    store.close()


def test_segments_whose_last_sorting_is_not_done_begin_anew(empty_store: Store):
    upgrade(empty_store.engine, "0003")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    jobs = {1: "done", 2: "waiting", 3: "running", 4: "failed"}
    with empty_store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=["segments", "jobs"])
        for number, state in jobs.items():
            names = {"code": f"s{number}", "name": f"S{number}", "rule": "region = North"}
            row = {"id": number, **names, "created_at": moment}
            connection.execute(insert(old.tables["segments"]), row)
            asked = {"kind": "rebuild_rollups", "parameters": {"segment_id": number}}
            row = {"id": number, **asked, "state": state, "created_at": moment}
            blank = {"percent": 0, "step": "", "error": "", "attempts": 0, "worker": ""}
            connection.execute(insert(old.tables["jobs"]), {**row, **blank})
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        found = session.execute(select(Segment.id, Segment.sorted_to).order_by(Segment.id)).all()
    assert found == [(1, None), *((number, NOTHING_SORTED) for number in (2, 3, 4))]


_MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
_LIST = f"list 1 {'a' * 16} 2026-03-01"  # pseudonymous, asked in two goes
_HALF = f"list 1 {'b' * 16} 2026-03-02"  # stopped half-way: in the messages alone
_GONE = f"list 11 {'c' * 16} 2026-03-03"  # anonymous, and all of them answered: in the log alone


def _deployments_and_log(store: Store, log: list[tuple[str, str, dict[str, object]]]) -> None:
    shared = {"asks": [], "language": "en", "introduction": "", "consent": "", "name": "D"}
    shared |= {"consent_version": "", "open_link": True, "state": "open", "created_at": _MARCH}
    with store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=["journeys", "deployments", "audit_entries"])
        journey = {"code": "j", "name": "J", "provider": "Bank", "goal": "", "state": "current"}
        row = {"id": 1, **journey, "version": 1, "created_at": _MARCH}
        connection.execute(insert(old.tables["journeys"]), row)
        for number, anonymity in ((1, "pseudonymous"), (11, "anonymous")):
            own = {"id": number, "journey_id": 1, "code": f"d{number}", "link": f"l{number}"}
            own |= {"anonymity": anonymity, **shared}
            connection.execute(insert(old.tables["deployments"]), own)
        for place, (action, subject, detail) in enumerate(log):
            row = {"at": _MARCH + timedelta(hours=place), "action": action, "subject": subject}
            connection.execute(insert(old.tables["audit_entries"]), {**row, "detail": detail})


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_erasures_come_up_from_the_log_of_every_earlier_schema(empty_store: Store, revision: str):
    upgrade(empty_store.engine, revision)
    log: list[tuple[str, str, dict[str, object]]] = [
        ("erase response", "deployment d1", {}),  # from before the log knew the day
        ("create journey", "journey j", {"by": 1}),
        ("erase response", "deployment d11", {"answered": "2026-02-27"}),
        ("erase response", "deployment removed", {"answered": "2026-02-27"}),
    ]
    _deployments_and_log(empty_store, log)
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        found = session.scalars(select(Erasure).order_by(Erasure.id)).all()
        assert [(each.survey_id, each.answered_on, each.erased_at) for each in found] == [
            (1, None, _MARCH),
            (11, date(2026, 2, 27), _MARCH + timedelta(hours=2)),
        ]
        kept = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [(each.action, each.subject, each.detail) for each in kept] == log
    _refuses_change(empty_store)


@pytest.mark.parametrize("revision", ["0002", "0003"])
def test_draws_and_campaigns_come_up_from_the_log_and_the_keys(empty_store: Store, revision: str):
    upgrade(empty_store.engine, revision)
    asked = {"left_out": 3, "reasons": {"opted_out": 3}}
    _deployments_and_log(
        empty_store,
        [
            ("draw winners", "deployment d1", {"entries": 4, "winners": [2**40, 7, 5]}),
            ("draw winners", "deployment d1", {"entries": 3, "winners": [7]}),
            ("draw winners", "deployment removed", {"entries": 3, "winners": [7]}),
            ("ask a list", "deployment d1", {"asked": 2, **asked, "list": _LIST}),
            ("ask a list", "deployment d1", {"asked": 9, "left_out": 0, "reasons": {}}),
            ("ask a list", "deployment d1", {"asked": 1, **asked, "list": _LIST}),
            ("ask a list", "deployment d11", {"asked": 6, **asked, "list": _GONE}),
        ],
    )
    keys = {
        1: ("invitation", f"{_LIST} anna", "anna"),
        2: ("invitation", f"{_LIST} forgotten-{'0' * 32}", f"forgotten-{'0' * 32}"),
        3: ("invitation", f"{_LIST} kept-3", None),
        4: ("invitation", f"{_HALF} anna", "anna"),
        5: ("invitation", "invitation 5", "anna"),  # after an interaction
        6: ("reminder", "invitation 1 reminder 1", "anna"),
        7: ("case", "case 7", None),
    }
    with empty_store.engine.begin() as connection:
        old = MetaData()
        old.reflect(
            connection, only=["invitations", "outgoing_messages", "draw_entries", "contacts"]
        )
        contact = {"customer_ref": "a" * 32, "email": "anna@x.org", "phone": "+358401234567"}
        contact |= {"language": "fi", "zone": "", "bounce_reason": "", "updated_at": _MARCH}
        connection.execute(insert(old.tables["contacts"]), contact)
        for number, address in ((7, "a@x.org"), (2**40, "b@x.org"), (8, "c@x.org")):
            entry = {"id": number, "deployment_id": 1, "address": address, "day": _MARCH.date()}
            connection.execute(insert(old.tables["draw_entries"]), entry)
        link = {"deployment_id": 1, "channel": "email", "state": "created", "not_sent_reason": ""}
        sent = {"channel": "email", "deployment_id": 1, "content": {}, "state": "sent"}
        sent |= {"due_at": _MARCH, "attempts": 1, "error": "", "created_at": _MARCH}
        for number, (kind, key, customer) in keys.items():
            invitation = {6: 1, 7: None}.get(number, number)
            if invitation == number:
                own = {"id": number, "token_hash": f"h{number}", "created_at": _MARCH, **link}
                connection.execute(insert(old.tables["invitations"]), own)
            row = {"id": number, "key": key, "kind": kind, "invitation_id": invitation, **sent}
            row["content"] = {"to": "staff@x.org"} if number == 7 else {}
            connection.execute(
                insert(old.tables["outgoing_messages"]), {**row, "customer_ref": customer}
            )
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        d1 = session.get_one(SurveyRow, 1)
        assert [
            (each.at, each.entries, each.winners)
            for each in drawings(session, as_survey(session, d1))
        ] == [
            (_MARCH + timedelta(hours=1), 3, ("a@x.org",)),
            (_MARCH, 4, ("a@x.org", "b@x.org")),  # the third has deleted their entry
        ]
        drawn = session.scalars(select(PrizeDraw.winners).order_by(PrizeDraw.id)).all()
        assert drawn == [3, 1]
        made = session.scalars(select(Campaign).order_by(Campaign.day)).all()
        assert [
            (each.survey_id, each.day.day, each.list_digest, each.asked, each.left_out)
            for each in made
        ] == [
            (1, 1, "a" * 16, 3, {"opted_out": 3}),
            (1, 2, "b" * 16, 1, {}),
            (11, 3, "c" * 16, 6, {"opted_out": 3}),
        ]
        columns = (CampaignRecipient.message_id, CampaignRecipient.campaign_id)
        recipients = select(*columns, CampaignRecipient.customer_ref)
        assert session.execute(recipients.order_by(columns[0])).all() == [
            (1, made[0].id, "anna"),
            (2, made[0].id, None),
            (3, made[0].id, None),
            (4, made[1].id, "anna"),
        ]
        query = select(OutgoingMessage.key).order_by(OutgoingMessage.id)
        assert session.scalars(query).all() == [
            *(f"invitation {number}" for number in range(1, 6)),
            "invitation 1 reminder 1",
            "case 7",
        ]
        shown = {
            each.day.day: each.counts
            for each in campaign_summaries(session, as_survey(session, d1))
        }
        assert {day: (each.asked, dict(each.skipped)) for day, each in shown.items()} == {
            1: (3, {"opted_out": 3}),
            2: (1, {}),
        }
        log = session.scalars(select(AuditEntry.detail).order_by(AuditEntry.id)).all()
        assert log[:2] == [{"entries": 4, "winners": 3}, {"entries": 3, "winners": 1}]
        assert log[3:5] == [{"asked": 2, **asked}, {"asked": 9, "left_out": 0, "reasons": {}}]
        assert customers.search(session, "anna@x.org", secret_key=SECRET) == ["a" * 32]
        assert session.get_one(Contact, "a" * 32).phone == "+358401234567"
        assert session.get_one(OutgoingMessage, 7).content == {"to": "staff@x.org"}
        assert session.get_one(OutgoingMessage, 1).content == {}
        assert not plain_copies.left(session)
    copy = dump(empty_store)  # SQLite's file, too, holds nothing plain any more
    assert [each for each in ("x.org", "58401234567") if each in copy] == []
    _refuses_change(empty_store)


def test_webhooks_of_the_third_schema_are_told_of_what_they_were(empty_store: Store):
    upgrade(empty_store.engine, "0003")
    wanted = {"CRM": ["response.erased", "report"], "None": [], "All": ["response", "response"]}
    with empty_store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=["webhooks"])
        for number, (name, events) in enumerate(wanted.items(), start=1):
            row = {"id": number, "name": name, "url": "https://crm.example", "seed": "0" * 32}
            row |= {"events": events, "active": name != "All", "created_at": _MARCH}
            connection.execute(insert(old.tables["webhooks"]), row)
    upgrade(empty_store.engine)
    with empty_store.writing() as session:
        found = {each.name: sorted(each.events) for each in session.scalars(select(Webhook))}
        assert found == {"CRM": ["report", "response.erased"], "None": [], "All": ["response"]}
        survey = make_survey(session)
        assert not as_survey(session, survey).listened  # the one that wants to know is paused
        session.get_one(Webhook, 3).active = True
        session.flush()
        assert as_survey(session, survey).listened
        session.delete(session.get_one(Webhook, 3))
        session.flush()
        assert not as_survey(session, survey).listened
        assert session.query(WebhookEvent).count() == 2


def test_what_was_sent_again_before_events_had_ids_has_that_of_the_first(empty_store: Store):
    upgrade(empty_store.engine, "0011")
    again = {1: None, 2: 1, 3: 2, 4: None, 5: 99}  # the first one of the last has been forgotten
    with empty_store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=["webhooks", "deliveries"])
        hook = {"id": 1, "name": "CRM", "url": "https://crm.example", "seed": "0" * 32}
        hook |= {"active": True, "created_at": _MARCH}
        connection.execute(insert(old.tables["webhooks"]), hook)
        for number, replay_of in again.items():
            row = {"id": number, "webhook_id": 1, "event": "report", "payload": {}}
            row |= {"public_id": UUID(int=number, version=4).hex, "state": "delivered"}
            row |= {"due_at": _MARCH, "created_at": _MARCH, "attempts": 1, "error": ""}
            connection.execute(insert(old.tables["deliveries"]), {**row, "replay_of": replay_of})
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        ids = [each.event_id for each in rows]
    assert ids == [rows[number].public_id for number in (0, 0, 0, 3, 4)]


def test_alerts_of_a_survey_watch_its_place_by_months(empty_store: Store):
    upgrade(empty_store.engine, "0048")
    own = {"journey_id": 1, "stage_id": 1, "state": "open", "ownership": "provider"}
    asked = {**own, "paging": "page", "anonymity": "pseudonymous", "asks": [{"instrument": "nps"}]}
    rows: list[tuple[str, dict[str, object]]] = [
        ("journeys", {"code": "j", "state": "current"}),
        ("stages", {**own, "code": "apply"}),
        ("touchpoints", {**own, "code": "form"}),
        ("surveys", {**asked, "code": "s", "link": "l", "touchpoint_id": 1}),
        ("surveys", {**asked, "code": "e", "link": "m", "id": 2}),
    ]
    alert = {"scale": "nps", "below": 20.0, "minimum_n": 10, "emails": "[]", "active": True}
    rows += [
        ("alerts", {**alert, "id": number, "survey_id": survey_id, "days": days})
        for number, survey_id, days in ((1, 1, 7), (2, 2, 90), (3, 1, 30))
    ]
    _fill_least(empty_store, rows)
    with empty_store.engine.begin() as connection:
        connection.execute(text("DELETE FROM alerts WHERE id = 3"))
        if not empty_store.is_sqlite:
            connection.execute(text("SELECT setval('alerts_id_seq', 3)"))
    upgrade(empty_store.engine)
    with empty_store.writing() as session:
        found = session.scalars(select(Alert).order_by(Alert.id)).all()
        assert [(each.place, each.months, each.value) for each in found] == [
            ("apply/form", 1, 20),
            ("", 3, 20),
        ]
        assert {(each.journey_id, each.kind, each.armed) for each in found} == {
            (1, "threshold", False)
        }
        values = {"journey_id": 1, "scale": "nps", "minimum_n": 1, "months": 1}
        session.add(Alert(**values))
        session.flush()
        assert session.scalar(select(func.max(Alert.id))) == 4  # 3 is not given again


def test_the_audit_log_of_a_new_database_takes_new_entries_only(store: Store):
    with store.writing() as session:
        for action in ("create journey", "edit journey"):
            record(session, None, action, "journey j")
    _refuses_change(store)


def _refuses_change(store: Store) -> None:
    """The log is as it was after everything that could change an entry, and takes another one."""
    table = AuditEntry.__table__
    with store.reading() as session:
        before = session.execute(select(table).order_by(table.c.id)).all()
    assert before[0].id == 1
    anew = "INTO audit_entries (id, at, action, subject, detail) VALUES"
    values = "(1, '2026-01-01 00:00:00', 'x', 'y', '{}')"
    attempts = [
        "UPDATE audit_entries SET action = 'x'",
        "UPDATE audit_entries SET at = at WHERE id = 1",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_entries WHERE id = 1",
        f"INSERT {anew} {values} ON CONFLICT (id) DO UPDATE SET action = 'x'",
        f"INSERT OR REPLACE {anew} {values}" if store.is_sqlite else "TRUNCATE audit_entries",
    ]
    for attempt in attempts:
        with pytest.raises(DBAPIError, match="takes new entries only"), store.engine.begin() as at:
            at.exec_driver_sql(attempt)
    with store.writing() as session:
        assert session.execute(select(table).order_by(table.c.id)).all() == before
        record(session, None, "edit journey", "journey j")
        session.flush()
        assert session.query(AuditEntry).count() == len(before) + 1


def test_whoever_saw_every_journey_still_does_and_makers_own_theirs(empty_store: Store):
    """By role; jobs know the journey that they are about, keys go on as they were."""
    upgrade(empty_store.engine, "0016")
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    roles = {1: "administrator", 2: "researcher", 3: "manager"}
    with empty_store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=["users", "journeys", "api_keys", "jobs", "reports"])

        def add(table: str, **row: object) -> None:
            known = {"created_at": moment} | row
            connection.execute(insert(old.tables[table]), known)

        for number, role in roles.items():
            names = {"email": f"{role}@example.org", "name": role, "password_hash": ""}
            flags = {"active": True, "must_change_password": False, "session_epoch": 0}
            add("users", id=number, role=role, **names, **flags)
        place = {"provider": "Bank", "goal": "", "state": "current", "version": 1}
        place |= {"own_zone": "", "zone": "UTC", "generation": 0}
        for number, owner in ((1, 2), (2, None)):
            add("journeys", id=number, code=f"j{number}", name="J", owner_id=owner, **place)
        add("api_keys", name="K", prefix="abcdefgh", key_hash="0" * 64, scopes=["read results"])
        add("reports", id=7, kind="benchmark", title="B", journey_id=2, parameters={})
        state = {"state": "done", "percent": 100, "step": "", "error": "", "attempts": 1}
        for number, asked in ((1, {"report_id": 7}), (2, {"segment_id": 1})):
            add("jobs", id=number, kind="k", parameters=asked, worker="", **state)
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        columns = (JourneyGrant.user_id, JourneyGrant.journey_id, JourneyGrant.kind)
        assert {tuple(row) for row in session.execute(select(*columns))} == {
            *((2, None, "editor"), (2, None, "comments"), (2, 1, "owner")),
            *((3, None, "reader"), (3, None, "comments")),
        }
        assert session.scalars(select(Job.journey_id).order_by(Job.id)).all() == [2, None]
        key = session.scalars(select(ApiKey)).one()
        assert (key.journey_id, key.networks, key.expires_at) == (None, [], None)


def _fill(store: Store, rows: dict[str, dict[str, object]]) -> None:
    """Write a row of each table as the schema of that day has it."""
    with store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=list(rows))
        for table, row in rows.items():
            values = {"id": 1, **row} if "id" in old.tables[table].c else row
            connection.execute(insert(old.tables[table]), values)


def _fill_least(store: Store, rows: list[tuple[str, dict[str, object]]]) -> None:
    """Write rows as the schema of that day has them: id 1, an empty value where one must be, and of the
    given values those that the table has.
    """
    zero = {str: "", int: 0, bool: False, dict: {}, datetime: _MARCH}
    with store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=sorted({name for name, _ in rows}))
        for name, values in rows:
            columns = old.tables[name].c
            least = {c.name: zero.get(c.type.python_type) for c in columns if not c.nullable}
            given = {**least, "id": 1, **{k: v for k, v in values.items() if k in columns}}
            if store.is_sqlite and "public_id" in given:
                given["public_id"] = cast(UUID, given["public_id"]).hex
            connection.execute(insert(old.tables[name]), given)


def test_responses_of_earlier_imports_are_found_by_their_ids(empty_store: Store):
    """And can be removed with them; those with ids of their own stay without a batch."""
    upgrade(empty_store.engine, "0015")
    own = {"journey_id": 1, "survey_id": 1, "paging": "page", "anonymity": "pseudonymous"}
    content = "0123456789abcdef"
    rows: list[tuple[str, dict[str, object]]] = [
        ("journeys", {"code": "j", "state": "current"}),
        ("surveys", {"code": "s", "link": "l", "state": "open", "asks": [{"instrument": "nps"}]}),
        ("import_batches", {"content": content, "rows": 2, "sample": ["x 1"]}),
    ]
    rows += [
        ("responses", {"id": k, "public_id": UUID(int=k), "external_id": name, "source": "import"})
        for k, name in enumerate((f"row {content} d 1", f"row {content} d 2", "a1"), start=1)
    ]
    _fill_least(empty_store, [(name, {**own, **values}) for name, values in rows])
    upgrade(empty_store.engine)
    with empty_store.reading() as session:
        found = session.scalars(select(Response.import_batch_id).order_by(Response.id)).all()
        assert found == [1, 1, None]
        batch = session.get_one(ImportBatch, 1)
        assert (batch.state, batch.stored, batch.count_in, batch.sample) == ("done", 2, 2, ["x 1"])
        assert batch.first_at == batch.last_at == _MARCH
    if empty_store.is_sqlite:
        with empty_store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_documents_of_a_filled_database_name_surveys(empty_store: Store):
    """Jobs that wait, events not told yet, follow-up surveys and keys of programs go on working."""
    upgrade(empty_store.engine, "0007")
    _deployments_and_log(empty_store, [])
    shared = {"created_at": _MARCH, "name": "CRM", "prefix": "abcdefgh", "key_hash": "h"}
    with empty_store.engine.begin() as connection:
        old = MetaData()
        old.reflect(connection, only=["deployments", "jobs", "events", "api_keys"])
        loop = {"scale": "nps.nps", "at_most": 6, "follow_up_deployment_id": 11}
        documents = {"loop": loop, "look": {"colour": "#123456"}, "ways": {"kiosk": True}}
        written = old.tables["deployments"]
        connection.execute(
            written.update()
            .where(written.c.id == 1)
            .values(**documents, mailing={"reminders": [3]})
        )
        job = {"kind": "import", "state": "waiting", "percent": 0, "step": "", "error": ""}
        job |= {"attempts": 0, "worker": "", "created_at": _MARCH}
        connection.execute(
            insert(old.tables["jobs"]), {**job, "parameters": {"deployment_id": 1, "file_id": 2}}
        )
        connection.execute(
            insert(old.tables["events"]),
            [
                {
                    "kind": "response",
                    "subject": {"deployment_id": 1, "response_id": n},
                    "at": _MARCH,
                }
                for n in range(1100)
            ],
        )
        connection.execute(
            insert(old.tables["api_keys"]),
            {**shared, "scopes": ["read deployments", "read results"]},
        )
    upgrade(empty_store.engine)
    if not empty_store.is_sqlite:
        _go_on_after(empty_store, surveys=11)
    with empty_store.writing() as session:
        survey = session.get_one(SurveyRow, 1)
        assert survey.closed_loop == {"scale": "nps.nps", "at_most": 6, "follow_up_survey_id": 11}
        assert (survey.theme, survey.channels) == ({"colour": "#123456"}, {"kiosk": True})
        assert survey.distribution == {"reminders": [3]}
        assert session.scalars(select(Job.parameters)).one() == {"survey_id": 1, "file_id": 2}
        subjects = session.scalars(select(Event.subject).order_by(Event.id)).all()
        assert subjects == [{"survey_id": 1, "response_id": n} for n in range(1100)]
        assert session.scalars(select(ApiKey.scopes)).one() == ["read surveys", "read results"]
        # The renamed constraints hold, and references still lead to their rows.
        session.add(SurveyRow(journey_id=1, code="next", name="N", asks=[], link="n"))
        session.flush()
        assert session.scalars(select(func.max(SurveyRow.id))).one() > 11
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(SurveyRow(journey_id=1, code="d1", name="Twice", asks=[], link="m"))
            session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(Case(survey_id=99, scale="nps.nps", value=1, due_at=_MARCH))
            session.flush()
    with empty_store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        named = (
            "SELECT count(*) FROM sqlite_master WHERE lower(sql || name) LIKE '%deployment%'"
            if empty_store.is_sqlite
            else "SELECT (SELECT count(*) FROM pg_class WHERE relname LIKE '%deployment%')"
            " + (SELECT count(*) FROM pg_constraint WHERE conname LIKE '%deployment%')"
        )
        assert connection.execute(text(named)).scalar_one() == 0
        if empty_store.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_shares_decisions_and_evidence_of_earlier_releases_come_up(empty_store: Store):
    """Shares by the very cells that would be counted if they were set today, decisions by a worker."""
    upgrade(empty_store.engine, "0090")
    shares = {"New York": 0.25, '"30"': 0.25, "30": 0.5}
    rows: list[tuple[str, dict[str, object]]] = [
        ("journeys", {"code": "j", "state": "current", "kind": "journey", "zone": "UTC"}),
        ("population_shares", {"id": 1, "journey_id": 1, "attribute": "b", "shares": shares}),
        (
            "population_shares",
            {"id": 2, "journey_id": 1, "attribute": "a", "shares": {"true": 0.5, "x": 0.5}},
        ),
    ]
    counted = {"counted_on": date(2025, 12, 31), "source": "register"}
    for name, values in rows:
        _fill_least(empty_store, [(name, {**counted, **values})])
    _fill_least(empty_store, _decided_and_shown())
    with empty_store.engine.begin() as connection:
        connection.execute(text("DELETE FROM map_evidence WHERE id = 3"))
        if not empty_store.is_sqlite:
            connection.execute(text("SELECT setval('map_evidence_id_seq', 3)"))
    upgrade(empty_store.engine)
    _are_counted_and_go_on(empty_store)
    with empty_store.reading() as session:
        rules = set(cell_rules(population_shares(session, 1)).values())
        cells = weighting_cells(session, 1)
        assert set(cells) == rules and len(rules) == 6
        assert {cell.sorted_to for cell in cells.values()} == {NOTHING_SORTED}
        (job,) = session.scalars(select(Job)).all()
        assert (job.kind, job.journey_id) == (SORT_SEGMENT.name, 1)
        first = job.parameters["segment_id"]
        codes = {cell.code for cell in cells.values()}
    assert sort_segment(empty_store, first) == 0
    with empty_store.writing() as session:
        assert {cell.sorted_to for cell in weighting_cells(session, 1).values()} == {None}
        count_cells(session, 1, population_shares(session, 1), user_id=None)
        assert {cell.code for cell in weighting_cells(session, 1).values()} == codes


def _decided_and_shown() -> list[tuple[str, dict[str, object]]]:
    """Two decisions, of which one asked and was answered, and three pieces of a map's evidence."""
    asked = {"interaction_id": 1, "outcome": "ask", "invitation_id": 1, "sent_at": _MARCH}
    own = {"journey_id": 1, "survey_id": 1, "touchpoint_id": 1, "stage_id": 1, "file_id": 1}
    rows: list[tuple[str, dict[str, object]]] = [
        ("stages", {}),
        ("touchpoints", {"ownership": "provider"}),
        ("surveys", {"state": "open", "paging": "page", "anonymity": "pseudonymous"}),
        ("interactions", {"external_id": "1"}),
        ("interactions", {"id": 2, "external_id": "2"}),
        ("invitations", {"state": "completed", "opened_at": _MARCH, "completed_at": _MARCH}),
        ("decisions", asked),
        ("decisions", {"id": 2, "interaction_id": 2, "outcome": "skip", "reason": "rested"}),
        ("files", {}),
        *(("map_evidence", {"id": number}) for number in (1, 2, 3)),
    ]
    return [(name, {**own, **values}) for name, values in rows]


def _are_counted_and_go_on(store: Store) -> None:
    """What ``_decided_and_shown`` has become, and what happens to it after the upgrade."""
    with store.writing() as session:
        assert session.scalars(select(MapEvidence.removed_at)).all() == [None, None]
        session.add(MapEvidence(journey_id=1, stage_id=1, title="", item="", file_id=1))
        session.flush()
        assert session.scalar(select(func.max(MapEvidence.id))) == 4  # 3 is not given again
    with store.writing() as session:
        assert DECISIONS.begin(session) == 1
    with store.writing() as session:
        assert DECISIONS.count_batch(session) == 2
    with store.writing() as session:
        counts = session.execute(
            select(DecisionRollup.outcome, DecisionRollup.sent, DecisionRollup.completed)
        )
        assert sorted(map(tuple, counts)) == [("ask", 1, 1), ("skip", 0, 0)]
        session.execute(update(Invitation).values(completed_at=None))
        assert DECISIONS.recount(session) == []
        (change,) = session.scalars(select(DecisionChange))
        assert (change.decision_id, change.completed) == (1, -1)
