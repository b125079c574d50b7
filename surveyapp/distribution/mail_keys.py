"""Keys that sign mails: made, found in DNS, put to use, and retired while their last mails arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from surveyapp.domains import ascii_domain
from surveyapp.errors import Conflict, NotFound, SurveyappError
from surveyapp.installation import Installation
from surveyapp.settings import Settings
from surveyapp.store import key_pairs
from surveyapp.store.audit import record
from surveyapp.store.key_pairs import KeyPair, UnusableKey
from surveyapp.store.mail_signing import Signer
from surveyapp.store.models import MailKey

# Mail servers give up after five days; verifiers look the key up when the mail arrives.
OVERLAP = timedelta(days=7)


class SigningKeyAway(SurveyappError):
    """The key that should sign cannot be used: mail waits rather than leave without a signature."""


@dataclass(frozen=True)
class KeyLine:
    """A key as a page shows it: never its private half."""

    id: int
    name: str  # where its record is in DNS
    record: str
    created_at: datetime
    signs_from: datetime | None
    retired_at: datetime | None

    @property
    def state(self) -> str:
        if self.retired_at is not None:
            return "retired"
        return "signing" if self.signs_from is not None else "new"

    @property
    def keep_until(self) -> datetime | None:
        """Until when its record has to stay in DNS after another key took over."""
        return self.retired_at + OVERLAP if self.retired_at is not None else None


def sender_domain(settings: Settings) -> str:
    """The domain of the sender's address, as DNS writes it; empty where no sender is set."""
    return ascii_domain(parseaddr(settings.mail_from)[1].rpartition("@")[2])


def key_record(public_key: str) -> str:
    """The TXT record under which receivers find the key."""
    return f"v=DKIM1; k=rsa; p={public_key}"


def lines(session: Session, domain: str) -> Sequence[KeyLine]:
    """The domain's keys that were made here, the newest first."""
    return [_line(key) for key in session.scalars(_of(domain))]


def add_key(
    session: Session, installation: Installation, pair: KeyPair, *, user_id: int | None
) -> MailKey:
    """Add a key, made outside of the transaction. It signs nothing before its record was found in DNS.
    Raises Conflict.
    """
    domain = sender_domain(installation.settings)
    if not domain:
        raise Conflict("No sender is configured. Set SURVEYAPP_MAIL_FROM, then make a key.")
    if any(line.state == "new" for line in lines(session, domain)):
        raise Conflict("There is a new key already. Publish its record, or delete the key.")
    now = installation.now()
    key = MailKey(
        domain=domain,
        selector=_free_selector(session, domain, f"s{now:%Y%m%d}"),
        private_key=key_pairs.locked(pair.private_key, installation.secret_key),
        public_key=pair.public_key,
        created_at=now,
    )
    session.add(key)
    session.flush()
    record(session, user_id, "make mail key", _subject(key))
    return key


def record_name(session: Session, key_id: int) -> str:
    """Where the key's record has to be in DNS. Raises NotFound."""
    return _line(_key(session, key_id)).name


def use_key(
    session: Session, key_id: int, *, published: Sequence[str], now: datetime, user_id: int | None
) -> MailKey:
    """Have a key sign from now on; the one before it is retired. Raises NotFound, and Conflict unless
    ``published``, which DNS has at its name, holds its record: its signatures would be worth less
    than none.
    """
    key = _key(session, key_id)
    line = _line(key)
    if key.signs_from is not None:
        raise Conflict(f"The key {key.selector} is {line.state}; make a new one.")
    if not any(is_record_of(text, key.public_key) for text in published):
        raise Conflict(
            f"DNS does not have the record of {line.name} yet. Publish it, wait until it is found,"
            " and try again."
        )
    for other in session.scalars(_of(key.domain)):
        if other.signs_from is not None and other.retired_at is None:
            other.retired_at = now
    key.signs_from = now
    record(session, user_id, "use mail key", _subject(key))
    return key


def delete_key(session: Session, key_id: int, *, now: datetime, user_id: int | None) -> str:
    """Delete a key that never signed, or whose last mails have arrived; its selector. Raises NotFound,
    Conflict.
    """
    key = _key(session, key_id)
    line = _line(key)
    if line.state == "signing":
        raise Conflict(f"The key {key.selector} signs the mail. Put another one to use first.")
    if line.keep_until is not None and line.keep_until > now:
        raise Conflict(
            f"Mail that the key {key.selector} signed may still be on its way. It can be deleted"
            f" from {line.keep_until:%Y-%m-%d} on."
        )
    record(session, user_id, "delete mail key", _subject(key))
    session.delete(key)
    return key.selector


def is_record_of(text: str, public_key: str) -> bool:
    """Whether a TXT record publishes this key; blanks and the order of its tags do not matter."""
    tags = dict(part.strip().partition("=")[::2] for part in text.split(";") if part.strip())
    found = {name.strip(): "".join(value.split()) for name, value in tags.items()}
    return found.get("p") == public_key and found.get("v", "DKIM1") == "DKIM1"


def signer(session: Session, installation: Installation) -> Signer | None:
    """What signs mail at the moment; None when nothing does. Raises SigningKeyAway."""
    settings = installation.settings
    domain = sender_domain(settings)
    if settings.dkim_key_file:
        pair = file_pair(settings)
        return Signer(domain, settings.dkim_selector, pair.private_key)
    in_use = MailKey.signs_from.is_not(None) & MailKey.retired_at.is_(None)
    key = session.scalar(_of(domain).where(in_use).limit(1))
    if key is None:
        return None
    try:
        private = key_pairs.unlocked(key.private_key, installation.secret_key)
    except UnusableKey as error:
        raise SigningKeyAway(
            f"The mail key {key.selector} {error}. Make a new one under Connections → Mail."
        ) from None
    return Signer(domain, key.selector, private)


def file_pair(settings: Settings) -> KeyPair:
    """The key in the file that the settings name. Raises SigningKeyAway."""
    path = Path(settings.dkim_key_file).expanduser()
    try:
        return key_pairs.read_pair(path.read_bytes())
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise SigningKeyAway(f"SURVEYAPP_DKIM_KEY_FILE: {path} cannot be read: {said}.") from None
    except UnusableKey as error:
        raise SigningKeyAway(
            f"SURVEYAPP_DKIM_KEY_FILE: {path} {error}. Make one with: openssl genrsa 2048"
        ) from None


def _of(domain: str) -> Select[MailKey]:
    return select(MailKey).where(MailKey.domain == domain).order_by(MailKey.id.desc())


def _key(session: Session, key_id: int) -> MailKey:
    key = session.get(MailKey, key_id)
    if key is None:
        raise NotFound("There is no such mail key.")
    return key


def _free_selector(session: Session, domain: str, wanted: str) -> str:
    """The name of the day, with a number where it is taken: deleted records may linger in caches."""
    taken = {key.selector for key in session.scalars(_of(domain))}
    others = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted, *others) if name not in taken)


def _line(key: MailKey) -> KeyLine:
    return KeyLine(
        id=key.id,
        name=f"{key.selector}._domainkey.{key.domain}",
        record=key_record(key.public_key),
        created_at=key.created_at,
        signs_from=key.signs_from,
        retired_at=key.retired_at,
    )


def _subject(key: MailKey) -> str:
    return f"mail key {key.selector} of {key.domain}"
