"""Changes to how a survey looks, how its page runs, and what it asks of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.models import Segment, SurveyRow
from surveyapp.surveys import piping
from surveyapp.surveys.languages import read_languages
from surveyapp.surveys.logic import Asked, read_logic
from surveyapp.surveys.pins import worded
from surveyapp.surveys.texts import plain, with_translations
from surveyapp.surveys.theme import read_theme

PAGINGS = ("page", "blocks")
LONGEST_TEXT = 5000


def asked_by(survey: SurveyRow, library: Library) -> Asked:
    """The instruments of a survey, each with the key that names the asked items."""
    return [
        (worded(library.load(ask["instrument"], ask["version"]), ask), ask["key"])
        for ask in survey.asks
    ]


def change_look(
    session: Session, survey: SurveyRow, raw: Mapping[str, Any], *, user_id: int | None
) -> None:
    """Give the page another look: colour, logo, name. Raises Invalid with the field."""
    look = read_theme(raw)
    document = {
        name: value
        for name in ("colour", "logo_file_id", "name", "logo_width", "logo_height")
        if (value := getattr(look, name))
    }
    _change(session, survey, "theme", document, user_id)


def change_page(
    session: Session,
    survey: SurveyRow,
    *,
    introduction: str,
    paging: str,
    auto_advance: bool,
    languages: Sequence[str],
    user_id: int | None,
    library: Library,
) -> None:
    """Change the page's course and languages. Raises Invalid with the field."""
    introduction = plain(introduction)
    if len(introduction) > LONGEST_TEXT:
        raise Invalid(
            f"The introduction has {len(introduction)} characters; use at most {LONGEST_TEXT}.",
            field="introduction",
        )
    piping.check(introduction, "introduction")
    if paging not in PAGINGS:
        raise Invalid(
            f"{paging[:40]!r} is not a layout; use {' or '.join(PAGINGS)}.", field="paging"
        )
    instruments = [instrument for instrument, _ in asked_by(survey, library)]
    chosen = read_languages(languages, instruments, survey.language) if languages else ()
    values = {
        "introduction": introduction,
        "paging": paging,
        "auto_advance": auto_advance,
        "languages": list(chosen),
    }
    for name, value in values.items():
        _change(session, survey, name, value, user_id)
    if not introduction:
        survey.texts = with_translations(survey, "introduction", {})


def change_logic(
    session: Session,
    survey: SurveyRow,
    raw: Mapping[str, Any],
    *,
    user_id: int | None,
    library: Library,
) -> None:
    """Change what is asked of whom. Raises Invalid with the field and a sentence."""
    logic = read_logic(raw, asked_by(survey, library))
    codes = set(session.scalars(select(Segment.code)))
    for quota in logic.quotas:
        if quota.segment and quota.segment not in codes:
            raise Invalid(f"There is no segment {quota.segment!r}.", field="quotas")
    document = {name: value for name, value in raw.items() if value}
    _change(session, survey, "logic", document, user_id)


def _change(
    session: Session, survey: SurveyRow, name: str, value: Any, user_id: int | None
) -> None:
    """Set one column, and say so in the audit log if that changes anything."""
    if getattr(survey, name) != value:
        setattr(survey, name, value)
        shown = value if isinstance(value, (dict, list, bool)) else str(value)[:100]
        record(session, user_id, "change page", f"survey {survey.code}", **{name: shown})
