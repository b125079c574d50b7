"""Lists that staff bring: customers to be asked, and addresses from which mail came back.

A list to be asked is shown first, with who of it will not be asked and why. Until then nothing of it
is stored: it waits, signed, in the page that asks for consent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired, FileStorage
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.distribution import campaigns as actions
from surveyapp.distribution.bounces import Bounce, Noted, note_list
from surveyapp.distribution.campaign_results import campaign_summaries
from surveyapp.distribution.campaigns import Plan, Recipient, Recipients
from surveyapp.errors import Conflict, Invalid
from surveyapp.exports.links import ADDRESSES, customers_in
from surveyapp.journeys import queries
from surveyapp.results.funnels.funnel_json import funnel_to_json
from surveyapp.results.funnels.funnels import of_list
from surveyapp.sampling.contacts import Card
from surveyapp.surveys.queries import survey_in
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.tables.options import OPTION_FIELDS
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.security import ORDINARY_BODY
from surveyapp.web.sessions import me
from surveyapp.web.table_fields import TableForm, file_name

campaigns = Blueprint(
    "campaigns",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/campaigns",
)

_HOUR = 3600  # for which a list that was looked at may be asked
_LONGEST_LIST = ORDINARY_BODY * 9 // 10
_MOST_SHOWN = 20


class ListForm(TableForm):
    customers = FileField(
        "Customer list",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}, with the columns customer_ref and email; optionally language, zone and"
        f" phone, and one column per attribute. At most {actions.MOST_CUSTOMERS:,}"
        " rows.",
        render_kw={"accept": ACCEPTED},
    )


class BounceForm(TableForm):
    bounces = FileField(
        "Bounced addresses",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}, with a column email and optionally reason.",
        render_kw={"accept": ACCEPTED},
    )

    def __init__(self, **options: Any) -> None:
        """The list to be asked has the same fields on this page: ids stand there once."""
        super().__init__(**options)
        for name in set(OPTION_FIELDS) & set(self._fields):
            self[name].id = f"bounces-{name}"


class ConsentForm(StaffForm):
    beside = ("list",)


@campaigns.get("")
@campaigns.get("/results.json", endpoint="show_json")
@requires(Permission.SEND_MESSAGES)
def show(journey_id: int, survey_id: int) -> ResponseReturnValue:
    return _page(journey_id, survey_id)


@campaigns.post("")
@requires(Permission.SEND_MESSAGES)
@takes_files
def preview(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """Who of the list will be asked; nothing happens yet."""
    form = ListForm()
    with installation().store.reading() as session:
        survey_in(session, journey_id, survey_id)
    if form.validate_on_submit():
        with form.refusing("customers"):
            recipients = actions.read_recipients(
                _customers(form.customers.data, form), secret_key=installation().secret_key
            )
            token = _written(recipients, survey_id)
            with installation().store.reading() as session:
                made = _plan(session, journey_id, survey_id, recipients.customers)
            return _consent(journey_id, survey_id, recipients, made, token)
    return _page(journey_id, survey_id, ask=form)


@campaigns.post("/ask")
@requires(Permission.SEND_MESSAGES)
def ask(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """Write the messages to the customers of a list that was looked at."""
    form = ConsentForm()
    with installation().store.reading() as session:
        survey_in(session, journey_id, survey_id)
    if not form.validate_on_submit():
        raise Invalid("This form belongs to another page; choose the file again.")
    recipients = _read(request.form.get("list", ""), survey_id)
    made = actions.ask_all(
        installation(),
        survey_id,
        recipients,
        user_id=me().id,
        now=installation().now(),
    )
    flash(_said(made))
    return redirect(url_for("messages.edit", journey_id=journey_id, survey_id=survey_id), 303)


@campaigns.post("/bounces")
@requires(Permission.SEND_MESSAGES)
@takes_files
def bounces(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """Mark addresses of any survey, and cancel what waits for them."""
    form = BounceForm()
    with installation().store.reading() as session:
        survey_in(session, journey_id, survey_id)
    if form.validate_on_submit():
        with form.refusing("bounces"):
            listed = _customers(form.bounces.data, form, needed=ADDRESSES)
            noted = note_list(installation().store, _bounces(listed), user_id=me().id)
            places = [each["place"] for each in listed]
            return _page(journey_id, survey_id, noted=noted, places=places)
    return _page(journey_id, survey_id, bounce=form)


def _page(
    journey_id: int,
    survey_id: int,
    *,
    ask: ListForm | None = None,
    bounce: BounceForm | None = None,
    noted: Noted | None = None,
    places: Sequence[str] = (),
) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        anonymous = survey.anonymity == "anonymous"
        asked = [
            (each.day, of_list(each.counts, anonymous=anonymous))
            for each in campaign_summaries(session, survey)
        ]
    shown = page(
        "campaigns/show.html",
        {
            "journey": journey.code,
            "survey": survey.code,
            "campaigns": [{"day": day, **funnel_to_json(funnel)} for day, funnel in asked],
        },
        journey=journey,
        survey=survey,
        ask=ask or ListForm(),
        bounce=bounce or BounceForm(),
        noted=noted,
        places=places,
        asked=asked,
        most_shown=_MOST_SHOWN,
    )
    return shown, (ask or bounce or ListForm()).status if noted is None else 200


def _consent(
    journey_id: int, survey_id: int, recipients: Recipients, made: Plan, token: str
) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
    return render_template(
        "campaigns/consent.html",
        journey=journey,
        survey=survey,
        form=ConsentForm(formdata=None),
        recipients=recipients,
        plan=made,
        token=token,
        mail_set=bool(installation().settings.smtp_url),
        most_shown=_MOST_SHOWN,
    )


def _plan(
    session: Session, journey_id: int, survey_id: int, recipients: tuple[Recipient, ...]
) -> Plan:
    return actions.plan(
        session,
        survey_in(session, journey_id, survey_id),
        recipients,
        installation=installation(),
        now=installation().now(),
    )


def _said(made: Plan) -> str:
    asked, others = len(made.chosen), sum(made.left_out.values())
    if not asked:
        return (
            "Nobody was invited: everyone on the list has already been invited or cannot"
            " be invited now."
        )
    said = f"{asked:,} customer{('' if asked == 1 else 's')} will be invited."
    return f"{said} {others:,} cannot be invited now." if others else said


def _customers(
    upload: FileStorage, form: TableForm, needed: Sequence[str] = ()
) -> list[dict[str, Any]]:
    return customers_in(upload.read(), file_name(upload), form.reading, needed=needed)


def _bounces(listed: Sequence[Mapping[str, Any]]) -> Iterator[Bounce]:
    now = installation().now()
    for row in listed:
        cells: Mapping[str, Any] = row["attributes"]
        address = next(cells[each] for each in ADDRESSES if each in cells)
        yield str(address), str(cells.get("reason", "")), now


def _written(recipients: Recipients, survey_id: int) -> str:
    rows = [
        [each.customer_ref, vars(each.card), dict(each.attributes)] for each in recipients.customers
    ]
    written = _serializer(survey_id).dumps(rows)
    text = written if isinstance(written, str) else written.decode()
    if len(text) > _LONGEST_LIST:
        raise Invalid("The list is too large; send it in parts, or leave attributes out.")
    return text


def _read(token: str, survey_id: int) -> tuple[Recipient, ...]:
    try:
        rows = _serializer(survey_id).loads(token, max_age=_HOUR)
    except BadData:
        raise Conflict(
            "The list was checked more than an hour ago or in another session; choose"
            " the file again."
        ) from None
    return tuple(Recipient(ref, Card(**card), attributes) for ref, card, attributes in rows)


def _serializer(survey_id: int) -> URLSafeTimedSerializer:
    """Of this survey and this member of staff: a list is good nowhere else."""
    salt = f"surveyapp list {survey_id} {me().id}"
    return URLSafeTimedSerializer(installation().signing_keys, salt=salt)
