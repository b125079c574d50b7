"""Customers by their reference or address: why they were asked or not, opt-outs, forgetting."""

from __future__ import annotations

import json
import re
from datetime import UTC
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeSerializer
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.errors import NotFound
from surveyapp.sampling import customers, forgetting, opt_outs, subject_access
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me

contacts = Blueprint("contacts", __name__, url_prefix="/contacts")

_PSEUDONYM = re.compile(r"[0-9a-f]{32}")


class SearchForm(StaffForm):
    customer = StringField(
        "Customer reference, email address or phone number",
        [
            InputRequired("Enter a customer reference, an email address or a phone number."),
            Length(max=254),
        ],
        description="As a whole: addresses are encrypted, so that no part of one can be searched for.",
    )


@contacts.route("", methods=["GET", "POST"])
@requires(Permission.MANAGE_CONTACTS)
def index() -> ResponseReturnValue:
    """The search; it lists nobody by itself, and what was typed never stands in an address."""
    form = SearchForm()
    found: list[str] = []
    if form.validate_on_submit():
        with form.refusing("customer"), installation().store.reading() as session:
            found = customers.search(
                session, form.customer.data, secret_key=installation().secret_key
            )
        note_read("search customers", "contacts", found=[_reference(each) for each in found])
    if len(found) == 1:
        return redirect(url_for("contacts.index", customer=found[0]), 303)
    chosen = _asked_for()
    with installation().store.reading() as session:
        customer = (
            customers.customer(session, chosen, secret_key=installation().secret_key)
            if chosen
            else None
        )
    reference = _reference(chosen) if chosen else ""
    if customer:
        note_read("read customer", f"customer {reference}")
    page = render_template(
        "contacts/index.html",
        form=form,
        customer=customer,
        reference=reference,
        receipt=_receipt(reference),
        found=found,
    )
    return page, 200 if found else form.status


@contacts.post("/opt-out")
@requires(Permission.MANAGE_CONTACTS)
def opt_out() -> ResponseReturnValue:
    customer_ref = _posted()
    with installation().store.writing() as session:
        customer = customers.customer(session, customer_ref, secret_key=installation().secret_key)
        keys = customers.keys_of(customer, installation().secret_key)
        opt_outs.opt_out(session, keys, source="staff", user_id=me().id)
    flash("The customer has been opted out.")
    return redirect(url_for("contacts.index", customer=customer_ref), 303)


@contacts.post("/take-back")
@requires(Permission.MANAGE_CONTACTS)
def take_back() -> ResponseReturnValue:
    customer_ref = _posted()
    with installation().store.writing() as session:
        customer = customers.customer(session, customer_ref, secret_key=installation().secret_key)
        keys = customers.keys_of(customer, installation().secret_key)
        opt_outs.remove(session, keys, user_id=me().id)
    flash("The opt-out has been removed. The customer can be invited again.")
    return redirect(url_for("contacts.index", customer=customer_ref), 303)


@contacts.post("/data")
@requires(Permission.MANAGE_CONTACTS)
def data() -> ResponseReturnValue:
    """Everything stored of the customer, to hand out when they ask for it."""
    customer_ref = _posted()
    reference = _reference(customer_ref)
    note_read("export customer", f"customer {reference}")
    with installation().store.reading() as session:
        found = subject_access.document(session, customer_ref, secret_key=installation().secret_key)
    text = json.dumps(found, ensure_ascii=False, indent=2)
    answer = Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="customer-{reference}.json"'
    return answer


@contacts.post("/forget")
@requires(Permission.MANAGE_CONTACTS)
def forget() -> ResponseReturnValue:
    customer_ref = _posted()
    with installation().store.writing() as session:
        answers = forgetting.forget(
            session,
            customer_ref,
            user_id=me().id,
            now=installation().now(),
            secret_key=installation().secret_key,
        )
    flash("The customer's address, attributes, drafts and answers have been erased.")
    told = {
        "customer": _reference(customer_ref),
        "answers": answers,
        "at": f"{installation().now().astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "by": me().name,
    }
    receipt = _receipts().dumps(told)
    return redirect(url_for("contacts.index", customer=customer_ref, receipt=receipt), 303)


def _receipts() -> URLSafeSerializer:
    """Signs receipts, which stand in an address: whoever keeps it can show them again."""
    return URLSafeSerializer(installation().secret_key, salt="receipt of an erasure")


def _receipt(reference: str) -> dict[str, Any] | None:
    """The receipt in the address, if it is one of ours about this customer."""
    try:
        told: dict[str, Any] = _receipts().loads(request.args.get("receipt", ""))
    except BadData:
        return None
    return told if told["customer"] == reference else None


def _reference(customer_ref: str) -> str:
    return customers.audit_reference(customer_ref, installation().secret_key)


def _asked_for() -> str:
    return _pseudonym(request.args.get("customer", "")) if "customer" in request.args else ""


def _posted() -> str:
    return _pseudonym(request.form.get("customer_ref", ""))


def _pseudonym(text: str) -> str:
    if not _PSEUDONYM.fullmatch(text):
        raise NotFound("No such customer. Search by customer reference or address.")
    return text
