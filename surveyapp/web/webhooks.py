"""Webhooks: whom to tell of what, the log of what was told, and telling it again."""

from __future__ import annotations

import json

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField, StringField, URLField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput

from surveyapp.auth.permissions import Permission
from surveyapp.store.models import Webhook
from surveyapp.web.filters import number_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me
from surveyapp.webhooks import actions, deliveries, queries, signing
from surveyapp.webhooks.payloads import EVENTS

webhooks = Blueprint("webhooks", __name__, url_prefix="/connections/webhooks")

PAGE = 50


class WebhookForm(StaffForm):
    name = StringField(
        "Name",
        [InputRequired("Enter the name of the receiving program."), Length(max=200)],
        description="The receiving program, such as Customer system",
    )
    url = URLField(
        "URL",
        [InputRequired("Enter a URL."), Length(max=2000)],
        description="Must begin with https:// and lead to a public server.",
    )
    events = SelectMultipleField(
        "Events",
        choices=choices((event, text) for event, text in EVENTS.items()),
        option_widget=CheckboxInput(),
    )


@webhooks.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_CONNECTIONS)
def new() -> ResponseReturnValue:
    form = WebhookForm()
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                webhook = actions.add_webhook(
                    session,
                    **form.plain(),
                    private=installation().settings.hook_places,
                    user_id=me().id,
                )
            return _secret(webhook)
    return render_template("webhooks/form.html", form=form, webhook=None), form.status


@webhooks.get("/<int:webhook_id>")
@requires(Permission.MANAGE_CONNECTIONS)
def show(webhook_id: int) -> ResponseReturnValue:
    before = number_asked("before", largest=LARGEST_LONG)
    with installation().store.reading() as session:
        found = queries.webhook(session, webhook_id)
        log = queries.deliveries(session, webhook_id, limit=PAGE + 1, before=before)
    return render_template(
        "webhooks/show.html",
        webhook=found,
        state=queries.state_of(found),
        now=installation().now(),
        log=log[:PAGE],
        older=log[PAGE - 1].id if len(log) > PAGE else None,
        before=before,
        events=EVENTS,
        tolerance=signing.TOLERANCE_SECONDS,
    )


@webhooks.route("/<int:webhook_id>/edit", methods=["GET", "POST"])
@requires(Permission.MANAGE_CONNECTIONS)
def edit(webhook_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        found = queries.webhook(session, webhook_id)
    form = WebhookForm(obj=found)
    if form.validate_on_submit():
        with form.refusing("name"):
            with form.saving() as session:
                actions.change_webhook(
                    session,
                    queries.webhook(session, webhook_id),
                    **form.plain(),
                    private=installation().settings.hook_places,
                    user_id=me().id,
                )
            return _back(webhook_id, "Webhook saved.")
    return render_template("webhooks/form.html", form=form, webhook=found), form.status


@webhooks.post("/<int:webhook_id>/test")
@requires(Permission.MANAGE_CONNECTIONS)
def test(webhook_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        actions.send_test(session, queries.webhook(session, webhook_id), user_id=me().id)
    return _back(webhook_id, "Test sent; reload in a moment to see the response.")


@webhooks.post("/<int:webhook_id>/pause")
@requires(Permission.MANAGE_CONNECTIONS)
def pause(webhook_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        actions.pause(session, queries.webhook(session, webhook_id), user_id=me().id)
    return _back(webhook_id, "Webhook paused; new events are not recorded for it.")


@webhooks.post("/<int:webhook_id>/resume")
@requires(Permission.MANAGE_CONNECTIONS)
def resume(webhook_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        actions.resume(session, queries.webhook(session, webhook_id), user_id=me().id)
    return _back(webhook_id, "Webhook resumed; pending deliveries are sent first.")


@webhooks.post("/<int:webhook_id>/secret")
@requires(Permission.MANAGE_CONNECTIONS)
def renew_secret(webhook_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        found = queries.webhook(session, webhook_id)
        actions.new_secret(session, found, now=installation().now(), user_id=me().id)
    return _secret(found)


@webhooks.post("/<int:webhook_id>/secret/old/drop")
@requires(Permission.MANAGE_CONNECTIONS)
def drop_old_secret(webhook_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        actions.drop_old_secret(session, queries.webhook(session, webhook_id), user_id=me().id)
    return _back(webhook_id, "Old secret dropped; deliveries are signed with the new one only.")


@webhooks.post("/<int:webhook_id>/delete")
@requires(Permission.MANAGE_CONNECTIONS)
def delete(webhook_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        queries.webhook(session, webhook_id)
    deliveries.forget_all(installation().store, webhook_id)
    with installation().store.writing() as session:
        found = queries.webhook(session, webhook_id)
        actions.delete_webhook(session, found, user_id=me().id)
    flash(f"The webhook {found.name} and its delivery log have been deleted.")
    return redirect(url_for("connections.index"), 303)


@webhooks.get("/<int:webhook_id>/deliveries/<long:delivery_id>")
@requires(Permission.MANAGE_CONNECTIONS)
def delivery(webhook_id: int, delivery_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        found = queries.webhook(session, webhook_id)
        told = queries.delivery(session, webhook_id, delivery_id)
    note_read("read delivery", f"webhook {webhook_id}", delivery=delivery_id)
    body = json.dumps(told.payload, indent=2, ensure_ascii=False, sort_keys=True)
    return render_template(
        "webhooks/delivery.html", webhook=found, delivery=told, body=body, events=EVENTS
    )


@webhooks.post("/<int:webhook_id>/deliveries/<long:delivery_id>/replay")
@requires(Permission.MANAGE_CONNECTIONS)
def replay(webhook_id: int, delivery_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        found = queries.webhook(session, webhook_id)
        told = queries.delivery(session, webhook_id, delivery_id)
        actions.replay(session, found, told, user_id=me().id)
    return _back(webhook_id, "Sent again as a new delivery of the same event.")


def _secret(webhook: Webhook) -> ResponseReturnValue:
    """The page that shows a webhook's secret, in this answer only."""
    text = signing.secret_of(installation().secret_key, webhook.seed)
    return render_template("webhooks/secret.html", webhook=webhook, secret=text)


def _back(webhook_id: int, message: str) -> ResponseReturnValue:
    flash(message)
    return redirect(url_for("webhooks.show", webhook_id=webhook_id), 303)
