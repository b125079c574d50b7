"""Saved views: the menu beside the filters, the list, and a view saved, renamed, shared, removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.sharing.pages import JOURNEY, LARGEST, PAGES, Page
from surveyapp.sharing.saved_views import (
    LONGEST_NAME,
    ViewLine,
    asked_of,
    change_view,
    own_view,
    remove_view,
    save_view,
)
from surveyapp.sharing.saved_views import saved_views as views_of
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.page_addresses import PAGE_OF, address_of, page_at
from surveyapp.web.sessions import me
from surveyapp.whole import whole_number

saved_views = Blueprint("saved_views", __name__, url_prefix="/saved-views")

IN_MENU = 12
_START = "/journeys"


class ViewForm(StaffForm):
    name = StringField(
        "Name", [InputRequired("Enter a name for the view."), Length(max=LONGEST_NAME)]
    )
    shared = BooleanField(
        "Share with everybody who may read it",
        description="Others find it in their menus, with your name. It gives nobody a right: whoever"
        " may not read the journey does not see the view.",
    )


class NewViewForm(ViewForm):
    of = HiddenField()


@dataclass(frozen=True)
class Menu:
    """The first ``views`` of all that there are for a page; the page as it is now, and whether a link may
    share it, one of the journey ``journey_id``.
    """

    views: Sequence[ViewLine]
    total: int
    of: str
    journey_id: int | None
    shares: bool


@saved_views.app_template_global()
def saved_views_menu() -> Menu | None:
    """What the menu of the present page shows; None where there is nothing to save."""
    page = PAGE_OF.get(request.endpoint or "")
    if page is None or not current_user.is_authenticated:
        return None
    of, journey_id = request.full_path.rstrip("?"), (request.view_args or {}).get("journey_id")
    with installation().store.reading() as session:
        found = views_of(session, me(), journey_id=journey_id)
        at = journey_id
        if page is Page.SIDE_BY_SIDE:
            at = _first_journey()  # a link is made where its first journey's links are listed
        shares = PAGES[page].shareable and at is not None
        shares = shares and may_on(session, me(), Permission.SHARE_RESULTS, at or 0)
    return Menu(found[:IN_MENU], len(found), of, at, shares)


def _first_journey() -> int | None:
    """The first journey that the address names; None where it leaves the choice to the page."""
    named = request.args.get(JOURNEY, "").strip()
    return whole_number(named, largest=LARGEST)


@saved_views.app_template_filter()
def view_address(view: ViewLine) -> str:
    """Where a saved view leads to."""
    return address_of(view.asked)


@saved_views.get("")
@requires(Permission.READ_JOURNEYS, lists=True)
def index() -> ResponseReturnValue:
    with installation().store.reading() as session:
        found = views_of(session, me())
    return render_template(
        "saved_views/index.html",
        own=[each for each in found if not each.maker],
        others=[each for each in found if each.maker],
    )


@saved_views.route("/new", methods=["GET", "POST"])
@requires(Permission.READ_JOURNEYS, lists=True)
def new() -> ResponseReturnValue:
    """Save the page whose address ``of`` is."""
    form = NewViewForm(of=request.args.get("of", _START))
    asked = page_at(form.of.data or _START)
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                save_view(session, me(), asked, name=form.name.data, shared=form.shared.data)
            flash("View saved.")
            return redirect(address_of(asked), 303)
    page = render_template(
        "saved_views/form.html",
        form=form,
        asked=asked,
        back=address_of(asked),
        without_words=asked.page is Page.COMMENTS,
        view=None,
    )
    return page, form.status


@saved_views.route("/<int:view_id>", methods=["GET", "POST"])
@requires(Permission.READ_JOURNEYS, lists=True)
def edit(view_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        view = own_view(session, me(), view_id)
        form, asked = ViewForm(obj=view), asked_of(view)
    if form.validate_on_submit():
        with form.refusing("name"):
            with form.saving() as session:
                row = own_view(session, me(), view_id)
                change_view(session, me(), row, name=form.name.data, shared=form.shared.data)
            flash("View saved.")
            return redirect(url_for("saved_views.index"), 303)
    page = render_template(
        "saved_views/form.html",
        form=form,
        asked=asked,
        back=url_for("saved_views.index"),
        without_words=False,
        view=view,
    )
    return page, form.status


@saved_views.post("/<int:view_id>/remove")
@requires(Permission.READ_JOURNEYS, lists=True)
def remove(view_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        remove_view(session, me(), own_view(session, me(), view_id))
    flash("View removed.")
    return redirect(url_for("saved_views.index"), 303)
