"""The language in which a customer is met on pages beside the form: thanks, closed, full, unknown."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from instruments.loader import InstrumentError
from surveyapp.i18n.languages import ENGLISH, OWN_NAMES
from surveyapp.surveys.languages import negotiated
from surveyapp.surveys.survey import Survey
from surveyapp.web.installation import installation

_OURS = (ENGLISH.language_tag, *sorted(set(OWN_NAMES) - {ENGLISH.language_tag}))


def negotiated_language(survey: Survey | None) -> str:
    """That of the link, else the browser's best among those of the survey; of no survey, among ours."""
    wanted = request.args.get("lang")
    # These pages say little that staff wrote, so any of ours will do.
    if wanted is not None and wanted in OWN_NAMES:
        return wanted
    open_to = _OURS if survey is None else _offered(survey)
    if len(open_to) == 1:
        return open_to[0]
    return negotiated(open_to, wanted, request.headers.get("Accept-Language"))


def _offered(survey: Survey) -> Sequence[str]:
    try:
        return survey.offered(installation().library)
    except InstrumentError:  # a survey may be over for longer than its questions are there
        return (survey.language, *survey.languages)
