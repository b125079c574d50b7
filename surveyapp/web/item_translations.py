"""The translation log of an item of a scale: forward, back, compared, decided."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.i18n.languages import own_name
from surveyapp.scale_development import queries
from surveyapp.scale_development.pool import LONGEST_REASON, LONGEST_TEXT
from surveyapp.scale_development.translation_log import (
    COMPARISONS,
    DECISIONS,
    LONGEST_TRANSLATOR,
    TurnWanted,
    add_turn,
    is_current,
)
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.scale_development import item_place
from surveyapp.web.scale_forms import LANGUAGES
from surveyapp.web.sessions import me

item_translations = Blueprint(
    "item_translations",
    __name__,
    url_prefix="/journeys/<int:journey_id>/scale-development/<int:scale_id>/items/<int:pool_item_id>"
    "/item-translations",
)


class TurnForm(StaffForm):
    language = SelectField("Language", choices=choices(LANGUAGES))
    forward = TextAreaField(
        "Translation", [InputRequired("Enter a translation."), Length(max=LONGEST_TEXT)]
    )
    forward_by = StringField("Translated by", [Optional(), Length(max=LONGEST_TRANSLATOR)])
    back = TextAreaField(
        "Back-translation",
        [Optional(), Length(max=LONGEST_TEXT)],
        description="By somebody else, who has not seen the source.",
    )
    back_by = StringField("Translated back by", [Optional(), Length(max=LONGEST_TRANSLATOR)])
    comparison = SelectField(
        "Back-translation compared with the source", choices=choices(COMPARISONS.items())
    )
    decision = SelectField("Decision", choices=choices(DECISIONS.items()))
    note = StringField("Why", [Optional(), Length(max=LONGEST_REASON)])


@item_translations.route("", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def index(journey_id: int, scale_id: int, pool_item_id: int) -> ResponseReturnValue:
    """Every turn by language, and one more."""
    with installation().store.reading() as session:
        journey, scale, item = item_place(session, journey_id, scale_id, pool_item_id)
        found = queries.translations_of(session, scale.id).get(item.id, {})
    form = TurnForm()
    others = [each for each in LANGUAGES if each[0] != scale.language]
    form.language.choices = choices(others)
    if form.validate_on_submit():
        with form.refusing("forward"):
            wanted = TurnWanted(
                form.language.data or "",
                form.forward.data or "",
                form.forward_by.data or "",
                form.back.data or "",
                form.back_by.data or "",
                form.comparison.data or "",
                form.decision.data or "",
                form.note.data or "",
            )
            with installation().store.writing() as session:
                _, held, there = item_place(session, journey_id, scale_id, pool_item_id)
                now = installation().now()
                add_turn(session, held, there, wanted, user_id=me().id, now=now)
            flash("The translation has been added to the log.")
            here: dict[str, Any] = {"journey_id": journey_id, "scale_id": scale_id}
            return redirect(
                url_for("item_translations.index", pool_item_id=pool_item_id, **here), 303
            )
    page = render_template(
        "item_translations/index.html",
        journey=journey,
        scale=scale,
        item=item,
        found=found,
        form=form,
        own_name=own_name,
        comparisons=COMPARISONS,
        decisions=DECISIONS,
        is_current=is_current,
    )
    return page, form.status
