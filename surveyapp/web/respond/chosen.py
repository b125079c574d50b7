"""What a click in a message chose: shown as chosen, never stored before the customer sends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from surveyapp.surveys.drafts import PRESELECTED
from surveyapp.web.respond.content import Content, Layout
from surveyapp.whole import whole_number

_LONGEST = 200
_LARGEST_POINT = 10**9


@dataclass(frozen=True)
class Chosen:
    """An option of a question, and how the question shows it."""

    name: str
    value: str
    label: str

    @property
    def written(self) -> str:
        """As links and drafts have it: ``<instrument>-<item>:<value>``."""
        return f"{self.name}:{self.value}"


def read_chosen(content: Content, text: str) -> Chosen | None:
    """The option that ``text`` names, or None where the survey has no such question or answer."""
    name, _, value = text[:_LONGEST].partition(":")
    question = next((each for each in content.questions if each.name == name), None)
    if question is None or question.layout is Layout.TICKS:
        return None
    option = next((each for each in question.options if each.value == value), None)
    if option is None:
        return None
    points = question.layout in (Layout.POINTS, Layout.LABELLED)
    return Chosen(name, value, value if points else option.label)


def preselection(content: Content, sent: MultiDict[str, str]) -> dict[str, Any]:
    """What is kept beside the answers about a click that came before them; empty without one."""
    clicked = PRESELECTED in sent
    chosen = read_chosen(content, sent[PRESELECTED]) if clicked else None
    if chosen is None:
        return {}
    changed = sent.getlist(chosen.name) != [chosen.value]
    number = whole_number(chosen.value, largest=_LARGEST_POINT)
    value = chosen.value if number is None else number
    return {"preselected": {"item": chosen.name, "value": value, "changed": changed}}
