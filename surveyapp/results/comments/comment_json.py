"""A page of comments as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.comments.coding import Codes, Key
from surveyapp.comments.proposals import Proposal
from surveyapp.comments.search import Found, Page
from surveyapp.results.scope import Scope, month_text
from surveyapp.store.models import CommentCode


def comments_to_json(
    page: Page,
    codes: Mapping[Key, Codes],
    book: Mapping[int, CommentCode],
    scope: Scope,
    proposals: Mapping[Key, Proposal] | None = None,
) -> dict[str, Any]:
    """The comments with the codes that count, null where a comment is not coded or two coders differ;
    what a program proposes where it was asked for, hence not None. ``older`` is the argument ``before`` of the next page, null at the end.
    """
    return {
        "from": month_text(scope.since) or None,
        "to": month_text(scope.until) or None,
        "comments": [
            {
                **_comment(each, codes.get(each.key), book),
                **({} if proposals is None else _proposed(proposals.get(each.key, Proposal()))),
            }
            for each in page.comments
        ],
        "looked_to": page.looked_to,
        "older": page.older,
    }


def _comment(each: Found, given: Codes | None, book: Mapping[int, CommentCode]) -> dict[str, Any]:
    return {
        "survey": each.survey.code,
        "question": each.item,
        "day": each.day,
        "language": each.language,
        "channel": each.channel,
        "score": each.score,
        "band": each.band or None,
        "may_quote": each.may_quote,
        "codes": None if given is None else sorted(book[code].code for code in given),
        "themes": None if given is None else sorted({book[code].theme for code in given} - {""}),
        "text": each.text,
    }


def _proposed(proposal: Proposal) -> dict[str, Any]:
    return {"proposed": {"codes": sorted(proposal.codes), "sounds": proposal.sounds}}
