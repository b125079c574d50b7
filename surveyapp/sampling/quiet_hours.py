"""Quiet hours: times of day, where the customer lives, at which nobody is written to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from surveyapp.surveys.settings.sampling import Sampling

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class QuietHours:
    """From ``begin`` to before ``end``, on the customer's clock; over midnight where end is earlier."""

    begin: time
    end: time

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether it is quiet at this moment."""
        clock = moment.astimezone(zone).time()
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    def next_allowed(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first moment from this one on at which it is not quiet, in UTC."""
        moment = moment.astimezone(UTC)
        if not self.covers(moment, zone):
            return moment
        local = moment.astimezone(zone)
        clock = local.replace(tzinfo=None)
        end = datetime.combine(clock.date(), self.end)
        end += timedelta(days=1) if end <= clock else timedelta()
        candidate = moment + (end - clock)
        if candidate.astimezone(zone).utcoffset() == local.utcoffset():
            return candidate
        # Clocks change in between. They may skip the end, show it twice, or fall back to a time
        # before the quiet hours; walking there is right in every case.
        walked = moment.replace(second=0, microsecond=0) + _MINUTE
        while self.covers(walked, zone):
            walked += _MINUTE
        return walked


def quiet_hours_of(sampling: Sampling) -> QuietHours | None:
    """The quiet hours of a survey; None where it has none."""
    if sampling.quiet_from is None or sampling.quiet_to is None:
        return None
    return QuietHours(sampling.quiet_from, sampling.quiet_to)
