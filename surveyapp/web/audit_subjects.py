"""What the entries of the audit log are about, by the names that it bears today."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.store.models import Journey, Segment, SurveyRow, User

# Noun of a subject: the column that its code stands in, and the one that its name stands in.
_NAMED: Mapping[str, tuple[InstrumentedAttribute[str], InstrumentedAttribute[str]]] = {
    "journey": (Journey.code, Journey.name),
    "survey": (SurveyRow.code, SurveyRow.name),
    "segment": (Segment.code, Segment.name),
    "user": (User.email, User.name),
}
_PLACES = ("stage", "touchpoint")


def subjects(session: Session, stored: Iterable[str]) -> Callable[[str], str]:
    """A function from a stored subject to its words: 'Journey "Open an account" (account)'.

    Three reads whatever the number of entries. What was removed since keeps its code alone.
    """
    wanted: dict[str, set[str]] = {}
    for subject in stored:
        noun, _, code = subject.partition(" ")
        if noun in _NAMED:
            wanted.setdefault(noun, set()).add(code)
        if noun in _PLACES:
            wanted.setdefault("journey", set()).add(code.partition("/")[0])
    names: dict[tuple[str, str], str] = {}
    for noun, codes in wanted.items():
        code_of, name_of = _NAMED[noun]
        for code, name in session.execute(select(code_of, name_of).where(code_of.in_(codes))):
            names[noun, code] = name
    return lambda subject: _worded(subject, names)


def _worded(subject: str, names: Mapping[tuple[str, str], str]) -> str:
    noun, _, code = subject.partition(" ")
    if noun in _PLACES:
        journey, _, place = code.partition("/")
        within = names.get(("journey", journey), journey)
        return f"{noun.capitalize()} {place.replace('/', ' / ')} of {_quoted(within)}"
    name = names.get((noun, code))
    if name is not None:
        return f"{noun.capitalize()} {_quoted(name)} ({code})"
    return subject[:1].upper() + subject[1:]


def _quoted(name: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}"
