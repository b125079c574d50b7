"""What to look at before a survey is published: each point with its state and the reason for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from instruments.loader import InstrumentError, Library
from instruments.schema import TranslationStatus
from surveyapp.errors import Invalid
from surveyapp.i18n.languages import own_name
from surveyapp.surveys import piping
from surveyapp.surveys.settings.texts import WRITTEN
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import spread
from surveyapp.surveys.translations import others


class CheckState(StrEnum):
    """How a point stands; only a blocker refuses publishing."""

    DONE = "done"
    WARNING = "warning"
    BLOCKER = "blocker"


class Place(StrEnum):
    """Where a point is settled."""

    OVERVIEW = "overview"
    LOGIC = "logic"
    TRANSLATIONS = "translations"
    CHANNELS = "channels"
    SAMPLING = "sampling"
    MESSAGES = "messages"
    TEST = "test"


@dataclass(frozen=True)
class Check:
    """One point of the list."""

    name: str
    state: CheckState
    reason: str
    place: Place


@dataclass(frozen=True)
class Facts:
    """What the list needs to know beside the survey."""

    segments: Collection[str]  # the codes that there are
    sends_mail: bool
    tested_at: datetime | None
    now: datetime


def checklist(survey: Survey, library: Library, facts: Facts) -> tuple[Check, ...]:
    """Every point in the order of the work. Where questions cannot be read, nothing else can be told."""
    questions = _questions(survey, library)
    if questions.state is CheckState.BLOCKER:
        return (questions,)
    return (
        questions,
        *_translations(survey, library),
        _consent(survey),
        _quotas(survey, facts),
        _timing(survey, facts),
        _anonymity(survey),
        _channel(survey, facts),
        _test(facts),
    )


def blockers(checks: Collection[Check]) -> tuple[Check, ...]:
    return tuple(each for each in checks if each.state is CheckState.BLOCKER)


def _questions(survey: Survey, library: Library) -> Check:
    try:
        logic = survey.fitted_logic(library)
    except InstrumentError as error:
        reason = f"A questionnaire cannot be read: {error.faults[0]}."
        return Check("Questions", CheckState.BLOCKER, reason, Place.OVERVIEW)
    except Invalid as error:
        return Check("Questions", CheckState.BLOCKER, str(error), Place.LOGIC)
    count, hanging = len(logic.items), len(logic.show_if)
    said = f"{count} question{'' if count == 1 else 's'}"
    shown = f", {hanging} of them only after certain answers" if hanging else ""
    return Check("Questions", CheckState.DONE, f"{said}{shown}.", Place.LOGIC)


def _translations(survey: Survey, library: Library) -> Iterator[Check]:
    """A point for each offered language, of the questions and of what staff wrote."""
    languages = others(survey, library)
    spreads = {name: spread(survey, name, languages) for name in WRITTEN if getattr(survey, name)}
    for language in (survey.language, *languages):
        lacking = [name for name, each in spreads.items() if language in each.missing]
        behind = [name for name, each in spreads.items() if language in each.behind]
        drafts = [
            instrument.wording(language).title
            for instrument, _ in survey.asked(library)
            if instrument.wording(language).status is TranslationStatus.DRAFT
        ]
        told = [
            f"not translated: {', '.join(lacking)}" if lacking else "",
            f"translated before the text was changed: {', '.join(behind)}" if behind else "",
            f"questions that nobody has reviewed: {', '.join(drafts)}" if drafts else "",
        ]
        reasons = "; ".join(filter(None, told))
        state = CheckState.WARNING if reasons else CheckState.DONE
        said = f"{reasons[0].upper()}{reasons[1:]}." if reasons else "Everything is there."
        yield Check(f"Texts in {own_name(language)}", state, said, Place.TRANSLATIONS)


def _consent(survey: Survey) -> Check:
    if survey.consent_box and not survey.consent:
        reason = "Customers have to agree to a text that is empty; write it or remove the box."
        return Check("Consent text", CheckState.BLOCKER, reason, Place.CHANNELS)
    if not survey.consent:
        reason = "There is none; customers do not read what their answers are used for."
        return Check("Consent text", CheckState.WARNING, reason, Place.CHANNELS)
    box = "must be ticked" if survey.consent_box else "is read without a box"
    reason = f"Version {survey.consent_version} {box}."
    return Check("Consent text", CheckState.DONE, reason, Place.CHANNELS)


def _quotas(survey: Survey, facts: Facts) -> Check:
    quotas = survey.logic.quotas
    gone = [each.segment for each in quotas if each.segment and each.segment not in facts.segments]
    if gone:
        reason = f"There is no segment {', '.join(gone)}; remove its quota or make the segment."
        return Check("Quotas", CheckState.BLOCKER, reason, Place.LOGIC)
    said = "; ".join(f"{each.segment or 'all customers'} at most {each.most}" for each in quotas)
    return Check("Quotas", CheckState.DONE, f"{said or 'None'}.", Place.LOGIC)


def _timing(survey: Survey, facts: Facts) -> Check:
    name = "Sampling and rest"
    if survey.closes_at is not None and survey.closes_at <= facts.now and survey.state == "draft":
        reason = f"The survey would already be over: it closes on {survey.closes_at:%Y-%m-%d}."
        return Check(name, CheckState.BLOCKER, reason, Place.SAMPLING)
    rules = survey.sampling
    if not rules.active:
        return Check(name, CheckState.DONE, "Nobody is invited after events.", Place.SAMPLING)
    if rules.rest == "override":
        reason = "Customers are asked although they were asked a short while ago."
        return Check(name, CheckState.WARNING, reason, Place.SAMPLING)
    days = "the usual number of" if rules.rest_days is None else rules.rest_days
    reason = f"{rules.share:.0%} of events, {days} days of rest between two surveys."
    return Check(name, CheckState.DONE, reason, Place.SAMPLING)


def _anonymity(survey: Survey) -> Check:
    name = "Anonymity and attributes"
    if not survey.is_anonymous:
        reason = "Pseudonymous: answers carry a customer's code and attributes."
        return Check(name, CheckState.DONE, reason, Place.OVERVIEW)
    used = sorted(piping.names(survey.introduction))
    if used:
        reason = (
            f"Anonymous, yet the introduction shows {', '.join(used)}: customers will think that"
            " they are known."
        )
        return Check(name, CheckState.WARNING, reason, Place.LOGIC)
    reason = "Anonymous: links carry only attributes that enough customers share."
    return Check(name, CheckState.DONE, reason, Place.OVERVIEW)


def _channel(survey: Survey, facts: Facts) -> Check:
    name = "Way to customers"
    mailed = survey.sampling.active and survey.sampling.channel in ("", "email")
    if mailed and not facts.sends_mail:
        reason = "Invitations go by mail, and no mail server is set: they wait until there is one."
        return Check(name, CheckState.WARNING, reason, Place.MESSAGES)
    if not survey.open_link and not survey.sampling.active and not facts.sends_mail:
        reason = "The open link is off and no mail server is set: single-use links only, by a file."
        return Check(name, CheckState.WARNING, reason, Place.CHANNELS)
    ways = [
        "open link" if survey.open_link else "",
        "invitations after events" if survey.sampling.active else "",
        "mail" if facts.sends_mail else "",
    ]
    return Check(
        name, CheckState.DONE, f"{', '.join(filter(None, ways))}.".capitalize(), Place.CHANNELS
    )


def _test(facts: Facts) -> Check:
    if facts.tested_at is None:
        reason = "Nobody has answered the survey as a test; nothing of it would be stored."
        return Check("Test answer", CheckState.WARNING, reason, Place.TEST)
    reason = f"Last on {facts.tested_at:%Y-%m-%d %H:%M} UTC."
    return Check("Test answer", CheckState.DONE, reason, Place.TEST)
