"""Versions of a scale: the kept items frozen, and made into a questionnaire of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from instruments.schema import ItemKind, Metric
from surveyapp.errors import Conflict, Invalid
from surveyapp.questionnaires.actions import create_questionnaire
from surveyapp.questionnaires.draft import Draft, add, change, empty_draft, first_key, use_scale
from surveyapp.questionnaires.general import change_general, general
from surveyapp.scale_development.pool import DIMENSION, KEPT_ITEM, note, one_line
from surveyapp.scale_development.queries import (
    constructs_of,
    items_of,
    translations_of,
    versions_of,
)
from surveyapp.scale_development.translation_log import ACCEPTED, is_current
from surveyapp.store.models import (
    Journey,
    Questionnaire,
    ScaleDevelopment,
    ScaleItem,
    ScaleVersion,
)

LONGEST_NOTE, MOST_VERSIONS = 500, 100


@dataclass(frozen=True)
class VersionDifference:
    """An item that one version has otherwise than the one before it; empty where it has it not."""

    code: str
    before: str
    after: str


def freeze(
    session: Session, scale: ScaleDevelopment, text: str, *, user_id: int | None, now: datetime
) -> ScaleVersion:
    """The kept items as the next version. Translations come along where they are accepted and translate
    the present wording. Raises Invalid with the field where nothing was kept or nothing changed,
    Conflict for one version too many.
    """
    text = one_line(text, "note", LONGEST_NOTE, least=1)
    items = items_of(session, scale.id, KEPT_ITEM)
    if not items:
        raise Invalid("No item is kept yet; decide on the pool first.", field="note")
    known = versions_of(session, scale.id)
    if len(known) >= MOST_VERSIONS:
        raise Conflict(f"This scale has {len(known)} versions, as many as may be.")
    row = ScaleVersion(
        scale_id=scale.id,
        number=known[0].number + 1 if known else 1,
        note=text,
        items=frozen_items(session, scale, items),
        constructs=[
            {"code": each.code, "name": each.name, "definition": each.definition}
            for each in constructs_of(session, scale.id, DIMENSION)
            if any(item.construct_id == each.id for item in items)
        ],
        created_by=user_id,
        created_at=now,
    )
    if known and (known[0].items, known[0].constructs) == (row.items, row.constructs):
        raise Invalid(f"Nothing has changed since version {known[0].number}.", field="note")
    session.add(row)
    session.flush()
    note(session, user_id, "freeze scale version", scale, version=row.number, items=len(items))
    return row


def frozen_items(
    session: Session, scale: ScaleDevelopment, items: Sequence[ScaleItem]
) -> list[dict[str, Any]]:
    """The items as a version would hold them now, with the translations that come along."""
    translated = translations_of(session, scale.id)
    return [_frozen(each, translated.get(each.id, {})) for each in items]


def partly_translated(items: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """By language that some of a version's items are translated into, the codes of those that are not:
    a questionnaire in the language cannot be published without them.
    """
    languages = sorted({language for each in items for language in each["texts"]})
    without = {
        language: [each["code"] for each in items if language not in each["texts"]]
        for language in languages
    }
    return {language: codes for language, codes in without.items() if codes}


def differences(before: ScaleVersion | None, after: ScaleVersion) -> list[VersionDifference]:
    """What each item of either version says, where they differ; everything where there is none before."""
    one = {each["code"]: _said(each) for each in before.items} if before else {}
    other = {each["code"]: _said(each) for each in after.items}
    return [
        VersionDifference(code, one.get(code, ""), other.get(code, ""))
        for code in dict.fromkeys((*other, *one))
        if one.get(code, "") != other.get(code, "")
    ]


def publish_version(
    session: Session,
    journey: Journey,
    scale: ScaleDevelopment,
    version: ScaleVersion,
    *,
    user_id: int | None,
) -> Questionnaire:
    """A questionnaire whose draft has the version's items, dimensions and translations; the one that was
    made before, if it is still there.
    """
    if version.questionnaire is not None:
        return version.questionnaire
    title = f"{scale.name} {version.number}"
    row = create_questionnaire(
        session,
        journey,
        title[:200],
        lambda code: questionnaire_draft(scale, version, code),
        user_id=user_id,
    )
    version.questionnaire = row
    session.flush()
    note(session, user_id, "publish scale version", scale, version=version.number, code=row.code)
    return row


def questionnaire_draft(scale: ScaleDevelopment, version: ScaleVersion, code: str) -> Draft:
    """The draft of a questionnaire that asks a version's items, scored as the mean of its dimensions."""
    others = sorted({language for each in version.items for language in each["texts"]})
    draft = empty_draft(code, scale.name, scale.language, others)
    draft = _general(draft, scale, version)
    document = deepcopy(draft.document)
    use_scale(document, scale.answer_scale)
    draft = replace(draft, document=document)
    for item in version.items:
        draft, number = add(draft, ItemKind.RATING)
        texts = {name: item["texts"].get(name, "") for name in draft.wordings}
        question = replace(
            draft.question(number),
            code=item["code"],
            scale=scale.answer_scale,
            reverse=item["reverse"],
            score=item["construct"],
            texts={**texts, scale.language: item["text"]},
        )
        draft = change(draft, question)
    return draft


def _general(draft: Draft, scale: ScaleDevelopment, version: ScaleVersion) -> Draft:
    stored = general(draft)
    names = {
        each["code"]: dict.fromkeys(draft.wordings, each["name"]) for each in version.constructs
    }
    wanted = replace(
        stored,
        texts={
            name: {**stored.texts[name], "title": stored.texts[name]["title"] or scale.name}
            for name in draft.wordings
        },
        citation=f"{scale.name}, version {version.number}; developed here.",
        metric=Metric.INDEX,
        scales=names,
        total=dict.fromkeys(draft.wordings, scale.name) if len(names) > 1 else {},
    )
    made = change_general(draft, wanted)
    if first_key(made.document) == {}:
        raise Conflict("The version has no dimension to score.")
    return made


def _frozen(item: ScaleItem, turns: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    texts = {
        language: of_language[-1].forward
        for language, of_language in turns.items()
        if of_language[-1].decision == ACCEPTED and is_current(of_language[-1], item)
    }
    return {
        "id": item.id,
        "code": item.code,
        "text": item.text,
        "reverse": item.reverse,
        "construct": item.construct.code,
        "texts": texts,
    }


def _said(item: Mapping[str, Any]) -> str:
    """An item of a version as one text: its wording, dimension, direction and translations."""
    said = [item["text"], f"({item['construct']}{', reversed' if item['reverse'] else ''})"]
    said += [f"{language}: {text}" for language, text in sorted(item["texts"].items())]
    return " ".join(said)
