"""Comments: what customers wrote, found by words and filters; how a survey keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.comments import coding, search
from surveyapp.comments.actions import change_comment_settings
from surveyapp.comments.bands import Band, bands_of
from surveyapp.comments.code_book import codes_of, codes_under, themes_of
from surveyapp.comments.originals import originals_of
from surveyapp.comments.proposals import proposals_of
from surveyapp.errors import Invalid
from surveyapp.exports.comments import comments_csv
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.responses.quoting import withdraw_quote
from surveyapp.results.comments.comment_json import comments_to_json
from surveyapp.results.scope import Scope, read_scope
from surveyapp.sharing.pages import PAGES, Page
from surveyapp.store.models import CommentCode, Journey
from surveyapp.surveys.queries import survey_in, surveys_of
from surveyapp.surveys.settings.comments import CommentSettings
from surveyapp.surveys.survey import Survey
from surveyapp.web.filters import number_asked
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me
from surveyapp.web.setting_fields import setting

comments = Blueprint("comments", __name__, url_prefix="/journeys/<int:journey_id>")

_SHORT = 40  # of a language's or channel's name in the address
_FILTERS = PAGES[Page.COMMENTS].arguments | {"words", "before"}
_QUOTES = {"": None, "yes": True, "no": False}


class SettingsForm(StaffForm):
    mask = setting(CommentSettings, "mask")
    names = setting(CommentSettings, "names")
    keep_originals = setting(CommentSettings, "keep_originals")
    ask_to_quote = setting(CommentSettings, "ask_to_quote")

    @classmethod
    def of(cls, settings: CommentSettings) -> SettingsForm:
        """The form that shows these settings."""
        return cls(
            mask=settings.mask,
            names="\n".join(settings.names),
            keep_originals=settings.keep_originals,
            ask_to_quote=settings.ask_to_quote,
        )

    def document(self) -> dict[str, Any]:
        """The document that the form describes."""
        return {
            "mask": self.mask.data,
            "names": (self.names.data or "").splitlines(),
            "keep_originals": self.keep_originals.data,
            "ask_to_quote": self.ask_to_quote.data,
        }


@comments.get("/comments")
@comments.get("/comments.json", endpoint="index_json")
@requires(Permission.READ_COMMENTS)
def index(journey_id: int) -> ResponseReturnValue:
    """A page of the journey's comments, the newest first."""
    at = installation()
    with at.store.reading() as session:
        asked = _asked(session, journey_id)
        found = search.find(
            session,
            asked.chosen,
            asked.wanted,
            calendar=calendar_of(asked.journey),
            bands=bands_of(asked.chosen, at.library),
        )
        keys = [each.key for each in found.comments]
        codes = coding.counting_codes(session, keys)
        proposals = proposals_of(session, keys) if asked.proposals else {}
        languages, channels = search.languages_and_channels(session, asked.surveys)
    _note(asked, "list comments", "search comments")
    names = {each.id: each for each in asked.book}
    return page(
        "comments/index.html",
        comments_to_json(found, codes, names, asked.scope, proposals if asked.proposals else None),
        journey=asked.journey,
        scope=asked.scope,
        surveys=asked.surveys,
        survey_id=asked.survey_id,
        wanted=asked.wanted,
        found=found,
        codes=codes,
        proposals=proposals,
        called={each.code: each.name for each in asked.book},
        sounds=_SOUNDS,
        names=names,
        book=asked.book,
        themes=themes_of(asked.book),
        code=asked.code,
        theme=asked.theme,
        with_proposals=asked.proposals,
        languages=languages,
        channels=channels,
        bands=_BANDS,
        kept=asked.kept,
    )


@comments.get("/comments/export.csv")
@requires(Permission.EXPORT_RESPONSES)
def export(journey_id: int) -> ResponseReturnValue:
    """The comments that the filters choose, as a file."""
    at = installation()
    with at.store.reading() as session:
        asked = _asked(session, journey_id)
        found = search.find_all(
            session,
            asked.chosen,
            asked.wanted,
            calendar=calendar_of(asked.journey),
            bands=bands_of(asked.chosen, at.library),
        )
        keys = [each.key for each in found]
        codes = coding.counting_codes(session, keys)
        proposals = proposals_of(session, keys) if asked.proposals else None
    _note(asked, "export comments", "export comments")
    text = comments_csv(found, codes, {each.id: each.code for each in asked.book}, proposals)
    answer = Response(text, mimetype="text/csv")
    name = f"comments-{asked.journey.code}-{len(found)}-rows.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@comments.post("/comments/<long:response_id>/withdraw-quote")
@requires(Permission.WITHDRAW_QUOTES)
def withdraw(journey_id: int, response_id: int) -> ResponseReturnValue:
    """Take back that a comment may be quoted; back to the comments that the filters choose."""
    with installation().store.writing() as session:
        done = withdraw_quote(session, journey_id, response_id, user_id=me().id)
    flash(
        "Quote withdrawn: the comment can no longer be quoted."
        if done
        else "This comment may not be quoted; nothing was changed."
    )
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in _FILTERS}
    return redirect(url_for("comments.index", journey_id=journey_id, **kept), 303)


@comments.get("/comments/<long:response_id>/original")
@requires(Permission.READ_ORIGINALS)
def original(journey_id: int, response_id: int) -> ResponseReturnValue:
    """Comments as the customer wrote them, where the survey keeps that."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = originals_of(session, journey_id, response_id)
    note_read("read unmasked comment", f"survey {found.survey.code}", response=found.public_id)
    return render_template("comments/original.html", journey=journey, found=found)


@comments.route("/comments/settings/<int:survey_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def settings(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """How a survey keeps its open answers."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
    form = SettingsForm.of(survey.comments)
    if form.validate_on_submit():
        with form.refusing("names"):
            with form.saving() as session:
                row = queries.survey_row(session, journey_id, survey_id)
                job = change_comment_settings(session, row, form.document(), user_id=me().id)
            flash(_said(job is not None))
            return redirect(request.path, 303)
    return _settings_page(journey, survey, form), form.status


def _settings_page(journey: Any, survey: Survey, form: SettingsForm) -> str:
    return render_template("comments/settings.html", journey=journey, survey=survey, form=form)


def _said(asked: bool) -> str:
    stored = " Stored comments are treated the same in a minute." if asked else ""
    return f"Saved. New answers are kept by these settings.{stored}"


_SOUNDS = {Band.HIGH: "sounds like a high score", Band.LOW: "sounds like a low score"}
_BANDS = {
    Band.HIGH: "Promoters, high scores",
    Band.MIDDLE: "Passives, middle scores",
    Band.LOW: "Detractors, low scores",
}


@dataclass(frozen=True)
class _Asked:
    """What the address asks for, with what there is to choose from."""

    journey: Journey
    scope: Scope
    surveys: Sequence[Survey]
    survey_id: int | None
    book: Sequence[CommentCode]
    code: str
    theme: str
    proposals: bool
    wanted: search.Wanted

    @property
    def chosen(self) -> list[Survey]:
        return [each for each in self.surveys if self.survey_id in (None, each.id)]

    @property
    def filters(self) -> dict[str, Any]:
        """The filters as they stand in an address, without those that leave nothing out."""
        wanted = self.wanted
        said = {
            "survey": self.survey_id,
            "words": wanted.words,
            "code": self.code,
            "theme": self.theme,
            "proposals": "yes" if self.proposals else "",
            "language": wanted.language,
            "channel": wanted.channel,
            "band": wanted.band.value if wanted.band else "",
            "quotes": next(name for name, value in _QUOTES.items() if value is wanted.may_quote),
        }
        return {name: value for name, value in said.items() if value}

    @property
    def kept(self) -> dict[str, Any]:
        return {**self.scope.arguments, **self.filters}


def _asked(session: Session, journey_id: int) -> _Asked:
    """What the address asks for. Raises NotFound for the journey; Invalid names a filter that is none."""
    scope, book = read_scope(journey_id, request.args), codes_of(session, journey_id)
    code, theme, proposals = (
        request.args.get(name, "").strip() for name in ("code", "theme", "proposals")
    )
    if proposals not in ("", "yes"):
        raise Invalid(f"proposals={proposals[:20]} is not yes; choose from the list.")
    codes = codes_under(book, code=code, theme=theme)
    words = frozenset(each.code for each in book if codes is not None and each.id in codes)
    return _Asked(
        journey=queries.journey(session, journey_id),
        scope=scope,
        surveys=surveys_of(session, journey_id),
        survey_id=number_asked("survey"),
        book=book,
        code=code,
        theme=theme,
        proposals=bool(proposals),
        wanted=replace(_wanted(scope, codes), proposals=words if proposals else None),
    )


def _wanted(scope: Scope, codes: frozenset[int] | None) -> search.Wanted:
    """The filters in the address; Invalid names one that is none."""
    band, quotes = (request.args.get(name, "").strip() for name in ("band", "quotes"))
    if band and band not in set(Band):
        raise Invalid(f"band={band[:20]} is no band; choose from the list.")
    if quotes not in _QUOTES:
        raise Invalid(f"quotes={quotes[:20]} is not yes or no; choose from the list.")
    words = " ".join(request.args.get("words", "").split())
    if len(words) > search.LONGEST_WORDS:
        raise Invalid(
            f"{len(words)} characters are too many to look for; use at most {search.LONGEST_WORDS}."
        )
    return search.Wanted(
        words=words,
        since=scope.period.since,
        until=scope.period.until,
        language=request.args.get("language", "").strip()[:_SHORT],
        channel=request.args.get("channel", "").strip()[:_SHORT],
        band=Band(band) if band else None,
        may_quote=_QUOTES[quotes],
        codes=codes,
        before=number_asked("before", largest=LARGEST_LONG),
    )


def _note(asked: _Asked, action: str, searching: str) -> None:
    """Whether words were looked for stands in the log, not which: they may be somebody's name."""
    said = {name: value for name, value in asked.kept.items() if name != "words"}
    done = searching if asked.wanted.words else action
    note_read(done, f"journey {asked.journey.code}", **said)
