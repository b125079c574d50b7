"""A webhook's server as it behaves: when it failed, what it asked for, and when it is told nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy.orm import Session

from surveyapp.store.audit import record
from surveyapp.store.models import Webhook
from surveyapp.webhooks import signing
from surveyapp.webhooks.client import Answer
from surveyapp.webhooks.retry_after import read_retry_after

PAUSED_AFTER = timedelta(days=3)  # without a single success


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt; ``error`` is empty when the message was taken.

    ``wait_until`` is when the server wants to be asked again, None where it did not say.
    """

    status: int | None
    error: str
    wait_until: datetime | None = None

    @property
    def gone(self) -> bool:
        """Whether the server wants to hear nothing any more."""
        return self.status == HTTPStatus.GONE


def outcome_of(answer: Answer, *, now: datetime) -> Outcome:
    """What a server's answer comes to."""
    if answer.accepted:
        return Outcome(answer.status, "")
    if answer.status == HTTPStatus.GONE:
        return Outcome(answer.status, "The server answered 410 Gone; it wants no more deliveries.")
    if 300 <= answer.status < 400:
        said = f"The server answered {answer.status}; redirects are not followed."
    else:
        said = f"The server answered {answer.status}" + (
            f": {answer.excerpt}" * bool(answer.excerpt)
        )
    return Outcome(answer.status, said, read_retry_after(answer.retry_after, now=now))


def secrets_of(webhook: Webhook, secret_key: str, *, now: datetime) -> tuple[str, ...]:
    """The secrets that sign for it: its own, and the one before for as long as that still counts."""
    seeds = [webhook.seed]
    if webhook.previous_seed and webhook.previous_until and webhook.previous_until > now:
        seeds.append(webhook.previous_seed)
    return tuple(signing.secret_of(secret_key, seed) for seed in seeds)


def note_outcome(
    session: Session, webhook: Webhook, outcome: Outcome, *, judged: bool, now: datetime
) -> None:
    """Write down how its server behaved. One that is gone, or to which nothing got through for three
    days, is told nothing more; ``judged`` is False for a failure that may be a hiccup.
    """
    if not outcome.error:
        webhook.failing_since = webhook.wait_until = None
        return
    webhook.wait_until = outcome.wait_until
    if outcome.gone:
        if webhook.active:
            _stop(session, webhook, by="410 Gone")
        webhook.gone_at = now
    elif webhook.failing_since is None:
        webhook.failing_since = now
    elif webhook.active and judged and now - webhook.failing_since >= PAUSED_AFTER:
        _stop(session, webhook, by="failures")


def _stop(session: Session, webhook: Webhook, *, by: str) -> None:
    webhook.active = False
    record(session, None, "pause webhook", f"webhook {webhook.id} {webhook.name}", by=by)
