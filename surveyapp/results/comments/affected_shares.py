"""Which share of customers a pain point affects, as far as their answers say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from analysis.metrics import Share, share
from instruments.loader import Library
from surveyapp.comments.code_book import codes_of
from surveyapp.comments.coding import effective
from surveyapp.results.answers.answer_shares import (
    AnswerShares,
    answer_shares,
    ordered_questions,
    unread_answers,
)
from surveyapp.results.answers.choices import (
    Distribution,
    distributions,
    offered_choices,
    unread_choices,
)
from surveyapp.results.journey import ground
from surveyapp.results.scope import Scope
from surveyapp.store.models import PainPoint
from surveyapp.surveys.queries import surveys_of

READ_AT_ONCE = 50_000  # responses: half a second
_UNCOUNTED = "not counted yet; a worker counts the answers of a journey of this size within minutes"


@dataclass(frozen=True)
class AffectedShare:
    """The share with its Wilson interval, in percent, of ``share.n`` customers or coded comments.

    ``share`` is None where nothing can be said; ``why`` is the reason then. ``basis`` says whose
    answers count.
    """

    share: Share | None
    basis: str
    why: str = ""


@dataclass(frozen=True)
class Rule:
    """A choice that a form offers: ``by`` and ``key`` as a pain point has them."""

    by: str
    key: str
    label: str


class AffectedShares:
    """The shares of a journey's pain points, each place read once.

    Every share is made of counts that the result pages publish under the same rules, so that none can
    be subtracted to a small group.
    """

    def __init__(
        self, session: Session, scope: Scope, *, minimum_cell: int, library: Library
    ) -> None:
        self._session, self._scope = session, replace(scope, segment_id=0)
        self._minimum, self._library = minimum_cell, library
        self._questions: dict[int | None, tuple[AnswerShares, ...]] = {}
        self._lists: tuple[Distribution, ...] | None = None

    def of(self, point: PainPoint, *, reads_comments: bool) -> AffectedShare | None:
        """None where the pain point has no rule. Coded comments count for those who may read them."""
        if point.affected_by == "theme":
            if not reads_comments:
                return AffectedShare(None, "coded comments", "for those who may read comments")
            return self._of_theme(point.theme)
        if point.affected_by == "choice":
            return self._of_choice(point)
        if point.affected_by == "low":
            return self._of_low(point)
        return None

    def _of_lists(self) -> tuple[Distribution, ...]:
        if self._lists is None:
            self._lists = distributions(
                self._session, self._scope, minimum_cell=self._minimum, library=self._library
            )
        return self._lists

    def _of_questions(self, place: int | None) -> tuple[AnswerShares, ...]:
        if place not in self._questions:
            self._questions[place] = answer_shares(
                self._session,
                self._scope,
                place,
                minimum_cell=self._minimum,
                library=self._library,
            )
        return self._questions[place]

    def _of_choice(self, point: PainPoint) -> AffectedShare:
        journey = self._scope.journey_id
        if unread_choices(self._session, journey, library=self._library) > READ_AT_ONCE:
            return AffectedShare(None, "a choice", _UNCOUNTED)
        where = point.touchpoint.name if point.touchpoint else None
        stage = point.touchpoint.stage.name if point.touchpoint else None
        for each in self._of_lists():
            if (each.stage, each.touchpoint) != (stage, where):
                continue
            if each.hidden:
                return AffectedShare(None, each.title, each.why(self._minimum))
            for figure in each.figures:
                if figure.definition.scale == point.affected_key and figure.n:
                    count = round(figure.n * (figure.estimate or 0.0) / 100)
                    basis = f"customers who chose \N{LEFT DOUBLE QUOTATION MARK}{figure.definition.label}\N{RIGHT DOUBLE QUOTATION MARK}"
                    return AffectedShare(share(count, figure.n), basis)
        return AffectedShare(None, "a choice", _unasked(where))

    def _of_low(self, point: PainPoint) -> AffectedShare:
        journey, place = self._scope.journey_id, point.touchpoint_id
        if unread_answers(self._session, journey, place, library=self._library) > READ_AT_ONCE:
            return AffectedShare(None, "a low answer", _UNCOUNTED)
        where = point.touchpoint.name if point.touchpoint else None
        for each in self._of_questions(point.touchpoint_id):
            if each.item != point.affected_key:
                continue
            if each.hidden or not each.n:
                return AffectedShare(None, each.question, each.why(self._minimum))
            basis = f"customers who gave a low answer to \N{LEFT DOUBLE QUOTATION MARK}{each.question}\N{RIGHT DOUBLE QUOTATION MARK}"
            return AffectedShare(share(_low(each), each.n), basis)
        return AffectedShare(None, "a low answer", _unasked(where))

    def _of_theme(self, theme: str) -> AffectedShare:
        """Of all coded comments of all time, as the page of causes counts them."""
        surveys = [each.id for each in surveys_of(self._session, self._scope.journey_id)]
        coded = effective(self._session, surveys)
        book = codes_of(self._session, self._scope.journey_id)
        wanted = [each.id for each in book if theme in (each.theme, each.name)]
        counts = [sum(code in codes for codes in coded.values()) for code in wanted]
        basis = f"coded comments of the theme \N{LEFT DOUBLE QUOTATION MARK}{theme}\N{RIGHT DOUBLE QUOTATION MARK}"
        # A theme with a rare code is hidden: the others of it could be subtracted.
        if len(coded) < self._minimum or any(0 < n < self._minimum for n in counts):
            return AffectedShare(None, basis, f"hidden (fewer than {self._minimum})")
        having = sum(not codes.isdisjoint(wanted) for codes in coded.values())
        return AffectedShare(share(having, len(coded)), basis)


def affected_rules(session: Session, journey_id: int, *, library: Library) -> list[Rule]:
    """Every choice and question by which customers of a journey can count as affected. Raises NotFound."""
    base = ground(session, journey_id, library=library)
    found: dict[str, Rule] = {}
    for title, definition in offered_choices(base, library):
        chosen = f"\N{LEFT DOUBLE QUOTATION MARK}{title}: {definition.label}\N{RIGHT DOUBLE QUOTATION MARK}"
        found[definition.scale] = Rule("choice", definition.scale, f"Chose {chosen}")
    for place in (None, *sorted({each for each in base.places.values() if each is not None})):
        for item, question in ordered_questions(base, place, library):
            found.setdefault(item, Rule("low", item, f"Low answer: {question}"[:160]))
    return list(found.values())


def affected_share_to_json(found: AffectedShare | None) -> dict[str, Any] | None:
    """The affected share in percent for programs; its reason where there is none."""
    if found is None:
        return None
    share = found.share
    return {
        "of": found.basis,
        "percent": share.estimate if share else None,
        "low": share.low if share else None,
        "high": share.high if share else None,
        "n": share.n if share else None,
        "reason": found.why or None,
    }


def _unasked(where: str | None) -> str:
    place = where or "the journey's end"
    return f"not asked, or not answered yet, at {place}; choose a touchpoint that asks it"


def _low(asked: AnswerShares) -> int:
    """Detractors where there are such, else the answers below the middle."""
    if asked.groups:
        return asked.groups[0].n
    return sum(part.n for part in asked.answers if part.position is not None and part.position < 0)
