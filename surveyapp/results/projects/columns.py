"""The columns of a project's own file, as they are stored: items, attributes, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.names import composed, is_name

FORMAT = "project-columns/1"
ITEM, GROUP, PERSON = "item", "group", "person"


def column_names(headings: Iterable[str]) -> list[str]:
    """For each heading the name by which models call its column: the heading itself where it is one.

    Of two that would be called the same the later one is numbered.

    >>> column_names(["per1", "How old?", "How old!", "2nd"])
    ['per1', 'How_old', 'How_old_2', 'x_2nd']
    """
    found: list[str] = []
    taken: set[str] = set()
    for heading in headings:
        plain = "".join(
            each if each.isalnum() or each in "._" else "_" for each in composed(heading)
        )
        base = plain.strip("_") or "x"
        base = base if is_name(base) else f"x_{base}"
        name, number = base, 1
        while name.casefold() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.casefold())
        found.append(name)
    return found
