"""Which tables can be native partitions of PostgreSQL, by what, and what is unique over all of them.

PostgreSQL keeps a key unique over partitions only where it holds the columns that place a row. What
must be unique otherwise (the key of a submission, the invitation of a response, a message's key) then
has rows in a small table of its own, which is not partitioned: triggers write them with the row, and
what refers to the row refers to these. On SQLite, and on PostgreSQL until `surveyapp db partition`,
there is nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, text

MONTHS_AHEAD = 3
DEFAULT = "other"  # the end of the name of the partition for what no other one takes
_NAMED = text(
    "SELECT relname, partstrat FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid"
    " WHERE pg_table_is_visible(partrelid)"
)
_PARTS = text(
    "SELECT c.relname FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid"
    " WHERE inhparent = CAST(:named AS regclass) ORDER BY c.relname"
)


class By(StrEnum):
    """What places a row: the month (UTC) that it belongs to, or a hash of its number."""

    MONTH = "month"
    HASH = "hash"


@dataclass(frozen=True)
class GrowingTable:
    """A table that grows with customers and answers.

    ``moment`` is the time by whose month rows are placed, which never changes; "" where they have none
    and are placed by ``hashed`` whatever is chosen. ``keys`` is the table of what is unique over all.
    """

    name: str
    moment: str
    hashed: str
    keys: str = ""

    def column(self, by: By) -> str:
        """The column that places a row."""
        return self.moment if self.by(by) == By.MONTH else self.hashed

    def by(self, chosen: By) -> By:
        """What places a row of this table where this was chosen for the database."""
        return chosen if self.moment else By.HASH


# What is referred to comes before what refers to it.
GROWING = (
    GrowingTable("interactions", "at", "id", "interaction_keys"),
    # An invitation is found by its link: a customer's visit then looks into one partition.
    GrowingTable("invitations", "created_at", "token_hash", "invitation_keys"),
    GrowingTable("decisions", "decided_at", "interaction_id", "decision_keys"),
    GrowingTable("outgoing_messages", "created_at", "id", "outgoing_message_keys"),
    GrowingTable("responses", "submitted_at", "id", "response_keys"),
    GrowingTable("scores", "", "response_id"),  # always found by their responses
)


def partitioned_by(connection: Connection) -> By | None:
    """How the database's growing tables are partitioned; None where they are not."""
    if connection.dialect.name != "postgresql":
        return None
    found: dict[str, str] = {row.relname: row.partstrat for row in connection.execute(_NAMED)}
    strategy = found.get("responses")
    return None if strategy is None else {"r": By.MONTH, "h": By.HASH}[strategy]


def partitions_of(connection: Connection, table: str) -> list[str]:
    """The names of the table's partitions, in their order."""
    return list(connection.execute(_PARTS, {"named": table}).scalars())


def month_of(moment: datetime) -> tuple[int, int]:
    """The month, as year and month, of a time in UTC."""
    return moment.year, moment.month


def later(month: tuple[int, int], months: int) -> tuple[int, int]:
    """The month so many months later."""
    year, place = divmod(month[0] * 12 + month[1] - 1 + months, 12)
    return year, place + 1


def named(table: str, month: tuple[int, int]) -> str:
    """What the table's partition of a month is called."""
    return f"{table}_{month[0]:04}_{month[1]:02}"


def bounds(month: tuple[int, int]) -> tuple[str, str]:
    """The first moment of a month and that of the next one, as PostgreSQL reads them."""
    first, following = (f"{y:04}-{m:02}-01 00:00:00+00" for y, m in (month, later(month, 1)))
    return first, following
