"""Prize draws, campaigns with their recipients, erasures and what webhooks are told of in tables; an audit
log that cannot be changed. Jobs know when their results were cleared.

Until now they were read back from the audit log, who was on a list from the keys of messages, and what a
webhook is told of from the text of a document.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
MOMENT = sa.DateTime(timezone=True)
_AT_ONCE = 1000
_ON_DEPLOYMENT = "deployment "  # how the subject of an entry begins
_LIST = re.compile(r"list (\d+) ([0-9a-f]{16}) (\d{4}-\d\d-\d\d)")
# Of a list's message: "list <deployment> <digest> <day> <customer>". The deployment's number has
# more signs in one row than in the other.
_NAME_OF_LIST = (
    "substr(key, 1, length('list ' || CAST(deployment_id AS VARCHAR(20)) || ' ') + 16 + 1 + 10)"
)
_FORGOTTEN = "forgotten-"  # how the name began that replaced a customer's

_AUDIT = sa.table(
    "audit_entries",
    sa.column("id", NUMBER),
    sa.column("at", MOMENT),
    sa.column("action", sa.String),
    sa.column("subject", sa.String),
    sa.column("detail", DOCUMENT),
)
_DEPLOYMENTS = sa.table("deployments", sa.column("id", sa.Integer), sa.column("code", sa.String))


def upgrade() -> None:
    tables = _create_tables()
    _carry_draws(tables["prize_draws"], tables["prize_draw_winners"])
    _carry_campaigns(tables["campaigns"])
    _carry_erasures(tables["erasures"])
    _carry_webhook_events(tables["webhook_events"])
    op.add_column("jobs", sa.Column("cleared_at", MOMENT, nullable=True))
    _take_references_out_of_the_log()
    _close_the_log()


def _create_tables() -> dict[str, sa.Table]:
    made = [
        op.create_table(
            "prize_draws",
            sa.Column("id", sa.Integer, nullable=False),
            sa.Column("deployment_id", sa.Integer, nullable=False),
            sa.Column("entries", sa.Integer, nullable=False),
            sa.Column("winners", sa.Integer, nullable=False),
            sa.Column("held_at", MOMENT, nullable=False),
            _refers("prize_draws", "deployment_id", "deployments"),
            sa.PrimaryKeyConstraint("id", name="pk_prize_draws"),
            sqlite_autoincrement=True,
        ),
        op.create_table(
            "prize_draw_winners",
            sa.Column("prize_draw_id", sa.Integer, nullable=False),
            sa.Column("entry_id", NUMBER, nullable=False),
            _refers("prize_draw_winners", "prize_draw_id", "prize_draws", ondelete="CASCADE"),
            _refers("prize_draw_winners", "entry_id", "draw_entries", ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("prize_draw_id", "entry_id", name="pk_prize_draw_winners"),
        ),
        op.create_table(
            "campaigns",
            sa.Column("id", NUMBER, nullable=False),
            sa.Column("deployment_id", sa.Integer, nullable=False),
            sa.Column("day", sa.Date, nullable=False),
            sa.Column("list_digest", sa.String(16), nullable=True),
            sa.Column("asked", sa.Integer, nullable=False),
            sa.Column("left_out", DOCUMENT, nullable=False),
            _refers("campaigns", "deployment_id", "deployments"),
            sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
            sa.UniqueConstraint(
                *("deployment_id", "day", "list_digest"),
                name="uq_campaigns_deployment_id_day_list_digest",
            ),
            sqlite_autoincrement=True,
        ),
        op.create_table(
            "campaign_recipients",
            sa.Column("message_id", NUMBER, nullable=False),
            sa.Column("campaign_id", NUMBER, nullable=False),
            sa.Column("customer_ref", sa.String(200), nullable=True),
            _refers("campaign_recipients", "message_id", "outgoing_messages", ondelete="CASCADE"),
            _refers("campaign_recipients", "campaign_id", "campaigns"),
            sa.PrimaryKeyConstraint("message_id", name="pk_campaign_recipients"),
            sa.UniqueConstraint(
                *("customer_ref", "campaign_id"),
                name="uq_campaign_recipients_customer_ref_campaign_id",
            ),
        ),
        op.create_table(
            "webhook_events",
            sa.Column("event", sa.String(40), nullable=False),
            sa.Column("webhook_id", sa.Integer, nullable=False),
            _refers("webhook_events", "webhook_id", "webhooks", ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("event", "webhook_id", name="pk_webhook_events"),
        ),
        op.create_table(
            "erasures",
            sa.Column("id", NUMBER, nullable=False),
            sa.Column("deployment_id", sa.Integer, nullable=False),
            sa.Column("answered_on", sa.Date, nullable=True),
            sa.Column("erased_at", MOMENT, nullable=False),
            _refers("erasures", "deployment_id", "deployments"),
            sa.PrimaryKeyConstraint("id", name="pk_erasures"),
            sqlite_autoincrement=True,
        ),
    ]
    for table, column in (
        ("prize_draws", "deployment_id"),
        ("prize_draw_winners", "entry_id"),
        ("campaign_recipients", "campaign_id"),
        ("webhook_events", "webhook_id"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index("ix_erasures_deployment", "erasures", ["deployment_id", "erased_at"])
    return {table.name: table for table in made}


def _refers(table: str, column: str, to: str, **options: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}", **options)


def _entries(action: str) -> Iterator[tuple[int, Any, dict[str, Any]]]:
    """(deployment, moment, detail) of each entry of this action, in their order; those of a
    deployment that is gone are left out, as nothing asks for them any more.
    """
    connection = op.get_bind()
    codes = connection.execute(sa.select(_DEPLOYMENTS.c.code, _DEPLOYMENTS.c.id))
    known = {f"{_ON_DEPLOYMENT}{code}": number for code, number in codes}
    own = sa.select(_AUDIT.c.subject, _AUDIT.c.at, _AUDIT.c.detail)
    rows = connection.execute(own.where(_AUDIT.c.action == action).order_by(_AUDIT.c.id)).all()
    return ((known[subject], at, detail) for subject, at, detail in rows if subject in known)


def _insert(table: sa.Table, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _AT_ONCE):
        op.get_bind().execute(sa.insert(table), rows[start : start + _AT_ONCE])


def _carry_draws(draws: sa.Table, winners: sa.Table) -> None:
    entry = sa.table("draw_entries", sa.column("id", NUMBER))
    connection = op.get_bind()
    there = set(connection.execute(sa.select(entry.c.id)).scalars())
    for deployment, at, detail in _entries("draw winners"):
        won = detail["winners"]
        held = {"deployment_id": deployment, "entries": detail["entries"], "winners": len(won)}
        number = connection.execute(sa.insert(draws), {**held, "held_at": at}).inserted_primary_key
        kept = [{"prize_draw_id": number[0], "entry_id": each} for each in won if each in there]
        _insert(winners, kept)


def _carry_campaigns(campaigns: sa.Table) -> None:
    """What the log says of each list, and the messages that were written because of it.

    A list that was stopped half-way is in the messages alone; one whose customers have all answered
    anonymously is in the log alone.
    """
    connection = op.get_bind()
    asked: dict[str, int] = {}
    left_out: dict[str, dict[str, int]] = {}
    for _, _, detail in _entries("ask a list"):
        if "list" in detail:
            name = detail["list"]
            asked[name] = asked.get(name, 0) + detail["asked"]
            left_out[name] = detail["reasons"]
    written = connection.execute(
        sa.text(
            f"SELECT {_NAME_OF_LIST}, count(*) FROM outgoing_messages"  # noqa: S608 - our own names
            " WHERE kind = 'invitation' AND key LIKE 'list %' GROUP BY 1"
        )
    )
    for name, count in written:
        asked[name] = max(asked.get(name, 0), count)
    op.execute("CREATE TEMPORARY TABLE list_names (name VARCHAR(120) PRIMARY KEY, campaign BIGINT)")
    known = set(connection.execute(sa.select(_DEPLOYMENTS.c.id)).scalars())
    for name in sorted(asked, key=lambda name: (name[-10:], name)):
        parts = _LIST.fullmatch(name)
        if parts is None or int(parts[1]) not in known:
            continue
        row = {
            "deployment_id": int(parts[1]),
            "list_digest": parts[2],
            "day": date.fromisoformat(parts[3]),
            "asked": asked[name],
            "left_out": left_out.get(name, {}),
        }
        number = connection.execute(sa.insert(campaigns), row).inserted_primary_key[0]
        named = {"name": name, "campaign": number}
        connection.execute(sa.text("INSERT INTO list_names VALUES (:name, :campaign)"), named)
    # Many rows: each statement goes through the messages once.
    connection.execute(
        sa.text(
            "INSERT INTO campaign_recipients (message_id, campaign_id, customer_ref)"  # noqa: S608
            " SELECT outgoing_messages.id, list_names.campaign,"
            " CASE WHEN substr(customer_ref, 1, length(:forgotten)) = :forgotten THEN NULL"
            " ELSE customer_ref END"
            f" FROM outgoing_messages JOIN list_names ON list_names.name = {_NAME_OF_LIST}"
            " WHERE kind = 'invitation'"
        ),
        {"forgotten": _FORGOTTEN},
    )
    # As of every other invitation, so that no key holds a customer's pseudonym.
    op.execute(
        "UPDATE outgoing_messages SET key = 'invitation ' || CAST(invitation_id AS VARCHAR(20))"
        " WHERE invitation_id IS NOT NULL"
        " AND id IN (SELECT message_id FROM campaign_recipients)"
    )
    op.execute("DROP TABLE list_names")


def _carry_erasures(erasures: sa.Table) -> None:
    rows = []
    for deployment, at, detail in _entries("erase response"):
        day = detail.get("answered")
        answered = date.fromisoformat(day) if day else None
        rows.append({"deployment_id": deployment, "answered_on": answered, "erased_at": at})
    _insert(erasures, rows)


def _carry_webhook_events(wanted: sa.Table) -> None:
    webhooks = sa.table("webhooks", sa.column("id", sa.Integer), sa.column("events", DOCUMENT))
    rows = op.get_bind().execute(sa.select(webhooks.c.id, webhooks.c.events)).all()
    _insert(wanted, [{"webhook_id": n, "event": each} for n, told in rows for each in {*told}])
    op.drop_column("webhooks", "events")


def _take_references_out_of_the_log() -> None:
    """What led to a customer while the log was read for facts: a list's digest, the winners' numbers.

    The digest of a short list can be made again from a pseudonym; after this nobody could take it out.
    """
    connection = op.get_bind()
    own = sa.select(_AUDIT.c.id, _AUDIT.c.detail)
    for action in ("ask a list", "draw winners"):
        for number, detail in connection.execute(own.where(_AUDIT.c.action == action)).all():
            kept = {name: value for name, value in detail.items() if name != "list"}
            if isinstance(kept.get("winners"), list):
                kept["winners"] = len(kept["winners"])
            change = sa.update(_AUDIT).where(_AUDIT.c.id == number)
            connection.execute(change.values(detail=kept))


def _close_the_log() -> None:
    said = "The audit log takes new entries only: none is changed or deleted."
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_entries_refuse_{change.lower()} BEFORE {change}"
                f" ON audit_entries BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
        # INSERT OR REPLACE deletes without asking the trigger of DELETE.
        op.execute(
            "CREATE TRIGGER audit_entries_refuse_replace BEFORE INSERT ON audit_entries"  # noqa: S608
            " WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)"
            f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{said}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )
