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
    if (deployment.consent, deployment.consent_box) == (text, box):
        return False
    anew = text != deployment.consent
    if anew:
        _keep(session, deployment)
        deployment.consent = text
        deployment.consent_version = _next(session, deployment) if text else ""
        _keep(session, deployment)
    deployment.consent_box = box
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
    if deployment.consent and not any(e.version == deployment.consent_version for e in found):
        found.insert(0, _row(deployment))  # its own row is written when another text follows it
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


def _keep(session: Session, deployment: Deployment) -> None:
    """Store the text that is in force under its version, if it is not stored."""
    stored = select(ConsentText.id).where(
        ConsentText.deployment_id == deployment.id,
        ConsentText.version == deployment.consent_version,
    )
    if deployment.consent and session.scalar(stored) is None:
        session.add(_row(deployment))
        session.flush()


def _row(deployment: Deployment) -> ConsentText:
    return ConsentText(
        deployment_id=deployment.id, version=deployment.consent_version, text=deployment.consent
    )


def _next(session: Session, deployment: Deployment) -> str:
    """One more than there were versions, or than the highest that is a number."""
    own = ConsentText.deployment_id == deployment.id
    names = list(session.scalars(select(ConsentText.version).where(own)))
    return str(max([len(names), *(int(name) for name in names if name.isdecimal())]) + 1)
