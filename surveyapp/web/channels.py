"""The channels of a survey, and what is agreed to and won there: one page for staff."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.exports.prize_draws import entries_csv
from surveyapp.i18n.languages import texts
from surveyapp.journeys import queries
from surveyapp.store.audit import record
from surveyapp.store.models import File, SurveyRow
from surveyapp.surveys import links, prize_draws
from surveyapp.surveys.channels import change_channels
from surveyapp.surveys.consents import change_consent, versions
from surveyapp.surveys.queries import survey_in
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import spread
from surveyapp.web.channel_forms import EntriesForm, form_sent, forms_of
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.respond.content import Content, content
from surveyapp.web.sessions import me
from surveyapp.web.snippets import component, one_question
from surveyapp.whole import whole_number

channels = Blueprint(
    "channels",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/channels",
)

Change = Callable[[Session, SurveyRow, StaffForm], object]


@channels.get("")
@requires(Permission.EDIT_SURVEYS)
def show(journey_id: int, survey_id: int) -> ResponseReturnValue:
    return _page(journey_id, survey_id)


@channels.post("/embed")
@requires(Permission.EDIT_SURVEYS)
def set_embed(journey_id: int, survey_id: int) -> ResponseReturnValue:
    def change(session: Session, survey: SurveyRow, form: StaffForm) -> None:
        origins = [line for line in (form.embed_origins.data or "").splitlines() if line.strip()]
        _change_channels(session, survey, embed_origins=origins)

    return _changed(journey_id, survey_id, "embed", change, "embed_origins")


@channels.post("/kiosk")
@requires(Permission.EDIT_SURVEYS)
def set_kiosk(journey_id: int, survey_id: int) -> ResponseReturnValue:
    def change(session: Session, survey: SurveyRow, form: StaffForm) -> None:
        _change_channels(session, survey, **form.plain())

    return _changed(journey_id, survey_id, "kiosk", change, "kiosk_seconds")


@channels.post("/end")
@requires(Permission.EDIT_SURVEYS)
def set_end(journey_id: int, survey_id: int) -> ResponseReturnValue:
    def change(session: Session, survey: SurveyRow, form: StaffForm) -> None:
        _change_channels(session, survey, end_url=form.end_url.data or "")

    return _changed(journey_id, survey_id, "end", change, "end_url")


@channels.post("/consent")
@requires(Permission.EDIT_SURVEYS)
def set_consent(journey_id: int, survey_id: int) -> ResponseReturnValue:
    def change(session: Session, survey: SurveyRow, form: StaffForm) -> None:
        change_consent(
            session,
            survey,
            text=form["text"].data or "",
            box=bool(form.box.data),
            user_id=me().id,
        )

    return _changed(journey_id, survey_id, "consent", change, "text")


@channels.post("/draw")
@requires(Permission.EDIT_SURVEYS)
def set_draw(journey_id: int, survey_id: int) -> ResponseReturnValue:
    def change(session: Session, survey: SurveyRow, form: StaffForm) -> None:
        prize_draws.change_draw(session, survey, text=form.draw.data or "", user_id=me().id)

    return _changed(journey_id, survey_id, "draw", change, "draw")


@channels.post("/draw/winners")
@requires(Permission.EDIT_SURVEYS)
def draw_winners(journey_id: int, survey_id: int) -> ResponseReturnValue:
    def change(session: Session, survey: SurveyRow, form: StaffForm) -> None:
        prize_draws.draw_winners(session, survey, count=form["count"].data, user_id=me().id)

    said = "The winners have been drawn."
    return _changed(journey_id, survey_id, "winners", change, "count", said=said)


@channels.post("/draw/entries")
@requires(Permission.EDIT_SURVEYS)
def delete_entries(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """Delete one entry, or all of them."""
    with installation().store.writing() as session:
        survey = queries.survey_row(session, journey_id, survey_id)
        EntriesForm().validate()
        wanted = request.form.get("entry", "")
        number = whole_number(wanted, largest=LARGEST_LONG)
        if wanted != "all" and number is None:
            raise Invalid("Choose the entry to delete, or all.")
        numbers = None if number is None else [number]
        prize_draws.delete_entries(session, survey, numbers=numbers, user_id=me().id)
    flash("Deleted.")
    return _back(journey_id, survey_id, "draw")


@channels.get("/draw.csv")
@requires(Permission.EXPORT_DRAWS)
def export(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        survey = queries.survey_row(session, journey_id, survey_id)
        record(session, me().id, "export draw entries", f"survey {survey.code}")
    with installation().store.reading() as session:
        answer = Response(entries_csv(prize_draws.entries(session, survey.id)), mimetype="text/csv")
    name = f"draw-{survey.code}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@channels.get("/poster.pdf")
@requires(Permission.EDIT_SURVEYS)
def poster(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """A poster in the survey's language, or in another one that it offers."""
    # Loaded for the few who want one: setting pages would cost every start of a server its time.
    from surveyapp.exports.poster import Poster, poster_pdf

    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
        page = _content(survey, request.args.get("lang", ""))
        theme = survey.theme
        file = session.get(File, theme.logo_file_id) if theme.logo_file_id else None
        logo = installation().files.read(file) if file else None
    words = texts(page.language)
    address = links.open_url(installation().settings.base_url, survey.link)
    if page.language != survey.language:
        address += f"?lang={page.language}"
    made = poster_pdf(
        Poster(
            address=address,
            name=theme.name or page.provider,
            words=words,
            colour=theme.colour,
            logo=logo,
            note=words.estimate(sum(1 for each in page.questions if not each.needs)),
        )
    )
    answer = Response(made, mimetype="application/pdf")
    name = f"poster-{survey.code}.pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _changed(
    journey_id: int,
    survey_id: int,
    name: str,
    change: Change,
    fallback: str,
    *,
    said: str = "Saved.",
) -> ResponseReturnValue:
    """Make a change that a form asks for, and show the page again: with what is wrong, if anything."""
    with installation().store.reading() as session:
        form = form_sent(survey_in(session, journey_id, survey_id), name)
    if form.validate_on_submit():
        with form.refusing(fallback):
            with form.saving() as session:
                change(session, queries.survey_row(session, journey_id, survey_id), form)
            flash(said)
            return _back(journey_id, survey_id, name)
    return _page(journey_id, survey_id, {name: form}, form)


def _back(journey_id: int, survey_id: int, name: str) -> ResponseReturnValue:
    """To the part of the page that was changed; winners stand where the draw does."""
    address = url_for("channels.show", journey_id=journey_id, survey_id=survey_id)
    return redirect(f"{address}#part-{'draw' if name == 'winners' else name}", 303)


def _change_channels(session: Session, survey: SurveyRow, **raw: object) -> None:
    hosts = installation().settings.end_hosts_allowed
    change_channels(session, survey, raw, end_hosts=hosts, user_id=me().id)


def _content(survey: Survey, language: str) -> Content:
    """The survey as customers read it."""
    return content(survey, language or survey.language, installation().library)


def _page(
    journey_id: int,
    survey_id: int,
    sent: dict[str, StaffForm] | None = None,
    refused: StaffForm | None = None,
) -> ResponseReturnValue:
    base = installation().settings.base_url.rstrip("/")
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
        journey = queries.journey(session, journey_id)
        page = _content(survey, "")
        known = versions(session, survey)
        entries = prize_draws.entries(session, survey.id)
        drawings = prize_draws.drawings(session, survey)
        beside = page.languages[1:]
        spreads = {name: spread(survey, name, beside) for name in ("consent", "draw")}
    html = render_template(
        "channels/show.html",
        journey=journey,
        survey=survey,
        channels=survey.channels,
        forms={**forms_of(survey), **(sent or {})},
        refused=refused,
        address=links.open_url(base, survey.link),
        kiosk_address=f"{base}/k/{survey.link}",
        component=component(base, survey.link, label=f"{page.provider}: survey"),
        snippets=one_question(base, survey.link, page),
        end_hosts=installation().settings.end_hosts_allowed,
        languages=page.languages,
        spreads=spreads,
        versions=known,
        entries=entries,
        drawings=drawings,
    )
    return html, 422 if refused else 200
