"""Reading TOML tables that people wrote by hand: every fault is kept, none stops the reading."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

CODE = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
CODE_RULE = "use small letters, digits and single hyphens or underscores, beginning with a letter"
LONGEST_CODE = 40
LARGEST_FILE = 1_000_000  # characters; the largest real questionnaire is a twentieth of it


@dataclass(frozen=True)
class Fault:
    """One thing wrong in an instrument's files: where, what was found, what to do."""

    file: str
    key: str
    value: str
    cure: str

    def __str__(self) -> str:
        found = f" = {self.value}" if self.value else ""
        place = f"{self.key}{found}: " if self.key or found else ""
        return f"{self.file}: {place}{self.cure}"


def shown(value: object) -> str:
    """A value as a message can carry it: one line, at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass
class Table:
    """One TOML table with its place, for reading typed values out of it.

    A wrong value is recorded in ``faults`` and a harmless one returned, so that one reading tells
    everything that is wrong. ``close`` refuses the keys that nobody asked for.
    """

    file: str
    values: Mapping[str, Any]
    faults: list[Fault]
    place: str = ""
    asked: set[str] = field(default_factory=set)

    def key(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def fault(self, name: str, value: object, cure: str) -> None:
        found = "" if value is None else shown(value)
        self.faults.append(Fault(self.file, self.key(name) if name else self.place, found, cure))

    def _typed(self, name: str, kind: type, words: str, *, required: bool) -> Any:
        self.asked.add(name)
        if name not in self.values:
            if required:
                self.fault(name, None, f"is missing; give {words}")
            return None
        value = self.values[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.fault(name, value, f"must be {words}")
            return None
        return value

    def text(self, name: str, *, required: bool = True, longest: int = 1000) -> str:
        value = self._typed(name, str, "a text in quotes", required=required)
        if value is None:
            return ""
        if required and not value.strip():
            self.fault(name, value, "must not be empty")
        if len(value) > longest:
            self.fault(name, value, f"has {len(value)} characters; at most {longest} are allowed")
        return str(value).strip()

    def code(
        self,
        name: str,
        *,
        rule: re.Pattern[str] = CODE,
        words: str = CODE_RULE,
        required: bool = True,
    ) -> str:
        value = self.text(name, required=required)
        if value and (len(value) > LONGEST_CODE or not rule.fullmatch(value)):
            self.fault(name, value, f"{words}, at most {LONGEST_CODE} characters")
        return value

    def whole(self, name: str, *, default: int | None = None) -> int | None:
        value = self._typed(name, int, "a whole number", required=default is None)
        return default if value is None else int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._typed(name, bool, "true or false", required=False)
        return default if value is None else bool(value)

    def one_of(
        self, name: str, allowed: Iterable[str], *, default: str | None = None
    ) -> str | None:
        options = list(allowed)
        value = self._typed(name, str, f"one of {', '.join(options)}", required=default is None)
        if value is None:
            return default
        if value not in options:
            self.fault(name, value, f"must be one of {', '.join(options)}")
            return default
        return str(value)

    def texts(self, name: str, *, required: bool = True) -> tuple[str, ...]:
        """A list of different texts."""
        value = self._typed(name, list, "a list of texts", required=required)
        found: list[str] = []
        for entry in value or []:
            if not isinstance(entry, str):
                self.fault(name, entry, "every entry must be a text in quotes")
            elif entry in found:
                self.fault(name, entry, "stands twice; leave one out")
            else:
                found.append(entry)
        if required and value == []:
            self.fault(name, value, "must not be empty")
        return tuple(found)

    def table(self, name: str, *, required: bool = False) -> Table:
        value = self._typed(name, dict, f"a table, [{self.key(name)}]", required=required)
        return Table(self.file, value or {}, self.faults, self.key(name))

    def tables(self, name: str) -> list[Table]:
        """A list of tables, ``[[name]]``."""
        value = self._typed(name, list, f"a list of tables, [[{self.key(name)}]]", required=True)
        found = []
        for number, entry in enumerate(value or [], start=1):
            if isinstance(entry, dict):
                label = entry.get("code", number)
                found.append(Table(self.file, entry, self.faults, f"{self.key(name)}[{label}]"))
            else:
                self.fault(name, entry, f"must be a list of tables, [[{self.key(name)}]]")
        return found

    def close(self) -> None:
        """Refuse what nobody asked for: a misspelt key would otherwise be lost in silence."""
        for name in self.values:
            if name not in self.asked:
                known = ", ".join(sorted(self.asked))
                self.fault(name, self.values[name], f"is not known here; known: {known}")


def parsed(file: str, text: str, faults: list[Fault]) -> Table | None:
    """The file's top table, or None with the fault recorded."""
    if len(text) > LARGEST_FILE:
        cure = f"has {len(text)} characters; at most {LARGEST_FILE} are read"
        faults.append(Fault(file, "", "", cure))
        return None
    try:
        return Table(file, tomllib.loads(text), faults)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        faults.append(Fault(file, "", "", f"is not valid TOML ({error}); correct the line"))
        return None
