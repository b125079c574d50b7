"""A chain of hashes beside the audit log, by which a changed, removed or inserted entry is found."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0019"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SAID = "The audit log takes new entries only: none is changed or deleted."


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("place", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("entry_id", _NUMBER, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_audit_seals"),
        sa.UniqueConstraint("entry_id", name="uq_audit_seals_entry_id"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_seals_refuse_{change.lower()} BEFORE {change}"
                f" ON audit_seals BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
            )
        # INSERT OR REPLACE deletes without asking the trigger of DELETE.
        op.execute(
            "CREATE TRIGGER audit_seals_refuse_replace BEFORE INSERT ON audit_seals"  # noqa: S608
            " WHEN EXISTS (SELECT 1 FROM audit_seals"
            " WHERE place = NEW.place OR entry_id = NEW.entry_id)"
            f" BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
        )
        return
    op.execute(
        "CREATE TRIGGER audit_seals_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON audit_seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )
