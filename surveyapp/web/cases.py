"""Cases: the list of low scores to look after, and one case from its answer to its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from surveyapp.auth import queries as people
from surveyapp.auth.accounts import Account
from surveyapp.auth.grants import able, journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import cases as actions
from surveyapp.closed_loop import follow_up, queries, recovery
from surveyapp.closed_loop.contact_details import ContactDetails, look_at
from surveyapp.closed_loop.replies import last_reply
from surveyapp.closed_loop.suggested_causes import suggested_causes
from surveyapp.errors import Invalid
from surveyapp.exports.cases import cases_csv
from surveyapp.journeys import queries as journeys
from surveyapp.store.audit import record
from surveyapp.store.models import Case
from surveyapp.surveys.queries import survey_of
from surveyapp.web.downloads import download
from surveyapp.web.filters import number_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me

cases = Blueprint("cases", __name__, url_prefix="/cases")

PAGE = 50
NOBODY = "0"
STATES = {
    "todo": "To do",
    "open": "Open",
    "contacted": "Contacted",
    "closed": "Closed",
    "all": "All",
}


class OwnerForm(StaffForm):
    owner_id = SelectField("Owner")


class NoteForm(StaffForm):
    text = TextAreaField(
        "Note",
        [InputRequired("Write what you learned or agreed."), Length(max=actions.LONGEST_NOTE)],
    )


class CloseForm(StaffForm):
    outcome = RadioField(
        "Outcome",
        [InputRequired("Choose an outcome.")],
        choices=choices(actions.OUTCOMES.items()),
    )


@cases.get("")
@requires(Permission.WORK_CASES, lists=True)
def index() -> ResponseReturnValue:
    wanted = _wanted()
    settings, now = installation().settings, installation().now()
    with installation().store.reading() as session:
        found = queries.lines(
            session, wanted, now=now, limit=PAGE + 1, library=installation().library
        )
        waiting, overdue = queries.counts(session, wanted, now=now)
        done = recovery.recovery(
            session,
            now=now,
            journey_id=wanted.journey_id,
            owner_id=wanted.owner_id,
            granted=wanted.granted,
            minimum_cell=settings.minimum_cell,
        )
        accounts, known = people.accounts(session), journeys.journeys(session, wanted.granted)
    note_read("list cases", "cases", **_kept())
    return render_template(
        "cases/index.html",
        lines=found[:PAGE],
        later=found[PAGE - 1].id if len(found) > PAGE else None,
        wanted=wanted,
        kept=_kept(),
        waiting=waiting,
        overdue=overdue,
        recovered=done.whole,
        states=STATES,
        accounts=accounts,
        journeys=known,
        outcomes=actions.OUTCOMES,
    )


@cases.get("/export.csv")
@requires(Permission.WORK_CASES, lists=True)
def export() -> ResponseReturnValue:
    """The cases that the filters choose, streamed while they are read."""
    wanted, now = _wanted(), installation().now()
    with installation().store.writing() as session:
        record(session, me().id, "export cases", "cases", **_kept())
    library = installation().library
    return download(partial(cases_csv, wanted=wanted, now=now, library=library), "cases")


@cases.get("/recovery")
@cases.get("/recovery.json", endpoint="recovered_json")
@requires(Permission.WORK_CASES, lists=True)
def recovered() -> ResponseReturnValue:
    """What came of the cases closed in the last year, by survey and month."""
    journey_id = number_asked("journey")
    granted = journeys_granted(me(), Permission.WORK_CASES)
    with installation().store.reading() as session:
        found = recovery.recovery(
            session,
            now=installation().now(),
            journey_id=journey_id,
            granted=granted,
            minimum_cell=installation().settings.minimum_cell,
        )
        known = journeys.journeys(session, granted)
    few = installation().settings.minimum_cell
    codes = {journey.id: journey.code for journey in known}
    return page(
        "cases/recovery.html",
        {
            "journey": codes.get(journey_id) if journey_id else None,
            "minimum_cell": few,
            **recovery.recovery_to_json(found, few=few),
        },
        found=found,
        journeys=known,
        journey_id=journey_id,
    )


@cases.get("/<long:case_id>")
@requires(Permission.WORK_CASES)
def show(case_id: int) -> ResponseReturnValue:
    return _page(case_id)


@cases.post("/<long:case_id>/owner")
@requires(Permission.WORK_CASES)
def assign(case_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        case = queries.one(session, case_id)
        form = _owner_form(case, _able(session, case))
    if form.validate_on_submit():
        with form.refusing("owner_id"):
            with form.saving() as session:
                actions.assign(
                    session,
                    queries.one(session, case_id, to_change=True),
                    int(form.owner_id.data) or None,
                    user_id=me().id,
                    installation=installation(),
                )
            return _back(case_id)
    return _page(case_id, owner=form)


@cases.post("/<long:case_id>/notes")
@requires(Permission.WORK_CASES)
def add_note(case_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        queries.one(session, case_id)
    form = NoteForm()
    if form.validate_on_submit():
        with form.refusing("text"):
            with installation().store.writing() as session:
                case = queries.one(session, case_id, to_change=True)
                actions.add_note(session, case, form.text.data, user_id=me().id)
            return _back(case_id)
    return _page(case_id, note=form)


@cases.post("/<long:case_id>/contacted")
@requires(Permission.WORK_CASES)
def mark_contacted(case_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        case = queries.one(session, case_id, to_change=True)
        actions.mark_contacted(session, case, user_id=me().id)
    return _back(case_id)


@cases.post("/<long:case_id>/close")
@requires(Permission.WORK_CASES)
def close(case_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        queries.one(session, case_id)
    form = CloseForm()
    if form.validate_on_submit():
        with form.refusing("outcome"):
            with installation().store.writing() as session:
                case = queries.one(session, case_id, to_change=True)
                actions.close(session, case, form.outcome.data, user_id=me().id)
            return _back(case_id)
    return _page(case_id, close=form)


@cases.post("/<long:case_id>/reopen")
@requires(Permission.WORK_CASES)
def reopen(case_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        case = queries.one(session, case_id, to_change=True)
        actions.reopen(session, case, user_id=me().id)
    return _back(case_id)


@cases.post("/<long:case_id>/ask")
@requires(Permission.WORK_CASES)
def ask_again(case_id: int) -> ResponseReturnValue:
    """Ask the customer again, by mail, or by a link that stands in this answer only."""
    way = request.form.get("way", "")
    with installation().store.writing() as session:
        case = queries.one(session, case_id, to_change=True)
        if way not in {"mail", "link"}:
            raise Invalid("Choose whether to send an email or create a link; nothing was sent.")
        asked = follow_up.ask_again(
            session,
            case,
            by_mail=way == "mail",
            user_id=me().id,
            installation=installation(),
        )
    if asked.url:
        return render_template("cases/link.html", case_id=case_id, url=asked.url)
    flash("The follow-up survey is on its way to the customer.")
    return _back(case_id)


@cases.post("/<long:case_id>/contact")
@requires(Permission.SEE_CONTACTS)
def contact(case_id: int) -> ResponseReturnValue:
    """The case with the customer's contact details, which stand in this answer only."""
    with installation().store.writing() as session:
        case = queries.one(session, case_id)
        secret_key = installation().secret_key
        found = look_at(session, case, secret_key=secret_key, user_id=me().id)
    return _page(case_id, found)


def _page(
    case_id: int, contact: ContactDetails | None = None, **forms: StaffForm
) -> ResponseReturnValue:
    library, now = installation().library, installation().now()
    with installation().store.reading() as session:
        case = queries.one(session, case_id)
        accounts = _able(session, case)
        page: dict[str, Any] = {
            "case": case,
            "said": queries.said(session, case, library=library),
            "causes": suggested_causes(session, case, library=library),
            "score": queries.score(case, library=library),
            "points": queries.points,
            "story": queries.story(session, case_id),
            "replied": last_reply(session, case_id),
            "overdue": queries.is_overdue(case, now),
            **_again(session, case),
        }
        names = {account.id: account.name for account in accounts}
    note_read("read case", f"case {case_id}")
    after = page["after"]
    suggested = "recovered" if after is not None and after.above_limit else None
    shown = {
        "owner": forms.get("owner") or _owner_form(case, accounts),
        "note": forms.get("note") or NoteForm(formdata=None),
        "close": forms.get("close") or CloseForm(formdata=None, outcome=suggested),
    }
    refused = next(iter(forms.values()), None)
    body = render_template(
        "cases/show.html",
        **page,
        contact=contact,
        forms=shown,
        refused=refused,
        names=names,
        suggested=suggested,
        outcomes=actions.OUTCOMES,
    )
    return body, 422 if refused else 200


def _again(session: Session, case: Case) -> dict[str, Any]:
    """The follow-up: whether one is set up, how the customer is reached, what came back."""
    rule = survey_of(case.survey).case_rule
    survey = None
    if rule is not None and rule.follow_up_survey_id is not None:
        survey = rule.follow_up_survey_id
    return {
        "survey": survey,
        "reach": follow_up.reach(session, case, secret_key=installation().secret_key),
        "after": follow_up.follow_up_of(session, case),
    }


def _owner_form(case: Case, accounts: Sequence[Account]) -> OwnerForm:
    form = OwnerForm(owner_id=str(case.owner_id or NOBODY))
    names = [each.name if each.active else f"{each.name} (account closed)" for each in accounts]
    form.owner_id.choices = choices(
        [
            (NOBODY, "Unassigned"),
            *((str(each.id), name) for each, name in zip(accounts, names, strict=True)),
        ]
    )
    return form


def _able(session: Session, case: Case) -> list[Account]:
    """Who may own the case, and who owns it: without them it would look like nobody's."""
    found = able(session, Permission.WORK_CASES, case.survey.journey_id)
    if case.owner_id is None or any(each.id == case.owner_id for each in found):
        return found
    return [*found, people.account(session, case.owner_id)]


def _wanted() -> queries.Wanted:
    """The filters in the address; Invalid names a value that is none."""
    state = request.args.get("state") or "todo"
    if state not in queries.STATES:
        raise Invalid(f"state={state[:20]} is not a case state; choose one from the list.")
    owner = request.args.get("owner", "")
    owner_id = me().id if owner == "me" else number_asked("owner")
    return queries.Wanted(
        state=state,
        owner_id=owner_id,
        journey_id=number_asked("journey"),
        overdue=bool(request.args.get("overdue")),
        after=number_asked("after", largest=LARGEST_LONG),
        granted=journeys_granted(me(), Permission.WORK_CASES),
    )


def _kept() -> dict[str, str]:
    names = ("state", "owner", "journey", "overdue")
    return {name: request.args[name] for name in names if request.args.get(name)}


def _back(case_id: int) -> ResponseReturnValue:
    return redirect(url_for("cases.show", case_id=case_id), 303)
