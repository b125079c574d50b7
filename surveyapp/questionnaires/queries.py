"""Reads of questionnaires that staff write on pages."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from surveyapp.errors import Conflict, NotFound
from surveyapp.questionnaires.documents import Document
from surveyapp.questionnaires.draft import Draft
from surveyapp.store.models import Questionnaire, QuestionnaireVersion


def questionnaires(session: Session, journey_id: int) -> list[Questionnaire]:
    """Those of a journey with their versions, by title."""
    query = select(Questionnaire).options(selectinload(Questionnaire.versions))
    query = query.where(Questionnaire.journey_id == journey_id)
    return list(session.scalars(query.order_by(Questionnaire.title, Questionnaire.id)))


def questionnaire(
    session: Session, journey_id: int, questionnaire_id: int, *, to_change: bool = False
) -> Questionnaire:
    """One of a journey with its versions, or NotFound; ``to_change`` lets nobody else change it
    until the caller's transaction is over: all questions are one document.
    """
    query = select(Questionnaire).options(selectinload(Questionnaire.versions))
    if to_change:
        query = query.with_for_update()
    found = session.scalar(
        query.where(Questionnaire.id == questionnaire_id, Questionnaire.journey_id == journey_id)
    )
    if found is None:
        raise NotFound("There is no such questionnaire; it may have been removed.")
    return found


def draft_in(row: Questionnaire) -> Draft:
    """The draft in work. Raises Conflict where there is none."""
    if row.draft is None:
        raise Conflict(f"{row.title} has no draft; start one from a published version.")
    return Draft.from_text(row.draft)


def version_in(row: Questionnaire, number: int) -> QuestionnaireVersion:
    """A published version of a questionnaire, or NotFound."""
    found = next((each for each in row.versions if each.number == number), None)
    if found is None:
        raise NotFound(f"{row.title} has no version {number}.")
    return found


@dataclass(frozen=True)
class Difference:
    """Something that two versions have in another form; empty where one has it not at all."""

    place: str
    before: str
    after: str


def compared(before: Document, after: Document) -> list[Difference]:
    """Every text, item, scale and key that differs, in the order of the later version."""
    one, other = _flat(before), _flat(after)
    places = dict.fromkeys((*other, *one))
    return [
        Difference(place, one.get(place, ""), other.get(place, ""))
        for place in places
        if one.get(place, "") != other.get(place, "")
    ]


def _flat(document: Document) -> dict[str, str]:
    """Every value by where it stands; what each version has of its own by itself is left out."""
    found: dict[str, str] = {}
    items = {item["code"]: item for item in document.definition["items"]}
    found["order of the questions"] = ", ".join(items)
    rest = {k: v for k, v in document.definition.items() if k not in ("items", "version")}
    _collect(found, {**rest, "questions": items}, "")
    for name, table in document.texts.items():
        _collect(found, {k: v for k, v in table.items() if k != "id"}, name)
    return found


def _collect(found: dict[str, str], value: object, place: str) -> None:
    if isinstance(value, dict):
        for name, each in value.items():
            _collect(found, each, f"{place} › {name}" if place else str(name))
    elif isinstance(value, list):
        found[place] = ", ".join(map(str, value))
    else:
        found[place] = str(value)
