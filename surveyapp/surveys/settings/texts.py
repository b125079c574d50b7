"""The translations of what staff write for customers once, by language, with what each is of.

The main language's texts are columns of the survey. A translation keeps the mark of the text that
it was written of, so that it can be told when that text has changed since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self

from attrs import evolve, field, frozen

from surveyapp.surveys.settings.document import CONVERTER, Document, about

WRITTEN = ("introduction", "consent", "draw")  # by staff, for this survey
NAMES = (*WRITTEN, "touchpoint")


@frozen
class Translation:
    """A survey's texts in one language; ``of`` holds the mark of what each was translated of."""

    introduction: str = field(default="", metadata=about("Introduction", most=5000))
    consent: str = field(default="", metadata=about("Consent text", most=5000))
    draw: str = field(default="", metadata=about("Prize text", most=1000))
    touchpoint: str = field(default="", metadata=about("Name", most=200))
    of: Mapping[str, str] = field(factory=dict, metadata=about("Marks", "Of the texts translated."))

    def __bool__(self) -> bool:
        """Whether anything is translated."""
        return any(self.text(name) for name in NAMES)

    def text(self, name: str) -> str:
        """One of its texts; ``name`` is one of NAMES."""
        text: str = getattr(self, name)
        return text

    def with_text(self, name: str, text: str, of: str) -> Translation:
        """The same with this text, marked with what it is of; an empty one is none."""
        marks = {each: mark for each, mark in self.of.items() if each != name}
        if text:
            marks[name] = of
        changed: dict[str, Any] = {name: text, "of": marks}
        return evolve(self, **changed)


_NOTHING = Translation()
_BY_LANGUAGE: Any = Mapping[str, Translation]


@frozen
class Texts(Document):
    """Every translation by its language."""

    title: ClassVar[str] = "The translations"

    by_language: Mapping[str, Translation] = field(factory=dict)

    @classmethod
    def _structured(cls, raw: Mapping[str, Any]) -> Self:
        return cls(CONVERTER.structure(raw, _BY_LANGUAGE))

    def written(self) -> dict[str, Any]:
        """The document: {language: {name: text, "of": {name: mark}}}."""
        document: dict[str, Any] = CONVERTER.unstructure(
            {language: self.by_language[language] for language in sorted(self.by_language)},
            _BY_LANGUAGE,
        )
        return document

    def text(self, name: str, language: str) -> str:
        """A text in a language; empty where it is not translated."""
        return self.by_language.get(language, _NOTHING).text(name)

    def of(self, name: str) -> dict[str, str]:
        """A text in every language that it is translated into."""
        return {
            language: given.text(name)
            for language, given in self.by_language.items()
            if given.text(name)
        }

    def is_of(self, name: str, language: str, main: str) -> bool:
        """Whether the translation was written of this very text of the main language."""
        return self.by_language.get(language, _NOTHING).of.get(name) == mark(main)

    def with_translations(
        self, name: str, written: Mapping[str, str], *, main: str, right: Collection[str] = ()
    ) -> Texts:
        """The same with exactly these translations of one text, each marked with what it is of.

        ``main`` is the text in the main language. A translation that is as it was keeps its mark,
        unless its language is among those found ``right`` anew.
        """
        now = mark(main)
        changed: dict[str, Translation] = {}
        for language in (*self.by_language, *written):
            before = self.by_language.get(language, _NOTHING)
            text = written.get(language, "")
            stays = before.text(name) == text and language not in right
            after = before.with_text(name, text, before.of.get(name, now) if stays else now)
            if after:
                changed[language] = after
        return Texts(changed)


def mark(text: str) -> str:
    """By which a text is told from what it was before."""
    return hashlib.sha256(plain(text).encode()).hexdigest()[:12]


def plain(text: str) -> str:
    """A text as it is kept. Browsers send a line's end in two characters; that makes no other text."""
    return text.replace("\r\n", "\n").strip()
