"""Asking: contacts, interactions, decisions, messages, drafts, webhooks and cases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    _add_constrained_columns()
    op.create_table(
        "contacts",
        sa.Column("customer_ref", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bounce_reason", sa.String(length=200), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("customer_ref", name=op.f("pk_contacts")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_email"), ["email"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", DOCUMENT, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_table(
        "opt_outs",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_opt_outs")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", DOCUMENT, nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_api_keys_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("events", DOCUMENT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_webhooks_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("response_id", NUMBER, nullable=True),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replay_of", NUMBER, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'delivered', 'failed')",
            name=op.f("ck_deliveries_state"),
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
            name=op.f("fk_deliveries_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["responses.id"],
            name=op.f("fk_deliveries_response_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_due", ["state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_deliveries_webhook_id"), ["webhook_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_deliveries_response_id"), ["response_id"], unique=False
        )

    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("scale", sa.String(length=120), nullable=False),
        sa.Column("below", sa.Float(precision=53), nullable=False),
        sa.Column("minimum_n", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("emails", DOCUMENT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_alerts_created_by")),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_alerts_deployment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_alerts_deployment_id"), ["deployment_id"], unique=False
        )

    op.create_table(
        "consent_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_consent_texts_deployment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_texts")),
        sa.UniqueConstraint(
            "deployment_id", "version", name=op.f("uq_consent_texts_deployment_id_version")
        ),
    )
    op.create_table(
        "drafts",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("fields", DOCUMENT, nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("unconfirmed", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_drafts_deployment_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_drafts")),
    )
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_drafts_deployment_id"), ["deployment_id"], unique=False
        )

    op.create_table(
        "draw_entries",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_draw_entries_deployment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_entries")),
        sa.UniqueConstraint(
            "deployment_id", "address", name=op.f("uq_draw_entries_deployment_id_address")
        ),
    )
    op.create_table(
        "decisions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("interaction_id", NUMBER, nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("customer_ref", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.Column("invitation_id", NUMBER, nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('ask', 'skip')", name=op.f("ck_decisions_outcome")),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_decisions_deployment_id")
        ),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interactions.id"],
            name=op.f("fk_decisions_interaction_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name=op.f("fk_decisions_invitation_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint(
            "interaction_id",
            "deployment_id",
            name=op.f("uq_decisions_interaction_id_deployment_id"),
        ),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_decisions_customer", ["customer_ref", "outcome", "due_at"], unique=False
        )
        batch_op.create_index(
            "ix_decisions_deployment",
            ["deployment_id", "outcome", "reason", "decided_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_decisions_interaction_id"), ["interaction_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_decisions_invitation_id"), ["invitation_id"], unique=False
        )

    op.create_table(
        "outgoing_messages",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=True),
        sa.Column("invitation_id", NUMBER, nullable=True),
        sa.Column("customer_ref", sa.String(length=200), nullable=True),
        sa.Column("content", DOCUMENT, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel IN ('email', 'webhook')", name=op.f("ck_outgoing_messages_channel")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'failed', 'cancelled')",
            name=op.f("ck_outgoing_messages_state"),
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_outgoing_messages_deployment_id")
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name=op.f("fk_outgoing_messages_invitation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_outgoing_messages_key")),
    )
    with op.batch_alter_table("outgoing_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outgoing_messages_deployment_id"), ["deployment_id"], unique=False
        )
        batch_op.create_index("ix_outgoing_messages_due", ["state", "due_at"], unique=False)
        batch_op.create_index("ix_outgoing_messages_claimed", ["claimed_at"], unique=False)
        batch_op.create_index(
            "ix_outgoing_messages_customer", ["customer_ref", "due_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outgoing_messages_invitation_id"), ["invitation_id"], unique=False
        )

    op.create_table(
        "cases",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("response_id", NUMBER, nullable=True),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("scale", sa.String(length=120), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("follow_up_id", NUMBER, nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('', 'recovered', 'not_recovered', 'unreachable', 'no_action')",
            name=op.f("ck_cases_outcome"),
        ),
        sa.CheckConstraint("state IN ('open', 'contacted', 'closed')", name=op.f("ck_cases_state")),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_cases_deployment_id")
        ),
        sa.ForeignKeyConstraint(
            ["follow_up_id"],
            ["invitations.id"],
            name=op.f("fk_cases_follow_up_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_cases_owner_id")),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["responses.id"],
            name=op.f("fk_cases_response_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("response_id", name=op.f("uq_cases_response_id")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cases_deployment_id"), ["deployment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_follow_up_id"), ["follow_up_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_cases_state", ["state", "due_at"], unique=False)

    op.create_table(
        "case_notes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("case_id", NUMBER, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_notes_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_case_notes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_notes")),
    )
    with op.batch_alter_table("case_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_notes_case_id"), ["case_id"], unique=False)

    op.add_column(
        "deployments",
        sa.Column("languages", DOCUMENT, nullable=False, server_default=sa.text("'[]'")),
    )
    op.add_column(
        "deployments",
        sa.Column("consent_box", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "deployments", sa.Column("draw", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    op.add_column(
        "deployments",
        sa.Column("auto_advance", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "deployments", sa.Column("look", DOCUMENT, nullable=False, server_default=sa.text("'{}'"))
    )
    op.add_column(
        "deployments", sa.Column("logic", DOCUMENT, nullable=False, server_default=sa.text("'{}'"))
    )
    op.add_column(
        "deployments", sa.Column("ways", DOCUMENT, nullable=False, server_default=sa.text("'{}'"))
    )
    op.add_column(
        "deployments",
        sa.Column("sampling", DOCUMENT, nullable=False, server_default=sa.text("'{}'")),
    )
    op.add_column(
        "deployments",
        sa.Column("mailing", DOCUMENT, nullable=False, server_default=sa.text("'{}'")),
    )
    op.add_column(
        "deployments", sa.Column("loop", DOCUMENT, nullable=False, server_default=sa.text("'{}'"))
    )

    op.add_column(
        "interactions",
        sa.Column("channel", sa.String(length=60), nullable=False, server_default=sa.text("''")),
    )
    op.add_column(
        "interactions",
        sa.Column("language", sa.String(length=20), nullable=False, server_default=sa.text("''")),
    )
    op.add_column(
        "interactions",
        sa.Column("source", sa.String(length=20), nullable=False, server_default=sa.text("'api'")),
    )
    op.add_column(
        "interactions",
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("'2026-01-01 00:00:00'"),
        ),
    )
    op.add_column(
        "interactions", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_interactions_customer", "interactions", ["customer_ref", "at"], unique=False
    )
    op.create_index("ix_interactions_at", "interactions", ["at"], unique=False)
    op.create_index(
        "ix_interactions_undecided",
        "interactions",
        ["id"],
        unique=False,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )

    op.add_column("invitations", sa.Column("token_seed", sa.String(length=64), nullable=True))
    op.add_column("invitations", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitations", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        op.f("ix_invitations_interaction_id"), "invitations", ["interaction_id"], unique=False
    )

    op.add_column("journey_runs", sa.Column("external_ref", sa.String(length=200), nullable=True))
    op.add_column("journey_runs", sa.Column("last_at", sa.DateTime(timezone=True), nullable=True))

    op.add_column("journeys", sa.Column("run_gap_days", sa.Integer(), nullable=True))

    op.add_column(
        "responses", sa.Column("paradata", DOCUMENT, nullable=False, server_default=sa.text("'{}'"))
    )
    op.add_column("responses", sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True))


def _add_constrained_columns() -> None:
    """Columns with a constraint of their own, added in place.

    SQLite would otherwise copy the table and drop the old one, and dropping a table deletes or
    empties what refers to its rows.
    """
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE invitations ADD COLUMN interaction_id {number}"
        " CONSTRAINT fk_invitations_interaction_id REFERENCES interactions (id)"
    )
    op.execute(
        "ALTER TABLE deployments ADD COLUMN paging VARCHAR(20) NOT NULL DEFAULT 'page'"
        " CONSTRAINT ck_deployments_paging CHECK (paging IN ('page', 'blocks'))"
    )
