"""A moment is told as people write it: no seconds, no zone that they do not know."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from surveyapp.i18n.dates import date_and_time
from surveyapp.i18n.languages import texts

WINTER = datetime(2026, 11, 22, 14, 4, 9, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 22, 30, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "winter", "summer"),
    [
        ("en", "November 22, 2026 at 4:04\u202fPM", "July 2, 2026 at 1:30\u202fAM"),
        ("fi", "22. marraskuuta 2026 klo 16.04", "2. heinäkuuta 2026 klo 1.30"),
        ("sv", "22 november 2026 kl. 16:04", "2 juli 2026 kl. 01:30"),
        ("de", "22. November 2026 um 16:04 Uhr", "2. Juli 2026 um 01:30 Uhr"),
        ("fr", "22 novembre 2026 à 16:04", "2 juillet 2026 à 01:30"),
        ("es", "22 de noviembre de 2026, 16:04", "2 de julio de 2026, 1:30"),
        ("ar", "22 نوفمبر 2026، الساعة 4:04 م", "2 يوليو 2026، الساعة 1:30 ص"),
    ],
)
def test_clocks_in_helsinki_are_told_in_every_language(language: str, winter: str, summer: str):
    zone = ZoneInfo("Europe/Helsinki")
    assert date_and_time(WINTER, zone, texts(language)) == winter
    assert date_and_time(SUMMER, zone, texts(language)) == summer


def test_the_zone_decides_on_the_day():
    assert date_and_time(SUMMER, ZoneInfo("UTC"), texts("sv")) == "1 juli 2026 kl. 22:30"
