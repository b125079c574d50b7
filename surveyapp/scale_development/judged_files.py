"""Judges' answers from elsewhere, such as a file: the indices of a judging round, nothing stored."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.covariance.text.syntax import parse
from analysis.errors import ModelError
from analysis.scale.content_validity import HIGHEST, LOWEST
from surveyapp.errors import Invalid
from surveyapp.scale_development.judgements import Judgements, judgements
from surveyapp.scale_development.judging import UNSURE, RoundKind
from surveyapp.store.models import Judge, JudgingRound

MOST_ITEMS, MOST_JUDGES, LONGEST = 200, 200, 200
_KINDS = {str(kind.value): kind for kind in RoundKind}
Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, eq=False)
class JudgedFile:
    """The results as of a judging round, its items without wordings, and what is to be said of the rows."""

    round: JudgingRound
    found: Judgements
    notes: tuple[str, ...]


def read_items(kind: str, text: str) -> dict[str, str]:
    """The construct for which each item was written; empty where none is named.

    Lines ``construct =~ item + item``, or of ratings the items alone, separated by commas or lines. Raises
    Invalid, with the field.
    """
    asked = _kind(kind)
    if "=~" in text:
        return _written_for(text)
    if asked is RoundKind.SORT:
        raise Invalid(
            "Write for which construct each item was written, such as warmth =~ warm1 + warm2.",
            field="items",
        )
    named = [each.strip() for line in text.splitlines() for each in line.split(",")]
    return dict.fromkeys(filter(None, named), "")


def _kind(kind: str) -> RoundKind:
    if kind not in _KINDS:
        raise Invalid(
            f"{kind[:40]!r} is nothing that judges are asked; use {', '.join(_KINDS)}.",
            field="kind",
        )
    return _KINDS[kind]


def _written_for(text: str) -> dict[str, str]:
    try:
        model = parse(text)
    except ModelError as error:
        raise Invalid(str(error)[:1].upper() + str(error)[1:], field="items") from error
    found: dict[str, str] = {}
    for path in model.paths:
        if path.op != "=~":
            raise Invalid(f"Line {path.line}: write lines construct =~ items alone.", field="items")
        if path.rhs in found:
            raise Invalid(
                f"{path.rhs} is written for {found[path.rhs]} and for {path.lhs}; an item has one"
                " construct.",
                field="items",
            )
        found[path.rhs] = path.lhs
    return found


def judge_rows(
    kind: str,
    items: Mapping[str, str],
    rows: Rows,
    *,
    now: datetime,
    notes: Sequence[str] = (),
    field: str = "file",
) -> JudgedFile:
    """The indices of each item from a row a judge: of a sort the construct chosen, of relevance 1 to 4, of
    essential 1 or 0; empty or None is no answer.

    Raises Invalid, with the field (``field`` of the rows), for what is no such answer, and for nothing or too
    much to judge.
    """
    if not 1 <= len(items) <= MOST_ITEMS:
        raise Invalid(f"Name 1 to {MOST_ITEMS} items; these are {len(items):,}.", field="items")
    asked = _kind(kind)
    if asked is RoundKind.SORT and "" in items.values():
        raise Invalid(
            "Say of every item of a sort for which construct it was written.", field="items"
        )
    given = [_answers(asked, items, row, at, field) for at, row in enumerate(rows, start=1)]
    kept = [each for each in given if each]
    if not 1 <= len(kept) <= MOST_JUDGES:
        raise Invalid(
            f"Judgements of 1 to {MOST_JUDGES} judges are taken; these are of {len(kept):,}.",
            field=field,
        )
    said = [*notes]
    if len(kept) < len(given):
        said.append(f"rows without an answer were left out: {len(given) - len(kept):,}")
    if asked is RoundKind.SORT:
        said += _unknown(items, kept)
    names = {name: str(at) for at, name in enumerate(items, start=1)}
    row = JudgingRound(
        kind=kind,
        items=[
            {"id": at, "code": name, "text": "", "construct": construct}
            for at, (name, construct) in enumerate(items.items(), start=1)
        ],
        constructs=[
            {"code": each, "name": each, "definition": ""} for each in dict.fromkeys(items.values())
        ],
        created_at=now,
    )
    judges = [
        Judge(
            answers={names[name]: answer for name, answer in each.items()},
            remarks={},
            submitted_at=now,
        )
        for each in kept
    ]
    return JudgedFile(row, judgements(row, judges), tuple(said))


def _answers(
    kind: RoundKind, items: Mapping[str, str], row: Mapping[str, object], at: int, field: str
) -> dict[str, str]:
    found = {}
    for name in items:
        answer = _plain(row.get(name))
        if not answer:
            continue
        if kind is RoundKind.SORT:
            if len(answer) > LONGEST:
                raise Invalid(f"{name}, judge {at}: a construct's name is too long.", field=field)
            found[name] = answer
        elif kind is RoundKind.RELEVANCE:
            if answer not in {str(each) for each in range(LOWEST, HIGHEST + 1)}:
                raise Invalid(
                    f"{name}, judge {at}: {answer[:20]!r} is no rating from {LOWEST} to {HIGHEST}.",
                    field=field,
                )
            found[name] = answer
        else:
            if answer not in ("0", "1"):
                raise Invalid(
                    f"{name}, judge {at}: {answer[:20]!r} is neither 1 (essential) nor 0.",
                    field=field,
                )
            found[name] = "essential" if answer == "1" else "other"
    return found


def _plain(value: object) -> str:
    """A cell as text, a whole number without its point."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(int(value))
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return f"{value:g}"
    return str(value).strip()


def _unknown(items: Mapping[str, str], kept: Sequence[Mapping[str, str]]) -> list[str]:
    """Constructs that judges chose and no item was written for: another one, or misspelt."""
    known = {*items.values(), UNSURE}
    counts = Counter(answer for row in kept for answer in row.values() if answer not in known)
    if not counts:
        return []
    listed = ", ".join(f"{name[:60]} ({n})" for name, n in counts.most_common(10))
    more = "" if len(counts) <= 10 else f" and {len(counts) - 10} more"
    return [f"chosen, and no item was written for it: {listed}{more}"]
