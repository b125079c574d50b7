"""The inventory: every touchpoint of the journeys that somebody may read, as a page and a file."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from wtforms import HiddenField
from wtforms.validators import InputRequired

from surveyapp.auth.grants import journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.exports.formats.registry import FORMATS
from surveyapp.exports.inventory import inventory_table
from surveyapp.journeys.actions import OWNERSHIPS
from surveyapp.journeys.inventory_actions import Brought, PreviewOutdated, bring_inventory
from surveyapp.journeys.inventory_plan import Fate, InventoryAccess, InventoryPlan, plan_inventory
from surveyapp.journeys.inventory_rows import (
    COUNTED,
    MOST_ROWS,
    SAID,
    InventorySheet,
    read_inventory,
    sheet_from_text,
)
from surveyapp.results import phrases
from surveyapp.results.inventory import (
    PAGE,
    Coverage,
    InventorySearch,
    coverage_counts,
    inventory_answers,
    inventory_places,
)
from surveyapp.results.inventory_json import coverage_to_json, inventory_to_json
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.downloads import download_as
from surveyapp.web.filters import number_asked
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires, takes_files, takes_previews
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.reads import note_read
from surveyapp.web.security import carried
from surveyapp.web.sessions import me
from surveyapp.web.table_fields import TableForm, file_name

inventory = Blueprint("inventory", __name__)

COVERAGES = {
    Coverage.OPEN: "surveyed",
    Coverage.CLOSED: "no open survey",
    Coverage.NONE: "not surveyed",
}
RUN_BY = {
    "provider": "us",
    "partner": "a partner",
    "customer": "the customer",
    "social": "other people, social media",
}
FIELDS = {name: column.replace("_", " ") for column, name in SAID.items()}


class InventoryForm(TableForm):
    file = FileField(
        "Inventory file",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}, with a header row and up to {MOST_ROWS:,} rows.",
        render_kw={"accept": ACCEPTED},
    )


class InventoryPlanForm(StaffForm):
    """A preview that comes back to be carried out."""

    sheet = HiddenField(validators=[InputRequired("Upload the file again.")])
    digest = HiddenField(validators=[InputRequired("Upload the file again.")])


@inventory.get("/inventory")
@inventory.get("/inventory.json", endpoint="index_json")
@requires(Permission.READ_RESULTS, lists=True)
def index() -> ResponseReturnValue:
    """One page of the touchpoints that the address asks for, with how many of all are surveyed."""
    search, minimum = _search(), installation().settings.minimum_cell
    granted = journeys_granted(me(), Permission.READ_RESULTS)
    with installation().store.reading() as session:
        known = inventory_places(session, granted, now=installation().now())
        chosen = [each for each in known if search.finds(each)]
        pages = max(1, -(-len(chosen) // PAGE))
        number = min(max(1, number_asked("page") or 1), pages)
        shown = chosen[(number - 1) * PAGE : number * PAGE]
        answers = inventory_answers(session, shown, minimum=minimum)
    counts = coverage_counts(chosen)
    truths = coverage_counts(each for each in chosen if each.moment_of_truth)
    return page(
        "inventory/index.html",
        {
            "page": number,
            "pages": pages,
            "coverage": coverage_to_json(counts),
            "moments_of_truth": coverage_to_json(truths),
            "touchpoints": inventory_to_json(shown, answers, few=minimum),
        },
        known=known,
        shown=shown,
        answers=answers,
        counts=counts,
        truths=truths,
        search=search,
        kept=_kept(search),
        number=number,
        pages=pages,
        channels=sorted({each.channel for each in known} - {""}, key=str.casefold),
        partners=sorted({each.partner for each in known} - {""}, key=str.casefold),
        coverages=COVERAGES,
        run_by=RUN_BY,
        why_hidden=lambda answered: phrases.hidden(answered.hidden, few=minimum),
    )


@inventory.get("/inventory/export")
@requires(Permission.READ_RESULTS, lists=True)
def export() -> ResponseReturnValue:
    """All touchpoints that the address asks for, as CSV or Excel."""
    code = request.args.get("format", "csv")
    if code not in ("csv", "xlsx"):
        raise Invalid(f"{code[:20]!r} is no format of the inventory; use csv or xlsx.")
    search, now = _search(), installation().now()
    granted = journeys_granted(me(), Permission.READ_RESULTS)
    minimum = installation().settings.minimum_cell
    note_read("export inventory", "touchpoints", format=code)
    return download_as(
        FORMATS[code],
        lambda session: inventory_table(
            session,
            [e for e in inventory_places(session, granted, now=now) if search.finds(e)],
            minimum=minimum,
        ),
        "inventory",
    )


@inventory.route("/inventory/import", methods=["GET", "POST"])
@requires(Permission.EDIT_JOURNEYS, lists=True)
@takes_files
def bring() -> ResponseReturnValue:
    """A file, and the preview of what each of its rows would do; nothing is written."""
    form = InventoryForm()
    if form.validate_on_submit():
        with form.refusing("file"):
            upload = form.file.data
            content = io.BytesIO(upload.read())
            sheet = read_inventory(content, name=file_name(upload), options=form.reading)
            return _preview(sheet)
    shown = render_template("inventory/bring.html", form=form, counted=COUNTED)
    return shown, form.status


@inventory.post("/inventory/import/apply")
@requires(Permission.EDIT_JOURNEYS, lists=True)
@takes_previews
def apply() -> ResponseReturnValue:
    """Carry out a preview; shown anew where a map was changed meanwhile."""
    form = InventoryPlanForm()
    if not form.validate_on_submit():
        raise Invalid("The preview did not come back whole; upload the file again.")
    sheet = sheet_from_text(form.sheet.data)
    with installation().store.reading() as session:
        access = _access(session)
    try:
        counts, _ = bring_inventory(
            installation().store, sheet, access, user_id=me().id, digest=form.digest.data
        )
    except PreviewOutdated as error:
        return _preview(sheet, str(error)), 409
    flash(_brought_in_words(counts))
    return redirect(url_for("inventory.index"), 303)


def _preview(sheet: InventorySheet, changed: str = "") -> str:
    with installation().store.reading() as session:
        plan = plan_inventory(session, sheet, _access(session))
    form = InventoryPlanForm(None, sheet=carried(sheet.text()), digest=plan.digest)
    return render_template(
        "inventory/preview.html",
        form=form,
        sheet=sheet,
        plan=plan,
        counts=_counts(plan),
        fields=FIELDS,
        changed=changed,
    )


def _access(session: Session) -> InventoryAccess:
    """What the grants of whoever is signed in allow."""
    seen, edited = (
        journeys_granted(me(), each)
        for each in (Permission.READ_JOURNEYS, Permission.EDIT_JOURNEYS)
    )
    return InventoryAccess.of_queries(session, seen, edited)


def _counts(plan: InventoryPlan) -> dict[str, int]:
    return {fate.value: len(plan.of(fate)) for fate in Fate}


def _brought_in_words(counts: Brought) -> str:
    if not counts.added and not counts.changed:
        return "Nothing to change."
    return f"{counts.added} added, {counts.changed} changed, {counts.unchanged} left as they were."


def _search() -> InventorySearch:
    said = {
        name: request.args.get(name, "").strip()
        for name in ("name", "channel", "ownership", "partner", "coverage")
    }
    for name, allowed in (("ownership", OWNERSHIPS), ("coverage", tuple(map(str, Coverage)))):
        if said[name] and said[name] not in allowed:
            raise Invalid(
                f"{name}={said[name][:20]} is not one of {', '.join(allowed)}.", field=name
            )
    return InventorySearch(
        **said,
        truth=request.args.get("truth") == "1",
        archived=request.args.get("archived") == "1",
    )


def _kept(search: InventorySearch) -> dict[str, Any]:
    """What stands in the address of the same list, without the page's number."""
    return {
        name: "1" if value is True else value for name, value in asdict(search).items() if value
    }
