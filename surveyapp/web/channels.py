"""The ways into a survey, and what is agreed to and won there: one page for staff."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.exports.prize_draws import entries_csv
from surveyapp.i18n.languages import OWN_NAMES, texts
from surveyapp.journeys import queries
from surveyapp.store.audit import record
from surveyapp.store.models import Deployment, File
from surveyapp.surveys import links, prize_draws
from surveyapp.surveys.channels import change_channels, read_channels
from surveyapp.surveys.consents import change_consent, versions
from surveyapp.surveys.queries import asking
from surveyapp.surveys.texts import spread
from surveyapp.surveys.theme import read_theme
from surveyapp.web.channel_forms import (
    ConsentForm,
    DrawForm,
    EmbedForm,
    EndForm,
    EntriesForm,
    KioskForm,
    WinnersForm,
    forms_of,
)
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.respond.content import Content, content
from surveyapp.web.sessions import me
from surveyapp.web.snippets import component, one_question
from surveyapp.web.storage import storage
from surveyapp.whole import whole_number

channels = Blueprint(
    "channels",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:deployment_id>/channels",
)

Change = Callable[[Session, Deployment], object]


@channels.get("")
@requires(Permission.EDIT_DEPLOYMENTS)
def show(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    return _page(journey_id, deployment_id)


@channels.post("/embed")
@requires(Permission.EDIT_DEPLOYMENTS)
def set_embed(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    form = EmbedForm()

    def change(session: Session, deployment: Deployment) -> None:
        origins = [line for line in (form.embed_origins.data or "").splitlines() if line.strip()]
        _change_ways(session, deployment, embed_origins=origins)

    return _changed(journey_id, deployment_id, "embed", form, change, "embed_origins")


@channels.post("/kiosk")
@requires(Permission.EDIT_DEPLOYMENTS)
def set_kiosk(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    form = KioskForm()

    def change(session: Session, deployment: Deployment) -> None:
        _change_ways(session, deployment, **form.plain())

    return _changed(journey_id, deployment_id, "kiosk", form, change, "kiosk_seconds")


@channels.post("/end")
@requires(Permission.EDIT_DEPLOYMENTS)
def set_end(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    form = EndForm()

    def change(session: Session, deployment: Deployment) -> None:
        _change_ways(session, deployment, end_url=form.end_url.data or "")

    return _changed(journey_id, deployment_id, "end", form, change, "end_url")


@channels.post("/consent")
@requires(Permission.EDIT_DEPLOYMENTS)
def set_consent(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    form = ConsentForm()

    def change(session: Session, deployment: Deployment) -> None:
        change_consent(
            session,
            deployment,
            text=form.text.data or "",
            box=bool(form.box.data),
            user_id=me().id,
        )

    return _changed(journey_id, deployment_id, "consent", form, change, "text")


@channels.post("/draw")
@requires(Permission.EDIT_DEPLOYMENTS)
def set_draw(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    form = DrawForm()

    def change(session: Session, deployment: Deployment) -> None:
        prize_draws.change_draw(session, deployment, text=form.draw.data or "", user_id=me().id)

    return _changed(journey_id, deployment_id, "draw", form, change, "draw")


@channels.post("/draw/winners")
@requires(Permission.EDIT_DEPLOYMENTS)
def draw_winners(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    form = WinnersForm()

    def change(session: Session, deployment: Deployment) -> None:
        prize_draws.draw_winners(session, deployment, count=form.count.data, user_id=me().id)

    said = "The winners have been drawn."
    return _changed(journey_id, deployment_id, "winners", form, change, "count", said=said)


@channels.post("/draw/entries")
@requires(Permission.EDIT_DEPLOYMENTS)
def delete_entries(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    """Delete one entry, or all of them."""
    with storage().store.writing() as session:
        deployment = queries.deployment(session, journey_id, deployment_id)
        EntriesForm().validate()
        wanted = request.form.get("entry", "")
        number = whole_number(wanted, largest=LARGEST_LONG)
        if wanted != "all" and number is None:
            raise Invalid("Choose the entry to delete, or all.")
        numbers = None if number is None else [number]
        prize_draws.delete_entries(session, deployment, numbers=numbers, user_id=me().id)
    flash("Deleted.")
    return _back(journey_id, deployment_id, "draw")


@channels.get("/draw.csv")
@requires(Permission.EXPORT_RESPONSES)
def export(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    with storage().store.writing() as session:
        deployment = queries.deployment(session, journey_id, deployment_id)
        record(session, me().id, "export draw entries", f"deployment {deployment.code}")
    with storage().store.reading() as session:
        answer = Response(
            entries_csv(prize_draws.entries(session, deployment.id)), mimetype="text/csv"
        )
    name = f"draw-{deployment.code}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@channels.get("/poster.pdf")
@requires(Permission.EDIT_DEPLOYMENTS)
def poster(journey_id: int, deployment_id: int) -> ResponseReturnValue:
    """A poster in the deployment's language, or in another one that it offers."""
    # Loaded for the few who want one: setting pages would cost every start of a server its time.
    from surveyapp.exports.poster import Poster, poster_pdf

    with storage().store.reading() as session:
        deployment = queries.deployment(session, journey_id, deployment_id)
        page = _content(session, deployment, request.args.get("lang", ""))
        look = read_theme(deployment.look)
        file = session.get(File, look.logo_file_id) if look.logo_file_id else None
        logo = storage().files.path(file).read_bytes() if file else None
    words = texts(page.language)
    address = links.open_url(storage().settings.base_url, deployment.link)
    if page.language != deployment.language:
        address += f"?lang={page.language}"
    made = poster_pdf(
        Poster(
            address=address,
            name=look.name or page.provider,
            words=words,
            colour=look.colour,
            logo=logo,
            note=words.estimate(sum(1 for each in page.questions if not each.needs)),
        )
    )
    answer = Response(made, mimetype="application/pdf")
    name = f"poster-{deployment.code}.pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _changed(
    journey_id: int,
    deployment_id: int,
    name: str,
    form: StaffForm,
    change: Change,
    fallback: str,
    *,
    said: str = "Saved.",
) -> ResponseReturnValue:
    """Make a change that a form asks for, and show the page again: with what is wrong, if anything."""
    with storage().store.reading() as session:
        queries.deployment(session, journey_id, deployment_id)
    if form.validate_on_submit():
        with form.refusing(fallback):
            with storage().store.writing() as session:
                change(session, queries.deployment(session, journey_id, deployment_id))
            flash(said)
            return _back(journey_id, deployment_id, name)
    return _page(journey_id, deployment_id, {name: form}, form)


def _back(journey_id: int, deployment_id: int, name: str) -> ResponseReturnValue:
    """To the part of the page that was changed; winners stand where the draw does."""
    address = url_for("channels.show", journey_id=journey_id, deployment_id=deployment_id)
    return redirect(f"{address}#{'draw' if name == 'winners' else name}", 303)


def _change_ways(session: Session, deployment: Deployment, **raw: object) -> None:
    hosts = storage().settings.end_hosts_allowed
    change_channels(session, deployment, raw, end_hosts=hosts, user_id=me().id)


def _content(session: Session, deployment: Deployment, language: str) -> Content:
    """The survey as customers read it."""
    found = asking(session.connection(), deployment.link)
    if found is None:
        raise Invalid("The survey was removed in the meantime; go back to its journey.")
    return content(found, language or deployment.language, storage().settings.instrument_roots)


def _page(
    journey_id: int,
    deployment_id: int,
    sent: dict[str, StaffForm] | None = None,
    refused: StaffForm | None = None,
) -> ResponseReturnValue:
    base = storage().settings.base_url.rstrip("/")
    with storage().store.reading() as session:
        deployment = queries.deployment(session, journey_id, deployment_id)
        journey = queries.journey(session, journey_id)
        page = _content(session, deployment, "")
        known = versions(session, deployment)
        entries = prize_draws.entries(session, deployment.id)
        drawings = prize_draws.drawings(session, deployment)
        beside = page.languages[1:]
        spreads = {name: spread(deployment, name, beside) for name in ("consent", "draw")}
    html = render_template(
        "channels/show.html",
        journey=journey,
        deployment=deployment,
        ways=read_channels(deployment.ways),
        forms={**forms_of(deployment), **(sent or {})},
        refused=refused,
        address=links.open_url(base, deployment.link),
        kiosk_address=f"{base}/k/{deployment.link}",
        component=component(base, deployment.link, label=f"{page.provider}: survey"),
        snippets=one_question(base, deployment.link, page),
        end_hosts=storage().settings.end_hosts_allowed,
        languages=page.languages,
        spreads=spreads,
        names=OWN_NAMES,
        versions=known,
        entries=entries,
        drawings=drawings,
    )
    return html, 422 if refused else 200
