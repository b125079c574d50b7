"""What an administrator looks at: workers and their duties, what waits, room on the disk, versions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.installation import Installation
from surveyapp.jobs.kinds import KINDS
from surveyapp.operations.heartbeats import SILENT_AFTER
from surveyapp.operations.releases import installed_at, is_newer, release_order
from surveyapp.store import reencryption
from surveyapp.store.models import (
    BackupNote,
    Delivery,
    Event,
    Interaction,
    Job,
    OutgoingMessage,
    Worker,
)
from surveyapp.store.partition_state import PartitionState, partition_state
from surveyapp.store.reencryption import EncryptionState
from surveyapp.store.replica import ReplicaState
from surveyapp.store.schema import revision

_STUCK_AFTER = 900.0  # seconds of one round of a duty
_LATE = 4  # intervals without a round, and at least _LATE_SECONDS
_LATE_SECONDS = 120.0
_FULL_SHARE = 0.05
_FULL_BYTES = 1_000_000_000
_LONG_WAIT = timedelta(minutes=15)


@dataclass(frozen=True)
class Duty:
    """How one task of a worker fares."""

    name: str
    every: timedelta
    done_at: datetime | None
    failing_since: datetime | None
    failures: int
    error: str
    stuck_since: datetime | None
    is_late: bool

    @property
    def is_well(self) -> bool:
        return not (self.failing_since or self.stuck_since or self.is_late)


@dataclass(frozen=True)
class WorkerState:
    """A worker, as its last sign of life tells it."""

    name: str
    version: str
    extras: frozenset[str] | None  # None of one of an earlier version, which does not say
    newest_release: str | None
    started_at: datetime
    seen_at: datetime
    is_silent: bool
    duties: tuple[Duty, ...]

    @property
    def troubled(self) -> tuple[Duty, ...]:
        """Duties that fail, hang or are late; of a silent worker nothing is known."""
        return () if self.is_silent else tuple(each for each in self.duties if not each.is_well)


@dataclass(frozen=True)
class Queue:
    """What waits for a worker, and what it has given up."""

    name: str
    waiting: int
    due_since: datetime | None  # when the oldest of them should have been done
    failed: int | None  # None where nothing is given up


@dataclass(frozen=True)
class LastBackup:
    """The newest backup that the database knows of; ``size`` in bytes, ``missing`` files."""

    host: str
    path: Path
    made_at: datetime
    size: int
    missing: int
    verified_at: datetime | None


@dataclass(frozen=True)
class Stranded:
    """A kind of job that no living worker can do, the extras that it needs, and how many wait."""

    title: str
    needs: tuple[str, ...]
    waiting: int


@dataclass(frozen=True)
class Problem:
    """What is broken: ``code`` is the same as long as it stays so, while its sentence may count on."""

    code: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Status:
    """The installation at one moment; sizes in bytes."""

    at: datetime
    version: str
    installed_at: datetime | None
    schema: str
    database: str  # "sqlite" or "postgresql"
    database_bytes: int
    disk_free: int
    disk_total: int
    workers: tuple[WorkerState, ...]
    queues: tuple[Queue, ...]
    encryption: EncryptionState
    replica: ReplicaState | None  # None where the settings name none
    backup: LastBackup | None  # None where none is known
    partitions: PartitionState | None  # None where nothing is partitioned
    stranded: tuple[Stranded, ...]

    @property
    def living(self) -> tuple[WorkerState, ...]:
        return tuple(each for each in self.workers if not each.is_silent)

    @property
    def newest_release(self) -> str | None:
        """The newest that a living worker has heard of; None where nobody is asked, or answers."""
        told = [each.newest_release for each in self.living if each.newest_release]
        return max(told, key=release_order, default=None)

    @property
    def update(self) -> str | None:
        """A release that is newer than what runs here."""
        newest = self.newest_release
        return newest if newest and is_newer(newest, self.version) else None

    @property
    def disk_is_nearly_full(self) -> bool:
        return self.disk_free < min(_FULL_BYTES, _FULL_SHARE * self.disk_total)

    def problems(self, *, with_disk: bool = True) -> Iterator[Problem]:
        """What is broken or will be, a sentence each, the worst first."""
        if not self.living:
            yield Problem("worker", _no_worker(self.workers))
        for worker in self.living:
            for duty in worker.troubled:
                yield Problem(f"duty {duty.name}", f"Worker {worker.name}: {_trouble(duty)}")
        if with_disk and self.disk_is_nearly_full:
            yield Problem(
                "disk",
                f"The disk of the home folder has {self.disk_free / 1e9:.1f} GB left of"
                f" {self.disk_total / 1e9:.1f} GB. Make room before it is full.",
            )
        for each in self.stranded if self.living else ():
            if each.waiting:
                yield Problem(
                    f"extras {each.title}",
                    f"{each.title}: {each.waiting} waiting, and no worker has"
                    f" {_listed(each.needs)}. Install there: pip install"
                    f" 'surveyapp[{','.join(each.needs)}]'.",
                )
        if self.partitions is not None and self.partitions.behind:
            names = ", ".join(each.name for each in self.partitions.behind)
            yield Problem(
                "partitions",
                f"Partitions of the coming months are missing ({names}). A worker makes them; look at its"
                " duty “make partitions”.",
            )
        if self.replica is not None and self.replica.fault:
            yield Problem(
                "replica",
                f"Pages read from the primary, not from the replica {self.replica.place}:"
                f" {self.replica.fault}.",
            )
        if self.encryption.plain_copies:
            yield Problem(
                "encryption",
                "The database's files may hold plain copies of names and addresses that an upgrade has"
                " encrypted. Run `surveyapp encryption clean`.",
            )
        for queue in self.queues:
            if queue.due_since is not None and self.at - queue.due_since > _LONG_WAIT:
                yield Problem(
                    f"queue {queue.name}",
                    f"{queue.name}: {queue.waiting} waiting, the oldest since"
                    f" {queue.due_since:%d %b %Y, %H:%M} UTC.",
                )


def status(installation: Installation) -> Status:
    """The installation as it is now. Raises SQLAlchemyError when the database is away."""
    now, store = installation.now(), installation.store
    disk = shutil.disk_usage(installation.settings.home)
    with store.reading() as session:
        workers = tuple(_workers(session, now))
        return Status(
            at=now,
            version=version("surveyapp"),
            installed_at=installed_at(),
            schema=revision(session.connection()) or "none",
            database=store.engine.dialect.name,
            database_bytes=_database_bytes(session, store.engine.url.database),
            disk_free=disk.free,
            disk_total=disk.total,
            workers=workers,
            queues=tuple(_queues(session, now)),
            encryption=reencryption.state(session),
            replica=None if store.replica is None else store.replica.state(),
            backup=_last_backup(session),
            partitions=partition_state(session.connection(), now),
            stranded=tuple(_stranded(session, workers)),
        )


def _stranded(session: Session, workers: Sequence[WorkerState]) -> Iterator[Stranded]:
    """What nobody can do who is at work. One that does not say what it has may have all."""
    living = [each.extras for each in workers if not each.is_silent]
    if None in living or not living:
        return
    counted = select(Job.kind, func.count()).where(Job.state == "waiting").group_by(Job.kind)
    waiting: dict[str, int] = {row[0]: row[1] for row in session.execute(counted)}
    for kind in KINDS.values():
        if not any(extras is not None and extras.issuperset(kind.needs) for extras in living):
            lacked = [need for need in kind.needs if not any(need in (e or ()) for e in living)]
            needs = tuple(lacked) or kind.needs
            yield Stranded(kind.title, needs, waiting.get(kind.name, 0))


def _listed(extras: Sequence[str]) -> str:
    return f"the extra{'s' if len(extras) > 1 else ''} " + " and ".join(f"“{e}”" for e in extras)


def _last_backup(session: Session) -> LastBackup | None:
    newest = select(BackupNote).order_by(BackupNote.made_at.desc()).limit(1)
    found = session.scalars(newest).one_or_none()
    if found is None:
        return None
    return LastBackup(
        host=found.host,
        path=Path(found.folder) / found.name,
        made_at=found.made_at,
        size=found.size,
        missing=found.missing,
        verified_at=found.verified_at,
    )


def _workers(session: Session, now: datetime) -> Iterator[WorkerState]:
    for row in session.scalars(select(Worker).order_by(Worker.started_at, Worker.name)):
        silent = row.seen_at < now - SILENT_AFTER
        yield WorkerState(
            name=row.name,
            version=row.version,
            extras=None if row.extras is None else frozenset(row.extras),
            newest_release=row.newest_release,
            started_at=row.started_at,
            seen_at=row.seen_at,
            is_silent=silent,
            duties=tuple(
                _duty(name, row.tasks[name], row.seen_at, row.started_at)
                for name in sorted(row.tasks)
            ),
        )


def _duty(name: str, told: Mapping[str, Any], seen: datetime, started: datetime) -> Duty:
    every, begun, done = float(told["every"]), _moment(told["begun_at"]), _moment(told["done_at"])
    stuck = begun is not None and (seen - begun).total_seconds() > _STUCK_AFTER
    idle = (seen - (done or started)).total_seconds()
    late = begun is None and not told["failing_since"] and idle > max(_LATE_SECONDS, _LATE * every)
    return Duty(
        name=name,
        every=timedelta(seconds=every),
        done_at=done,
        failing_since=_moment(told["failing_since"]),
        failures=int(told["failures"]),
        error=str(told["error"]),
        stuck_since=begun if stuck else None,
        is_late=late,
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _queues(session: Session, now: datetime) -> Iterator[Queue]:
    yield _queue(session, "Jobs", Job.created_at, Job.state == "waiting", Job.state == "failed")
    mail = OutgoingMessage
    due = (mail.state == "waiting") & (mail.due_at <= now)
    yield _queue(session, "Messages", mail.due_at, due, mail.state == "failed")
    told = (Delivery.state == "waiting") & (Delivery.due_at <= now)
    yield _queue(session, "Webhook deliveries", Delivery.due_at, told, Delivery.state == "failed")
    yield _queue(session, "Events to tell of", Event.at, literal(True))
    undecided = Interaction.decided_at.is_(None)
    yield _queue(session, "Customer events to decide on", Interaction.received_at, undecided)


def _queue(
    session: Session,
    name: str,
    since: InstrumentedAttribute[datetime],
    waits: ColumnElement[bool],
    gave_up: ColumnElement[bool] | None = None,
) -> Queue:
    waiting, oldest = session.execute(select(func.count(), func.min(since)).where(waits)).one()
    failed = None
    if gave_up is not None:
        failed = session.scalar(select(func.count()).select_from(since.class_).where(gave_up))
    return Queue(name, waiting, oldest, failed)


def _database_bytes(session: Session, path: str | None) -> int:
    if session.get_bind().dialect.name == "postgresql":
        return session.scalar(select(func.pg_database_size(text("current_database()")))) or 0
    found = (Path(f"{path}{end}") for end in ("", "-wal"))
    return sum(each.stat().st_size for each in found if each.exists())


def _no_worker(workers: tuple[WorkerState, ...]) -> str:
    if not workers:
        return (
            "No worker is running: nothing is sent, analysed or reported. Start `surveyapp worker`,"
            " or use `surveyapp run`."
        )
    last = max(each.seen_at for each in workers)
    return (
        f"No worker has given a sign of life since {last:%d %b %Y, %H:%M} UTC: nothing is sent,"
        " analysed or reported. Look at the worker's log and start it again."
    )


def _trouble(duty: Duty) -> str:
    if duty.failing_since is not None:
        return (
            f"“{duty.name}” has failed {duty.failures} times since"
            f" {duty.failing_since:%d %b %Y, %H:%M} UTC ({duty.error}). The worker's log has the details."
        )
    if duty.stuck_since is not None:
        return f"“{duty.name}” has been at one round since {duty.stuck_since:%d %b %Y, %H:%M} UTC."
    return f"“{duty.name}” is not done any more. Restart the worker."
