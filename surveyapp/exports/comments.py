"""Comments as a file, one a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from surveyapp.comments.coding import Codes, Key
from surveyapp.comments.proposals import Proposal
from surveyapp.comments.search import Found
from surveyapp.exports.cells import csv_chunks

_COLUMNS = ("survey", "question", "day", "language", "channel", "score", "band", "quote", "codes")


def comments_csv(
    comments: Iterable[Found],
    codes: Mapping[Key, Codes],
    words: Mapping[int, str],
    proposals: Mapping[Key, Proposal] | None,
) -> str:
    """The comments in the order given. ``codes`` are those that count, by comment, and ``words`` what
    each is called in exports; the column says ``none`` where no code fits, and is empty where a comment
    is not coded or two coders differ. What a program proposes stands in columns of its own where it was
    asked for, hence not None.
    """
    beside = () if proposals is None else ("proposed_codes", "proposed_band")

    def rows() -> Iterator[list[Any]]:
        yield [*_COLUMNS, *beside, "text"]
        for each in comments:
            given = codes.get(each.key)
            said = "" if given is None else "; ".join(sorted(words[n] for n in given)) or "none"
            yield [
                *(each.survey.code, each.item, each.day.isoformat(), each.language, each.channel),
                *(each.score, each.band, 1 if each.may_quote else None, said),
                *(() if proposals is None else _proposed(proposals.get(each.key, Proposal()))),
                each.text,
            ]

    return "".join(csv_chunks(rows()))


def _proposed(proposal: Proposal) -> tuple[str, str]:
    return "; ".join(sorted(proposal.codes)), proposal.sounds or ""
