"""How many judges a round takes: a calculator, whose question stands in the address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys import queries
from surveyapp.scale_development.judge_numbers import JudgeAnswer, answer_judges, read_judges
from surveyapp.web.document_files import TABLES, document_file
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page

judge_numbers = Blueprint("judge_numbers", __name__, url_prefix="/journeys/<int:journey_id>")
_USUAL = {"kind": "sort", "true": "90"}
_ASKED = ("kind", "judges", "true", "power")


@judge_numbers.get("/judge-numbers")
@judge_numbers.get("/judge-numbers.json", endpoint="show_json")
@requires(Permission.EDIT_SURVEYS)
def show(journey_id: int) -> ResponseReturnValue:
    """The question, by default of a sort, its answer, and what each number of judges can tell."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    given = _given()
    found = refused = None
    try:
        found = _answer(given)
    except Invalid as error:
        refused = error
    shown = page(
        "judge_numbers/show.html",
        {
            "journey": journey.code,
            "answer": None if found is None else {"said": found.said, **found.document},
            "error": None if refused is None else str(refused),
        },
        journey=journey,
        given=given,
        found=found,
        refused=refused,
        table=None if found is None else _table(found),
    )
    shown.status_code = 200 if refused is None else 422
    return shown


@judge_numbers.get("/judge-numbers/tables.<any(docx, tex, zip):ending>")
@requires(Permission.EDIT_SURVEYS)
def tables(journey_id: int, ending: str) -> ResponseReturnValue:
    """The answer with its table as a file; of nobody's answers."""
    from surveyapp.reports.scale_development.judge_numbers import content

    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    document = content(_answer(_given()), journey.name, made=installation().now().date())
    return document_file(document, TABLES[ending], "judges")


def _given() -> dict[str, str]:
    given = {name: request.args[name] for name in _ASKED if request.args.get(name, "").strip()}
    return {**_USUAL, **given}


def _answer(given: dict[str, str]) -> JudgeAnswer:
    asked = read_judges(given)
    if asked is None:  # the kind has a default
        raise NotFound("Nothing is asked here.")
    return answer_judges(asked)


def _table(found: JudgeAnswer) -> Any:
    from surveyapp.reports.scale_development.judge_numbers import judge_table

    return judge_table(found, 1)
