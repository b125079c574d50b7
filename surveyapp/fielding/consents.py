"""What customers agree to. A text that somebody has read is never changed: a new one follows it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.models import ConsentText, Deployment

_LONGEST = 5000


def change_consent(
    session: Session, deployment: Deployment, *, text: str, box: bool, user_id: int | None
) -> bool:
    """Ask customers from now on to agree to ``text``; whether that made a new version.

    The old text stays under its version, since responses name it. ``box`` says whether agreeing
    takes a tick. Raises Invalid for a text that is too long, or a box without a text.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise Invalid(
            f"The consent text has {len(text)} characters; use at most {_LONGEST}.", field="text"
        )
    if box and not text:
        raise Invalid("A box to tick needs a text to agree to; write one.", field="text")
    was = (deployment.consent, deployment.consent_box)
    if was == (text, box):
        return False
    known = versions(session, deployment)
    deployment.consent_box = box
    anew = text != deployment.consent
    if anew:
        _keep(session, deployment.id, known, deployment.consent_version, deployment.consent)
        deployment.consent = text
        deployment.consent_version = _next(known, deployment.consent_version) if text else ""
        _keep(session, deployment.id, known, deployment.consent_version, text)
    record(
        session,
        user_id,
        "change consent",
        f"deployment {deployment.code}",
        version=deployment.consent_version,
        box=box,
    )
    session.flush()
    return anew


def versions(session: Session, deployment: Deployment) -> list[ConsentText]:
    """Every text that was in force, the newest first; the present one included."""
    query = select(ConsentText).where(ConsentText.deployment_id == deployment.id)
    found = list(session.scalars(query.order_by(ConsentText.id.desc())))
    if deployment.consent and deployment.consent_version not in {each.version for each in found}:
        # In force since the deployment was made: its row is written when another follows it.
        first = ConsentText(
            deployment_id=deployment.id,
            version=deployment.consent_version,
            text=deployment.consent,
            created_at=deployment.created_at,
        )
        return [first, *found]
    return found


def text_of(session: Session, deployment_id: int, version: str) -> str:
    """The text that a version stood for; empty when nothing was to be agreed to."""
    kept = session.scalar(
        select(ConsentText.text).where(
            ConsentText.deployment_id == deployment_id, ConsentText.version == version
        )
    )
    if kept is not None:
        return kept
    deployment = session.get_one(Deployment, deployment_id)
    return deployment.consent if deployment.consent_version == version else ""


def _keep(
    session: Session, deployment_id: int, known: list[ConsentText], version: str, text: str
) -> None:
    stored = {each.version for each in known if each in session or each.id is not None}
    if text and version not in stored:
        row = next((each for each in known if each.version == version), None)
        session.add(row or ConsentText(deployment_id=deployment_id, version=version, text=text))


def _next(known: list[ConsentText], version: str) -> str:
    """One more than the highest number among the versions; texts of other names count by number."""
    names = {each.version for each in known} | {version}
    numbers = [int(name) for name in names if name.isdecimal()]
    following = max([*numbers, len(names - {""})]) + 1
    return str(following)
