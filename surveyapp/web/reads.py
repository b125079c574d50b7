"""Reads that the audit log keeps: who of the staff saw, searched or downloaded what, by which filters."""

from __future__ import annotations

from typing import Any

from surveyapp.store.audit import record
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me


def note_read(action: str, subject: str, **filters: Any) -> None:
    """Write that whoever is signed in reads this; called before the page or file is handed out.

    Without the entry nothing is handed out: where it cannot be written, the request fails. ``filters``
    are codes and numbers, never what was typed or found; those that are None are left out. Pages of
    aggregated figures need no entry.
    """
    given = {name: value for name, value in filters.items() if value is not None}
    with installation().store.writing() as session:
        record(session, me().id, action, subject, **given)
