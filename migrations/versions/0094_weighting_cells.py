"""Weighting cells of journeys: rollups of the groups that answers are weighted by, beside those of segments."""

import hashlib
import re
from datetime import UTC, datetime
from itertools import product

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0094"
down_revision = "0093a"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_NOTHING_SORTED = -1
_MOST_CELLS = 60
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")


def upgrade() -> None:
    op.execute(
        "ALTER TABLE segments ADD COLUMN journey_id INTEGER"
        " CONSTRAINT fk_segments_journey_id REFERENCES journeys (id)"
    )
    op.create_index("ix_segments_journey_id", "segments", ["journey_id"])
    _count_known_shares()


def _count_known_shares() -> None:
    """The cells of the shares that are set already, and a job for each journey that counts them."""
    names = ("code", "name", "rule", "sorted_to", "journey_id")
    moment = sa.DateTime(timezone=True)
    segments = sa.table(
        "segments", sa.column("id"), *map(sa.column, names), sa.column("created_at", moment)
    )
    jobs = sa.table(
        "jobs",
        *map(sa.column, ("kind", "state", "percent", "step", "error", "attempts", "worker")),
        *(
            sa.column("journey_id"),
            sa.column("parameters", _DOCUMENT),
            sa.column("created_at", moment),
        ),
    )
    connection, now = op.get_bind(), datetime.now(UTC)
    for journey, known in _known(connection).items():
        rules = sorted(_rules(known))
        for rule in rules:
            code = f"weights:{journey}:{hashlib.sha256(rule.encode()).hexdigest()[:20]}"
            row = dict(zip(names, (code, "", rule, _NOTHING_SORTED, journey), strict=True))
            connection.execute(sa.insert(segments).values(**row, created_at=now))
        own = sa.select(sa.func.min(segments.c.id)).where(segments.c.journey_id == journey)
        if rules:
            asked = {"kind": "rebuild_rollups", "state": "waiting", "percent": 0, "attempts": 0}
            asked |= dict.fromkeys(("step", "error", "worker"), "")
            parameters = {"segment_id": connection.scalar(own)}
            connection.execute(
                sa.insert(jobs).values(
                    **asked, journey_id=journey, parameters=parameters, created_at=now
                )
            )


def _known(connection: sa.Connection) -> dict[int, dict[str, list[str]]]:
    """The values with a share by journey and attribute, attributes by name."""
    names = (sa.column("journey_id"), sa.column("attribute"), sa.column("shares", _DOCUMENT))
    shares = sa.table("population_shares", *names)
    found: dict[int, dict[str, list[str]]] = {}
    for journey, attribute, values in connection.execute(
        sa.select(*shares.c).order_by(shares.c.attribute)
    ):
        found.setdefault(journey, {})[attribute] = sorted(values)
    return found


def _rules(known: dict[str, list[str]]) -> list[str]:
    cells = list(product(*([_rule(a, value) for value in values] for a, values in known.items())))
    return [" and ".join(each) for each in cells] if len(cells) <= _MOST_CELLS else []


def _rule(attribute: str, value: str) -> str:
    told = [_quoted(value)]
    if _NUMBER.fullmatch(value) or value in ("true", "false"):
        told.append(value)
    return f"{_quoted(attribute)} in ({', '.join(told)})"


def _quoted(text: str) -> str:
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'
