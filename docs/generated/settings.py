"""The reference of settings, from the table that the program itself reads them by."""

from __future__ import annotations

from dataclasses import fields

from docs.generated.markdown import definitions
from surveyapp.settings import PREFIX, Settings


def settings_reference() -> str:
    """Every setting with its default and meaning."""
    return definitions(
        (f"`{PREFIX}{entry.name.upper()}`, {_default(entry.default)}", entry.metadata["help"])
        for entry in fields(Settings)
    )


def _default(value: object) -> str:
    return f"default `{value}`" if str(value) else "empty by default"
