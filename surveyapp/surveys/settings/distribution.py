"""The messages of a survey: what they say, when they remind, and which question they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import Attribute, astuple, field, frozen

from instruments.wordings import BRACES, LANGUAGE, PLACEHOLDERS
from surveyapp.errors import Invalid
from surveyapp.store.mail import is_address
from surveyapp.surveys import piping
from surveyapp.surveys.settings.document import Document, Path, about, limited, stripped

MOST_REMINDERS = 2
LATEST_REMINDER = 60  # days after the invitation
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _is_printable(_instance: Any, attribute: Attribute[str], text: str) -> None:
    if _UNPRINTABLE.search(text):
        raise Invalid(
            "The text contains unprintable characters; remove them.", field=attribute.name
        )


def _is_message(instance: Any, attribute: Attribute[str], text: str) -> None:
    """Refuse what would reach the customer spoilt: too long, or with braces that nobody fills."""
    _is_printable(instance, attribute, text)
    limited(instance, attribute, text)
    if attribute.name.endswith("subject") and len(text.splitlines()) > 1:
        raise Invalid(
            "A subject is a single line; move the rest to the text.", field=attribute.name
        )
    piping.check(text, attribute.name)
    for brace in BRACES.findall(text):
        if brace not in PLACEHOLDERS and not brace.startswith("{attribute"):
            raise Invalid(
                f"{brace[:40]!r} is not a placeholder; use {' and '.join(PLACEHOLDERS)}, or"
                " {attribute:name|text when not known}.",
                field=attribute.name,
            )


@frozen
class MessageText:
    """A survey's own words in one language; what is empty is said in the product's words."""

    subject: str = field(
        default="", converter=_plain, validator=_is_message, metadata=about("Subject", most=200)
    )
    text: str = field(
        default="", converter=_plain, validator=_is_message, metadata=about("Text", most=5000)
    )
    reminder_subject: str = field(
        default="",
        converter=_plain,
        validator=_is_message,
        metadata=about("Reminder subject", most=200),
    )
    reminder_text: str = field(
        default="",
        converter=_plain,
        validator=_is_message,
        metadata=about("Reminder text", most=5000),
    )


def _written(texts: Mapping[str, MessageText]) -> Mapping[str, MessageText]:
    """The texts without languages in which nothing is written."""
    return {language: given for language, given in texts.items() if any(astuple(given))}


def _by_language(_instance: Any, _attribute: Attribute[Any], texts: Mapping[str, Any]) -> None:
    for tag in texts:
        if len(tag) > 20 or not LANGUAGE.fullmatch(tag):
            raise Invalid(f"{tag[:20]!r} is not a language tag such as fi.", field="texts")


def _are_days(_instance: Any, _attribute: Attribute[Any], days: tuple[int, ...]) -> None:
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


def _is_mailbox(_instance: Any, _attribute: Attribute[str], text: str) -> None:
    if text and (_UNPRINTABLE.search(text) or not is_address(text)):
        raise Invalid(
            f"{text[:60]!r} is not an email address; write one such as care@northbank.example.",
            field="reply_to",
        )


@frozen
class Distribution(Document):
    """``texts`` by language; ``one_click`` is ``<instrument>-<item>`` or empty; ``reminders`` are days
    after the invitation, ascending."""

    title: ClassVar[str] = "Messages"

    texts: Mapping[str, MessageText] = field(
        factory=dict,
        converter=_written,
        validator=_by_language,
        metadata=about("Texts", "By language; what is empty is said in the product's words."),
    )
    one_click: str = field(
        default="",
        validator=_is_printable,
        metadata=about(
            "Question in the message", "<instrument>-<item>; empty for a button instead."
        ),
    )
    reminders: tuple[int, ...] = field(
        default=(),
        validator=_are_days,
        metadata=about(
            "Reminders", f"Days after the invitation, 1 to {LATEST_REMINDER}.", most=MOST_REMINDERS
        ),
    )
    reply_to: str = field(
        default="",
        converter=stripped,
        validator=_is_mailbox,
        metadata=about("Reply-to address", "A mailbox that somebody reads.", most=254),
    )

    @classmethod
    def field_of(cls, path: Path) -> str:
        """A text has a field of its own in each language; whatever else is wrong with texts has one."""
        if path[0] in {"one_click", "reminders", "reply_to"}:
            return path[0]
        known = len(path) == 3 and path[2] in MessageText.__annotations__
        return f"{path[2]}-{path[1]}" if known else "texts"
