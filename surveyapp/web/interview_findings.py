"""Findings of cognitive interviews about an item of a scale."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.scale_development import queries
from surveyapp.scale_development.interviews import (
    LONGEST_FINDING,
    LONGEST_PARTICIPANT,
    PROBLEMS,
    SEVERITIES,
    FindingWanted,
    add_finding,
)
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.scale_development import item_place
from surveyapp.web.sessions import me

interview_findings = Blueprint(
    "interview_findings",
    __name__,
    url_prefix="/journeys/<int:journey_id>/scale-development/<int:scale_id>/items/<int:pool_item_id>"
    "/interview-findings",
)


class FindingForm(StaffForm):
    participant = StringField(
        "Participant",
        [InputRequired("Enter a label."), Length(max=LONGEST_PARTICIPANT)],
        description="A label such as P3, not a name.",
    )
    problem = SelectField("Problem", choices=choices(PROBLEMS.items()))
    severity = SelectField("Severity", choices=choices(SEVERITIES.items()))
    finding = TextAreaField(
        "Finding",
        [InputRequired("Enter what the interview showed."), Length(max=LONGEST_FINDING)],
    )
    change = TextAreaField(
        "Change made",
        [Optional(), Length(max=LONGEST_FINDING)],
        description="What was done about it. A new wording is written on the item’s own page.",
    )


@interview_findings.route("", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def index(journey_id: int, scale_id: int, pool_item_id: int) -> ResponseReturnValue:
    """The findings, and one more."""
    with installation().store.reading() as session:
        journey, scale, item = item_place(session, journey_id, scale_id, pool_item_id)
        found = queries.findings_of(session, scale.id).get(item.id, [])
    form = FindingForm()
    if form.validate_on_submit():
        with form.refusing("finding"):
            wanted = FindingWanted(
                form.participant.data or "",
                form.problem.data or "",
                form.severity.data or "",
                form.finding.data or "",
                form.change.data or "",
            )
            with installation().store.writing() as session:
                _, held, there = item_place(session, journey_id, scale_id, pool_item_id)
                now = installation().now()
                add_finding(session, held, there, wanted, user_id=me().id, now=now)
            flash("The finding has been added.")
            here: dict[str, Any] = {"journey_id": journey_id, "scale_id": scale_id}
            return redirect(
                url_for("interview_findings.index", pool_item_id=pool_item_id, **here), 303
            )
    page = render_template(
        "interview_findings/index.html",
        journey=journey,
        scale=scale,
        item=item,
        found=found,
        form=form,
        problems={name: said.partition(":")[0] for name, said in PROBLEMS.items()},
        severities={name: said.partition(":")[0] for name, said in SEVERITIES.items()},
    )
    return page, form.status
