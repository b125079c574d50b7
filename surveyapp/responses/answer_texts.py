"""Answers and questions in words, as other programs export them -> codes of items and of answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from instruments.answers import TICK_SEPARATOR
from instruments.schema import Instrument, Item, ItemKind

_PLACEHOLDER = re.compile(r"\\\{\w+\\\}|\{\w+\}")
_BRACKETED = re.compile(r"\[([^\[\]]+)\]\s*$")  # Google Forms, LimeSurvey
_JOIN = re.compile(r" [-–—|:] |[.?:](?=\S)")  # Qualtrics; Microsoft Forms
_NUMBER_AND_LABEL = re.compile(r"\s*([0-9]{1,3})\s*[-–—:=.)(]+\s*(.+?)\)?\s*")


def words_of(text: str) -> str:
    """A question's words as they are compared: no capitals, no marks, one space between two."""
    return " ".join(re.sub(r"[^\w{}]+", " ", text.casefold()).split())


class Questions:
    """The questions of some instruments in every language, by which a column may be called.

    A placeholder such as the provider's name stands for any words.
    """

    def __init__(self, asked: Sequence[tuple[Instrument, str | None]]) -> None:
        self._patterns: dict[tuple[str, str], set[str]] = {}
        for instrument, key in asked:
            for item in instrument.asked(key):
                own = self._patterns.setdefault((instrument.code, item.code), set())
                own |= {_pattern(text) for text in _texts(instrument, item.code)}

    def item(self, heading: str) -> tuple[str, str] | None:
        """The only item whose question the heading is, or the row of a matrix in it; else None."""
        return next((found for text in _questions_in(heading) if (found := self._item(text))), None)

    def _item(self, text: str) -> tuple[str, str] | None:
        words = words_of(text)
        if " " not in words:
            return None
        found = [
            item
            for item, patterns in self._patterns.items()
            if any(re.fullmatch(pattern, words) for pattern in patterns)
        ]
        return found[0] if len(found) == 1 else None


def answer_in_words(instrument: Instrument, item: Item, cell: str) -> str | None:
    """The answer's code, where the cell holds its label in some language; None where it does not.

    ``10 - Extremely likely`` is 10 where that is its label, several ticks may be labels, too.
    """
    labels = _labels(instrument, item)
    whole = labels.get(words_of(cell))
    if whole is not None:
        return whole
    both = _NUMBER_AND_LABEL.fullmatch(cell)
    if both is not None and labels.get(words_of(both[2])) == both[1]:
        return both[1]
    if item.kind is not ItemKind.MULTIPLE_CHOICE:
        return None
    parts = [part for part in TICK_SEPARATOR.split(cell) if part.strip()]
    codes = [labels.get(words_of(part)) for part in parts]
    known = [code for code in codes if code is not None]
    return "|".join(known) if known and len(known) == len(parts) else None


def _questions_in(heading: str) -> Iterator[str]:
    """The heading, then what may be a matrix's row in it, the longest first: programs write it after
    the matrix's question, in brackets or behind a dash or point.
    """
    yield heading
    bracketed = _BRACKETED.search(heading)
    if bracketed is not None:
        yield bracketed[1]
    for join in _JOIN.finditer(heading):
        yield heading[join.end() :]


def _texts(instrument: Instrument, item: str) -> Iterator[str]:
    for wording in instrument.wordings.values():
        if item in wording.items:
            yield wording.items[item]


def _pattern(text: str) -> str:
    parts = re.split(r"\{\w+\}", text)
    return (
        r"\b.+?\b".join(re.escape(words_of(part)) for part in parts)
        if len(parts) > 1
        else (re.escape(words_of(text)))
    )


@lru_cache(maxsize=1024)
def _labels(instrument: Instrument, item: Item) -> Mapping[str, str]:
    """The codes of an item's answers by their labels; a label of two answers is none's."""
    found: dict[str, set[str]] = {}
    for wording in instrument.wordings.values():
        for code, label in wording.choices.get(item.code, {}).items():
            found.setdefault(words_of(label), set()).add(code)
        if item.scale is not None:
            for point, label in wording.labels.get(item.scale.code, {}).items():
                found.setdefault(words_of(label), set()).add(str(point))
    return {label: codes.pop() for label, codes in found.items() if len(codes) == 1 and label}
