"""Templates by sector: which questionnaires at which kind of touchpoint, and questions of its own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from instruments.schema import ItemKind, ShowIf
from surveyapp.errors import Invalid
from surveyapp.questionnaires.documents import Tables
from surveyapp.questionnaires.draft import Draft, add, change, empty_draft
from surveyapp.questionnaires.general import change_general, general

_FILES = files("surveyapp.questionnaires").joinpath("sector_files")


@dataclass(frozen=True)
class SurveySet:
    """What is asked at one kind of place: "touchpoint", or "end" of the journey."""

    name: str
    place: str
    instruments: tuple[str, ...]


@dataclass(frozen=True)
class Sector:
    """A template; ``more`` are the instruments that make little sense in the sector, with the reason."""

    code: str
    name: str
    sets: tuple[SurveySet, ...]
    more: Mapping[str, str]
    questions: Tables

    @property
    def title(self) -> str:
        """The title of its own questions."""
        return str(self.questions["title"]["en"])

    def survey_set(self, number: int) -> SurveySet | None:
        """The set of this number, counted from 1."""
        return self.sets[number - 1] if 1 <= number <= len(self.sets) else None


@cache
def sectors() -> Mapping[str, Sector]:
    """Every template by its code, in the order of their names."""
    found = []
    for file in _FILES.iterdir():
        if file.name.endswith(".toml"):
            read = tomllib.loads(file.read_text(encoding="utf-8"))
            sets = tuple(
                SurveySet(each["name"], each["place"], tuple(each["instruments"]))
                for each in read["sets"]
            )
            code = file.name.removesuffix(".toml")
            found.append(Sector(code, read["name"], sets, read["more"], read["questions"]))
    return {each.code: each for each in sorted(found, key=lambda each: each.name)}


def sector(code: str) -> Sector | None:
    """The template of this code; None for an empty one. Raises Invalid for one that is unknown."""
    known = sectors()
    if code and code not in known:
        raise Invalid(f"{code[:30]!r} is no sector; use {', '.join(known)}.", field="sector")
    return known.get(code)


def draft_for(chosen: Sector, code: str) -> Draft:
    """A draft of the sector's own questions in every language that it has them in."""
    titles = chosen.questions["title"]
    draft = empty_draft(code, titles["en"], "en", titles)
    stored = general(draft)
    texts = {name: {**stored.texts[name], "title": titles[name]} for name in titles}
    draft = change_general(draft, replace(stored, texts=texts))
    for asked in chosen.questions["ask"]:
        draft, number = add(draft, ItemKind(asked["kind"]))
        rule = ShowIf(asked["when"], "in", tuple(asked["values"])) if "when" in asked else None
        question = replace(
            draft.question(number), code=asked["code"], texts=asked["text"], show_if=rule
        )
        draft = change(draft, question)
    return draft
