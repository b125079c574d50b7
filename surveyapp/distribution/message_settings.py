"""What a survey's messages say, when they remind, and which question may be answered in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from instruments.loader import Library
from instruments.wordings import BRACES, LANGUAGE, PLACEHOLDERS
from surveyapp.distribution.click import clickable
from surveyapp.distribution.languages import offered
from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.mail import is_address
from surveyapp.store.models import SurveyRow
from surveyapp.surveys import piping

MOST_REMINDERS = 2
LATEST_REMINDER = 60  # days after the invitation
LONGEST_SUBJECT = 200
LONGEST_TEXT = 5000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class MailText:
    """A survey's own words in one language; what is empty is said in the product's words."""

    subject: str = ""
    text: str = ""
    reminder_subject: str = ""
    reminder_text: str = ""


@dataclass(frozen=True)
class MessageSettings:
    """``texts`` by language; ``one_click`` is ``<instrument>-<item>`` or empty; ``reminders`` are days
    after the invitation, ascending."""

    texts: Mapping[str, MailText] = field(default_factory=dict)
    one_click: str = ""
    reminders: tuple[int, ...] = ()
    reply_to: str = ""

    def stored(self) -> dict[str, Any]:
        """The document that ``read_mailing`` reads; empty texts are left out."""
        texts = {
            language: {name: text for name, text in vars(given).items() if text}
            for language, given in self.texts.items()
        }
        return {
            "texts": {language: given for language, given in texts.items() if given},
            "one_click": self.one_click,
            "reminders": list(self.reminders),
            "reply_to": self.reply_to,
        }


def read_message_settings(raw: Mapping[str, Any]) -> MessageSettings:
    """The document as a value, each part with its default; Invalid names the field that is wrong."""
    unknown = set(raw) - {"texts", "one_click", "reminders", "reply_to"}
    if unknown:
        raise Invalid(f"Messages have no setting {sorted(unknown)[0][:60]!r}.", field="texts")
    reply_to = _plain(raw.get("reply_to", ""), "reply_to").strip()
    if reply_to and not is_address(reply_to):
        raise Invalid(
            f"{reply_to[:60]!r} is not an email address; write one such as care@northbank.example.",
            field="reply_to",
        )
    return MessageSettings(
        texts=_texts(raw.get("texts", {})),
        one_click=_plain(raw.get("one_click", ""), "one_click"),
        reminders=_reminders(raw.get("reminders", [])),
        reply_to=reply_to,
    )


def change_message_settings(
    session: Session,
    survey: SurveyRow,
    raw: Mapping[str, Any],
    *,
    user_id: int | None,
    library: Library,
) -> MessageSettings:
    """Keep what the survey's messages say from now on. Raises Invalid(field=)."""
    mailing = read_message_settings(raw)
    known_languages = offered(survey, library)
    foreign = sorted(set(mailing.texts) - set(known_languages))
    if foreign:
        raise Invalid(
            f"The survey is not available in {foreign[0]!r}; it is available in"
            f" {', '.join(known_languages)}.",
            field="texts",
        )
    known = [each.name for each in clickable(survey, survey.language, library)]
    if mailing.one_click and mailing.one_click not in known:
        raise Invalid(
            "This question cannot be answered in a message; choose one with a scale"
            " of at most 11 points.",
            field="one_click",
        )
    survey.distribution = mailing.stored()
    record(
        session,
        user_id,
        "change messages",
        f"survey {survey.code}",
        languages=sorted(mailing.texts),
        one_click=mailing.one_click,
        reminders=list(mailing.reminders),
    )
    return mailing


def _texts(raw: object) -> dict[str, MailText]:
    if not isinstance(raw, Mapping):
        raise Invalid("Message texts must be given by language.", field="texts")
    return {_language(language): _text(given, language) for language, given in raw.items()}


def _language(tag: object) -> str:
    if not isinstance(tag, str) or len(tag) > 20 or not LANGUAGE.fullmatch(tag):
        raise Invalid(f"{str(tag)[:20]!r} is not a language tag such as fi.", field="texts")
    return tag


def _text(raw: object, language: str) -> MailText:
    """A language's texts; what is wrong with one is told at the field ``<name>-<language>``."""
    if not isinstance(raw, Mapping) or set(raw) - set(MailText.__dataclass_fields__):
        names = ", ".join(MailText.__dataclass_fields__)
        raise Invalid(f"The texts of a language are {names}; there are no others.", field="texts")
    read = {}
    for name, given in raw.items():
        place = f"{name}-{language}"
        longest = LONGEST_SUBJECT if name.endswith("subject") else LONGEST_TEXT
        read[name] = text = _plain(given, place).strip()
        if len(text) > longest:
            raise Invalid(
                f"The {name.replace('_', ' ')} has {len(text):,} characters; use at most {longest:,}.",
                field=place,
            )
        if name.endswith("subject") and len(text.splitlines()) > 1:
            raise Invalid("A subject is a single line; move the rest to the text.", field=place)
        _check_braces(text, place)
    return MailText(**read)


def _check_braces(text: str, field: str) -> None:
    """What nobody fills would reach the customer in its braces."""
    piping.check(text, field)
    for brace in BRACES.findall(text):
        if brace not in PLACEHOLDERS and not brace.startswith("{attribute"):
            raise Invalid(
                f"{brace[:40]!r} is not a placeholder; use"
                f" {' and '.join(PLACEHOLDERS)}, or"
                f" {{attribute:name|text when not known}}.",
                field=field,
            )


def _reminders(raw: object) -> tuple[int, ...]:
    if not isinstance(raw, (list, tuple)) or not all(type(day) is int for day in raw):
        raise Invalid("Reminders must be a list of whole days.", field="reminders")
    days = tuple(int(day) for day in raw)
    if len(days) > MOST_REMINDERS:
        raise Invalid(
            f"{len(days)} reminders are too many; use at most {MOST_REMINDERS}.",
            field="reminders",
        )
    if list(days) != sorted(set(days)) or any(not 1 <= day <= LATEST_REMINDER for day in days):
        raise Invalid(
            f"Send reminders after 1 to {LATEST_REMINDER} days, the second later than the first.",
            field="reminders",
        )
    return days


def _plain(raw: object, field: str) -> str:
    if not isinstance(raw, str):
        raise Invalid("Enter a text.", field=field)
    if _UNPRINTABLE.search(raw):
        raise Invalid("The text contains unprintable characters; remove them.", field=field)
    return raw.replace("\r\n", "\n")
