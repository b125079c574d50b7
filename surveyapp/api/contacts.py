"""Contacts: whose mail came back, and who does not want to be asked."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Moment, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.problems import FaultSchema
from surveyapp.auth.api_keys import KeyScope
from surveyapp.distribution.bounces import note_bounces
from surveyapp.errors import Invalid
from surveyapp.sampling import opt_outs
from surveyapp.sampling.contacts import read_email
from surveyapp.store.audit import record
from surveyapp.surveys.attributes import read_customer_ref
from surveyapp.surveys.links import pseudonym

MOST = 1000  # in one request

contacts = Blueprint(
    "contacts", __name__, url_prefix="/api/v1", description="Opt-outs and bounced emails."
)


class OptOutSchema(Strict):
    """A customer who opts out: by your reference, by email address, or both."""

    customer_ref = ma.fields.String(validate=ma.validate.Length(min=1, max=200))
    email = ma.fields.String(validate=ma.validate.Length(min=3, max=254))

    @ma.validates_schema
    def _names_somebody(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ma.ValidationError("Send customer_ref, email or both.")


class BounceSchema(Strict):
    """A bounced email."""

    email = ma.fields.String(required=True, validate=ma.validate.Length(min=3, max=254))
    reason = ma.fields.String(
        load_default="",
        validate=ma.validate.Length(max=1000),
        metadata={"description": "The mail server's response."},
    )
    at = Moment(metadata={"description": "When the email bounced; the current time if omitted."})


class BouncesSchema(Strict):
    """Up to a thousand bounced emails."""

    bounces = ma.fields.List(
        ma.fields.Nested(BounceSchema),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST),
    )


class NotedSchema(ma.Schema):
    """The result, counted by address."""

    noted = ma.fields.Integer(required=True)
    already = ma.fields.Integer(required=True, metadata={"description": "Already recorded."})
    # Another name than the key's: marshmallow's schemas have an ``unknown`` of their own.
    not_ours = ma.fields.Integer(
        required=True,
        data_key="unknown",
        attribute="unknown",
        metadata={"description": "Not the address of any customer."},
    )
    cancelled = ma.fields.Integer(
        required=True, metadata={"description": "Messages that will no longer be sent."}
    )
    refused = ma.fields.List(ma.fields.Nested(FaultSchema), required=True)


class OptOutsSchema(Strict):
    """Up to a thousand customers."""

    opt_outs = ma.fields.List(
        ma.fields.Nested(OptOutSchema),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST),
    )


class OptedOutSchema(ma.Schema):
    """The result, counted by customer."""

    added = ma.fields.Integer(
        required=True,
        metadata={"description": "References and addresses recorded for the first time."},
    )


_BOUNCED = {
    "bounces": [
        {
            "email": "anna@example.org",
            "reason": "550 no such user",
            "at": "2026-03-29T14:05:00+03:00",
        },
        {"email": "anna@example,org"},
    ]
}
_NOTED = {
    "noted": 1,
    "already": 0,
    "unknown": 0,
    "cancelled": 1,
    "refused": [
        {
            "field": "bounces.1.email",
            "reason": "'anna@example,org' is not an email address; write it as anna@example.org.",
        }
    ],
}


@contacts.route("/bounces", methods=["POST"])
@needs(KeyScope.WRITE_BOUNCES)
@contacts.arguments(BouncesSchema, example=_BOUNCED)
@contacts.response(200, NotedSchema, example=_NOTED)
def report_bounces(batch: dict[str, Any]) -> dict[str, Any]:
    """Report bounces

    No more messages are sent to these addresses until the customer has a new one. Invalid addresses
    are listed in `refused`, all others are recorded. Requests can be repeated safely.
    """
    now = installation().now()
    told = [(each["email"], each["reason"], each.get("at", now)) for each in batch["bounces"]]
    with installation().store.writing() as session:
        noted = note_bounces(session, told)
        if noted.noted:
            record(
                session,
                None,
                "note bounces by API key",
                f"API key {caller().name}",
                noted=noted.noted,
            )
    refused = [
        {"field": f"bounces.{place - 1}.email", "reason": why} for place, why in noted.refused
    ]
    return {**vars(noted), "refused": refused}


@contacts.route("/opt-outs", methods=["POST"])
@needs(KeyScope.WRITE_BOUNCES)
@contacts.arguments(
    OptOutsSchema,
    example={"opt_outs": [{"customer_ref": "C-1042"}, {"email": "bo@example.org"}]},
)
@contacts.response(200, OptedOutSchema, example={"added": 2})
def opt_out_customers(batch: dict[str, Any]) -> dict[str, Any]:
    """Opt customers out

    Customers who opted out are not invited again, and their waiting messages are cancelled. Either all
    are recorded or none. Requests can be repeated safely. Only keyed hashes are stored.
    """
    keys = _keys(batch["opt_outs"], installation().secret_key)
    with installation().store.writing() as session:
        added = opt_outs.opt_out(session, keys, source="api")
        if added:
            record(session, None, "opt out by API key", f"API key {caller().name}", keys=added)
    return {"added": added}


def _keys(wanted: list[dict[str, str]], secret_key: str) -> list[str]:
    keys = []
    for place, each in enumerate(wanted):
        try:
            ref = read_customer_ref(each.get("customer_ref"))
            if ref is not None:
                keys.append(pseudonym(secret_key, ref))
            if "email" in each:
                keys.append(opt_outs.address_key(secret_key, read_email(each["email"])))
            if ref is None and "email" not in each:
                raise Invalid("The customer reference is empty.", field="customer_ref")
        except Invalid as error:
            raise Invalid(str(error), field=f"opt_outs.{place}.{error.field}") from error
    return keys
