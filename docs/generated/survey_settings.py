"""The reference of a survey's settings, from the classes that the program reads them by."""

from __future__ import annotations

from docs.generated.markdown import definitions
from surveyapp.surveys.settings.reference import SETTINGS, Field, fields


def survey_settings_reference() -> str:
    """Every key of every document, by the column that holds the document."""
    return "\n\n".join(
        f"## {column}\n\n" + definitions((_term(each), each.meaning) for each in fields(kind))
        for column, kind in SETTINGS.items()
    )


def _term(field: Field) -> str:
    default = f"default `{field.default}`" if field.default else "required"
    limits = f", {field.limits}" if field.limits else ""
    return f"`{field.key}`, {field.type}{limits}, {default}"
