"""Days and times as a language writes them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from surveyapp.i18n.phrases import Phrases


def date_and_time(moment: datetime, zone: ZoneInfo, words: Phrases) -> str:
    """The day in words and the time to the minute, as clocks in ``zone`` show it.

    The zone is not named: few customers know the abbreviations, which languages even disagree on.

    >>> from datetime import UTC
    >>> date_and_time(datetime(2026, 11, 22, 14, 4, 9, tzinfo=UTC), ZoneInfo("UTC"), Phrases())
    'November 22, 2026 at 2:04\\u202fPM'
    """
    local, language = moment.astimezone(zone), words.language_tag
    return words.moment.format(
        date=format_date(local, "long", locale=language),
        time=format_time(local, "short", tzinfo=zone, locale=language),
    )
