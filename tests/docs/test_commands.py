"""Every command line in the documentation is one that the program understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from docs.generated.commands import leaves
from surveyapp.cli import surveyapp
from tests.docs.pages import PAGES, every_block
from tests.docs.site import Site

_CALLED = re.compile(r"^(?:\.venv/bin/|\$\(BIN\)/)?surveyapp (.+)$", re.MULTILINE)
_IN_TEXT = re.compile(r"`surveyapp ([^`]+)`")


NAMES = {" ".join(words[1:]) for words, _ in leaves()}


def _written() -> Iterator[tuple[str, str]]:
    """(page, words after `surveyapp`) of every call in a block of shell or in the text."""
    for page, code in every_block("sh"):
        for line in _CALLED.findall(code.replace("\\\n", " ")):
            yield page, line
    for page, text in PAGES.items():
        for line in _IN_TEXT.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            yield page, line


def parse(line: str, monkeypatch: pytest.MonkeyPatch) -> click.Context:
    """Parse a command line to its end without running it; click's error for what is wrong."""
    # Nobody is asked, and a file in an example need not be here.
    monkeypatch.setattr(click.Option, "prompt_for_value", lambda self, context: self.is_flag or "x")
    monkeypatch.setattr(click.Path, "convert", lambda self, value, option, context: value)
    words = shlex.split(line, comments=True)
    context = click.Context(surveyapp, info_name="surveyapp")
    command: click.Command | None = surveyapp
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
        if isinstance(command, click.Group):
            context = click.Context(command, info_name=name, parent=context)
    assert command is not None
    return command.make_context(name, words, parent=context)


WRITTEN = sorted(set(_written()))


# A text may name a command without calling it.
@pytest.mark.parametrize(("page", "line"), [each for each in WRITTEN if each[1] not in NAMES])
def test_a_command_line_is_understood(page: str, line: str, monkeypatch: pytest.MonkeyPatch):
    parse(line, monkeypatch)


@pytest.mark.parametrize(
    "line",
    [
        "exports --survey a --out b",
        "export --survey a",
        "export --survey a --out b --format c",
        "db downgrade",
        "user create a@example.org --role owner",
        "report --journey a --seed x --out b",
    ],
)
def test_a_wrong_command_line_would_be_found(line: str, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(click.UsageError):
        parse(line, monkeypatch)


def test_every_command_is_named_or_called():
    written = [line for _, line in WRITTEN]
    assert [
        name for name in NAMES if not any(f"{line} ".startswith(f"{name} ") for line in written)
    ] == []


@pytest.mark.xdist_group("documentation")
def test_the_reference_has_every_command_with_every_option(site: Site):
    page = site.pages["reference/commands.html"]
    for words, command in leaves():
        assert "-".join(words) in page.ids
        for each in command.params:
            if isinstance(each, click.Option) and not each.hidden:
                assert each.opts[0] in page.text, (words, each.opts)
                assert " ".join((each.help or "").split()) in page.text, (words, each.opts)
