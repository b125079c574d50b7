"""What staff read of responses: a page of a list, and one response in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.loader import load
from instruments.schema import Instrument, Item, ItemKind, Wording
from surveyapp.errors import NotFound
from surveyapp.store.models import Deployment, Response, Score

_SNIPPET = 160  # characters of a comment in a list


@dataclass(frozen=True)
class Line:
    """A response in a list; ``comment`` is the beginning of its first open answer."""

    id: int
    deployment: str
    submitted_at: datetime
    source: str
    attributes: Mapping[str, Any]
    scores: Mapping[str, float]
    comment: str


@dataclass(frozen=True)
class AnswerInWords:
    """A question as it was worded, and the answer; ``answer`` is empty when there was none."""

    item: str
    question: str
    answer: str


@dataclass(frozen=True)
class Part:
    """What one questionnaire asked of somebody."""

    title: str
    wording: str
    right_to_left: bool
    answers: tuple[AnswerInWords, ...]


@dataclass(frozen=True)
class InWords:
    """One response: its row, its questionnaires in words, its scores by scale."""

    response: Response
    deployment: Deployment
    parts: tuple[Part, ...]
    scores: Mapping[str, float]


def lines(
    session: Session,
    journey_id: int,
    *,
    limit: int,
    deployment_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    after: int | None = None,
    roots: Sequence[str | Path] = (),
) -> list[Line]:
    """At most ``limit`` responses of the journey, the highest number first.

    ``before`` and ``after`` are response numbers: a page is found by where it begins, so that the
    thousandth costs as much as the first. ``since`` is included, ``until`` is not.
    """
    query = select(Deployment).where(Deployment.journey_id == journey_id)
    deployments = {row.id: row for row in session.scalars(query) if deployment_id in (None, row.id)}
    wanted = select(Response.id).where(Response.deployment_id.in_(list(deployments)))
    for bound in (
        None if since is None else Response.submitted_at >= since,
        None if until is None else Response.submitted_at < until,
        None if before is None else Response.id < before,
        None if after is None else Response.id > after,
    ):
        if bound is not None:
            wanted = wanted.where(bound)
    # Going back, the nearest newer ones are the lowest numbers above.
    order = Response.id.desc() if after is None else Response.id
    # Numbers first: an index alone answers that, where whole rows would be read to be sorted.
    ids = session.scalars(wanted.order_by(order).limit(limit)).all()
    found = session.scalars(
        select(Response).where(Response.id.in_(ids)).order_by(Response.id.desc())
    ).all()
    scores = _scores(session, [response.id for response in found])
    return [
        Line(
            id=response.id,
            deployment=deployments[response.deployment_id].name,
            submitted_at=response.submitted_at,
            source=response.source,
            attributes=response.attributes,
            scores=scores.get(response.id, {}),
            comment=_comment(response, deployments[response.deployment_id], roots),
        )
        for response in found
    ]


def in_words(
    session: Session, journey_id: int, response_id: int, *, roots: Sequence[str | Path] = ()
) -> InWords:
    """One response of this journey; NotFound also when it belongs to another one."""
    response = session.scalar(
        select(Response)
        .options(
            joinedload(Response.deployment).joinedload(Deployment.journey),
            joinedload(Response.deployment).joinedload(Deployment.touchpoint),
        )
        .where(Response.id == response_id)
    )
    if response is None or response.deployment.journey_id != journey_id:
        raise NotFound("There is no such response in this journey.")
    deployment = response.deployment
    place = deployment.touchpoint.name if deployment.touchpoint else deployment.journey.name
    parts = []
    for ask in deployment.asks:
        instrument = load(ask["instrument"], ask.get("version"), roots=roots)
        fielded = response.wordings.get(instrument.code) or ask.get("wording")
        wording = instrument.wording(response.language, fielded)
        names = {"provider": deployment.journey.provider, "touchpoint": place}
        parts.append(_part(instrument, wording, ask.get("key"), response, names))
    scores = _scores(session, [response.id]).get(response.id, {})
    return InWords(response, deployment, tuple(parts), scores)


def _part(
    instrument: Instrument,
    wording: Wording,
    key: str | None,
    response: Response,
    names: Mapping[str, str],
) -> Part:
    given = response.answers.get(instrument.code, {})
    return Part(
        title=wording.title,
        wording=wording.id,
        right_to_left=wording.right_to_left,
        answers=tuple(
            AnswerInWords(
                item.code,
                _filled(wording.items[item.code], names),
                _words(item, wording, given.get(item.code)),
            )
            for item in instrument.asked(key)
        ),
    )


def _filled(text: str, names: Mapping[str, str]) -> str:
    """The text with its two known names; nothing else in braces means anything."""
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _words(item: Item, wording: Wording, value: Any) -> str:
    if value is None:
        return ""
    if item.scale is not None:
        label = wording.labels.get(item.scale.code, {}).get(value, "")
        points = f"{value} of {item.scale.minimum} to {item.scale.maximum}"
        return f"{points}, {label}" if label else points
    if item.kind is ItemKind.OPEN_TEXT:
        return str(value)
    labels = wording.choices.get(item.code, {})
    chosen = value if isinstance(value, list) else [str(value)]
    return ", ".join(labels.get(code, code) for code in chosen)


def _comment(response: Response, deployment: Deployment, roots: Sequence[str | Path]) -> str:
    for ask in deployment.asks:
        instrument = load(ask["instrument"], ask.get("version"), roots=roots)
        for item in instrument.items:
            text = response.answers.get(instrument.code, {}).get(item.code)
            if item.kind is ItemKind.OPEN_TEXT and isinstance(text, str) and text:
                return text if len(text) <= _SNIPPET else text[: _SNIPPET - 1] + "…"
    return ""


def _scores(session: Session, response_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    query = select(Score.response_id, Score.scale, Score.value)
    found: dict[int, dict[str, float]] = {}
    for row in session.execute(query.where(Score.response_id.in_(response_ids))):
        found.setdefault(row[0], {})[row[1]] = row[2]
    return found
