"""The reference of commands, from what click knows of each."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

from docs.generated.markdown import definitions, plain
from surveyapp.cli import surveyapp


def leaves(
    group: click.Group = surveyapp, words: tuple[str, ...] = ("surveyapp",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, (*words, name))
        elif command is not None:
            yield (*words, name), command


def command_reference() -> str:
    """A section for each command: how it is called, what it does, what each option means."""
    return "\n\n".join(_section(" ".join(words), command) for words, command in leaves())


def _section(called: str, command: click.Command) -> str:
    context = click.Context(command, info_name=called)
    options = [each for each in command.params if isinstance(each, click.Option)]
    shown = [row for each in options if (row := each.get_help_record(context))]  # none when hidden
    parts = [
        f"## {called}",
        plain(cleandoc(command.help or "")),
        f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```",
    ]
    if shown:
        # Names with what they take; meanings with default and range, as --help prints them.
        parts.append(definitions((f"`{name}`", meaning) for name, meaning in shown))
    return "\n\n".join(parts)
