"""What the worker does about asking by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from surveyapp.installation import Installation
from surveyapp.sampling import forgetting
from surveyapp.sampling.decisions import anything_undecided, decide_due
from surveyapp.sampling.eligibility import Rules


def decide(installation: Installation, now: datetime) -> int:
    """Decide about one batch of what waits; how many interactions were looked at."""
    with installation.store.reading() as session:
        if not anything_undecided(session):
            return 0  # without waiting for the lock of who writes
    settings = installation.settings
    rules = Rules(settings.time_zone, settings.rest_days, settings.asks_a_year)
    with installation.store.writing() as session:
        return decide_due(session, now=now, secret_key=installation.secret_key, rules=rules)


def retire(installation: Installation, now: datetime) -> int:
    """Delete some of what is older than it may be kept; how much."""
    before = now - timedelta(days=installation.settings.keep_contacts_days)
    with installation.store.reading() as session:
        found = forgetting.old(session, before=before)
    if not found:
        return 0
    with installation.store.writing() as session:
        return forgetting.retire(session, found, before=before)
