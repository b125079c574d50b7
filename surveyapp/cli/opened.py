"""What commands open: settings, installation, and a bar that shows how far a job is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from surveyapp.installation import Installation, open_installation
from surveyapp.settings import read
from surveyapp.store.schema import pending, upgrade


@contextmanager
def opened(*, migrate: bool = True, check_key: bool = True) -> Iterator[Installation]:
    """The installation that the environment names, at the newest schema and with the database's own key."""
    installation = open_installation(read())
    try:
        if migrate and pending(installation.store.engine):
            upgrade(installation.store.engine)
        if migrate and check_key:
            installation.check_key()
        yield installation
    finally:
        installation.close()


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, str], None]]:
    """A bar on a terminal; nothing where nobody watches."""
    with click.progressbar(
        length=100,
        label=label,
        file=sys.stderr,
        item_show_func=lambda step: step or "",
        hidden=not sys.stderr.isatty(),
    ) as bar:

        def report(percent: int, step: str) -> None:
            bar.update(max(0, percent - bar.pos), step)

        yield report
