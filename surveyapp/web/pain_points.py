"""Pain points of a journey: how bad, where, whom they affect, what shows them, and who sees to them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import AnyOf, InputRequired, Length

from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.comments import evidence, pain_points
from surveyapp.comments.code_book import codes_of
from surveyapp.comments.pain_point_json import pain_point_to_json
from surveyapp.comments.pain_points import SEVERITIES as KNOWN
from surveyapp.comments.pain_points import STATES, WantedPainPoints
from surveyapp.errors import Invalid, NotAllowed, NotFound
from surveyapp.journeys import queries
from surveyapp.results.comments.affected_shares import (
    AffectedShare,
    AffectedShares,
    affected_rules,
    affected_share_to_json,
)
from surveyapp.store.models import Journey, PainPoint
from surveyapp.web.filters import dashboard_rules, number_asked, scope_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.pain_point_form import SEVERITIES, PainPointForm, stored
from surveyapp.web.reads import note_read
from surveyapp.web.record_chains import chains_beside
from surveyapp.web.record_pages import RecordPages
from surveyapp.web.sessions import me
from surveyapp.whole import whole_number

pain_points_pages = Blueprint("pain_points", __name__, url_prefix="/journeys/<int:journey_id>")

# Who may see, and hence link, which kind of evidence.
READERS = {
    "comment": Permission.READ_COMMENTS,
    "response": Permission.READ_RESPONSES,
    "case": Permission.WORK_CASES,
}
_LONGEST = 200  # of a text that another page suggests


class ChoiceForm(StaffForm):
    pain_point = SelectField("Pain point")
    kind = HiddenField(validators=[AnyOf(evidence.KINDS)])
    number = HiddenField()
    item = HiddenField(validators=[Length(max=120)])


class EvidenceForm(StaffForm):
    kind = SelectField("Kind", choices=choices((kind, kind) for kind in evidence.KINDS))
    number = StringField("Number", [InputRequired("Enter the number."), Length(max=20)])
    item = StringField("Question", [Length(max=120)])


@pain_points_pages.get("/pain-points")
@pain_points_pages.get("/pain-points.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    wanted = _wanted()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = pain_points.pain_points_of(session, journey_id, wanted)
        shares = _shares(session, journey_id, found)
        removed = pain_points.removed_pain_points(session, journey_id, installation().now())
        staff = able(session, Permission.PLAN_IMPROVEMENTS, journey_id)
    return page(
        "pain_points/index.html",
        {
            "journey": journey.code,
            "pain_points": [
                {**pain_point_to_json(each), "affected": affected_share_to_json(shares[each.id])}
                for each in found
            ],
        },
        journey=journey,
        points=found,
        shares=shares,
        removed=removed,
        wanted=wanted,
        staff=staff,
        severities=SEVERITIES,
    )


@pain_points_pages.route("/pain-points/new", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def new(journey_id: int) -> ResponseReturnValue:
    """An empty form, or one that another page has filled by its address."""
    return PAGES.new(journey_id, _suggested)


@pain_points_pages.get("/pain-points/<int:pain_point_id>")
@pain_points_pages.get("/pain-points/<int:pain_point_id>.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int, pain_point_id: int) -> ResponseReturnValue:
    return _page(journey_id, pain_point_id, EvidenceForm(formdata=None))


@pain_points_pages.route("/pain-points/<int:pain_point_id>/edit", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def edit(journey_id: int, pain_point_id: int) -> ResponseReturnValue:
    return PAGES.edit(journey_id, pain_point_id)


@pain_points_pages.post("/pain-points/<int:pain_point_id>/remove")
@requires(Permission.PLAN_IMPROVEMENTS)
def remove(journey_id: int, pain_point_id: int) -> ResponseReturnValue:
    return PAGES.remove(journey_id, pain_point_id)


@pain_points_pages.post("/pain-points/<int:pain_point_id>/restore")
@requires(Permission.PLAN_IMPROVEMENTS)
def restore(journey_id: int, pain_point_id: int) -> ResponseReturnValue:
    return PAGES.restore(journey_id, pain_point_id)


@pain_points_pages.post("/pain-points/<int:pain_point_id>/evidence")
@requires(Permission.PLAN_IMPROVEMENTS)
def add_evidence(journey_id: int, pain_point_id: int) -> ResponseReturnValue:
    """Link what one may see oneself."""
    form = EvidenceForm()
    if form.validate():
        with form.refusing("number"):
            _link(journey_id, pain_point_id, form)
            flash("The evidence has been added.")
            return PAGES.show(journey_id, pain_point_id)
    return _page(journey_id, pain_point_id, form), form.status


@pain_points_pages.post("/pain-points/<int:pain_point_id>/evidence/<long:evidence_id>/remove")
@requires(Permission.PLAN_IMPROVEMENTS)
def remove_evidence(journey_id: int, pain_point_id: int, evidence_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        point = pain_points.pain_point_of(session, journey_id, pain_point_id)
        evidence.remove_evidence(session, journey, point, evidence_id, user_id=me().id)
    flash("The evidence has been removed; what it names stays.")
    return PAGES.show(journey_id, pain_point_id)


@pain_points_pages.route("/pain-points/evidence", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def choose(journey_id: int) -> ResponseReturnValue:
    """Put what another page names in the address on a pain point that is chosen here."""
    named = {name: request.args.get(name, "")[:120] for name in ("kind", "number", "item")}
    form = ChoiceForm(data=named)
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        known = pain_points.pain_points_of(session, journey_id, WantedPainPoints(state="open"))
    form.pain_point.choices = choices((str(each.id), each.title) for each in known)
    if form.validate_on_submit():
        with form.refusing("pain_point"):
            _link(journey_id, int(form.pain_point.data), form)
            flash("The evidence has been added.")
            return PAGES.show(journey_id, int(form.pain_point.data))
    elif form.kind.data and form.kind.data not in evidence.KINDS:
        raise Invalid(f"kind={named['kind'][:20]} is not one of {', '.join(evidence.KINDS)}.")
    return (
        render_template("pain_points/choose.html", journey=journey, form=form, known=known),
        form.status,
    )


def _link(journey_id: int, pain_point_id: int, form: EvidenceForm | ChoiceForm) -> None:
    """Link what one may see oneself. Raises Invalid, which names the field, and NotAllowed."""
    kind = form.kind.data or ""
    number = whole_number(form.number.data or "", largest=LARGEST_LONG)
    if number is None:
        raise Invalid("Enter the number as digits, such as 120.", field="number")
    if not me().may(READERS[kind]):
        raise NotAllowed(f"Your access does not include the permission to {READERS[kind]}.")
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        point = pain_points.pain_point_of(session, journey_id, pain_point_id)
        try:
            evidence.add_evidence(
                session, journey, point, kind, number, form.item.data or "", user_id=me().id
            )
        except NotFound as error:
            raise Invalid(str(error), field="number") from None


def _page(journey_id: int, pain_point_id: int, form: EvidenceForm) -> Response:
    visible = {kind for kind, permission in READERS.items() if me().may(permission)}
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        point = pain_points.pain_point_of(session, journey_id, pain_point_id)
        share = _shares(session, journey_id, [point])[point.id]
        beside = chains_beside(session, journey_id, point, [point])
        all_of_it = evidence.evidence_of(session, point)
        proposed = evidence.proposed_evidence(session, point) if "comment" in visible else ()
    seen = [each for each in all_of_it if each.kind in visible]
    if proposed or any(each.text for each in seen):
        note_read("read evidence", f"journey {journey.code}", pain_point=pain_point_id)
    form.kind.choices = choices(
        (kind, kind.capitalize()) for kind in ("response", "case") if kind in visible
    )
    return page(
        "pain_points/show.html",
        {
            "journey": journey.code,
            **pain_point_to_json(point),
            "affected": affected_share_to_json(share),
            "evidence": [
                {"kind": each.kind, "response": each.response_id, "case": each.case_id}
                for each in seen
            ],
        },
        journey=journey,
        point=point,
        share=share,
        seen=seen,
        unseen=len(all_of_it) - len(seen),
        proposed=proposed,
        form=form,
        severities=SEVERITIES,
        **beside,
    )


def _shares(
    session: Session, journey_id: int, points: list[PainPoint]
) -> dict[int, AffectedShare | None]:
    if not any(point.affected_by for point in points):
        return dict.fromkeys((point.id for point in points), None)
    reads = me().may(Permission.READ_COMMENTS)
    found = AffectedShares(session, scope_asked(session, journey_id), **dashboard_rules())
    return {point.id: found.of(point, reads_comments=reads) for point in points}


def _wanted() -> WantedPainPoints:
    asked = {name: request.args.get(name, "") for name in ("state", "severity")}
    for name, known in (("state", STATES), ("severity", KNOWN)):
        if asked[name] and asked[name] not in known:
            raise Invalid(
                f"{name}={asked[name][:20]} is not one of {', '.join(known)}.", field=name
            )
    return WantedPainPoints(
        owner_id=number_asked("owner"), touchpoint_id=number_asked("touchpoint"), **asked
    )


def _form(session: Session, journey: Journey, data: dict[str, Any]) -> PainPointForm:
    book = codes_of(session, journey.id, retired=False)
    themes = sorted({each.theme or each.name for each in book})
    rules = affected_rules(session, journey.id, library=installation().library)
    staff = able(session, Permission.PLAN_IMPROVEMENTS, journey.id)
    return PainPointForm(data=data).offer(journey, themes, rules, staff)


def _suggested(session: Session, journey: Journey) -> dict[str, Any]:
    """What a page that leads here says of the pain point."""
    found: dict[str, Any] = {
        "owner_id": str(me().id),
        "title": request.args.get("title", "")[:_LONGEST],
    }
    number = number_asked("touchpoint")
    if number is not None:
        found["place"] = f"touchpoint-{queries.touchpoint(session, journey.id, number).id}"
    return found


def _write(
    session: Session, journey: Journey, row: PainPoint | None, form: PainPointForm
) -> PainPoint:
    return pain_points.write_pain_point(session, journey, row, form.text(), user_id=me().id)


PAGES = RecordPages(
    name="pain_point",
    pages="pain_points",
    find=pain_points.pain_point_of,
    form=_form,
    stored=stored,
    write=_write,
    take_off=pain_points.remove_pain_point,
    put_back=pain_points.restore_pain_point,
    has_page=True,
)
