"""What the worker does about asking by the clock."""

from __future__ import annotations

from datetime import datetime

from surveyapp.asking.decisions import anything_undecided, decide_due
from surveyapp.asking.verdicts import Rules
from surveyapp.store.storage import Storage


def decide(storage: Storage, now: datetime) -> int:
    """Decide about one batch of what waits; how many interactions were looked at."""
    with storage.store.reading() as session:
        if not anything_undecided(session):
            return 0  # without waiting for the lock of who writes
    settings = storage.settings
    rules = Rules(settings.time_zone, settings.rest_days, settings.asks_a_year)
    with storage.store.writing() as session:
        return decide_due(session, now=now, secret_key=storage.secret_key, rules=rules)
