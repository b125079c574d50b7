"""Folders of TOML -> instruments, remembered; a folder is all that a new instrument needs.

A root holds one folder an instrument: ``<code>/`` is its current version and
``<code>@<version>/`` an older one, kept so that old answers keep their meaning. In its folder of
texts, ``<name>.toml`` is a current wording and ``<name>@<id>.toml`` an earlier one. The library that
ships with the package is always searched, before any root that the caller adds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from instruments.definition import definition
from instruments.schema import Instrument, Wording
from instruments.tables import Fault, Table, parsed
from instruments.wordings import wording

__all__ = [
    "BUILT_IN",
    "OWN",
    "Fault",
    "InstrumentError",
    "Library",
    "Source",
    "check",
    "examine",
    "load_folder",
    "parse",
]

OWN = "own-"  # how the codes of instruments begin that were made on pages
DEFINITION = "instrument.toml"
TEXTS = "texts"


class InstrumentError(ValueError):
    """An instrument that cannot be used; ``faults`` tells everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Source(Protocol):
    """Where instruments are kept that lie in no folder; their codes begin with OWN."""

    def load(self, code: str, version: str | None) -> Instrument | None:
        """The instrument of this code, its newest version unless another is asked, if it is there."""

    def codes(self) -> Collection[str]:
        """The codes that ``load`` knows."""


@dataclass(frozen=True)
class Library:
    """The instruments that ship with the package, those in further folders, the roots, and ``source``.

    >>> Library().load("nps").default_key.metric
    <Metric.NPS: 'nps'>
    """

    roots: tuple[str | Path, ...] = ()
    source: Source | None = None

    def load(self, code: str, version: str | None = None) -> Instrument:
        """The instrument of this code, its current version unless another is asked; read once.

        Raises InstrumentError when there is none or when its files are wrong.
        """
        if self.source is not None and code.startswith(OWN):
            found = self.source.load(code, version)
            if found is not None:
                return found
        return _load(code, version, self.roots)

    def available(self) -> tuple[str, ...]:
        """The codes that ``load`` knows, in alphabetical order."""
        found = {folder.name for folder in _folders(self.roots)}
        own = () if self.source is None else self.source.codes()
        return tuple(sorted({name for name in found if "@" not in name}.union(own)))


BUILT_IN = Library()


def check(path: str | Path | Traversable) -> tuple[Fault, ...]:
    """Everything that is wrong with an instrument's folder; empty when it can be used."""
    try:
        load_folder(path)
    except InstrumentError as error:
        return error.faults
    return ()


def load_folder(path: str | Path | Traversable) -> Instrument:
    """The instrument in this folder. Raises InstrumentError with every fault."""
    folder: Traversable = Path(path).resolve() if isinstance(path, str) else path
    faults: list[Fault] = []
    text = _read(folder.joinpath(DEFINITION), f"{folder}/{DEFINITION}", faults)
    texts: dict[str, str] = {}
    texts_folder = folder.joinpath(TEXTS)
    if texts_folder.is_dir():
        for file in sorted(texts_folder.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".toml"):
                name = f"{TEXTS}/{file.name}"
                texts[name] = _read(file, f"{folder}/{name}", faults)
    if faults:
        raise InstrumentError(faults)
    instrument = parse(text, texts, place=str(folder))
    code, _, version = folder.name.partition("@")
    named = f"{folder}/{DEFINITION}"
    if instrument.code != code:
        cure = f"must be the folder's name, {code!r}"
        raise InstrumentError([Fault(named, "code", repr(instrument.code), cure)])
    if version and instrument.version != version:
        cure = f"must be what the folder's name says, {version!r}"
        raise InstrumentError([Fault(named, "version", repr(instrument.version), cure)])
    return instrument


def parse(definition_text: str, texts: Mapping[str, str], *, place: str = "") -> Instrument:
    """The instrument in these TOML texts, as uploaded: the definition, and wordings by file name.

    ``place`` stands before the file names in faults. Raises InstrumentError with every fault.
    """
    prefix = f"{place}/" if place else ""
    faults: list[Fault] = []
    top = parsed(prefix + DEFINITION, definition_text, faults)
    if top is None:
        raise InstrumentError(faults)
    instrument, language = definition(top)
    if faults:
        # Wordings are read against the items; with wrong items they would only echo the faults.
        raise InstrumentError(faults)
    read_by_name: dict[str, Wording] = {}
    for name in sorted(texts, key=_age):
        table = parsed(prefix + name, texts[name], faults)
        if table is None:
            continue
        read = wording(table, instrument)
        if any(read.id == other.id for other in read_by_name.values()):
            table.fault("id", read.id, "another wording has this id; choose another")
        read_by_name[name] = _placed(table, name, read, read_by_name)
    wordings = list(read_by_name.values())
    if not texts:
        cure = f"an instrument needs a wording; add {TEXTS}/{language}.toml"
        faults.append(Fault(prefix + TEXTS, "", "", cure))
    elif not faults and language not in {
        each.language for each in wordings if not each.replaced_by
    }:
        cure = f"no wording has this language; add {TEXTS}/{language}.toml or name another language"
        faults.append(Fault(prefix + DEFINITION, "language", repr(language), cure))
    if faults:
        raise InstrumentError(faults)
    # The language that it was written in comes first: it is shown where a language is missing.
    wordings.sort(key=lambda each: (bool(each.replaced_by), each.language != language))
    return replace(instrument, wordings=MappingProxyType({each.id: each for each in wordings}))


def examine(
    document: Mapping[str, Any], texts: Mapping[str, Mapping[str, Any]]
) -> tuple[Instrument, tuple[Fault, ...]]:
    """The instrument in these tables, and everything that is wrong with it; of use only without faults.

    ``texts`` are its wordings by file name. Unlike ``parse`` it reads the wordings of an instrument
    whose items are wrong, too: whoever edits both sees all faults at once.
    """
    faults: list[Fault] = []
    instrument, language = definition(Table(DEFINITION, document, faults))
    wordings = [wording(Table(name, texts[name], faults), instrument) for name in texts]
    wordings.sort(key=lambda each: each.language != language)
    by_id = MappingProxyType({each.id: each for each in wordings})
    return replace(instrument, wordings=by_id), tuple(faults)


def _age(name: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Sorts the file of a current wording before those of its earlier ones, the oldest first."""
    stem, _, earlier = name.removesuffix(".toml").partition("@")
    # Numbers count as such: en-2 is older than en-10.
    parts = [part for part in re.split(r"(\d+)", earlier) if part]
    return stem, tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)


def _placed(table: Table, name: str, read: Wording, others: Mapping[str, Wording]) -> Wording:
    """The wording; an earlier one, told by its file's name, knows which took its place."""
    stem, mark, earlier = name.removesuffix(".toml").partition("@")
    if not mark:
        return read
    current = others.get(f"{stem}.toml")
    if read.id != earlier:
        table.fault("id", read.id, f"must be what the file's name says, {earlier!r}")
    if current is None:
        table.fault("", name, f"is an earlier wording of {stem}.toml, which is missing; add it")
    elif current.language != read.language:
        table.fault("language", read.language, f"must be that of {stem}.toml, {current.language!r}")
    return replace(read, replaced_by=current.id if current else earlier)


@lru_cache(maxsize=256)
def _load(code: str, version: str | None, roots: tuple[str | Path, ...]) -> Instrument:
    wanted = code if version is None else f"{code} version {version}"
    for folder in _folders(roots):
        if version is None and folder.name == code:
            return load_folder(folder)
        if version is not None and folder.name.split("@")[0] == code:
            instrument = load_folder(folder)
            if instrument.version == version:
                return instrument
    known = ", ".join(Library(roots).available())
    raise InstrumentError([Fault("library", "code", repr(wanted), f"is not here; known: {known}")])


def _folders(roots: tuple[str | Path, ...]) -> list[Traversable]:
    """Every instrument folder: the library's, then those of each root, by name."""
    found: list[Traversable] = []
    for root in (files("instruments").joinpath("library"), *(Path(root) for root in roots)):
        if not root.is_dir():
            cure = "is no folder; correct the path or make it"
            raise InstrumentError([Fault(str(root), "", "", cure)])
        folders = sorted(root.iterdir(), key=lambda folder: folder.name)
        found += [folder for folder in folders if folder.joinpath(DEFINITION).is_file()]
    return found


def _read(file: Traversable, name: str, faults: list[Fault]) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        cure = "is missing; an instrument's folder holds instrument.toml and texts/<language>.toml"
    except (OSError, UnicodeDecodeError) as error:
        cure = f"cannot be read as UTF-8 text ({error})"
    faults.append(Fault(name, "", "", cure))
    return ""
