"""The criteria of a validation: what they are called, as a table, and in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.digits import decimals, digits_beside
from analysis.scale.conclusions import Conclusion
from analysis.scale.sections.invariance import Ladder
from surveyapp.reports import apa
from surveyapp.reports.bibliography import source
from surveyapp.reports.document import Cell, Column, Look, Quantity, Styled, Table, Text
from surveyapp.reports.validation.part import (
    INVARIANCE,
    KEYING,
    RELIABILITY,
    Criterion,
    Family,
    Form,
)
from surveyapp.reports.validation.registry import criteria, criterion
from surveyapp.reports.validation.wording import plain
from surveyapp.results import phrases

_SIGNS = {">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<"}
_MOST_CLAUSES = 2  # of a family, with their numbers; the table holds all
_SHORT = {  # how far a ladder of invariance got, where means may not be compared
    None: "not even the structure is the same",
    "configural": "only the structure is the same",
    "metric": "relations can be compared, means cannot",
    "thresholds": "only structure and thresholds are the same",
    "loadings": "relations can be compared, means cannot",
}


@dataclass(frozen=True)
class Unmet:
    """A family of criteria of which some are not met: in one clause each, and what to do."""

    family: Family
    clauses: tuple[str, ...]
    advice: str


def unmet(conclusions: Sequence[Conclusion], ladders: Sequence[Ladder] = ()) -> tuple[Unmet, ...]:
    """The families with a criterion that is not met, the gravest first.

    ``ladders``: the document's invariance sections, which say more than their changes of CFI.
    """
    found = []
    for family, members in _families():
        clauses = tuple(_clauses(conclusions, members))
        if family is INVARIANCE and ladders:
            clauses = tuple(_reached(ladders))
        if clauses:
            found.append(Unmet(family, clauses, _advice(family, members, conclusions)))
    return tuple(found)


def _advice(family: Family, members: Sequence[Criterion], conclusions: Sequence[Conclusion]) -> str:
    """What to do about a family; held back while items run against each other."""
    opposed = any(_named(row) is KEYING and row.holds is False for row in conclusions)
    if opposed and family is not KEYING:
        return "judge this again when the items that run against the others have been turned"
    measures = {one.measure for one in members}
    below = [
        x for x in conclusions if x.measure in measures and x.value is not None and x.value < 0
    ]
    if family is RELIABILITY and below:
        return (
            "a negative value is no reliability, and more items do not mend it: see which items run"
            " against each other, and whether the solution is proper"
        )
    return family.advice


def _named(row: Conclusion) -> Family | None:
    """The family of a conclusion; None for a measure of an earlier version that has none."""
    known = criteria().get(row.measure)
    return known.family if known else None


def _families() -> list[tuple[Family, list[Criterion]]]:
    """Each family with its criteria, both in their order."""
    ordered = sorted(criteria().values(), key=lambda one: (one.family.gravity, one.place))
    return [(family, list(members)) for family, members in groupby(ordered, lambda one: one.family)]


def _reached(ladders: Sequence[Ladder]) -> Iterator[str]:
    for ladder in ladders:
        if ladder.reached in _SHORT:
            yield f"Between groups by {plain(ladder.group)} {_SHORT[ladder.reached]}"


def verdict(conclusions: Sequence[Conclusion], ladders: Sequence[Ladder] = ()) -> str:
    """What to think of the scale, in the first sentences of the report."""
    known = [row for row in conclusions if row.holds is not None]
    if not known:
        return "No criterion could be judged with these answers; the warnings say why."
    met = sum(bool(row.holds) for row in known)
    unknown = len(conclusions) - len(known)
    left = f" {unknown} more could not be judged; the warnings say why." if unknown else ""
    families = unmet(conclusions, ladders)
    if met == len(known) and not families:
        stands = "" if unknown else ": the scale can be used as it stands"
        return f"All {len(known)} criteria{' that could be judged' if unknown else ''} are met{stands}.{left}"
    count = f"{met:,} of {len(known):,} criteria are met."
    if not families:
        return f"{count} The table names the others.{left}"
    names = [one.family.name.lower() for one in families]
    verb = "needs" if len(names) == 1 else "need"
    first = families[0].advice
    return f"{count} {phrases.listed(names).capitalize()} {verb} attention: {first}.{left}"


def _clauses(conclusions: Sequence[Conclusion], members: Sequence[Criterion]) -> Iterator[str]:
    for one in members:
        rows = [row for row in conclusions if row.measure == one.measure]
        missed = [row for row in rows if row.holds is False]
        if not missed:
            continue
        worst = min(missed, key=_margin)
        needed = f"{_SIGNS[worst.relation]} {_cut(worst)} needed"
        where = f" ({plain(worst.subject)}; {needed}" if worst.subject else f" ({needed}"
        if len(rows) > 1:
            where += f"; {len(missed)} of {len(rows)} {one.subjects}"
        yield f"{one.label} {_value(worst)}{where})"


def told(one: Unmet) -> str:
    """The clauses in one sentence; beyond two they are only counted."""
    more = len(one.clauses) - _MOST_CLAUSES
    rest = "" if more < 1 else f"; {more} more in the table"
    return f"{'; '.join(one.clauses[:_MOST_CLAUSES])}{rest}."


def _cut(row: Conclusion) -> str:
    """The cut-off that was applied, with all its digits."""
    whole = criterion(row.measure).form is Form.COUNT or float(row.cut).is_integer()
    return apa.bounded(row.cut, 0 if whole else decimals(row.cut))


def _value(row: Conclusion) -> str:
    """The value, with the digits that keep it on its side of the cut-off."""
    form = criterion(row.measure).form
    if row.value is None or form is Form.COUNT:
        return apa.count(row.value)
    digits = digits_beside(row.value, row.cut, 2 if form is Form.FREE else 3)
    if form is Form.PVALUE:
        return apa.pvalue(row.value) if digits == 3 else apa.bounded(row.value, digits)
    return (apa.number if form is Form.FREE else apa.bounded)(row.value, digits)


def _weakest(conclusions: Sequence[Conclusion]) -> list[Conclusion]:
    """One row a criterion: where several factors have it, the one that is worst off."""
    found: dict[str, Conclusion] = {}
    for row in conclusions:
        known = found.get(row.measure)
        if known is None or _margin(row) < _margin(known):
            found[row.measure] = row
    return list(found.values())


def _margin(row: Conclusion) -> float:
    """How far a value is on the good side of its cut-off; unknown ones come last."""
    if row.value is None:
        return float("inf")
    away = float(row.value) - float(row.cut)
    return -abs(away) if row.relation == "==" else -away if "<" in row.relation else away


def criteria_table(conclusions: Sequence[Conclusion], number: int) -> Table:
    """Each criterion with its value, cut-off and the source of the cut-off."""
    rows: list[list[Cell]] = []
    for row in _weakest(conclusions):
        met: Text = "unknown" if row.holds is None else "yes" if row.holds else (Styled("no"),)
        subject = f", {plain(row.subject)}" if row.subject else ""
        rows.append(
            [
                criterion(row.measure).label + subject,
                Quantity(row.value, _value(row)),
                f"{_SIGNS[row.relation]} {_cut(row)}",
                source(row.source),
                met,
            ]
        )
    return Table(
        number=number,
        title="Criteria of the Validation, Their Cut-Offs and Sources",
        columns=[
            Column("Criterion", 0.38),
            Column("Value", 0.085, align="r"),
            Column("Cut-off", 0.085, align="r"),
            Column("Source of the cut-off", 0.355),
            Column("Met", 0.095),
        ],
        cells=rows,
        note="Where a criterion applies to several factors, the worst is given. Cut-offs"
        " are conventions, not laws: a value just below one means nearly the same as"
        " one just above.",
        look=Look.APA,
    )
