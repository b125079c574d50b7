"""The customers' page of a questionnaire that is not published: shown in every language, stores nothing."""

from __future__ import annotations

from collections.abc import Collection

from flask import Response

from instruments.loader import Library
from instruments.schema import Instrument
from surveyapp.questionnaires.faults import DRAFT
from surveyapp.store.models import Journey
from surveyapp.surveys.survey import DOCUMENTS, Survey
from surveyapp.web.respond.headers import preview_policy
from surveyapp.web.respond.pages import Pages


class OneInstrument:
    """A source that has one instrument, whichever version is asked."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument

    def load(self, code: str, version: str | None) -> Instrument | None:
        return self._instrument if code == self._instrument.code else None

    def codes(self) -> Collection[str]:
        return (self._instrument.code,)


def preview_page(instrument: Instrument, journey: Journey, language: str) -> Response:
    """The page as customers would get it; it can send nothing, and only our own pages frame it."""
    survey = _survey(instrument, journey)
    chosen = language if language in survey.languages else survey.language
    library = Library((), OneInstrument(instrument))
    page = Pages().page(survey, chosen, library)
    response = Response(page.untouched.plain("preview"), mimetype="text/html")
    policy = preview_policy(page.style_hash)
    response.headers["Content-Security-Policy"] = policy.replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _survey(instrument: Instrument, journey: Journey) -> Survey:
    """A survey at the journey's end that asks the instrument and nothing else; it has no row."""
    languages = tuple(dict.fromkeys(each.language for each in instrument.wordings.values()))
    asks = [{"instrument": instrument.code, "version": DRAFT}]
    return Survey(
        id=0,
        journey_id=journey.id,
        touchpoint_id=None,
        code="preview",
        name="Preview",
        language=languages[0],
        languages=languages,
        introduction="",
        consent="",
        consent_version="",
        consent_box=False,
        draw="",
        paging="page",
        auto_advance=False,
        anonymity="anonymous",
        open_link=True,
        link="preview",
        state="draft",
        opens_at=None,
        closes_at=None,
        documents={**{name: {} for name in DOCUMENTS}, "asks": asks},
        provider=journey.provider,
        journey=journey.name,
        journey_code=journey.code,
        stage=None,
        stage_code=None,
        touchpoint_code=None,
        touchpoint=journey.name,
        told=False,
    )
