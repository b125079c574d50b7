"""What drawing does to a model's text: each edit changes the words that it names, and no other.

Lines that an edit does not touch stay byte for byte, comments among them. An edit that would leave a
text that cannot be fitted, where it could be before, is refused with the reason of the one check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from analysis.errors import ModelError
from analysis.names import composed, is_name
from surveyapp.errors import Invalid
from surveyapp.results.projects.model_drawings import (
    DrawnPath,
    ModelDrawing,
    drawing_of,
    in_words,
    places_of,
)
from surveyapp.results.projects.model_removals import (
    GONE,
    left_spans,
    statement_spans,
    term_spans,
    without,
)
from surveyapp.results.projects.model_statements import (
    COMPOSED,
    COVARIES,
    MEASURED,
    REGRESSED,
    Statement,
    Term,
    Word,
    statements_of,
)
from surveyapp.results.projects.model_texts import COMPOSITE, faults_of

Key = tuple[str, str, str]
_NUMBER = re.compile(r"-?(?:\d{1,12}\.?\d{0,12}|\.\d{1,12})")
_OF_LABELS = ("a defined quantity", "a constraint")


@dataclass(frozen=True)
class Wish:
    """One action of drawing. ``lhs``, ``operator`` and ``rhs`` name a path; ``lhs`` alone a variable."""

    action: str
    lhs: str = ""
    operator: str = ""
    rhs: str = ""
    items: tuple[str, ...] = ()
    value: str = ""


@dataclass(frozen=True)
class Edited:
    """The text after an edit, and what was done in a sentence."""

    text: str
    said: str


def edited(kind: str, text: str, wish: Wish, names: Sequence[str]) -> Edited:
    """The text with what was drawn; ``names``: the items that the answers have.

    Raises Invalid, with the cure, where the drawing cannot say it.
    """
    action = _ACTIONS.get(wish.action)
    if action is None:
        raise Invalid("Choose what to draw: a construct, items, a path, or a change of one.")
    before = drawing_of(kind, text)
    if before.fault is not None or GONE in text:
        said = before.fault.text if before.fault else "The text has a control character."
        raise Invalid(f"The text cannot be drawn, so nothing was changed: {said}")
    whole = composed(text)
    made = action(kind, whole, wish, before, names)
    _require_labels(kind, whole, before, made.text)
    if statements_of(kind, made.text) and not faults_of(kind, whole, names):
        for fault in faults_of(kind, made.text, names):
            raise Invalid(f"Nothing was changed, as the model could not be fitted: {fault.text}")
    # Untouched lines as they were typed, also where their letters are not composed.
    typed = {composed(line): line for line in text.split("\n")}
    return Edited("\n".join(typed.get(line, line) for line in made.text.split("\n")), made.said)


def _add(kind: str, text: str, wish: Wish, before: ModelDrawing, names: Sequence[str]) -> Edited:
    operator = wish.operator or MEASURED
    _require_new(wish.lhs, before, names)
    if operator not in (MEASURED, COMPOSED):
        raise Invalid("A construct is measured by items (=~) or composed of them (<~).")
    if not wish.items:
        raise Invalid(f"Choose the items of {wish.lhs}; a construct without one cannot be written.")
    _require_names(wish.items)
    made = _with_line(text, f"{wish.lhs} {operator} {' + '.join(dict.fromkeys(wish.items))}")
    _require(kind, made, before, {(wish.lhs, operator, item) for item in wish.items})
    return Edited(made, f"{wish.lhs} added with {_counted(len(set(wish.items)), 'item')}.")


def _add_items(
    kind: str, text: str, wish: Wish, before: ModelDrawing, names: Sequence[str]
) -> Edited:
    if wish.lhs not in before.constructs:
        raise Invalid(f"{wish.lhs} is not a construct of this model; add it first.")
    if not wish.items:
        raise Invalid(f"Choose the items to add to {wish.lhs}.")
    _require_names(wish.items)
    operator = COMPOSED if wish.lhs in before.composites else MEASURED
    made = text
    new = {(wish.lhs, operator, item) for item in wish.items}
    for item in dict.fromkeys(wish.items):
        made = _joined(kind, made, (wish.lhs, operator, item))
    _require(kind, made, before, new)
    return Edited(made, f"{_counted(len(new), 'item')} added to {wish.lhs}.")


def _connect(
    kind: str, text: str, wish: Wish, before: ModelDrawing, names: Sequence[str]
) -> Edited:
    key = (wish.lhs, wish.operator, wish.rhs)
    parts = {*before.constructs, *before.items}
    if not {wish.lhs, wish.rhs} <= parts:
        raise Invalid("A path joins two variables of the drawing.")
    if wish.lhs == wish.rhs:
        raise Invalid("A path joins two different variables.")
    if wish.operator not in (MEASURED, COMPOSED, REGRESSED, COVARIES):
        raise Invalid("A path is a loading, a weight, a regression or a covariance.")
    if wish.operator == COVARIES and kind == COMPOSITE:
        raise Invalid("Composite models have no covariances; draw a regression.")
    if wish.operator != COVARIES and ":" in wish.lhs:
        raise Invalid(f"{wish.lhs} is a product; it explains others and is not explained itself.")
    if wish.operator == MEASURED and wish.lhs not in before.factors:
        raise Invalid(f"{wish.lhs} is not a factor; add the factor first.")
    if wish.operator == COMPOSED and wish.lhs not in before.composites:
        raise Invalid(f"{wish.lhs} is not a composite; add the composite first.")
    made = _joined(kind, text, key)
    _require(kind, made, before, {key})
    return Edited(made, f"{in_words(DrawnPath(*key, '', (), True))}.")


def _cut(kind: str, text: str, wish: Wish, before: ModelDrawing, names: Sequence[str]) -> Edited:
    path = _path(before, wish)
    made = _alone(kind, text, path.key)
    spans: list[tuple[int, int]] = []
    by_statement: dict[int, tuple[Statement, list[Term]]] = {}
    for statement, _, term in places_of(statements_of(kind, made), path.key):
        by_statement.setdefault(statement.start, (statement, []))[1].append(term)
    for statement, terms in by_statement.values():
        spans += term_spans(made, statement, terms)
    made = without(made, spans)
    _require(kind, made, before, set(), {path.key})
    return Edited(made, f"Removed: {in_words(path)}.")


def _remove(kind: str, text: str, wish: Wish, before: ModelDrawing, names: Sequence[str]) -> Edited:
    name = wish.lhs
    if name not in (*before.constructs, *before.items):
        raise Invalid(f"{name} is not in the drawing; it may have been removed.")
    statements = statements_of(kind, text)
    _require_drawn(name, text, statements)
    spans: list[tuple[int, int]] = []
    for statement in statements:
        left = [_is_of(words, name) for words in statement.left]
        terms = [term for term in statement.terms if _is_of(term.names, name)]
        if (any(left) and all(left)) or (terms and len(terms) == len(statement.terms)):
            spans += statement_spans(text, statement)
        else:
            spans += left_spans(statement, left)
            spans += term_spans(text, statement, terms)
    made = without(text, spans)
    lost = {
        path.key
        for path in before.paths
        if any(end == name or name in end.split(":") for end in (path.lhs, path.rhs))
    }
    _require(kind, made, before, set(), lost)
    return Edited(made, f"{name} removed with {_counted(len(lost), 'path')}.")


def _rename(kind: str, text: str, wish: Wish, before: ModelDrawing, names: Sequence[str]) -> Edited:
    old, new = wish.lhs, wish.value
    if old not in before.constructs:
        raise Invalid(f"{old} is not a construct; items have the names of the data's columns.")
    _require_new(new, before, names)
    statements = statements_of(kind, text)
    _require_drawn(old, text, statements)
    places = [
        word
        for statement in statements
        for words in (*statement.left, *(term.names for term in statement.terms))
        for word in words
        if word.text == old
    ]
    made = text
    for word in sorted(places, key=lambda each: each.start, reverse=True):
        made = made[: word.start] + new + made[word.end :]
    return Edited(made, f"{old} is now called {new}.")


def _modify(kind: str, text: str, wish: Wish, before: ModelDrawing, names: Sequence[str]) -> Edited:
    path, value = _path(before, wish), wish.value.strip()
    if kind == COMPOSITE:
        raise Invalid("Composite models estimate every path; only 1* before all items is known.")
    if value and not (_NUMBER.fullmatch(value) or is_name(value)):
        raise Invalid(f"{value[:40]} is neither a number nor a label of letters and digits.")
    if not path.simple:
        raise Invalid(
            f"{in_words(path)}: that stands in the text only"
            f" (line {', '.join(map(str, path.lines))}); change it there."
        )
    made = _alone(kind, text, path.key)
    ((_, _, term),) = places_of(statements_of(kind, made), path.key)
    start, end = term.modified or (term.start, term.start)
    new = f"{value}*" if value else ""
    if new and term.is_reversed and term.joint is None and term.modified is None:
        new = f"+ {new}"  # a minus joins only where nothing stands before it
    made = made[:start] + new + made[end:]
    _require(kind, made, before, set())
    return Edited(made, f"{in_words(_path(drawing_of(kind, made), wish))}.")


_Action = Callable[[str, str, Wish, ModelDrawing, Sequence[str]], Edited]
_ACTIONS: Mapping[str, _Action] = {
    "add": _add,
    "items": _add_items,
    "connect": _connect,
    "cut": _cut,
    "remove": _remove,
    "rename": _rename,
    "modify": _modify,
}


def _path(drawing: ModelDrawing, wish: Wish) -> DrawnPath:
    key = (wish.lhs, wish.operator, wish.rhs)
    for path in drawing.paths:
        if key == path.key or (path.operator == COVARIES and key == path.key[::-1]):
            return path
    raise Invalid("This path is not in the drawing; it may have been removed.")


def _require_new(name: str, drawing: ModelDrawing, names: Sequence[str]) -> None:
    if not is_name(name):
        raise Invalid(
            f"{name[:40] or 'Nothing'} cannot be a name; use letters, digits, dots and underscores,"
            " a letter first."
        )
    if name in (*drawing.constructs, *drawing.items):
        raise Invalid(f"{name} is in the model already; choose another name.")
    if name in names:
        raise Invalid(f"{name} is an item of the data; choose another name.")


def _require_names(names: Iterable[str]) -> None:
    for name in names:
        if not is_name(name):
            raise Invalid(f"{name[:40]} is not the name of an item.")


def _require_drawn(name: str, text: str, statements: Iterable[Statement]) -> None:
    """Refuses a variable that a line mentions which the drawing does not know."""
    for statement in statements:
        for word in statement.words:
            quoted = word.text[:1] in "\"'"
            same = re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", word.text)
            unread = statement.why and statement.why not in _OF_LABELS
            if same and (quoted or (unread and word.text == name)):
                raise Invalid(
                    f"{name} also stands in line {text.count(chr(10), 0, word.start) + 1}, which is"
                    " not drawn; change it in the text."
                )


def _require_labels(kind: str, text: str, before: ModelDrawing, made: str) -> None:
    """Refuses an edit that takes away a label which a constraint uses."""

    def labels(drawing: ModelDrawing) -> set[str]:
        return {
            word for path in drawing.paths for word in re.findall(r"[^\W\d][\w.]*", path.modifiers)
        }

    lost = labels(before) - labels(drawing_of(kind, made))
    for statement in statements_of(kind, text):
        if statement.why in _OF_LABELS:
            for word in statement.words:
                if word.text in lost:
                    raise Invalid(
                        f"Line {statement.line} uses the label {word.text}; change that line first."
                    )


def _require(
    kind: str, made: str, before: ModelDrawing, new: set[Key], lost: set[Key] | None = None
) -> None:
    """Refuses a text that says anything but what was drawn: its last line was half written, or what
    was added fell into a level.
    """
    known = {path.key for path in before.paths}
    twice = {key for key in new if key in known or (key[1] == COVARIES and key[::-1] in known)}
    if twice:
        raise Invalid(f"{in_words(DrawnPath(*min(twice), '', (), True))} already.")
    try:
        after = drawing_of(kind, made)
    except ModelError as error:  # a word of the wish that no model has
        raise Invalid(str(error)) from error
    if {path.key for path in after.paths} != (known | new) - (lost or set()) or after.fault:
        raise Invalid(
            "The drawing cannot write this into the text, because a line is unfinished or has levels;"
            " change it in the text."
        )


def _joined(kind: str, text: str, key: Key) -> str:
    """The path as one more term of the statement on its left side, else as a line of its own."""
    lhs, operator, rhs = key
    for statement in reversed(statements_of(kind, text)):
        if statement.operator == operator != COVARIES and statement.names == (lhs,):
            last = statement.terms[-1]
            equal = kind == COMPOSITE and all(term.modifiers for term in statement.terms)
            weight = f"{last.modifiers}*" if equal else ""
            return f"{text[: last.end]} + {weight}{rhs}{text[last.end :]}"
    return _with_line(text, f"{lhs} {operator} {rhs}")


def _with_line(text: str, line: str) -> str:
    if not text.strip():
        return line
    return f"{text}{line}\n" if text.endswith("\n") else f"{text}\n{line}"


def _alone(kind: str, text: str, key: Key) -> str:
    """The same model with one name on the left wherever the path stands."""
    while True:
        places = places_of(statements_of(kind, text), key)
        several = [(each, name) for each, name, _ in places if len(each.left) > 1]
        if not several:
            return text
        statement, name = several[0]
        terms = " + ".join(text[term.start : term.end] for term in statement.terms)
        first = next(at for at, left in enumerate(statement.names) if left == name)
        gone = [at == first for at in range(len(statement.left))]
        text = without(text, left_spans(statement, gone))
        text = _with_line(text, f"{name} {statement.operator} {terms}")


def _is_of(words: Sequence[Word], name: str) -> bool:
    """Whether a variable is the one, or a product with it."""
    return any(word.text == name for word in words) or ":".join(w.text for w in words) == name


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
