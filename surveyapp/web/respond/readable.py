"""What a customer's page takes from a survey's documents when one of them cannot be read.

A page goes on without a theme, channels or translations that are broken, in the product's own theme
and the survey's main language; the log says once what is wrong and how to cure it. Without its logic
it does not: questions would be asked that nobody meant to ask.
"""

from __future__ import annotations

from functools import lru_cache

from flask import current_app

from surveyapp.surveys.settings.channels import Channels
from surveyapp.surveys.settings.theme import Theme
from surveyapp.surveys.survey import BrokenDocument, Survey
from surveyapp.surveys.texts import Said, main_text, said
from surveyapp.web.log import logger


def theme_of(survey: Survey) -> Theme:
    """The survey's theme, else the product's own."""
    try:
        return survey.theme
    except BrokenDocument as error:
        _log(str(error))
        return Theme()


def channels_of(survey: Survey) -> Channels:
    """What the survey allows beside its links; nothing where that cannot be read."""
    try:
        return survey.channels
    except BrokenDocument as error:
        _log(str(error))
        return Channels()


def text_of(survey: Survey, name: str, language: str) -> Said:
    """A text in ``language``, else in the survey's main one."""
    try:
        return said(survey, name, language)
    except BrokenDocument as error:
        _log(str(error))
        return Said(main_text(survey, name), survey.language)


@lru_cache(maxsize=512)  # once a process: customers would fill the log
def _log(fault: str) -> None:
    logger(current_app).error("unreadable settings", fault=fault)
