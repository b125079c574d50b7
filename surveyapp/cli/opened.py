"""What commands open: settings, installation, and a bar that shows how far a job is."""

from __future__ import annotations

import logging
import os
import pwd
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from surveyapp.errors import SettingsError
from surveyapp.installation import Installation, open_installation
from surveyapp.settings import Settings, read
from surveyapp.store.schema import pending, upgrade


@contextmanager
def opened(
    *, migrate: bool = True, check_key: bool = True, as_root: bool = False
) -> Iterator[Installation]:
    """The installation that the environment names, at the newest schema and with the database's own key.

    Raises SettingsError where root has called and the home folder is another user's, unless the command
    makes nothing there (``as_root``).
    """
    settings = read()
    if not as_root:
        _refuse_root(settings)
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # the error itself says it
    installation = open_installation(settings)
    try:
        if migrate and pending(installation.store.engine):
            upgrade(installation.store.engine)
        if migrate and check_key:
            installation.check_key()
        yield installation
    finally:
        installation.close()


def _refuse_root(settings: Settings) -> None:
    home = settings.home
    if os.geteuid() != 0 or not home.exists() or (owner := home.stat().st_uid) == 0:
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"#{owner}"
    raise SettingsError(
        f"{home} belongs to the user {name}, who could not read what root makes there. Run this as that user:"
        f" sudo -u {name} surveyapp ..., with the same settings."
    )


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
