"""Events, decisions and invitations to stored responses, and copies of them all in SQL: ten million
responses in minutes, where storing them as customers do takes hours.

Copies have their originals' days, so that the rollups of all are those of the originals times their number.
"""

# ruff: noqa: S608 - names of tables and numbers, all of this file
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from surveyapp.installation import Installation
from surveyapp.responses.tally import SUMS
from surveyapp.store.models import Base

A_RUN = 5  # responses of one customer's passage
# Each response was invited, and every second invitation followed an event; as many invitations besides
# were not answered, an eighth of them after an event, and as many events again asked nobody.
_MADE = f"""
INSERT INTO journey_runs (id, journey_id, customer_ref, started_at, last_at, ended_at)
SELECT r.id % r.runs + 1, min(s.journey_id), 'bench-' || (r.id % r.runs + 1), min(r.submitted_at),
       max(r.submitted_at), max(r.submitted_at)
FROM (SELECT id, survey_id, submitted_at, (SELECT max(id) / {A_RUN} FROM responses) AS runs
      FROM responses) r JOIN surveys s ON s.id = r.survey_id GROUP BY r.id % r.runs;
UPDATE responses SET journey_run_id = id % (SELECT max(id) FROM journey_runs) + 1;
INSERT INTO interactions (id, touchpoint_id, journey_run_id, customer_ref, at, outcome, channel, language,
                          source, attributes, external_id, received_at, decided_at)
SELECT 2 * r.id + e.n, coalesce(s.touchpoint_id, 1), r.journey_run_id, 'bench-' || r.journey_run_id,
       r.submitted_at, 'completed', 'web', r.language, 'api', r.attributes, 'event-' || (2 * r.id + e.n),
       r.submitted_at, r.submitted_at
FROM responses r JOIN surveys s ON s.id = r.survey_id CROSS JOIN (SELECT 0 AS n UNION SELECT 1) e
WHERE r.id % 4 = 0 OR r.id % 4 = 2 AND e.n = 0;
INSERT INTO invitations (id, survey_id, token_hash, interaction_id, channel, state, not_sent_reason,
                         created_at, sent_at, opened_at, completed_at)
SELECT 2 * id, survey_id, 'bench-' || (2 * id), CASE WHEN id % 2 = 0 THEN 2 * id END, 'link', 'completed',
       '', submitted_at, submitted_at, submitted_at, submitted_at FROM responses;
INSERT INTO invitations (id, survey_id, token_hash, interaction_id, channel, state, not_sent_reason,
                         created_at, sent_at, opened_at)
SELECT 2 * id + 1, survey_id, 'bench-' || (2 * id + 1), CASE WHEN id % 8 = 0 THEN 2 * id + 1 END, 'link',
       CASE WHEN id % 2 = 0 THEN 'opened' ELSE 'created' END, '', submitted_at, submitted_at,
       CASE WHEN id % 2 = 0 THEN submitted_at END FROM responses;
INSERT INTO decisions (id, interaction_id, survey_id, customer_ref, outcome, reason, detail, invitation_id,
                       due_at, sent_at, decided_at)
SELECT e.id, e.id, r.survey_id, e.customer_ref, CASE WHEN i.id IS NULL THEN 'skip' ELSE 'ask' END,
       CASE WHEN i.id IS NULL THEN 'resting' ELSE '' END, '', i.id,
       CASE WHEN i.id IS NOT NULL THEN e.at END, i.sent_at, e.at
FROM interactions e JOIN responses r ON r.id = e.id / 2 LEFT JOIN invitations i ON i.interaction_id = e.id
"""
# What differs in a copy; {table} stands for the copy's number times the table's last number.
_COPIED: Mapping[str, Mapping[str, str]] = {
    "journey_runs": {
        "id": "id + {journey_runs}",
        "customer_ref": "'bench-' || (id + {journey_runs})",
    },
    "responses": {
        "id": "id + {responses}",
        "journey_run_id": "journey_run_id + {journey_runs}",
        "public_id": "{public_id}",
    },
    "scores": {"response_id": "response_id + {responses}"},
    "comments": {"response_id": "response_id + {responses}"},
    "interactions": {
        "id": "id + {interactions}",
        "journey_run_id": "journey_run_id + {journey_runs}",
        "customer_ref": "'bench-' || (journey_run_id + {journey_runs})",
        "external_id": "'event-' || (id + {interactions})",
    },
    "invitations": {
        "id": "id + {invitations}",
        "interaction_id": "interaction_id + {interactions}",
        "token_hash": "'bench-' || (id + {invitations})",
    },
    "decisions": {
        "id": "id + {decisions}",
        "interaction_id": "interaction_id + {interactions}",
        "invitation_id": "invitation_id + {invitations}",
    },
}
_KEY = {"scores": "response_id", "comments": "response_id"}
_ROLLUPS = ("rollups", "monthly_rollups")

Execute = Callable[[str], Any]


def multiply(installation: Installation, times: int) -> None:
    """Let there be events, decisions and invitations to the stored responses, and each ``times`` times.

    Nothing else may have the database open. Indexes are dropped and made again at the end, as that is
    quicker. The invitations are left to the worker to count.
    """
    installation.store.engine.dispose()
    url = installation.store.engine.url
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database or "", isolation_level=None)) as connection:
            _in_sqlite(lambda statement: connection.execute(statement).fetchall(), times)
        return
    server = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server) as at:
        _in_postgresql(lambda statement: _rows(at.execute(statement.encode())), times)


def _rows(cursor: psycopg.Cursor[Any]) -> list[Any]:
    return cursor.fetchall() if cursor.description else []


def _in_sqlite(execute: Execute, times: int) -> None:
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
        execute(f"PRAGMA {pragma}")
    execute("PRAGMA foreign_keys = OFF")
    with _unindexed_sqlite(execute):
        _make(execute)
        _copy(execute, times, "printf('%032x', id + {responses})")
        last = execute("SELECT max(id) FROM responses")[0][0]
        execute(f"UPDATE counters SET value = {last} WHERE name = 'responses'")
    execute("PRAGMA journal_mode = WAL")


@contextmanager
def _unindexed_sqlite(execute: Execute) -> Iterator[None]:
    """Without indexes, but those of keys, and without triggers."""
    tables = ", ".join(f"'{name}'" for name in _COPIED)
    found = execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') "
        f"AND tbl_name IN ({tables}) AND sql IS NOT NULL"
    )
    for kind, name, _ in found:
        execute(f"DROP {kind} {name}")
    yield
    for *_, sql in found:
        execute(sql)


def _in_postgresql(execute: Execute, times: int) -> None:
    execute("SET session_replication_role = replica")  # without triggers and foreign keys
    execute("SET maintenance_work_mem = '512MB'")
    tables = ", ".join(f"'{name}'" for name in _COPIED)
    found = execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename "
        f"IN ({tables}) AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    for name, _ in found:
        execute(f"DROP INDEX {name}")
    _make(execute)
    _copy(execute, times, "lpad(to_hex(id + {responses}), 32, '0')::uuid")
    for _, definition in found:
        execute(definition)
    for table in _COPIED.keys() - _KEY.keys():
        execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )


def _make(execute: Execute) -> None:
    for statement in _MADE.split(";\n"):
        execute(statement)


def _copy(execute: Execute, times: int, public_id: str) -> None:
    last = {
        table: execute(f"SELECT max(id) FROM {table}")[0][0]
        for table in _COPIED.keys() - _KEY.keys()
    }
    for table, different in _COPIED.items():
        row = Base.metadata.tables[table].columns.keys()
        key = _KEY.get(table, "id")
        own = last["responses" if key == "response_id" else table]
        for copy in range(1, times):
            moved = {name: copy * number for name, number in last.items()}
            changed = {"public_id": public_id.format_map(moved)}
            values = ", ".join(
                different[name].format_map({**moved, **changed}) if name in different else name
                for name in row
            )
            execute(
                f"INSERT INTO {table} ({', '.join(row)}) SELECT {values} FROM {table} WHERE {key} <= {own}"
            )
    sums = ", ".join(f"{name} = {name} * {times}" for name in SUMS)
    for table in _ROLLUPS:
        execute(f"UPDATE {table} SET {sums}")
