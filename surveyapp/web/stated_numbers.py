"""Numbers that a page asks for in its address: assumptions of the reader, none of which is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from surveyapp.errors import Invalid

_LARGEST = 1e12
_LONGEST = 40  # characters


@dataclass(frozen=True)
class Asked:
    """A number that is asked for: its name in the address, label, unit, and what it is without one."""

    name: str
    label: str
    hint: str
    usual: str
    is_needed: bool = True

    def read(self, text: str) -> float:
        """The number in ``text``. Raises Invalid, which names the field."""
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = float("nan")
        if not 0 <= number <= _LARGEST:
            raise Invalid(
                f"{text[:20]!r} is not a number from 0 up; write {self.label.lower()} as 1200 or"
                " 12.5.",
                field=self.name,
            )
        return number


def stated(fields: Sequence[Asked], arguments: Mapping[str, str]) -> dict[str, str]:
    """What stands in each field."""
    return {each.name: arguments.get(each.name, each.usual).strip()[:_LONGEST] for each in fields}


def is_complete(fields: Sequence[Asked], given: Mapping[str, str]) -> bool:
    """Whether every number that is needed was stated."""
    return all(given[each.name] for each in fields if each.is_needed)
