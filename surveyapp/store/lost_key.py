"""The end of a lost master key: what was encrypted under it is given up, and new keys are made."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from surveyapp.store import data_keys
from surveyapp.store.audit import record
from surveyapp.store.models import Contact, DrawEntry, EncryptionKey, OutgoingMessage
from surveyapp.store.reencryption import encrypted_tables
from surveyapp.store.wrapping import fingerprint

_WHY = "It cannot be read any more: the master key was lost."


def abandon(session: Session, master_key: str) -> None:
    """Delete every encrypted name and address, with the messages and draw entries that need them, and
    begin with this master key. Answers, cases and opt-outs stay.
    """
    unread = OutgoingMessage.__table__.c
    session.execute(
        update(OutgoingMessage)
        .where(unread.state.in_(("waiting", "sending")))
        .values(state="cancelled", error=_WHY)
    )
    session.execute(delete(DrawEntry))
    session.execute(update(Contact).values(email_index="", phone_index=""))
    for each in encrypted_tables():
        nothing = {name: kind.empty for name, kind in each.kinds.items()}
        session.execute(update(each.kept).values(nothing))
    session.execute(delete(EncryptionKey))
    data_keys.make_first(session.connection(), master_key)
    record(session, None, "abandon master key", f"master key {fingerprint(master_key)}")
