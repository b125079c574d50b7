"""Asking the customer of a case again, and what they said then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.installation import Installation
from surveyapp.sampling.opt_outs import address_key, is_opted_out
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    Case,
    CaseNote,
    Contact,
    Decision,
    Interaction,
    Invitation,
    JourneyRun,
    OutgoingMessage,
    Response,
    Score,
)
from surveyapp.surveys import links
from surveyapp.surveys.queries import survey_of, surveys
from surveyapp.surveys.survey import Survey

OPEN_DAYS = 30  # how long the link takes an answer
_STATES = {
    "created": "waiting",
    "opened": "opened",
    "completed": "answered",
    "suppressed": "not sent",
}


@dataclass(frozen=True)
class Reachable:
    """How the customer of a case can be asked; ``why_not`` is a sentence where mail cannot be sent."""

    customer_ref: str | None = None
    interaction_id: int | None = None
    opted_out: bool = False
    why_not: str = ""

    @property
    def by_mail(self) -> bool:
        return not self.why_not


@dataclass(frozen=True)
class Asked:
    """A follow-up that was made; ``url`` is empty when it goes by mail."""

    invitation_id: int
    url: str


@dataclass(frozen=True)
class FollowUp:
    """How far a follow-up is. ``value`` is its score once it is answered, on the case's scale."""

    asked_at: datetime
    state: str  # "waiting", "opened", "answered", "expired", "not sent"
    why_not_sent: str
    value: float | None
    above_limit: bool  # answered, and above what opens a case


def reach(session: Session, case: Case, *, secret_key: str) -> Reachable:
    """Find the customer by the response's run, invitation and interactions, and how to write to them."""
    response = session.get(Response, case.response_id) if case.response_id else None
    if response is None:
        return Reachable(
            why_not="The response was erased, so the customer can no longer be reached."
        )
    interaction = _interaction(session, response)
    run = session.get(JourneyRun, response.journey_run_id) if response.journey_run_id else None
    customer_ref = run.customer_ref if run else interaction.customer_ref if interaction else None
    if customer_ref is None:
        return Reachable(why_not="The customer who answered is not known.")
    contact = session.get(Contact, customer_ref)
    number = interaction.id if interaction else None
    if _opted_out(session, customer_ref, contact, secret_key):
        return Reachable(customer_ref, number, True, "The customer has opted out of surveys.")
    if contact is None or not contact.email:
        return Reachable(customer_ref, number, why_not="The customer's email address is not known.")
    if contact.bounced_at is not None:
        return Reachable(customer_ref, number, why_not="Email to the customer bounced.")
    return Reachable(customer_ref, number)


def ask_again(
    session: Session,
    case: Case,
    *,
    by_mail: bool,
    user_id: int,
    installation: Installation,
    now: datetime | None = None,
) -> Asked:
    """Invite the customer to the follow-up survey, by mail or by a link for somebody to pass on.

    Asked twice it is one invitation, and the link is the same again. Raises Conflict where there is
    no open follow-up survey, where mail cannot be sent, and when it was answered already.
    """
    now = now or installation.now()
    survey = _survey(session, case, now)
    secret_key = installation.secret_key
    found = reach(session, case, secret_key=secret_key)
    if found.opted_out:
        raise Conflict("The customer has opted out of surveys, so no link was created.")
    if by_mail and not found.by_mail:
        raise Conflict(f"{found.why_not} Create a personal link and pass it on instead.")
    invitation = _waiting(session, case, survey, now)
    if invitation is None:
        invitation = _invite(session, case, survey, found, by_mail, secret_key, now)
        _note(session, case, by_mail, user_id)
    if by_mail:
        _write_mail(session, case, invitation, found, now)
        return Asked(invitation.id, "")
    return Asked(invitation.id, _url(session, case, survey, invitation, installation))


def follow_up_of(session: Session, case: Case, *, now: datetime | None = None) -> FollowUp | None:
    """The case's follow-up, None when the customer was not asked again."""
    invitation = session.get(Invitation, case.follow_up_id) if case.follow_up_id else None
    if invitation is None:
        return None
    value = session.scalar(
        select(Score.value)
        .join(Response, Response.id == Score.response_id)
        .where(Response.invitation_id == invitation.id, Score.scale == case.scale)
    )
    rule = survey_of(case.survey).case_rule
    compared = rule is not None and rule.scale == case.scale and value is not None
    expired = invitation.expires_at is not None and invitation.expires_at <= (now or utc_now())
    state = _STATES[invitation.state]
    return FollowUp(
        asked_at=invitation.created_at,
        state="expired" if expired and state in {"waiting", "opened"} else state,
        why_not_sent=invitation.not_sent_reason,
        value=value,
        above_limit=compared and not rule.catches(value),  # type: ignore[union-attr, arg-type]
    )


def _interaction(session: Session, response: Response) -> Interaction | None:
    """The interaction that the response was asked for, else the latest of its journey run."""
    invitation = session.get(Invitation, response.invitation_id) if response.invitation_id else None
    if invitation is not None and invitation.interaction_id is not None:
        return session.get(Interaction, invitation.interaction_id)
    if response.journey_run_id is None:
        return None
    query = select(Interaction).where(Interaction.journey_run_id == response.journey_run_id)
    return session.scalar(query.order_by(Interaction.at.desc(), Interaction.id.desc()).limit(1))


def _opted_out(
    session: Session, customer_ref: str, contact: Contact | None, secret_key: str
) -> bool:
    return is_opted_out(session, keys_of(customer_ref, contact, secret_key))


def keys_of(customer_ref: str, contact: Contact | None, secret_key: str) -> list[str]:
    """What stands for a customer on the list of those who do not want to be asked."""
    keys = [customer_ref]
    if contact is not None and contact.email:
        keys.append(address_key(secret_key, contact.email))
    return keys


def _survey(session: Session, case: Case, now: datetime) -> Survey:
    rule = survey_of(case.survey).case_rule
    number = rule.follow_up_survey_id if rule else None
    found = surveys(session, [number]).get(number) if number else None
    if found is None:
        raise Conflict(
            "No follow-up survey is chosen for this survey; choose one under Closed loop."
        )
    early = found.opens_at is not None and now < found.opens_at
    late = found.closes_at is not None and now >= found.closes_at
    if found.state != "open" or early or late:
        raise Conflict(f"The follow-up survey {found.name} is not open; publish it first.")
    return found


def _waiting(session: Session, case: Case, survey: Survey, now: datetime) -> Invitation | None:
    """The invitation that can still be answered; Conflict when it was."""
    if case.follow_up_id is None:
        return None
    found = session.scalar(
        select(Invitation).where(
            Invitation.id == case.follow_up_id,
            Invitation.survey_id == survey.id,
            Invitation.state != "suppressed",
            or_(
                Invitation.expires_at.is_(None),
                Invitation.expires_at > now,
                Invitation.state == "completed",
            ),
        )
    )
    if found is not None and found.state == "completed":
        raise Conflict("The customer has already answered the follow-up survey.")
    return found


def _invite(
    session: Session,
    case: Case,
    survey: Survey,
    found: Reachable,
    by_mail: bool,
    secret_key: str,
    now: datetime,
) -> Invitation:
    seed = links.new_seed()
    ticket = links.Ticket(links.token_of(secret_key, seed))
    invitation = Invitation(
        survey_id=survey.id,
        token_hash=ticket.token_hash,
        token_seed=seed,
        interaction_id=found.interaction_id,
        channel="email" if by_mail else "link",
        created_at=now,
        expires_at=(now + timedelta(days=OPEN_DAYS)).replace(microsecond=0),
    )
    session.add(invitation)
    session.flush()
    case.follow_up_id = invitation.id
    if found.interaction_id is not None and found.customer_ref is not None:
        _decide(session, case, invitation, found.interaction_id, found.customer_ref, now)
    return invitation


def _decide(
    session: Session,
    case: Case,
    invitation: Invitation,
    interaction_id: int,
    customer_ref: str,
    now: datetime,
) -> None:
    """Count the ask among the customer's others, so that their rest begins anew."""
    query = select(Decision).where(
        Decision.interaction_id == interaction_id,
        Decision.survey_id == invitation.survey_id,
    )
    decision = session.scalar(query)
    if decision is None:
        decision = Decision(
            interaction_id=interaction_id,
            survey_id=invitation.survey_id,
            customer_ref=customer_ref,
        )
        session.add(decision)
    decision.outcome, decision.reason = "ask", ""
    decision.detail = f"Asked again by somebody who looks after case {case.id}."
    decision.invitation_id, decision.due_at, decision.decided_at = invitation.id, now, now


def _write_mail(
    session: Session, case: Case, invitation: Invitation, found: Reachable, now: datetime
) -> None:
    """Ask for the mail. Where no interaction knows the customer, what is known goes with it."""
    response = session.get(Response, case.response_id) if case.response_id else None
    alone = invitation.interaction_id is None and response is not None
    key = f"invitation {invitation.id}"
    if session.scalar(select(OutgoingMessage.id).where(OutgoingMessage.key == key)) is None:
        session.add(
            OutgoingMessage(
                key=key,
                kind="invitation",
                survey_id=invitation.survey_id,
                invitation_id=invitation.id,
                customer_ref=found.customer_ref,
                content={"attributes": response.attributes} if alone and response else {},
                due_at=now,
            )
        )
        invitation.channel = "email"


def _url(
    session: Session,
    case: Case,
    survey: Survey,
    invitation: Invitation,
    installation: Installation,
) -> str:
    """The link: short where an interaction knows the customer, else with them signed into it."""
    base_url, secret_key = installation.settings.base_url, installation.secret_key
    token = links.token_of(secret_key, invitation.token_seed or "")
    if invitation.interaction_id is not None:
        return links.short_url(base_url, token)
    response = session.get(Response, case.response_id) if case.response_id else None
    ticket = links.Ticket(
        token,
        reach(session, case, secret_key=secret_key).customer_ref,
        response.attributes if response else {},
        invitation.expires_at,
    )
    signed = links.write_ticket(installation.signing_keys, survey.link, ticket)
    return links.single_use_url(base_url, survey.link, signed)


def _note(session: Session, case: Case, by_mail: bool, user_id: int) -> None:
    way = "by email" if by_mail else "by personal link"
    case.notes.append(
        CaseNote(user_id=user_id, kind="change", text=f"Follow-up survey sent {way}.")
    )
    record(session, user_id, "ask again for case", f"case {case.id}", by_mail=by_mail)
    session.flush()
