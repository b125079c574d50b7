"""A journey's days: moments as dates of its reporting time zone, and dates as moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from surveyapp.store.models import Journey


@dataclass(frozen=True)
class Calendar:
    """The days of an IANA time zone.

    An anonymous survey's answers keep no moment but a day, stored as midnight UTC of that date. It was
    a day of the zone of its time and stays that one whatever zone comes after; ``first_day`` is the
    earliest that is given to an answer from now on.
    """

    zone: str = "UTC"
    first_day: date | None = None

    def day(self, moment: datetime, *, anonymous: bool = False) -> date:
        """The day in which a moment lies; of an anonymous answer, as it is stored."""
        return moment.astimezone(UTC if anonymous else _zone(self.zone)).date()

    def begin(self, day: date, *, anonymous: bool = False) -> datetime:
        """The first moment of a day, in UTC; that of anonymous answers as they are stored.

        >>> Calendar("Europe/Helsinki").begin(date(2026, 4, 1))
        datetime.datetime(2026, 3, 31, 21, 0, tzinfo=datetime.timezone.utc)
        """
        zone = UTC if anonymous else _zone(self.zone)
        # Where clocks skip midnight, the time before them leads to the very moment of the skip.
        return datetime.combine(day, time(), zone).astimezone(UTC)

    def bounds(
        self, since: date | None, until: date | None, *, anonymous: bool = False
    ) -> tuple[datetime | None, datetime | None]:
        """The moment from which days from ``since`` to ``until`` count, and the first after them."""
        return (
            self.begin(since, anonymous=anonymous) if since else None,
            self.begin(until + timedelta(days=1), anonymous=anonymous) if until else None,
        )

    def coarse(self, moment: datetime) -> datetime:
        """What an anonymous answer of this moment keeps of it: its day, as midnight UTC."""
        day = max(self.day(moment), self.first_day or date.min)
        return datetime.combine(day, time(), UTC)


UTC_DAYS = Calendar()


def calendar_of(journey: Journey) -> Calendar:
    """The calendar by which a journey's figures are shown."""
    return Calendar(journey.zone, journey.first_day)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
