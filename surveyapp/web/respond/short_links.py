"""Short addresses, for an SMS: they lead to the long one of the same ticket."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from surveyapp.surveys import queries
from surveyapp.web.installation import installation
from surveyapp.web.respond.saying import neutral

short_links = Blueprint("short_links", __name__)


@short_links.get("/r/<token>")
@short_links.get("/r/<token>/<any(mine):part>")
def go(token: str, part: str = "") -> ResponseReturnValue:
    """Lead on, with what stands after the question mark; the long address says whether it may be used.

    A survey answered there is sent to an address that names its survey, so that the same form
    sent twice finds it although an anonymous invitation is gone after the first.
    """
    with installation().store.raw_connection() as connection:
        found = queries.short_ticket(connection, token)
    if found is None:
        return neutral()
    endpoint = "self_service.show" if part else "respond.show"
    address = url_for(endpoint, link=found[0], ticket=token)
    # Not as url_for's own arguments: link, ticket and _scheme mean something else there.
    query = urlencode(list(request.args.items(multi=True)), safe=":")
    return redirect(f"{address}?{query}" if query else address, 303)
