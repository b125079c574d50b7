"""What webhooks are told: enough to act on, and nothing that should not travel.

No answer, no address, no attribute: who needs them reads them with a key, where erasing a customer
reaches them too. Of an anonymous survey only its name and the day.

Responses and cases are called by random ids ("response_id", "case_id"). Their numbers are told beside
them for programs that have kept copies by number; no number is given twice.

A payload is that of the Standard Webhooks specification: "type", "timestamp", "data", and beside them
the event's "id" and its "subject": what it is about, with a version that grows with each change. What
it was called before, "event" and "at", is told for one more release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.store.models import (
    Alert,
    Case,
    Event,
    Report,
    Response,
    Score,
)
from surveyapp.store.public_ids import random_id
from surveyapp.surveys.queries import surveys

# What a webhook can be told of, and in which words staff choose it.
EVENTS: Mapping[str, str] = {
    "response": "A customer has answered a survey",
    "response.corrected": "A customer has changed their answers",
    "response.erased": "A response has been erased or removed; sent with its ID only",
    "low_score": "A low score has opened a case",
    "alert": "A score has met the condition of an alert",
    "report": "A report is ready",
    "send_message": "A message to a customer is ready to send, by SMS for example",
}
SEND_MESSAGE = "send_message"  # no event that happened, but a wish: one webhook is asked to send
TEST = "test"
_FIGURES = ("n", "estimate", "low", "high", "since", "until")  # what an alert may carry


@dataclass(frozen=True)
class Telling:
    """One event as webhooks hear it; ``event`` is one of EVENTS or TEST."""

    event: str
    payload: dict[str, Any]
    response_id: int | None = None

    @property
    def event_id(self) -> str:
        return str(self.payload["id"])


@dataclass(frozen=True)
class _Subject:
    """What an event is about, in the state that its payload tells: a higher version is a later one."""

    kind: str
    id: str
    version: int


def telling(session: Session, event: Event) -> Telling | None:
    """What there is to tell of an event; None when it is about something that is gone."""
    return _TELLERS[event.kind](session, event)


def sample(webhook: str, at: datetime) -> Telling:
    """What the test button sends."""
    return Telling(TEST, _payload(TEST, at, {"webhook": webhook, "text": "Test delivery."}))


def _response(session: Session, event: Event) -> Telling | None:
    site = _site(session, event.subject.get("survey_id"))
    if site is None:
        return None
    if site.anonymous:
        day = str(event.subject.get("day") or event.at.date().isoformat())
        at = datetime.fromisoformat(day).replace(tzinfo=UTC)
        return Telling("response", {**_payload("response", at, site.place), "at": day})
    response = session.get(Response, event.subject.get("response_id") or 0)
    if response is None:
        return None
    scores = session.execute(
        select(Score.scale, Score.value)
        .where(Score.response_id == response.id)
        .order_by(Score.scale)
    )
    data = {
        **site.place,
        "response_id": response.public_id,
        "response": response.id,
        "submitted_at": response.submitted_at.isoformat(timespec="seconds"),
        "language": response.language,
        "scores": {row[0]: row[1] for row in scores},
    }
    subject = _Subject("response", response.public_id, response.version)
    return Telling("response", _payload("response", event.at, data, subject), response.id)


def _corrected(session: Session, event: Event) -> Telling | None:
    """As a new response is told, with the time of the change."""
    told = _response(session, event)
    if told is None or told.response_id is None:
        return None
    at = event.at.isoformat(timespec="seconds")
    data = {**told.payload["data"], "corrected_at": at}
    names = {"type": event.kind, "event": event.kind}
    return Telling(event.kind, {**told.payload, **names, "data": data}, told.response_id)


def _erased(_session: Session, event: Event) -> Telling | None:
    gone = {"response": event.subject["erased_id"]}
    subject = None
    if "erased" in event.subject:  # not in an event that an earlier edition wrote
        gone["response_id"] = event.subject["erased"]
    if "version" in event.subject:
        subject = _Subject("response", event.subject["erased"], event.subject["version"])
    return Telling(event.kind, _payload(event.kind, event.at, gone, subject))


def _low_score(session: Session, event: Event) -> Telling | None:
    case = session.get(Case, event.subject.get("case_id") or 0)
    site = _site(session, case.survey_id) if case else None
    if case is None or site is None:
        return None
    response = session.get(Response, case.response_id or 0)
    data = {
        **site.place,
        "case_id": case.public_id,
        "case": case.id,
        "response_id": response.public_id if response else None,
        "response": case.response_id,
        "response_version": event.subject.get("response_version"),
        "scale": case.scale,
        "value": case.value,
        "due_at": case.due_at.isoformat(timespec="seconds"),
    }
    subject = _Subject("case", case.public_id, 1)
    return Telling("low_score", _payload("low_score", event.at, data, subject), case.response_id)


def _alert(session: Session, event: Event) -> Telling | None:
    alert = session.get(Alert, event.subject.get("alert_id") or 0)
    if alert is None:
        return None
    figures = {name: event.subject[name] for name in _FIGURES if name in event.subject}
    data = {
        "journey": alert.journey.code,
        "place": alert.place,
        "alert": alert.id,
        "scale": alert.scale,
        "kind": alert.kind,
        "direction": "outside" if alert.outside else alert.direction,
        "value": alert.value if alert.kind == "threshold" else None,
        "upper": alert.upper,
        "months": alert.months,
        **figures,
    }
    subject = _Subject("alert", str(alert.id), event.subject.get("told", alert.told))
    return Telling("alert", _payload("alert", event.at, data, subject))


def _report(session: Session, event: Event) -> Telling | None:
    report = session.get(Report, event.subject.get("report_id") or 0)
    if report is None:
        return None
    data = {
        "report": report.id,
        "kind": report.kind,
        "title": report.title,
        "journey": report.journey.code,
    }
    subject = _Subject("report", str(report.id), 1)
    return Telling("report", _payload("report", event.at, data, subject))


_TELLERS: Mapping[str, Callable[[Session, Event], Telling | None]] = {
    "response": _response,
    "response.corrected": _corrected,
    "response.erased": _erased,
    "case": _low_score,
    "alert": _alert,
    "report": _report,
}


def _payload(
    event: str, at: datetime, data: Mapping[str, Any], subject: _Subject | None = None
) -> dict[str, Any]:
    about = subject and {"type": subject.kind, "id": subject.id, "version": subject.version}
    return {
        **envelope(event, at, data, event_id=random_id()),
        "subject": about,
        "event": event,
        "at": at.isoformat(timespec="seconds"),
    }


def envelope(event: str, at: datetime, data: Mapping[str, Any], *, event_id: str) -> dict[str, Any]:
    """What every payload has by the specification, and the event's id."""
    moment = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"type": event, "timestamp": moment, "id": event_id, "data": dict(data)}


@dataclass(frozen=True)
class _Site:
    """Where something happened: codes of journey, touchpoint and survey."""

    anonymous: bool
    place: Mapping[str, Any]


def _site(session: Session, survey_id: Any) -> _Site | None:
    """The survey's site, read once a transaction: two hundred events may tell of one."""
    known: dict[Any, _Site | None] = session.info.setdefault(_Site, {})
    if survey_id not in known:
        known[survey_id] = _read_site(session, survey_id)
    return known[survey_id]


def _read_site(session: Session, survey_id: Any) -> _Site | None:
    survey = surveys(session, [survey_id or 0]).get(survey_id or 0)
    if survey is None:
        return None
    return _Site(
        survey.anonymity == "anonymous",
        {
            "journey": survey.journey_code,
            "touchpoint": None
            if survey.at_end
            else f"{survey.stage_code}/{survey.touchpoint_code}",
            "survey": survey.code,
            "deployment": survey.code,  # the field's old name, which receivers may still read
        },
    )
