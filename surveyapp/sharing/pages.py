"""The pages that can be saved or shared: what each is called, who may read it, what can be chosen on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.whole import whole_number

LONGEST_ARGUMENTS = 2000
LARGEST = 2**31 - 1  # number of a journey


class Page(StrEnum):
    """A page whose address says what it is about."""

    PORTFOLIO = "portfolio"
    SIDE_BY_SIDE = "side by side"
    OVERVIEW = "overview"
    MAP = "map"
    TOUCHPOINT = "touchpoint"
    RESULTS = "results"
    ANSWERS = "answers"
    TOUCHPOINT_ANSWERS = "touchpoint answers"
    DRIVERS = "drivers"
    FUNNEL = "funnel"
    EXPLORE = "explore"
    TARGETS = "targets"
    BENCHMARKS = "benchmarks"
    RESPONSES = "responses"
    COMMENTS = "comments"


@dataclass(frozen=True)
class PageRule:
    """``arguments`` are kept of its address; what leads to the next rows of a list is not among them.

    ``of_one``: about one journey. ``shareable``: can be read by a share link, because it consists of
    published figures of journeys that are named, and on a map of what staff drew to show it; ``unshared`` says why it never is.
    """

    title: str
    permission: Permission
    arguments: frozenset[str]
    of_one: bool = True
    shareable: bool = False
    unshared: str = ""


_MONTHS = frozenset({"from", "to", "period", "compare"})
SCOPE = _MONTHS | {"segment", "channel", "language", "flagged", "weighted"}
JOURNEY = "journey"  # the argument that names a journey of a page of many
PAGES: Mapping[Page, PageRule] = MappingProxyType(
    {
        Page.PORTFOLIO: PageRule(
            "Journeys",
            Permission.READ_JOURNEYS,
            _MONTHS | {"name", "owner", "group", "tag", "archived", "order", "weighted"},
            of_one=False,
        ),
        Page.SIDE_BY_SIDE: PageRule(
            "Side by side",
            Permission.READ_RESULTS,
            _MONTHS | {JOURNEY, "groups"},
            of_one=False,
            shareable=True,
        ),
        Page.OVERVIEW: PageRule("Overview", Permission.READ_JOURNEYS, SCOPE, shareable=True),
        Page.MAP: PageRule("Map", Permission.READ_JOURNEYS, SCOPE | {"scale"}, shareable=True),
        Page.TOUCHPOINT: PageRule("Touchpoint", Permission.READ_JOURNEYS, SCOPE, shareable=True),
        Page.RESULTS: PageRule(
            "Results",
            Permission.READ_RESULTS,
            SCOPE | {"choices", "drivers"},
            shareable=True,
        ),
        Page.ANSWERS: PageRule(
            "Answers", Permission.READ_RESULTS, SCOPE | {"count"}, shareable=True
        ),
        Page.TOUCHPOINT_ANSWERS: PageRule(
            "Answers at a touchpoint",
            Permission.READ_RESULTS,
            SCOPE | {"count"},
            shareable=True,
        ),
        Page.DRIVERS: PageRule(
            "Drivers", Permission.READ_RESULTS, SCOPE | {"drivers"}, shareable=True
        ),
        Page.FUNNEL: PageRule("Funnel", Permission.READ_RESULTS, SCOPE | {"count", "days"}),
        Page.EXPLORE: PageRule("Explore", Permission.READ_RESULTS, SCOPE | {"scale", "place"}),
        Page.TARGETS: PageRule("Targets", Permission.READ_RESULTS, SCOPE, shareable=True),
        Page.BENCHMARKS: PageRule("Benchmarks", Permission.READ_RESULTS, SCOPE),
        Page.RESPONSES: PageRule(
            "Responses",
            Permission.READ_RESPONSES,
            SCOPE | {"survey"},
            unshared="They are single customers' answers, and a link can be passed on. Share the results,"
            " or let somebody with an account read responses.",
        ),
        # Not the words that were looked for: they may be somebody's name.
        Page.COMMENTS: PageRule(
            "Comments",
            Permission.READ_COMMENTS,
            SCOPE | {"survey", "code", "theme", "proposals", "band", "quotes"},
            unshared="They are customers' own words, in which somebody may be known again though names are"
            " masked, and a link can be passed on. Share the results, quote in a partner report what"
            " customers let be quoted, or let somebody with an account read comments.",
        ),
    }
)


@dataclass(frozen=True)
class PageAsked:
    """A page with what is chosen on it: its address without saying how addresses are written."""

    page: Page
    journey_id: int | None
    touchpoint_id: int | None
    arguments: str

    @property
    def rule(self) -> PageRule:
        return PAGES[self.page]

    @property
    def journeys(self) -> tuple[int, ...]:
        """Every journey that it names, its own first; of several the others as they stand there."""
        own = [] if self.journey_id is None else [self.journey_id]
        if self.page is Page.SIDE_BY_SIDE:
            named = (
                whole_number(value, largest=LARGEST)
                for name, value in self.pairs
                if name == JOURNEY
            )
            own += [each for each in named if each is not None]
        return tuple(dict.fromkeys(own))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The arguments as (name, value)."""
        return parse_qsl(self.arguments, keep_blank_values=True)


def kept_arguments(page: Page, query: str) -> str:
    """The part of an address's query that is kept of a page. Raises Invalid for one that is too long.

    >>> kept_arguments(Page.COMMENTS, "words=Anna&to=2026-05&from=&before=9")
    'to=2026-05&from='
    """
    known = PAGES[page].arguments
    # An empty month is an open end; any other empty field chooses nothing.
    kept = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name in known and (value.strip() or name in ("from", "to"))
    ]
    written = urlencode(kept)
    if len(written) > LONGEST_ARGUMENTS:
        raise Invalid(
            f"What is chosen on this page has {len(written):,} characters, and at most"
            f" {LONGEST_ARGUMENTS:,} can be kept; choose fewer journeys."
        )
    return written
