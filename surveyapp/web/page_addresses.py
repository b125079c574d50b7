"""The addresses of pages that can be saved or shared: from an address to the page, and back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException

from surveyapp.errors import Invalid
from surveyapp.sharing.pages import Page, PageAsked, kept_arguments
from surveyapp.web.guards import safe_next

ENDPOINTS: Mapping[Page, str] = MappingProxyType(
    {
        Page.PORTFOLIO: "journeys.index",
        Page.SIDE_BY_SIDE: "side_by_side.index",
        Page.OVERVIEW: "journeys.show",
        Page.MAP: "journey_map.index",
        Page.TOUCHPOINT: "journeys.touchpoint",
        Page.RESULTS: "results.index",
        Page.ANSWERS: "answers.index",
        Page.TOUCHPOINT_ANSWERS: "answers.touchpoint",
        Page.DRIVERS: "drivers.index",
        Page.FUNNEL: "funnel.index",
        Page.EXPLORE: "explore.index",
        Page.TARGETS: "targets.index",
        Page.BENCHMARKS: "benchmarks.show",
        Page.RESPONSES: "responses.index",
        Page.COMMENTS: "comments.index",
    }
)
PAGE_OF: Mapping[str, Page] = MappingProxyType({name: page for page, name in ENDPOINTS.items()})


def page_at(address: str) -> PageAsked:
    """The page at an address of this site, which may hold a query. Raises Invalid for any other."""
    target = safe_next(address)
    page: Page | None = None
    ids: Mapping[str, Any] = {}
    query = ""
    if target is not None:
        parts = urlsplit(target)
        query = parts.query
        try:
            endpoint, ids = current_app.url_map.bind("localhost").match(parts.path, method="GET")
            page = PAGE_OF.get(endpoint)
        except HTTPException:  # no such address, or one that leads on
            page = None
    if page is None:
        raise Invalid(
            f"{address[:80]!r} is not the address of a page that can be kept; open the page and"
            " choose from its menu."
        )
    return PageAsked(
        page, ids.get("journey_id"), ids.get("touchpoint_id"), kept_arguments(page, query)
    )


def address_of(asked: PageAsked) -> str:
    """The address of a page with what is chosen on it."""
    ids = {"journey_id": asked.journey_id, "touchpoint_id": asked.touchpoint_id}
    known: dict[str, Any] = {name: each for name, each in ids.items() if each is not None}
    path = url_for(ENDPOINTS[asked.page], **known)
    return f"{path}?{asked.arguments}" if asked.arguments else path
