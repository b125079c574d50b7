"""How the customer of a case is reached, for whoever looks after it; each look is in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from surveyapp.closed_loop import follow_up
from surveyapp.results import phrases
from surveyapp.sampling.opt_outs import opt_out_of
from surveyapp.store.audit import record
from surveyapp.store.models import Case, Contact, OptOut, Response

_SOURCES = {
    "link": "by the link in a message",
    "staff": "told by staff",
    "import": "by an imported list",
    "api": "told by another program",
    "bounce": "after a bounced email",
}


@dataclass(frozen=True)
class ContactDetails:
    """What is known of how to reach a customer; empty where nothing is."""

    email: str = ""
    phone: str = ""
    language: str = ""
    zone: str = ""
    bounced_at: datetime | None = None
    permission: str = ""  # a sentence: whether the customer allows contact, and what says so
    refused: bool = False  # they do not, so that no details are told

    @property
    def known(self) -> bool:
        """Whether the customer can be reached at all."""
        return bool(self.email or self.phone)


def look_at(session: Session, case: Case, *, secret_key: str, user_id: int) -> ContactDetails:
    """The contact details of a case's customer, noted as looked at by this user.

    Of an anonymous survey, an erased response or an unknown customer there are none, nor of one who
    has opted out: whoever wants to be left alone is not called about an answer either.
    """
    record(session, user_id, "see contact details", f"case {case.id}")
    if case.survey.anonymity == "anonymous":
        return ContactDetails()
    reference = follow_up.reach(session, case, secret_key=secret_key).customer_ref
    contact = session.get(Contact, reference) if reference is not None else None
    if reference is not None:
        refusal = opt_out_of(session, follow_up.keys_of(reference, contact, secret_key))
        if refusal is not None:
            return ContactDetails(permission=_refused(refusal), refused=True)
    if contact is None:
        return ContactDetails()
    return ContactDetails(
        contact.email,
        contact.phone,
        contact.language,
        contact.zone,
        contact.bounced_at,
        _allowed(session, case, contact),
    )


def _refused(refusal: OptOut) -> str:
    return (
        f"The customer has opted out ({_SOURCES[refusal.source]}, {phrases.day(refusal.created_at)}),"
        " so the contact details are not shown."
    )


def _allowed(session: Session, case: Case, contact: Contact) -> str:
    """What contact rests on: no opt-out, where the details come from, and the consent that was given."""
    response = session.get(Response, case.response_id) if case.response_id else None
    said = (
        "The customer has not opted out. The details are those of the customers' register, last"
        f" changed {phrases.day(contact.updated_at)}"
    )
    if response is None or not response.consent_version:
        return f"{said}; the answer was given under no consent text."
    return f"{said}; the answer was given under consent text {response.consent_version}."
