"""An anonymous survey whose customers the database knows by name, and what an attacker reads of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, text

from surveyapp.installation import Installation
from surveyapp.store.models import Base, Contact, Invitation, OutgoingMessage, SurveyRow
from surveyapp.surveys.links import token_of
from tests.distribution.makers import asked, make_survey
from tests.web.respondents import form_key, opened

# What says who somebody is, or which invitation is whose.
NAMING = (
    *("invitations", "decisions", "interactions", "contacts", "outgoing_messages", "draw_entries"),
    *("campaign_recipients", "journey_runs", "drafts", "opt_outs", "form_revisions", "jobs"),
    "customer_outcomes",
)
ANSWERS = ("held_responses", "responses", "scores", "rollups", "monthly_rollups", "events")
NAMES = tuple(f"customer{number:02}" for number in range(12))
# In this order they answer: neither that of their names nor its reverse.
ORDER = (7, 2, 11, 5, 0, 9, 3, 10, 1, 6, 4, 8)


@dataclass(frozen=True)
class Bank:
    """The survey, and each customer's personal path."""

    survey: SurveyRow
    paths: Mapping[str, str]


def bank(installation: Installation, names: Sequence[str] = NAMES, **options: Any) -> Bank:
    """An anonymous survey with a prize draw, to which customers are asked after an event."""
    survey = make_survey(installation, anonymity="anonymous", **options)
    asked(installation, survey, *names)
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, survey.id)
        survey.draw = "A voucher"
    query = (
        select(Contact.email, Invitation.token_seed)
        .join(OutgoingMessage, OutgoingMessage.customer_ref == Contact.customer_ref)
        .join(Invitation, Invitation.id == OutgoingMessage.invitation_id)
        .where(Invitation.survey_id == survey.id)
    )
    with installation.store.reading() as session:
        paths = {
            email.partition("@")[0]: f"/s/{survey.link}/{token_of(installation.secret_key, seed)}"
            for email, seed in session.execute(query)
        }
    return Bank(survey, paths)


def answer(client: FlaskClient, path: str, nps: int, *, draw: str = "") -> str:
    """Answer behind a link, and enter the draw with an address; where the customer was led to."""
    key = form_key(opened(client, path))
    fields = {"form-key": key, "nps-nps": str(nps), "nps-nps_reason": ""}
    sent = client.post(path, data=fields)
    assert sent.status_code == 303
    if draw:
        link = sent.location.replace("/thanks?", "/draw?")
        assert client.post(link, data={"address": draw}).status_code == 303
    return sent.location


def tables(installation: Installation) -> dict[str, list[str]]:
    """Every row of every table as text, as a dump has it."""
    with installation.store.engine.connect() as connection:
        return {
            table.name: sorted(map(str, connection.execute(table.select()).all()))
            for table in Base.metadata.sorted_tables
        }


def transactions(installation: Installation, *names: str) -> dict[str, list[int]]:
    """The transaction of each row of PostgreSQL's tables, in their physical order."""
    with installation.store.engine.connect() as connection:
        return {
            name: list(
                connection.execute(
                    text(f"SELECT xmin::text::bigint FROM {name} ORDER BY ctid")  # noqa: S608
                ).scalars()
            )
            for name in names
        }


def replayed(database: Path, folder: Path) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    """SQLite's database after each commit of its write-ahead log, table by table.

    The log has a header of 32 bytes, then frames: 24 bytes and a page; the second number of a frame
    is not zero where it ends a transaction.
    """
    base = database.read_bytes()
    log = database.with_name(f"{database.name}-wal").read_bytes()
    size = 24 + int.from_bytes(log[8:12], "big")
    for end in range(32 + size, len(log) + 1, size):
        if not int.from_bytes(log[end - size + 4 : end - size + 8], "big"):
            continue
        copy = folder / "copy.db"
        copy.write_bytes(base)
        copy.with_name("copy.db-wal").write_bytes(log[:end])
        copy.with_name("copy.db-shm").unlink(missing_ok=True)
        connection = sqlite3.connect(copy)
        yield {
            table: connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
            for table in (*NAMING, *ANSWERS, "anonymity_epochs")
        }
        connection.close()
