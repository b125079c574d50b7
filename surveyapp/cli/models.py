"""Models as commands take them: a file or the text itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from analysis.covariance.text.model import Modifier
from analysis.covariance.text.syntax import parse
from analysis.names import PATTERN, composed
from surveyapp.errors import Invalid
from surveyapp.results.analyses.text_files import read_text

_LARGEST = 100_000  # bytes of a model's file
_NAME = re.compile(PATTERN)
_MEASURED = re.compile(rf"({PATTERN})\s*(?:=~|<~)")
_BLOCK = re.compile(r"\befa\s*\([^)]*\)\s*\*")


def model_text(given: str) -> str:
    """The text itself, or that of the file it names; no file's name holds a model's operators."""
    if "\n" in given or "~" in given:
        return given.removeprefix("\ufeff")  # of a shell that reads a file into the argument
    path = Path(given)
    if not path.is_file():
        raise Invalid(
            f"{given}: neither a file nor a model; a model contains operators such as =~ and ~"
        )
    if path.stat().st_size > _LARGEST:
        raise Invalid(f"{given}: larger than {_LARGEST} bytes, which is too large for a model")
    return read_text(path)


def factors(text: str) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Factor -> items of a measurement model, and its reversed items; Invalid for anything but plain
    ``=~`` lines, of which nothing would be left out in silence.
    """
    model = parse(text)
    if model.blocks:
        raise Invalid(
            "a scale's model has only lines 'factor =~ items'; leave out efa() and add --esem, or use"
            " `surveyapp sem`"
        )
    others = [path.name for path in model.paths if path.op != "=~"]
    if others or model.definitions or model.constraints:
        first = others[0] if others else "a definition or constraint"
        raise Invalid(
            f"{first}: a scale's model has only lines 'factor =~ items'; use"
            " `surveyapp sem` for other models"
        )
    for path in model.paths:
        if path.modifiers != (Modifier(),):
            raise Invalid(
                f"line {path.line}, column {path.column}: {path.name} has a fixed value, label or start"
                " value, which a scale's model has no use for; write the item alone"
                f" (-{path.rhs} for a reverse-keyed one), or use `surveyapp sem`"
            )
    found: dict[str, list[str]] = {}
    for path in model.paths:
        found.setdefault(path.lhs, []).append(path.rhs)
    return found, model.reversed_items


def names_in(text: str) -> list[str]:
    """What a model may take from the columns of a file: its names, without those that it measures."""
    written = _BLOCK.sub("", composed(re.sub(r"[#!].*", "", text)))
    measured = set(_MEASURED.findall(written))
    return [name for name in dict.fromkeys(_NAME.findall(written)) if name not in measured]


# An option that may stand several times, each with one name or several.
reverse_option = click.option(
    "--reverse",
    "reverse",
    multiple=True,
    help="Items worded the other way round, separated by commas: counted from the other end of their"
    " scale.",
)


def reversed_by(given: Sequence[str]) -> tuple[str, ...]:
    """The items that ``--reverse`` names."""
    return tuple(name for text in given for name in listed(text))


def listed(text: str) -> tuple[str, ...]:
    """The parts of a text that lists names by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
