"""Judging rounds of a scale: begun, judges invited by links, results with proposals, closed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.scale_development import judging, queries
from surveyapp.scale_development.judgements import judgements
from surveyapp.store.models import Journey, JudgingRound
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.scale_development import ROUND_WORDS, place
from surveyapp.web.scale_forms import STATE_WORDS
from surveyapp.web.sessions import me
from surveyapp.web.whole_number_field import WholeNumberField

judging_rounds = Blueprint(
    "judging_rounds",
    __name__,
    url_prefix="/journeys/<int:journey_id>/scale-development/<int:scale_id>/judging-rounds",
)
JUDGE_WORDS = {
    judging.JudgeState.OPEN: "not begun",
    judging.JudgeState.BEGUN: "begun",
    judging.JudgeState.SUBMITTED: "handed in",
    judging.JudgeState.EXPIRED: "expired",
    judging.JudgeState.REVOKED: "revoked",
}


class BeginForm(StaffForm):
    kind = StringField(validators=[InputRequired()])


class InviteForm(StaffForm):
    labels = TextAreaField(
        "Judges",
        [InputRequired("Enter a label for each judge, one per line."), Length(max=5_000)],
        description="One per line, such as Researcher 1. A label tells you who has answered; results do"
        " not show it.",
    )
    days = WholeNumberField(
        "Days until the links expire",
        [
            InputRequired("Enter a number of days."),
            NumberRange(1, judging.MOST_DAYS, f"Use 1 to {judging.MOST_DAYS} days."),
        ],
    )


@judging_rounds.post("")
@requires(Permission.EDIT_SURVEYS)
def begin(journey_id: int, scale_id: int) -> ResponseReturnValue:
    form = BeginForm()
    with installation().store.writing() as session:
        _, scale = place(session, journey_id, scale_id, to_change=True)
        if not form.validate():
            raise Invalid("Choose what judges are asked.")
        now = installation().now()
        made = judging.begin_round(session, scale, form.kind.data or "", user_id=me().id, now=now)
    return _to_round(journey_id, made)


@judging_rounds.get("/<int:round_id>")
@requires(Permission.EDIT_SURVEYS)
def show(journey_id: int, scale_id: int, round_id: int) -> ResponseReturnValue:
    form = InviteForm(formdata=None, data={"days": judging.USUAL_DAYS})
    return _page(journey_id, scale_id, round_id, form), 200


@judging_rounds.post("/<int:round_id>/judges")
@requires(Permission.EDIT_SURVEYS)
def invite(journey_id: int, scale_id: int, round_id: int) -> ResponseReturnValue:
    """The links, which are shown this once."""
    form = InviteForm()
    if form.validate():
        with form.refusing("labels"):
            with installation().store.writing() as session:
                _, scale = place(session, journey_id, scale_id, to_change=True)
                made = judging.invite_judges(
                    session,
                    queries.round_of(session, scale.id, round_id),
                    (form.labels.data or "").splitlines(),
                    days=form.days.data,
                    user_id=me().id,
                    now=installation().now(),
                )
                journey, row = _place(session, journey_id, scale_id, round_id)
            base = installation().settings.base_url
            return render_template(
                "judging_rounds/links.html",
                journey=journey,
                scale=scale,
                round=row,
                title=ROUND_WORDS[judging.RoundKind(row.kind)],
                links=[(each.label, judging.judging_url(base, token)) for each, token in made],
                ends_at=made[0][0].expires_at,
            )
    return _page(journey_id, scale_id, round_id, form), 422


@judging_rounds.post("/<int:round_id>/judges/<int:judge_id>/revoke")
@requires(Permission.EDIT_SURVEYS)
def revoke(journey_id: int, scale_id: int, round_id: int, judge_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, row = _place(session, journey_id, scale_id, round_id)
        judge = judging.revoke_judge(
            session, row, judge_id, user_id=me().id, now=installation().now()
        )
    flash(f"The link of {judge.label} has been revoked; it opens nothing any more.")
    return _to_round(journey_id, row)


@judging_rounds.post("/<int:round_id>/close")
@requires(Permission.EDIT_SURVEYS)
def close(journey_id: int, scale_id: int, round_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, row = _place(session, journey_id, scale_id, round_id)
        judging.close_round(session, row, user_id=me().id, now=installation().now())
    flash("The round is closed; its links open nothing any more.")
    return _to_round(journey_id, row)


def _page(journey_id: int, scale_id: int, round_id: int, form: InviteForm) -> str:
    with installation().store.reading() as session:
        journey, row = _place(session, journey_id, scale_id, round_id)
        judges = queries.judges_of(session, row.id)
        items = {each.id: each for each in queries.items_of(session, row.scale_id)}
    now = installation().now()
    return render_template(
        "judging_rounds/show.html",
        journey=journey,
        scale=row.scale,
        round=row,
        title=ROUND_WORDS[judging.RoundKind(row.kind)],
        names={each["code"]: each["name"] for each in row.constructs}
        | {judging.UNSURE: "no construct, or several"},
        judges=[(each, judging.state_of(each, now)) for each in judges],
        judge_states=JUDGE_WORDS,
        states=STATE_WORDS,
        found=judgements(row, judges),
        items=items,
        form=form,
    )


def _place(
    session: Session, journey_id: int, scale_id: int, round_id: int
) -> tuple[Journey, JudgingRound]:
    journey, scale = place(session, journey_id, scale_id)
    return journey, queries.round_of(session, scale.id, round_id)


def _to_round(journey_id: int, row: JudgingRound) -> ResponseReturnValue:
    here: dict[str, Any] = {
        "journey_id": journey_id,
        "scale_id": row.scale_id,
        "round_id": row.id,
    }
    return redirect(url_for("judging_rounds.show", **here), 303)
