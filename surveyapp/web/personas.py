"""Personas of a journey: who customers are pictured to be, and what their segment answers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import personas as known_ones
from surveyapp.journeys import queries
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE
from surveyapp.journeys.persona_json import persona_to_json
from surveyapp.journeys.personas import EMPATHY, PersonaText
from surveyapp.results.figure_json import figure_to_json
from surveyapp.results.maps.persona_scores import persona_quotes, persona_scores
from surveyapp.store.models import Journey, Persona, Segment
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.persona_emotion_drawing import emotion_drawing
from surveyapp.web.reads import note_read
from surveyapp.web.record_pages import RecordPages
from surveyapp.web.sessions import me

personas = Blueprint("personas", __name__, url_prefix="/journeys/<int:journey_id>")

FEELINGS = {"2": "Very good", "1": "Good", "0": "Neutral", "-1": "Bad", "-2": "Very bad"}
_STAGE = "stage_"


def _area(label: str, description: str = "") -> TextAreaField:
    return TextAreaField(label, [Optional(), Length(max=LONGEST_TEXT)], description=description)


class PersonaForm(StaffForm):
    title = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_TITLE)])
    segment_id = SelectField(
        "Segment",
        default="",
        description="Its customers' answers are the persona's numbers and quotes.",
    )
    demographics = _area("Demographics", "Age, household, work, devices: what matters here.")
    goals, needs = _area("Goals"), _area("Needs")
    says, thinks, does, feels, hears = (_area(word.capitalize()) for word in EMPATHY)

    def said(self) -> PersonaText:
        """What was typed, as the list takes it."""
        texts = ("title", "demographics", "goals", "needs", *EMPATHY)
        stages = [name for name in self._fields if name.partition("_")[0] == "stage"]
        levels = {
            int(name.partition("_")[2]): int(self[name].data) for name in stages if self[name].data
        }
        segment = self.segment_id.data
        return PersonaText(
            **{name: self[name].data or "" for name in texts},
            segment_id=int(segment) if segment else None,
            levels=levels,
        )


@personas.get("/personas")
@personas.get("/personas.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = known_ones.personas_of(session, journey_id)
        removed = known_ones.removed_personas(session, journey_id, installation().now())
    return page(
        "personas/index.html",
        {"journey": journey.code, "personas": [persona_to_json(each) for each in found]},
        journey=journey,
        personas=found,
        removed=removed,
    )


@personas.route("/personas/new", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def new(journey_id: int) -> ResponseReturnValue:
    return PAGES.new(journey_id, lambda *_: {})


@personas.get("/personas/<int:persona_id>")
@personas.get("/personas/<int:persona_id>.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int, persona_id: int) -> ResponseReturnValue:
    rules = dashboard_rules()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        persona = known_ones.persona_of(session, journey_id, persona_id)
        scope = scope_asked(session, journey_id)
        scores = persona_scores(session, persona, scope, **rules)
        quotes: tuple[str, ...] = ()
        if me().may(Permission.READ_COMMENTS):
            quotes = persona_quotes(session, persona, minimum_cell=rules["minimum_cell"])
    if quotes:
        note_read("read quotes", f"journey {journey.code}", persona=persona_id)
    return page(
        "personas/show.html",
        {
            "journey": journey.code,
            **persona_to_json(persona),
            "stages": [
                {
                    "stage": each.stage,
                    "assumed": each.assumed,
                    "measured": figure_to_json(each.measured, few=rules["minimum_cell"])
                    if each.measured
                    else None,
                    "contradicted": each.contradicted,
                }
                for each in scores.stages
            ],
        },
        journey=journey,
        persona=persona,
        scores=scores,
        drawn=emotion_drawing(scores.stages),
        quotes=quotes,
        empathy=EMPATHY,
        feelings=FEELINGS,
    )


@personas.route("/personas/<int:persona_id>/edit", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def edit(journey_id: int, persona_id: int) -> ResponseReturnValue:
    return PAGES.edit(journey_id, persona_id)


@personas.post("/personas/<int:persona_id>/remove")
@requires(Permission.PLAN_IMPROVEMENTS)
def remove(journey_id: int, persona_id: int) -> ResponseReturnValue:
    return PAGES.remove(journey_id, persona_id)


@personas.post("/personas/<int:persona_id>/restore")
@requires(Permission.PLAN_IMPROVEMENTS)
def restore(journey_id: int, persona_id: int) -> ResponseReturnValue:
    return PAGES.restore(journey_id, persona_id)


def _form(session: Session, journey: Journey, data: dict[str, Any]) -> PersonaForm:
    """With a field for each stage, under the name of the form that knows none."""
    fields = {
        f"{_STAGE}{stage.id}": SelectField(
            stage.name, choices=choices([("", "Not said"), *FEELINGS.items()]), default=""
        )
        for stage in journey.stages
    }
    form: PersonaForm = type("PersonaForm", (PersonaForm,), fields)(data=data)
    segments = session.execute(select(Segment.id, Segment.name).order_by(Segment.name))
    form.segment_id.choices = choices(
        [("", "None"), *((str(number), name) for number, name in segments)]
    )
    return form


def _stored(persona: Persona) -> dict[str, Any]:
    texts = ("title", "demographics", "goals", "needs", *EMPATHY)
    return {
        **{name: getattr(persona, name) for name in texts},
        **{f"{_STAGE}{each.stage_id}": str(each.level) for each in persona.emotions},
        "segment_id": str(persona.segment_id or ""),
    }


def _write(session: Session, journey: Journey, row: Persona | None, form: PersonaForm) -> Persona:
    now = installation().now()
    return known_ones.write_persona(session, journey, row, form.said(), user_id=me().id, now=now)


def _take_off(session: Session, journey: Journey, row: Persona, **by: Any) -> None:
    known_ones.remove_persona(installation(), session, journey, row, **by)


PAGES = RecordPages(
    name="persona",
    pages="personas",
    find=known_ones.persona_of,
    form=_form,
    stored=_stored,
    write=_write,
    take_off=_take_off,
    put_back=known_ones.restore_persona,
    has_page=True,
    beside=lambda *_: {"empathy": EMPATHY},
)
