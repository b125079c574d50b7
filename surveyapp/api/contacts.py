"""Contacts: who does not want to be asked."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, needs, storage
from surveyapp.asking import opt_outs
from surveyapp.asking.contacts import read_email
from surveyapp.auth.api_keys import Scope
from surveyapp.errors import Invalid
from surveyapp.fielding.attributes import read_customer_ref
from surveyapp.fielding.links import pseudonym
from surveyapp.store.audit import record

MOST = 1000  # in one request

contacts = Blueprint(
    "contacts", __name__, url_prefix="/api/v1", description="Whom not to ask any more."
)


class OptOutSchema(Strict):
    """Somebody who does not want to be asked: by your reference, by e-mail address, or both."""

    customer_ref = ma.fields.String(validate=ma.validate.Length(min=1, max=200))
    email = ma.fields.String(validate=ma.validate.Length(min=3, max=254))

    @ma.validates_schema
    def _names_somebody(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ma.ValidationError("Name the customer by customer_ref, email or both.")


class OptOutsSchema(Strict):
    opt_outs = ma.fields.List(
        ma.fields.Nested(OptOutSchema),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST),
    )


class OptedOutSchema(ma.Schema):
    added = ma.fields.Integer(
        required=True, metadata={"description": "References and addresses that are new here."}
    )


@contacts.route("/opt-outs", methods=["POST"])
@needs(Scope.WRITE_BOUNCES)
@contacts.arguments(OptOutsSchema)
@contacts.response(200, OptedOutSchema)
def opt_customers_out(batch: dict[str, Any]) -> dict[str, Any]:
    """Opt customers out

    They are not asked any more, nor sent what waits for them. All or none are taken; sending them
    again is safe. Only keyed hashes are kept.
    """
    keys = _keys(batch["opt_outs"], storage().secret_key)
    with storage().store.writing() as session:
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
                raise Invalid("The reference is empty.", field="customer_ref")
        except Invalid as error:
            raise Invalid(str(error), field=f"opt_outs.{place}.{error.field}") from error
    return keys
