"""The answer scales of a draft, and the languages that it is worded in."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace

from instruments.definition import MOST_POINTS
from instruments.tables import CODE, CODE_RULE, LONGEST_CODE
from instruments.wordings import LANGUAGE
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.questionnaires.documents import Document, Tables
from surveyapp.questionnaires.draft import Draft
from surveyapp.questionnaires.presets import EMOTION, YES_NO, answers, scale_presets

MOST_LANGUAGES = 20


@dataclass(frozen=True)
class AnswerScale:
    """An answer scale as its page shows it: labels by wording, then point."""

    code: str
    minimum: int
    maximum: int
    higher_is_better: bool
    labels: Mapping[str, Mapping[str, str]]
    used_by: tuple[str, ...]
    locked: str = ""

    @property
    def points(self) -> range:
        return range(self.minimum, self.maximum + 1)


def answer_scales(draft: Draft) -> list[AnswerScale]:
    """Every answer scale of the draft."""
    locked = draft.document.definition.get("locked", {})
    found = []
    for code, scale in draft.document.definition["scales"].items():
        users = tuple(item["code"] for item in draft.items if item.get("scale") == code)
        found.append(
            AnswerScale(
                code,
                scale["minimum"],
                scale["maximum"],
                scale.get("higher_is_better", True),
                {
                    name: table["labels"].get(code, {})
                    for name, table in draft.document.texts.items()
                },
                users,
                next((locked[each] for each in users if each in locked), ""),
            )
        )
    return found


def answer_scale(draft: Draft, code: str) -> AnswerScale:
    found = next((each for each in answer_scales(draft) if each.code == code), None)
    if found is None:
        raise NotFound("There is no such answer scale; it may have been removed.")
    return found


def add_scale(draft: Draft, code: str, minimum: int, maximum: int) -> Draft:
    """The draft with one more answer scale. Raises Invalid with the field."""
    if len(code) > LONGEST_CODE or not CODE.fullmatch(code):
        raise Invalid(f"{code[:60]!r} is no code; {CODE_RULE}.", field="code")
    scales = draft.document.definition["scales"]
    if code in scales or code in scale_presets():
        raise Invalid(f"{code} is the code of another scale; choose another.", field="code")
    if not 1 <= maximum - minimum < MOST_POINTS:
        raise Invalid(
            f"{minimum} to {maximum} is no scale; it needs 2 to {MOST_POINTS} points.",
            field="maximum",
        )
    document = deepcopy(draft.document)
    document.definition["scales"][code] = {
        "minimum": minimum,
        "maximum": maximum,
        "higher_is_better": True,
    }
    for table in document.texts.values():
        table["labels"][code] = {}
    return replace(draft, document=document)


def change_scale(draft: Draft, wanted: AnswerScale) -> Draft:
    """The draft with a scale's labels and polarity. Raises Invalid where a locked question uses it."""
    before = answer_scale(draft, wanted.code)
    if before.locked and (
        before.higher_is_better != wanted.higher_is_better
        or any(
            dict(wanted.labels.get(name, {})) != dict(said)
            for name, said in before.labels.items()
            if said
        )
    ):
        raise Invalid(
            f"The scale {wanted.code} is locked. {before.locked}", field="higher_is_better"
        )
    document = deepcopy(draft.document)
    document.definition["scales"][wanted.code]["higher_is_better"] = wanted.higher_is_better
    for name, table in document.texts.items():
        said = wanted.labels.get(name, {})
        table["labels"][wanted.code] = {point: label for point, label in said.items() if label}
    return replace(draft, document=document)


def add_language(draft: Draft, language: str) -> Draft:
    """The draft with an empty wording in one more language; labels that are known are filled in."""
    if not LANGUAGE.fullmatch(language) or len(language) > LONGEST_CODE:
        raise Invalid(
            f"{language[:20]!r} is no language tag such as en or pt-BR.", field="language"
        )
    if language in draft.wordings.values():
        raise Invalid(f"The questionnaire has a wording in {language} already.", field="language")
    if len(draft.wordings) >= MOST_LANGUAGES:
        raise Conflict(f"A questionnaire has at most {MOST_LANGUAGES} languages.")
    document = deepcopy(draft.document)
    main = document.texts[next(iter(draft.wordings))]
    document.texts[language] = {
        "id": f"{language.lower()}-1",
        "language": language,
        "status": "draft",
        "title": "",
        "instruction": "",
        "items": dict.fromkeys(main["items"], ""),
        "labels": {code: _known_labels(code, main, language) for code in main["labels"]},
        "choices": {
            item: _known_answers(said, main["language"], language)
            for item, said in main["choices"].items()
        },
        "dimensions": dict.fromkeys(main["dimensions"], ""),
    }
    return replace(draft, document=document)


def _known_labels(code: str, main: Tables, language: str) -> dict[str, str]:
    """A scale's labels in another language, where it has those that it is offered with."""
    preset = scale_presets().get(code)
    if preset is None:
        return {}
    own = {str(point): said for point, said in preset.labels.get(main["language"], {}).items()}
    if own != main["labels"][code]:
        return {}
    return {str(point): said for point, said in preset.labels.get(language, {}).items()}


def _known_answers(said: Mapping[str, str], own: str, language: str) -> dict[str, str]:
    for known in (YES_NO, EMOTION):
        _, labels = answers(known)
        if dict(labels.get(own, {})) == dict(said) and language in labels:
            return dict(labels[language])
    return dict.fromkeys(said, "")


def remove_language(draft: Draft, name: str) -> Draft:
    """The draft without a wording; the one that it was written in stays."""
    if name not in draft.wordings:
        raise NotFound("There is no such wording; it may have been removed.")
    if name == next(iter(draft.wordings)):
        raise Conflict("The main language cannot be removed; every questionnaire has one.")
    texts = {each: table for each, table in draft.document.texts.items() if each != name}
    return replace(draft, document=Document(draft.document.definition, deepcopy(texts)))
