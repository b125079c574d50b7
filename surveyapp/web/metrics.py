"""The state of the installation as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from surveyapp.operations.status import Status
from surveyapp.operations.traffic import BOUNDS, CLASSES, Counted

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_WELL = "1 where the duty is done in time, 0 where it fails, hangs or is late."


def exposition(found: Status, counted: Counted | None = None) -> bytes:
    """The text that Prometheus scrapes. It is the same whichever process of a host is asked; ``counted`` is
    what its processes have answered.
    """
    registry = CollectorRegistry()
    registry.register(_Gauges(found))
    if counted is not None:
        registry.register(_Counters(counted))
    return generate_latest(registry)


class _Gauges:
    def __init__(self, found: Status) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        found = self._found
        yield InfoMetricFamily(
            "surveyapp",
            "Program and schema.",
            {"version": found.version, "schema": found.schema, "database": found.database},
        )
        yield _one("database_bytes", "Size of the database.", found.database_bytes)
        yield _one("disk_free_bytes", "Room left on the disk of the home folder.", found.disk_free)
        yield _one("disk_total_bytes", "Size of that disk.", found.disk_total)
        if found.replica is not None:
            yield _one(
                "replica_used", "1 where pages read from the replica.", not found.replica.fault
            )
            if found.replica.lag is not None:
                yield _one("replica_lag_seconds", "How far it is behind.", found.replica.lag)
        yield _one("workers", "Workers that have given a sign of life lately.", len(found.living))
        yield _one("problems", "What the system page lists as broken.", len(list(found.problems())))
        yield from self._queues()
        yield from self._duties()
        yield from self._backup()

    def _backup(self) -> Iterator[Metric]:
        """Nothing where no backup is known, which an alert on absence tells."""
        last = self._found.backup
        if last is not None:
            age = _seconds(last.made_at, self._found.at)
            yield _one("backup_age_seconds", "How old the last backup is.", age)
            yield _one("backup_bytes", "Size of the last backup.", last.size)
            yield _one("backup_missing_files", "Stored files that it lacks.", last.missing)
            verified = last.verified_at is not None
            yield _one("backup_verified", "1 where it was found whole.", verified)

    def _queues(self) -> Iterator[Metric]:
        waiting = _by("queue_waiting", "What waits in each queue.", "queue")
        age = _by("queue_age_seconds", "How long the oldest has been due.", "queue")
        failed = _by("queue_failed", "What has been given up and is still listed.", "queue")
        for each in self._found.queues:
            waiting.add_metric([each.name], each.waiting)
            age.add_metric([each.name], _seconds(each.due_since, self._found.at))
            if each.failed is not None:
                failed.add_metric([each.name], each.failed)
        yield from (waiting, age, failed)

    def _duties(self) -> Iterator[Metric]:
        well = GaugeMetricFamily("surveyapp_duty_well", _WELL, labels=["worker", "duty"])
        for worker in self._found.living:
            for duty in worker.duties:
                well.add_metric([worker.name, duty.name], int(duty.is_well))
        yield well


class _Counters:
    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "surveyapp_requests",
            "Requests answered on this host, by surface and class of status.",
            labels=["surface", "status"],
        )
        seconds = HistogramMetricFamily(
            "surveyapp_request_seconds",
            "How long requests took on this host.",
            labels=["surface"],
        )
        bounds = [*map(str, BOUNDS), "+Inf"]
        for surface, found in self._counted.answered.items():
            for status, count in zip(CLASSES, found.by_class, strict=True):
                requests.add_metric([surface, status], count)
            buckets = list(zip(bounds, found.within, strict=True))
            seconds.add_metric([surface], buckets, found.seconds)
        yield requests
        yield seconds
        yield CounterMetricFamily(
            "surveyapp_sessions_stored",
            "Sessions of customers that this host's survey pages have stored.",
            value=self._counted.stored,
        )
        yield CounterMetricFamily(
            "surveyapp_database_seconds",
            "Time that this host's web processes have waited for statements of the database.",
            value=self._counted.database_seconds,
        )


def _one(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(f"surveyapp_{name}", said, value=value)


def _by(name: str, said: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"surveyapp_{name}", said, labels=[label])


def _seconds(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
