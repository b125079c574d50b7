"""Who is mentioned in a text: an @ before a person's name or address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from surveyapp.errors import Invalid

_AT = re.compile(r"(?<![\w.@])@(?=\w)")
_SHOWN = 30  # letters of what follows an @, in the refusal


@dataclass(frozen=True)
class Person:
    """Somebody who can be mentioned."""

    id: int
    name: str
    email: str


def mentioned(text: str, people: Sequence[Person]) -> list[Person]:
    """Those of ``people`` whom the text mentions, once each, in the order of the text.

    The longest name or address that fits counts; capitals do not matter. Raises Invalid where nobody
    fits, and where several people have the name.
    """
    found: dict[int, Person] = {}
    for at in _AT.finditer(text):
        fits = _fitting(text[at.end() :], people)
        if not fits:
            said = text[at.end() : at.end() + _SHOWN].split("\n")[0]
            raise Invalid(
                f"Nobody with access to this journey is named as in '@{said}'. Write the name or the"
                " address as the journey's owner sees it under Access, or put a space after the @.",
                field="text",
            )
        if len(fits) > 1:
            raise Invalid(
                f"{len(fits)} people are named {fits[0].name}; write the address:"
                f" {', '.join(f'@{each.email}' for each in fits)}.",
                field="text",
            )
        found[fits[0].id] = fits[0]
    return list(found.values())


def _fitting(rest: str, people: Iterable[Person]) -> list[Person]:
    """Whose name or address the text begins with: those of the longest one."""
    longest, found = 0, list[Person]()
    for person in people:
        size = max(_fits(rest, person.name), _fits(rest, person.email))
        if size > longest:
            longest, found = size, [person]
        elif size and size == longest:
            found.append(person)
    return found


def _fits(rest: str, name: str) -> int:
    """How many letters of the text the name takes; 0 where it does not begin with it."""
    words = [re.escape(word) for word in name.split()]
    if not words:
        return 0
    found = re.match(r"[ \t]+".join(words) + r"(?!\w)", rest, re.IGNORECASE)
    return found.end() if found else 0
