"""How the receiver of a webhook knows that it was us, and when: the Standard Webhooks specification.

The signature covers the time, so that a message that was overheard cannot be sent again later. The
headers of before, ``Surveyapp-*``, are sent beside it for one more release.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

TOLERANCE_SECONDS = 300  # what receivers are advised to allow between our clock and theirs
OVERLAP = timedelta(hours=24)  # in which a secret that was replaced signs beside the new one
_PREFIX = "whsec_"


def new_seed() -> str:
    """128 random bits that a webhook's secret is made from."""
    return secrets.token_hex(16)


def secret_of(secret_key: str, seed: str) -> str:
    """The secret that signs what a webhook is told: "whsec_" and 256 bits as text, which is base64.

    The database holds the seed: without the secret key, a copy of it signs nothing. The 64 digits are
    base64 of 48 bytes, so that secrets given out before the specification was kept go on by it.
    """
    key = hmac.new(secret_key.encode(), b"surveyapp webhook secret", "sha256").digest()
    return _PREFIX + hmac.new(key, seed.encode(), "sha256").hexdigest()


def signature(secret: str, body: bytes, *, event_id: str, now: datetime) -> str:
    """One signature of ``webhook-signature``: "v1," and base64 of the HMAC-SHA-256 of id, time, body."""
    key = binascii.a2b_base64(secret.removeprefix(_PREFIX))
    signed = f"{event_id}.{int(now.timestamp())}.".encode() + body
    code = hmac.new(key, signed, "sha256").digest()
    return "v1," + binascii.b2a_base64(code, newline=False).decode()


def old_signature(secret: str, body: bytes, *, now: datetime) -> str:
    """The value of the header ``Surveyapp-Signature``: ``t=<unix time>,v1=<HMAC-SHA-256>``."""
    moment = int(now.timestamp())
    signed = f"{moment}.".encode() + body
    return f"t={moment},v1={hmac.new(secret.encode(), signed, 'sha256').hexdigest()}"


def headers(
    keys: Sequence[str], body: bytes, *, event: str, event_id: str, delivery: str, now: datetime
) -> dict[str, str]:
    """What a message to a webhook carries beside its JSON body.

    ``keys`` are the webhook's secrets, the one in force first; ``event_id`` may hold no period.
    """
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            signature(each, body, event_id=event_id, now=now) for each in keys
        ),
        "Surveyapp-Event": event,
        "Surveyapp-Delivery": delivery,
        "Surveyapp-Signature": old_signature(keys[0], body, now=now),
    }
