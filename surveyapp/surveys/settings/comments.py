"""How a survey's open answers are kept: masked or not, with or without what the customer wrote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from attrs import Attribute, field, frozen

from surveyapp.errors import Invalid
from surveyapp.surveys.settings.document import Document, about, limited

MOST_NAMES, LONGEST_NAME, SHORTEST_NAME = 500, 100, 2


def _tidy(names: Iterable[str]) -> tuple[str, ...]:
    tidied = (" ".join(name.split()) for name in names)
    return tuple(dict.fromkeys(name for name in tidied if name))


def _are_names(_instance: Any, attribute: Attribute[Any], names: tuple[str, ...]) -> None:
    limited(_instance, attribute, names)
    for name in names:
        if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
            raise Invalid(
                f"{name[:40]!r} has {len(name)} characters; a name to mask has {SHORTEST_NAME} to"
                f" {LONGEST_NAME}.",
                field="names",
            )


@frozen
class CommentSettings(Document):
    """Open answers are masked as they come in, before they are stored.

    ``keep_originals`` keeps what masking changed, for those who may read it; of an anonymous survey
    nothing is ever kept. ``ask_to_quote`` asks the customer whether a comment may be quoted.
    """

    title: ClassVar[str] = "The settings of comments"

    mask: bool = field(
        default=True,
        metadata=about(
            "Mask personal data in open answers",
            "Email addresses, phone, account and personal numbers, street addresses and names become"
            " words in brackets before an answer is stored.",
        ),
    )
    names: tuple[str, ...] = field(
        default=(),
        converter=_tidy,
        validator=_are_names,
        metadata=about("Names to mask", "Of staff and others, one on each line.", most=MOST_NAMES),
    )
    keep_originals: bool = field(
        default=False,
        metadata=about(
            "Keep what the customer wrote beside the masked text",
            "Read by researchers who own the journey, with an entry in the audit log. Off: it is destroyed."
            " Never kept of anonymous surveys.",
        ),
    )
    ask_to_quote: bool = field(
        default=False,
        metadata=about(
            "Ask customers whether they may be quoted",
            "A box that nobody has to tick. Comments without it are not for publication.",
        ),
    )
