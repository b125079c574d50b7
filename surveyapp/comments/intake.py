"""Open answers on their way in: the one place where they are masked, before anything stores them.

Every page, export, report, message and webhook reads what was stored, hence the masked text.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from instruments.loader import Library
from instruments.schema import ItemKind
from surveyapp.comments.masking import mask
from surveyapp.surveys.settings.comments import CommentSettings
from surveyapp.surveys.survey import BrokenDocument, Survey

log = logging.getLogger(__name__)

Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Taken:
    """Answers with masked comments, and by name (``<instrument>-<item>``) what masking changed.

    ``originals`` is empty where the survey does not keep them.
    """

    answers: Answers
    originals: Mapping[str, str] = field(default_factory=dict)


def open_items(survey: Survey, library: Library) -> list[tuple[str, str]]:
    """Instrument and item of each open question of a survey."""
    return [
        (instrument.code, item.code)
        for instrument, key in survey.asked(library)
        for item in instrument.asked(key)
        if item.kind is ItemKind.OPEN_TEXT
    ]


def texts_of(items: Sequence[tuple[str, str]], answers: Answers) -> dict[str, str]:
    """The comments among answers, by name."""
    found = {}
    for instrument, item in items:
        text = answers.get(instrument, {}).get(item)
        if isinstance(text, str) and text.strip():
            found[f"{instrument}-{item}"] = text
    return found


def masked(survey: Survey, answers: Answers, library: Library) -> Taken:
    """Answers as they may be stored, by the survey's settings."""
    return masked_by(survey, open_items(survey, library), answers)


def masked_by(survey: Survey, items: Sequence[tuple[str, str]], answers: Answers) -> Taken:
    """The same, where the survey's open questions are known."""
    texts = texts_of(items, answers)
    settings = settings_of(survey)
    if not texts or not settings.mask:
        return Taken(answers)
    kept = {code: dict(given) for code, given in answers.items()}
    originals = {}
    for instrument, item in items:
        name = f"{instrument}-{item}"
        if name not in texts:
            continue
        text = mask(texts[name], settings.names)
        if text != texts[name]:
            kept[instrument][item] = text
            originals[name] = texts[name]
    return Taken(kept, originals if keeps_originals(survey) else {})


def settings_of(survey: Survey) -> CommentSettings:
    """The survey's settings; the defaults, which mask, where its document is broken: customers go on."""
    try:
        return survey.comments
    except BrokenDocument:
        log.exception("comments of the survey %s are masked by the default settings", survey.code)
        return CommentSettings()


def keeps_originals(survey: Survey) -> bool:
    """Whether what customers wrote is kept: never of an anonymous survey."""
    settings = settings_of(survey)
    return settings.mask and settings.keep_originals and not survey.is_anonymous
