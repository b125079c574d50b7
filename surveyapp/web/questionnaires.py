"""Questionnaires of one's own: made on pages, previewed, published in versions that never change."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid
from surveyapp.i18n.languages import own_name
from surveyapp.journeys.queries import journey as journey_of
from surveyapp.questionnaires import actions, files, scales
from surveyapp.questionnaires.documents import Document, document_of
from surveyapp.questionnaires.draft import Draft, draft_of, empty_draft
from surveyapp.questionnaires.faults import complete, examined
from surveyapp.questionnaires.general import change_general
from surveyapp.questionnaires.queries import (
    compared,
    draft_in,
    questionnaire,
    version_in,
)
from surveyapp.questionnaires.queries import (
    questionnaires as questionnaires_of,
)
from surveyapp.questionnaires.sectors import draft_for, sector, sectors
from surveyapp.store.models import Journey, Questionnaire
from surveyapp.store.published_questionnaires import instrument_in
from surveyapp.surveys.texts import Said
from surveyapp.web.draft_preview import preview_page
from surveyapp.web.forms import choices
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.question_form import KINDS, SAID, scale_said
from surveyapp.web.questionnaire_forms import (
    LanguageForm,
    NewForm,
    NewScaleForm,
    general_form,
    label_name,
    scale_form,
)
from surveyapp.web.questions import NewQuestionForm, digest
from surveyapp.web.security import CONTENT_POLICY
from surveyapp.web.sessions import me

questionnaires = Blueprint(
    "questionnaires", __name__, url_prefix="/journeys/<int:journey_id>/questionnaires"
)
EMPTY, FILES, SECTOR = "", "files", "sector:"


@questionnaires.get("")
@requires(Permission.EDIT_SURVEYS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = journey_of(session, journey_id)
        known = questionnaires_of(session, journey_id)
    return render_template("questionnaires/index.html", journey=journey, questionnaires=known)


@questionnaires.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
@takes_files
def new(journey_id: int) -> ResponseReturnValue:
    library = installation().library
    with installation().store.reading() as session:
        journey = journey_of(session, journey_id)
    chosen = sector(request.args.get("sector", ""))
    form = NewForm(
        data={"title": chosen.title, "origin": f"{SECTOR}{chosen.code}"} if chosen else None
    )
    form.origin.choices = choices(
        [
            (EMPTY, "No questions yet"),
            (FILES, "Uploaded files"),
            *(
                (f"{SECTOR}{each.code}", f"Questions for the sector {each.name}: {each.title}")
                for each in sectors().values()
            ),
            *(
                (code, f"A copy of {library.load(code).wording('en').title} ({code})")
                for code in library.available()
            ),
        ]
    )
    if form.validate_on_submit():
        with form.refusing("title"):
            with installation().store.writing() as session:
                there = journey_of(session, journey_id)
                made = actions.create_questionnaire(
                    session,
                    there,
                    form.title.data,
                    lambda code: _begun(form, code),
                    user_id=me().id,
                )
            return _show(journey_id, made.id)
    return render_template("questionnaires/new.html", journey=journey, form=form), form.status


def _begun(form: NewForm, code: str) -> Draft:
    """The draft that a new questionnaire begins with. Raises Invalid for files that cannot be read."""
    if form.origin.data == FILES:
        sent = [each for each in form.files.data or [] if each and each.filename]
        return draft_of(files.uploaded({each.filename: each.read() for each in sent}))
    kind, _, name = form.origin.data.partition(":")
    if f"{kind}:" == SECTOR:
        return draft_for(sectors()[name], code)
    if form.origin.data != EMPTY:
        instrument = installation().library.load(form.origin.data)
        return draft_of(document_of(instrument), f"{instrument.code} {instrument.version}")
    return empty_draft(code, form.title.data, form.language.data, form.languages.data or [])


@questionnaires.get("/<int:questionnaire_id>")
@requires(Permission.EDIT_SURVEYS)
def show(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    return _page(journey_id, questionnaire_id)


def _page(journey_id: int, questionnaire_id: int, problem: str = "") -> ResponseReturnValue:
    """The draft with all its faults, or the published versions where there is none."""
    journey, row = _row(journey_id, questionnaire_id)
    if row.draft is None:
        page = render_template("questionnaires/published.html", journey=journey, questionnaire=row)
        return page, 422 if problem else 200
    draft = draft_in(row)
    _, faults = examined(draft)
    page = render_template(
        "questionnaires/show.html",
        journey=journey,
        questionnaire=row,
        draft=draft,
        questions=draft.questions(),
        main=next(iter(draft.wordings)),
        said=Said("", next(iter(draft.wordings.values()))),
        faults=faults,
        kinds=KINDS,
        signs=SAID,
        scale_said=scale_said,
        digest=digest,
        shown=_digest(row),
        form=NewQuestionForm(formdata=None),
        problem=problem,
    )
    return page, 422 if problem else 200


@questionnaires.post("/<int:questionnaire_id>/publish")
@requires(Permission.EDIT_SURVEYS)
def publish(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    """The next version, or the page with every fault."""
    try:
        with installation().store.writing() as session:
            row = _unchanged(session, journey_id, questionnaire_id)
            now = installation().now()
            version = actions.publish(session, row, user_id=me().id, now=now)
    except Invalid:
        return _page(journey_id, questionnaire_id, "It has not been published.")
    flash(f"Version {version.number} has been published. New surveys can ask it.")
    return _show(journey_id, questionnaire_id)


@questionnaires.post("/<int:questionnaire_id>/discard")
@requires(Permission.EDIT_SURVEYS)
def discard(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        row = _unchanged(session, journey_id, questionnaire_id)
        actions.discard_draft(session, row, user_id=me().id)
        kept = bool(row.versions)
    flash("The draft has been discarded.")
    if kept:
        return _show(journey_id, questionnaire_id)
    return redirect(url_for("questionnaires.index", journey_id=journey_id), 303)


@questionnaires.post("/<int:questionnaire_id>/draft")
@requires(Permission.EDIT_SURVEYS)
def open_draft(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        row = questionnaire(session, journey_id, questionnaire_id, to_change=True)
        version = version_in(row, _number("version"))
        actions.open_draft(session, row, version, user_id=me().id)
    return _show(journey_id, questionnaire_id)


@questionnaires.route("/<int:questionnaire_id>/general", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def general(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    """Texts, sources, score and languages."""
    journey, row = _row(journey_id, questionnaire_id)
    draft = draft_in(row)
    form = general_form(draft)
    if form.validate_on_submit():
        with form.refusing("metric"):
            with form.saving() as session:
                there = questionnaire(session, journey_id, questionnaire_id, to_change=True)
                made = change_general(draft_in(there), form.general())
                actions.save(session, there, made, user_id=me().id)
            flash("Saved.")
            return _show(journey_id, questionnaire_id)
    _, faults = examined(draft)
    page = render_template(
        "questionnaires/general.html",
        **_shown(journey, row, draft),
        form=form,
        language_form=LanguageForm(formdata=None),
        faults=[each for each in faults if each.question_id is None and not each.scale],
    )
    return page, form.status


@questionnaires.post("/<int:questionnaire_id>/languages")
@requires(Permission.EDIT_SURVEYS)
def add_language(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    form = LanguageForm()
    with installation().store.writing() as session:
        row = questionnaire(session, journey_id, questionnaire_id, to_change=True)
        if not form.validate_on_submit():
            raise Invalid("Enter a language tag such as fi.")
        draft = scales.add_language(draft_in(row), form.language.data.strip())
        actions.save(session, row, draft, user_id=me().id)
    return redirect(_at("general", journey_id, questionnaire_id), 303)


@questionnaires.post("/<int:questionnaire_id>/languages/remove")
@requires(Permission.EDIT_SURVEYS)
def remove_language(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        row = _unchanged(session, journey_id, questionnaire_id)
        draft = scales.remove_language(draft_in(row), request.form.get("wording", ""))
        actions.save(session, row, draft, user_id=me().id)
    return redirect(_at("general", journey_id, questionnaire_id), 303)


@questionnaires.route("/<int:questionnaire_id>/scales", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def add_scale(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    """The answer scales, and one more."""
    journey, row = _row(journey_id, questionnaire_id)
    form = NewScaleForm()
    if form.validate_on_submit():
        with form.refusing("code"):
            code = form.code.data.strip()
            with installation().store.writing() as session:
                there = questionnaire(session, journey_id, questionnaire_id, to_change=True)
                draft = scales.add_scale(
                    draft_in(there), code, form.minimum.data, form.maximum.data
                )
                actions.save(session, there, draft, user_id=me().id)
            return redirect(_at("scale", journey_id, questionnaire_id, scale_code=code), 303)
    draft = draft_in(row)
    page = render_template(
        "questionnaires/scales.html",
        **_shown(journey, row, draft),
        form=form,
        scales=scales.answer_scales(draft),
        scale_said=scale_said,
    )
    return page, form.status


@questionnaires.route("/<int:questionnaire_id>/scales/<scale_code>", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def scale(journey_id: int, questionnaire_id: int, scale_code: str) -> ResponseReturnValue:
    journey, row = _row(journey_id, questionnaire_id)
    draft = draft_in(row)
    stored = scales.answer_scale(draft, scale_code)
    form = scale_form(draft, stored)
    if form.validate_on_submit():
        with form.refusing("higher_is_better"):
            with form.saving() as session:
                there = questionnaire(session, journey_id, questionnaire_id, to_change=True)
                now = draft_in(there)
                wanted = form.scale(scales.answer_scale(now, scale_code))
                actions.save(session, there, scales.change_scale(now, wanted), user_id=me().id)
            flash(f"{scale_code} has been saved.")
            return _show(journey_id, questionnaire_id)
    _, faults = examined(draft)
    page = render_template(
        "questionnaires/scale.html",
        **_shown(journey, row, draft),
        form=form,
        scale=stored,
        label_name=label_name,
        faults=[each for each in faults if each.scale == scale_code],
    )
    return page, form.status


@questionnaires.get("/<int:questionnaire_id>/preview")
@requires(Permission.EDIT_SURVEYS)
def preview(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    """The customers' page in a frame as wide as a phone, of the draft or the newest version."""
    journey, row = _row(journey_id, questionnaire_id)
    document, faults = _looked_at(row)
    languages = dict.fromkeys(table["language"] for table in document.texts.values())
    wanted = request.args.get("lang", "")
    answer = render_template(
        "questionnaires/preview.html",
        journey=journey,
        questionnaire=row,
        faults=faults,
        languages=[(each, own_name(each)) for each in languages],
        chosen=wanted if wanted in languages else document.definition["language"],
    )
    response = Response(answer)
    response.headers["Content-Security-Policy"] = _framing_policy()
    return response


@questionnaires.get("/<int:questionnaire_id>/preview/page")
@requires(Permission.EDIT_SURVEYS)
def page(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    journey, row = _row(journey_id, questionnaire_id)
    language = request.args.get("lang", "")
    if row.draft is None:
        return preview_page(instrument_in(row.versions[-1].document), journey, language)
    instrument, faults = examined(draft_in(row))
    if faults:
        raise Conflict(
            f"{row.title} cannot be shown yet. {len(faults)} faults must be mended first."
        )
    return preview_page(instrument, journey, language)


@questionnaires.get("/<int:questionnaire_id>/compare")
@requires(Permission.EDIT_SURVEYS)
def compare(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    """Two versions beside each other, or a version and the draft, which is number 0."""
    journey, row = _row(journey_id, questionnaire_id)
    numbers = [each.number for each in row.versions] + ([0] if row.draft else [])
    last = numbers[-2:] if len(numbers) > 1 else numbers * 2
    before, after = _number("from", last[0]), _number("to", last[-1])
    return render_template(
        "questionnaires/compare.html",
        journey=journey,
        questionnaire=row,
        numbers=numbers,
        before=before,
        after=after,
        differences=compared(_document(row, before), _document(row, after)),
    )


@questionnaires.get("/<int:questionnaire_id>/download.zip")
@requires(Permission.EDIT_SURVEYS)
def download(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    """The files of a version, else of the draft or the newest version."""
    _, row = _row(journey_id, questionnaire_id)
    newest = 0 if row.draft else row.versions[-1].number
    packed = files.archive(_document(row, _number("version", newest)))
    answer = Response(packed, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{row.code}.zip"'
    return answer


def _row(journey_id: int, questionnaire_id: int) -> tuple[Journey, Questionnaire]:
    with installation().store.reading() as session:
        journey = journey_of(session, journey_id)
        return journey, questionnaire(session, journey_id, questionnaire_id)


def _unchanged(session: Session, journey_id: int, questionnaire_id: int) -> Questionnaire:
    """The questionnaire to change. Raises Conflict where the draft is not the one that was shown."""
    row = questionnaire(session, journey_id, questionnaire_id, to_change=True)
    if request.form.get("shown", "") != _digest(row):
        raise Conflict(
            f"{row.title} was changed after you had opened the page; nothing was done."
            " Open it again and look at the changes."
        )
    return row


def _digest(row: Questionnaire) -> str:
    return hashlib.sha256((row.draft or "").encode()).hexdigest()[:16]


def _document(row: Questionnaire, number: int) -> Document:
    if number == 0:
        return complete(draft_in(row))
    return Document.from_text(version_in(row, number).document)


def _looked_at(row: Questionnaire) -> tuple[Document, tuple[Any, ...]]:
    """What a preview shows, and what keeps it from being shown."""
    if row.draft is None:
        return Document.from_text(row.versions[-1].document), ()
    draft = draft_in(row)
    return draft.document, examined(draft)[1]


def _shown(journey: Journey, row: Questionnaire, draft: Draft) -> dict[str, Any]:
    """What the pages of a draft show alike."""
    return {
        "journey": journey,
        "questionnaire": row,
        "draft": draft,
        "shown": _digest(row),
        "languages": [
            (name, own_name(language), Said("", language))
            for name, language in draft.wordings.items()
        ],
    }


def _number(name: str, default: int | None = None) -> int:
    said = request.values.get(name, "")
    if not said and default is not None:
        return default
    if not (said.isascii() and said.isdecimal() and len(said) < 9):
        raise Invalid(f"{name}={said[:20]} is no version; use its number.", field=name)
    return int(said)


def _framing_policy() -> str:
    """The policy of staff pages, with our own preview in a frame."""
    return f"{CONTENT_POLICY}; frame-src 'self'"


def _at(page_name: str, journey_id: int, questionnaire_id: int, **rest: str) -> str:
    ids: dict[str, Any] = {"journey_id": journey_id, "questionnaire_id": questionnaire_id, **rest}
    return url_for(f"questionnaires.{page_name}", **ids)


def _show(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    return redirect(_at("show", journey_id, questionnaire_id), 303)
