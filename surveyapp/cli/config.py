"""The command that looks the settings over before a start."""

from __future__ import annotations

import os

import click

from surveyapp.operations.config_check import faults_here
from surveyapp.settings import PREFIX, examined


@click.group()
def config() -> None:
    """The settings."""


@config.command("check")
def config_check() -> None:
    """Read every setting and what it names here; tell all faults at once, each with its cure.

    Makes nothing, and asks neither database nor network: `surveyapp doctor` does. Exit status 2 if
    something is at fault.
    """
    settings, faults = examined()
    found = (*faults, *faults_here(settings))
    for each in found:
        click.echo(each)
    if found:
        noun = "fault" if len(found) == 1 else "faults"
        raise click.ClickException(f"{len(found)} {noun} in the settings")
    shown = settings.shown()
    given = sum(name in os.environ for name, _, _ in shown)
    click.echo(
        f"{given} of {len(shown)} settings are given, the others have their defaults: no faults."
    )
    click.echo(f"Serving {settings.base_url} from {settings.home.absolute()} ({PREFIX}HOME).")
