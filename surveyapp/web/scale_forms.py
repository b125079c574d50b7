"""The forms of scales under development."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.i18n.languages import OWN_NAMES
from surveyapp.questionnaires.presets import scale_presets
from surveyapp.scale_development.pool import (
    DIMENSION,
    LONGEST_CODE,
    LONGEST_DEFINITION,
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_TEXT,
    NEIGHBOUR,
    STATES,
    ConstructWanted,
    ItemWanted,
    ScaleWanted,
)
from surveyapp.store.models import ScaleConstruct
from surveyapp.web.forms import StaffForm, choices

LANGUAGES = sorted(OWN_NAMES.items(), key=lambda each: each[1].casefold())
STATE_WORDS: Mapping[str, str] = {
    "draft": "Draft",
    "judging": "In judging",
    "kept": "Kept",
    "dropped": "Dropped",
}
KIND_WORDS: Mapping[str, str] = {
    DIMENSION: "Dimension of the scale",
    NEIGHBOUR: "Neighbouring construct, which the scale is not to measure",
}


def answer_scale_choices() -> list[tuple[str, str]]:
    """The offered answer scales by code, with their ends and labels in words."""
    found = []
    for code, preset in scale_presets().items():
        labels = preset.labels.get("en", {})
        scale = preset.scale
        ends = [labels.get(point, "") for point in (scale.minimum, scale.maximum)]
        said = f"{scale.minimum} to {scale.maximum}"
        found.append((code, f"{said}: {ends[0]} to {ends[1]}" if all(ends) else said))
    return found


class ScaleForm(StaffForm):
    name = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_NAME)])
    definition = TextAreaField(
        "Definition of the construct",
        [InputRequired("Enter a definition."), Length(max=LONGEST_DEFINITION)],
        description="What the scale measures, and what it does not. Judges of relevance read it.",
    )
    population = StringField(
        "For whom",
        [Optional(), Length(max=500)],
        description="Who is to answer it, such as customers of a bank after a branch visit.",
    )
    language = SelectField("Language of the items", choices=choices(LANGUAGES), default="en")
    answer_scale = SelectField("Answer scale", choices=choices([]))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answer_scale.choices = choices(answer_scale_choices())

    def wanted(self) -> ScaleWanted:
        """What was filled in."""
        return ScaleWanted(
            self.name.data or "",
            self.definition.data or "",
            self.population.data or "",
            self.language.data or "",
            self.answer_scale.data or "",
        )


class ConstructForm(StaffForm):
    kind = SelectField("What it is", choices=choices(KIND_WORDS.items()))
    code = StringField(
        "Code",
        [InputRequired("Enter a code."), Length(max=LONGEST_CODE)],
        description="Short, such as warmth: what models, files and questionnaires call it.",
    )
    name = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_NAME)])
    definition = TextAreaField(
        "Definition",
        [InputRequired("Enter a definition."), Length(max=LONGEST_DEFINITION)],
        description="Judges read it when they sort items.",
    )
    relation = StringField(
        "Expected relation",
        [Optional(), Length(max=500)],
        description="Of a neighbour: what it has to do with the scale, such as positive, below .70.",
    )

    def wanted(self) -> ConstructWanted:
        """What was filled in."""
        return ConstructWanted(
            self.kind.data or "",
            self.code.data or "",
            self.name.data or "",
            self.definition.data or "",
            self.relation.data or "",
        )


class ItemForm(StaffForm):
    code = StringField(
        "Code",
        [InputRequired("Enter a code."), Length(max=LONGEST_CODE)],
        description="Such as warm1. Small letters, digits and underscores.",
    )
    text = TextAreaField("Wording", [InputRequired("Enter a wording."), Length(max=LONGEST_TEXT)])
    construct_id = SelectField("Dimension")
    reverse = BooleanField("Reversed: agreement means less of the construct")
    source = StringField(
        "Source",
        [Optional(), Length(max=500)],
        description="Where it comes from: an interview, a publication with its licence, or oneself.",
    )
    reason = StringField(
        "Why the wording changes",
        [Optional(), Length(max=LONGEST_REASON)],
        description="Needed for another wording; the old one stays on record.",
    )

    def wanted(self) -> ItemWanted:
        """What was filled in."""
        chosen = self.construct_id.data or ""
        return ItemWanted(
            self.code.data or "",
            self.text.data or "",
            int(chosen) if chosen.isascii() and chosen.isdecimal() else 0,
            bool(self.reverse.data),
            self.source.data or "",
            self.reason.data or "" if "reason" in self else "",
        )


def item_form(dimensions: Iterable[ScaleConstruct], data: Mapping[str, Any] | None) -> ItemForm:
    """A form for an item of one of these dimensions; a new one has no reason to give."""
    form = ItemForm(data=dict(data) if data else None)
    form.construct_id.choices = choices([(str(each.id), each.name) for each in dimensions])
    if data is None:
        del form.reason
    return form


class StateForm(StaffForm):
    state = SelectField("Decision", choices=choices((each, STATE_WORDS[each]) for each in STATES))
    reason = StringField(
        "Reason",
        [Optional(), Length(max=LONGEST_REASON)],
        description="Needed to drop an item.",
    )
