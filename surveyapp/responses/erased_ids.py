"""An agency's own ids of responses that were erased: kept as keyed hashes, so that the same file brought
in again does not bring the answers back.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.store.models import Erasure
from surveyapp.surveys.survey import Survey

_LENGTH = 32  # 128 bits in hexadecimal digits


def erased_as(secret_key: str, survey: Survey, external_id: str) -> str:
    """What is kept of an erased response's external id: 128 bits of an HMAC-SHA-256, other ones in every
    survey. Without the installation's key nobody can try out ids.
    """
    named = f"{survey.id} {external_id}".encode("utf-8", "surrogatepass")
    return hmac.digest(_key(secret_key), named, "sha256").hex()[:_LENGTH]


@lru_cache(maxsize=8)
def _key(secret_key: str) -> bytes:
    return hmac.digest(secret_key.encode(), b"surveyapp erased external id", "sha256")


def erased_among(
    session: Session, survey: Survey, external_ids: Iterable[str], *, secret_key: str
) -> set[str]:
    """Those of these ids whose responses to the survey were erased by customers or removed by staff."""
    own = (Erasure.survey_id == survey.id, Erasure.external_hash.is_not(None))
    # Most surveys have lost no response: then no id need be hashed.
    if session.scalar(select(Erasure.id).where(*own).limit(1)) is None:
        return set()
    hidden = {erased_as(secret_key, survey, each): each for each in external_ids if each}
    if not hidden:
        return set()
    found = select(Erasure.external_hash).where(*own, Erasure.external_hash.in_(hidden))
    return {hidden[each] for each in session.scalars(found) if each}
