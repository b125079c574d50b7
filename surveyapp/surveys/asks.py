"""What a survey asks: instruments, each in the version, key and wordings that it was published with."""

from __future__ import annotations

from typing import Any, ClassVar

from attrs import field, frozen

from surveyapp.surveys.settings.document import Document, Mistaken, about

Pins = tuple[tuple[str, str], ...]


def _pins(raw: object) -> Pins | None:
    """{language: wording id} in an order of its own, so that equal ones are found again."""
    if raw is None:
        return None
    if not isinstance(raw, dict) or not all(isinstance(each, str) for each in raw.values()):
        raise Mistaken(raw, "wording ids by language")
    return tuple(sorted(raw.items()))


@frozen(cache_hash=True)  # looked up by for every page shown and every answer read
class Ask(Document):
    """An instrument as a survey asks it; ``key`` names the asked items, ``wording`` one that was chosen.

    ``pinned`` are the wordings by language that the survey keeps, whatever becomes of the
    instrument's texts: none in a draft, None in a survey of before wordings were pinned.
    """

    title: ClassVar[str] = "A questionnaire"

    instrument: str = field(metadata=about("Instrument"))
    version: str | None = field(default=None, metadata=about("Version", "None: the current one."))
    key: str | None = field(default=None, metadata=about("Scoring key"))
    wording: str | None = field(default=None, metadata=about("Chosen wording"))
    pinned: Pins | None = field(
        default=None, metadata=about("Pinned wordings", "By language.", read=_pins)
    )


def read_asks(raw: list[dict[str, Any]]) -> tuple[Ask, ...]:
    """The asks in a survey's document, in their order. Raises Invalid as ``Ask.read`` does."""
    return tuple(Ask.read(each) for each in raw)
