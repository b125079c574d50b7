"""Changes to the theme of a survey, to how its page runs, and to what it asks of whom."""

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
from surveyapp.surveys.actions import PAGINGS
from surveyapp.surveys.languages import read_languages
from surveyapp.surveys.logic import fitted
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.settings.logic import LogicRules
from surveyapp.surveys.settings.texts import plain
from surveyapp.surveys.settings.theme import Theme
from surveyapp.surveys.texts import change_translations

LONGEST_TEXT = 5000


def change_theme(
    session: Session, survey: SurveyRow, raw: Mapping[str, Any], *, user_id: int | None
) -> None:
    """Give the page another theme: colour, logo, name. Raises Invalid with the field."""
    _change(session, survey, "theme", Theme.read(raw).written(), user_id)


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
    instruments = [instrument for instrument, _ in survey_of(survey).asked(library)]
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
        change_translations(survey, "introduction", {})


def change_logic(
    session: Session,
    survey: SurveyRow,
    raw: Mapping[str, Any],
    *,
    user_id: int | None,
    library: Library,
) -> None:
    """Change what is asked of whom. Raises Invalid with the field and a sentence."""
    logic = LogicRules.read(raw)
    fitted(logic, survey_of(survey).asked(library))
    codes = set(session.scalars(select(Segment.code)))
    for quota in logic.quotas:
        if quota.segment and quota.segment not in codes:
            raise Invalid(f"There is no segment {quota.segment!r}.", field="quotas")
    _change(session, survey, "logic", logic.written(), user_id)


def _change(
    session: Session, survey: SurveyRow, name: str, value: Any, user_id: int | None
) -> None:
    """Set one column, and say so in the audit log if that changes anything."""
    if getattr(survey, name) != value:
        setattr(survey, name, value)
        shown = value if isinstance(value, (dict, list, bool)) else str(value)[:100]
        record(session, user_id, "change page", f"survey {survey.code}", **{name: shown})
