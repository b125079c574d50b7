"""How the customer of a case is reached, for whoever looks after it; each look is in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from surveyapp.closed_loop import follow_up
from surveyapp.store.audit import record
from surveyapp.store.models import Case, Contact


@dataclass(frozen=True)
class ContactDetails:
    """What is known of how to reach a customer; empty where nothing is."""

    email: str = ""
    phone: str = ""
    language: str = ""
    zone: str = ""
    bounced_at: datetime | None = None

    @property
    def known(self) -> bool:
        """Whether the customer can be reached at all."""
        return bool(self.email or self.phone)


def look_at(session: Session, case: Case, *, secret_key: str, user_id: int) -> ContactDetails:
    """The contact details of a case's customer, noted as looked at by this user.

    Of an anonymous survey, an erased response or an unknown customer there are none.
    """
    record(session, user_id, "see contact details", f"case {case.id}")
    if case.survey.anonymity == "anonymous":
        return ContactDetails()
    reference = follow_up.reach(session, case, secret_key=secret_key).customer_ref
    contact = session.get(Contact, reference) if reference is not None else None
    if contact is None:
        return ContactDetails()
    return ContactDetails(
        contact.email, contact.phone, contact.language, contact.zone, contact.bounced_at
    )
