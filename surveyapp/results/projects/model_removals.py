"""Words taken out of a model's text: with the signs that join them, and no comment beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from surveyapp.results.projects.model_statements import Statement, Term

GONE = "\0"  # stands where words were, until the lines that they leave empty are gone


def left_spans(statement: Statement, gone: Sequence[bool]) -> list[tuple[int, int]]:
    """Names on the left and the signs that join them; at least one name stays."""
    if not any(gone):
        return []
    places = [(words[0].start, words[-1].end) for words in statement.left]
    spans = [place for place, out in zip(places, gone, strict=True) if out]
    stays = next(at for at, out in enumerate(gone) if not out)
    for at in range(1, len(places)):
        between = [span for span in statement.spans if places[at - 1][1] <= span[0] < places[at][0]]
        if gone[at] or at <= stays:
            spans += between
    return spans


def term_spans(text: str, statement: Statement, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """Terms and the signs that join them; the whole statement where none stays."""
    gone = [term in terms for term in statement.terms]
    if not any(gone):
        return []
    if all(gone):
        return statement_spans(text, statement)
    spans: list[tuple[int, int]] = []
    stays = gone.index(False)
    for at, term in enumerate(statement.terms):
        if gone[at]:
            spans += [span for span in statement.spans if term.start <= span[0] < term.end]
        if term.joint is None:
            continue
        if at <= stays or gone[at]:
            after = statement.terms[at + 1] if at + 1 < len(statement.terms) else None
            breaks = "\n" in text[term.joint[1] : term.start]
            # Of lines that end with a plus, the term's own goes.
            swapped = at > stays and breaks and after is not None and not gone[at + 1]
            spans.append(after.joint if swapped and after and after.joint else term.joint)
    return spans


def statement_spans(text: str, statement: Statement) -> list[tuple[int, int]]:
    """The statement's words, and the semicolon that parts it from its neighbour."""
    spans = list(statement.spans)
    before = text[: statement.start].rstrip(" \t")
    after = re.match(r"[ \t]*;[ \t]*", text[statement.end :])
    if before.endswith(";"):
        spans.append((len(before) - 1, len(before)))
    elif after:
        spans.append((statement.end, statement.end + after.end()))
    return spans


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text without these words and the blanks before them; a line that they leave empty goes."""
    made = text
    for start, end in sorted(set(spans), reverse=True):
        made = made[:start] + GONE + made[end:]
    kept = [line for line in made.split("\n") if GONE not in line or line.strip(f"{GONE} \t\r")]
    # What begins a line keeps its indentation.
    begun = re.sub(rf"^([ \t]*)(?:{GONE}[ \t]*)+(?=\S)", r"\1", "\n".join(kept), flags=re.MULTILINE)
    return re.sub(rf"[ \t]*{GONE}", "", begun)
