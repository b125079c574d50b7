"""The messages of documents, found in the code that says them, and the catalogues that translate them.

A message is what stands in ``words.say("...")``, ``words.say_count("...", "...", n=...)`` or
``msg("...")``. Each is kept with the files that say it, so that a kind of report knows its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from surveyapp.i18n.gettext_catalogues import PROJECT, untranslated

CATALOGUES = files("surveyapp.i18n").joinpath("report_catalogues")
STATUS = "Drafted by a machine; not reviewed by a native speaker."
_PACKAGE = Path(str(files("surveyapp")))
_SAID_BY = {"say": 1, "say_count": 2, "msg": 1}  # and how many texts of theirs are the message
_CALL = re.compile(r"\b(?:say|say_count|msg)\(")
Message = str | tuple[str, str]


def said_in(path: Path) -> Iterator[Message]:
    """The messages of a file. Raises ValueError for one that is put together, which nobody can translate."""
    source = path.read_text("utf-8")
    if not _CALL.search(source):  # most files say nothing, and reading a tree takes its time
        return
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        texts = node.args[: _SAID_BY.get(name or "", 0)]
        if any(isinstance(each, ast.JoinedStr | ast.BinOp) for each in texts):
            raise ValueError(f"{path.name}, line {node.lineno}: write the message as one text")
        said = [
            each.value
            for each in texts
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if len(said) == 2:
            yield said[0], said[1]
        elif said:
            yield said[0]


@cache
def template() -> Catalog:
    """Every message of the program, with the files that say it."""
    catalogue = Catalog(project=PROJECT, charset="utf-8")
    for path in sorted(_PACKAGE.rglob("*.py")):
        place = path.relative_to(_PACKAGE.parent).as_posix()
        if "/i18n/report_messages" not in place:
            for message in said_in(path):
                catalogue.add(message, locations=[(place, None)])  # type: ignore[list-item]
    return catalogue


@cache
def catalogue(language: str) -> Catalog:
    """A language's catalogue as its file has it. FileNotFoundError where the language has none."""
    with CATALOGUES.joinpath(f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@cache
def translations(language: str) -> GNUTranslations:
    """A language's catalogue, ready to speak; what it lacks is said in English."""
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def lacking(language: str) -> frozenset[str]:
    """The files that say a message which this language's catalogue lacks, such as
    "surveyapp/reports/journeys/executive.py".
    """
    return frozenset(
        place for message in untranslated(catalogue(language)) for place, _ in message.locations
    )


def refreshed(language: str) -> bytes:
    """A language's .po file brought up to the code: new messages empty, gone ones dropped."""
    try:
        known = read_po(BytesIO(CATALOGUES.joinpath(f"{language}.po").read_bytes()), language)
    except FileNotFoundError:
        known = Catalog(
            locale=language,
            header_comment=f"# What reports say, in the language {language!r}. {STATUS}",
            project=PROJECT,
            version="1",
            msgid_bugs_address=PROJECT,
            last_translator=PROJECT,
            language_team=PROJECT,
            charset="utf-8",
            fuzzy=False,
        )
    known.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    known.obsolete.clear()
    written = BytesIO()
    write_po(written, known, width=100, sort_by_file=False)
    return written.getvalue()
