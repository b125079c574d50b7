"""How the receiver of a webhook knows that it was us, and when.

The signature covers the time, so that a message that was overheard cannot be sent again later.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

TOLERANCE_SECONDS = 300  # what receivers are advised to allow between our clock and theirs


def new_seed() -> str:
    """128 random bits that a webhook's secret is made from."""
    return secrets.token_hex(16)


def secret_of(secret_key: str, seed: str) -> str:
    """The secret that signs what a webhook is told: 256 bits as text.

    The database holds the seed: without the secret key, a copy of it signs nothing.
    """
    key = hmac.new(secret_key.encode(), b"surveyapp webhook secret", "sha256").digest()
    return "whsec_" + hmac.new(key, seed.encode(), "sha256").hexdigest()


def signature(secret: str, body: bytes, *, now: datetime) -> str:
    """The value of the header ``Surveyapp-Signature``: ``t=<unix time>,v1=<HMAC-SHA-256>``."""
    moment = int(now.timestamp())
    signed = f"{moment}.".encode() + body
    return f"t={moment},v1={hmac.new(secret.encode(), signed, 'sha256').hexdigest()}"


def headers(
    secret: str, body: bytes, *, event: str, delivery: str, now: datetime
) -> dict[str, str]:
    """What a message to a webhook carries beside its JSON body."""
    return {
        "Content-Type": "application/json",
        "Surveyapp-Event": event,
        "Surveyapp-Delivery": delivery,
        "Surveyapp-Signature": signature(secret, body, now=now),
    }
