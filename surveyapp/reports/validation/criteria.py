"""The criteria of a validation: what they are called, as a table, and in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.digits import decimals, digits_beside
from analysis.scale.conclusions import Conclusion
from analysis.scale.sections.invariance import Ladder
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import source
from surveyapp.reports.document import Cell, Column, Look, Quantity, Styled, Table
from surveyapp.reports.validation.part import (
    INVARIANCE,
    KEYING,
    RELIABILITY,
    Criterion,
    Family,
    Form,
)
from surveyapp.reports.validation.registry import criteria, criterion
from surveyapp.reports.validation.wording import about, plain

_SIGNS = {">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<"}
_MOST_CLAUSES = 2  # of a family, with their numbers; the table holds all
# How far a ladder of invariance got, where means may not be compared.
_SHORT = {
    None: msg("Between groups by {group} not even the structure is the same"),
    "configural": msg("Between groups by {group} only the structure is the same"),
    "metric": msg("Between groups by {group} relations can be compared, means cannot"),
    "thresholds": msg("Between groups by {group} only structure and thresholds are the same"),
    "loadings": msg("Between groups by {group} relations can be compared, means cannot"),
}
_MET = {None: msg("unknown"), True: msg("yes"), False: msg("no")}


@dataclass(frozen=True)
class Unmet:
    """A family of criteria of which some are not met: in one clause each, and what to do."""

    family: Family
    clauses: tuple[str, ...]
    advice: str


def unmet(
    conclusions: Sequence[Conclusion], ladders: Sequence[Ladder] = (), words: Words = ENGLISH
) -> tuple[Unmet, ...]:
    """The families with a criterion that is not met, the gravest first.

    ``ladders``: the document's invariance sections, which say more than their changes of CFI.
    """
    found = []
    for family, members in _families():
        clauses = tuple(_clauses(conclusions, members, words))
        if family is INVARIANCE and ladders:
            clauses = tuple(_reached(ladders, words))
        if clauses:
            found.append(Unmet(family, clauses, words.say(_advice(family, members, conclusions))))
    return tuple(found)


def _advice(family: Family, members: Sequence[Criterion], conclusions: Sequence[Conclusion]) -> str:
    """What to do about a family; held back while items run against each other."""
    opposed = any(_named(row) is KEYING and row.holds is False for row in conclusions)
    if opposed and family is not KEYING:
        return msg("judge this again when the items that run against the others have been turned")
    measures = {one.measure for one in members}
    below = [
        x for x in conclusions if x.measure in measures and x.value is not None and x.value < 0
    ]
    if family is RELIABILITY and below:
        return msg(
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


def _reached(ladders: Sequence[Ladder], words: Words) -> Iterator[str]:
    for ladder in ladders:
        if ladder.reached in _SHORT:
            yield words.say(_SHORT[ladder.reached], group=plain(ladder.group, words))


def verdict(
    conclusions: Sequence[Conclusion], ladders: Sequence[Ladder] = (), words: Words = ENGLISH
) -> str:
    """What to think of the scale, in the first sentences of the report."""
    known = [row for row in conclusions if row.holds is not None]
    if not known:
        return words.say("No criterion could be judged with these answers; the warnings say why.")
    unknown = len(conclusions) - len(known)
    said = [_met(known, unmet(conclusions, ladders, words), unknown, words)]
    if unknown:
        said.append(
            words.say_count(
                "{n} more could not be judged; the warnings say why.",
                "{n} more could not be judged; the warnings say why.",
                n=unknown,
            )
        )
    return " ".join(said)


def _met(known: Sequence[Conclusion], families: Sequence[Unmet], unknown: int, words: Words) -> str:
    """How many criteria are met, and what to do first about the others."""
    met, n = sum(bool(row.holds) for row in known), words.number(len(known))
    if met == len(known) and not families:
        if unknown:
            return words.say("All {n} criteria that could be judged are met.", n=n)
        return words.say("All {n} criteria are met: the scale can be used as it stands.", n=n)
    count = words.say("{met} of {n} criteria are met.", met=words.number(met), n=n)
    if not families:
        return f"{count} {words.say('The table names the others.')}"
    names = words.listed([words.inner(words.say(one.family.name)) for one in families])
    need = (
        msg("{families} needs attention: {advice}.")
        if len(families) == 1
        else msg("{families} need attention: {advice}.")
    )
    said = words.say(need, families=words.begun(names), advice=families[0].advice)
    return f"{count} {said}"


def _clauses(
    conclusions: Sequence[Conclusion], members: Sequence[Criterion], words: Words
) -> Iterator[str]:
    for one in members:
        rows = [row for row in conclusions if row.measure == one.measure]
        missed = [row for row in rows if row.holds is False]
        if not missed:
            continue
        worst = min(missed, key=_margin)
        where = [about(worst.subject, words)] if worst.subject else []
        where.append(words.say("{cut} needed", cut=_relation(worst, words)))
        if len(rows) > 1:
            n, total = words.number(len(missed)), words.number(len(rows))
            where.append(words.say(one.subjects, n=n, total=total))
        yield words.say(
            "{criterion} {value} ({details})",
            criterion=words.say(one.label),
            value=_value(worst, words),
            details="; ".join(where),
        )


def told(one: Unmet, words: Words = ENGLISH) -> str:
    """The clauses in one sentence; beyond two they are only counted."""
    said = [*one.clauses[:_MOST_CLAUSES]]
    if more := max(len(one.clauses) - _MOST_CLAUSES, 0):
        said.append(words.say_count("{n} more in the table", "{n} more in the table", n=more))
    return f"{'; '.join(said)}."


def _relation(row: Conclusion, words: Words) -> str:
    """The cut-off with its sign, which stays at its side among words from the right."""
    return words.name(f"{_SIGNS[row.relation]} {_cut(row, words)}")


def _cut(row: Conclusion, words: Words) -> str:
    """The cut-off that was applied, with all its digits."""
    whole = criterion(row.measure).form is Form.COUNT or float(row.cut).is_integer()
    return Apa(words).bounded(row.cut, 0 if whole else decimals(row.cut))


def _value(row: Conclusion, words: Words) -> str:
    """The value, with the digits that keep it on its side of the cut-off."""
    form, write = criterion(row.measure).form, Apa(words)
    if row.value is None or form is Form.COUNT:
        return write.count(row.value)
    digits = digits_beside(row.value, row.cut, 2 if form is Form.FREE else 3)
    if form is Form.PVALUE:
        return write.pvalue(row.value) if digits == 3 else write.bounded(row.value, digits)
    return (write.number if form is Form.FREE else write.bounded)(row.value, digits)


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


def criteria_table(conclusions: Sequence[Conclusion], number: int, words: Words = ENGLISH) -> Table:
    """Each criterion with its value, cut-off and the source of the cut-off."""
    rows: list[list[Cell]] = []
    for row in _weakest(conclusions):
        met = words.say(_MET[row.holds])
        label = words.say(criterion(row.measure).label)
        if row.subject:
            label = words.joined([label, about(row.subject, words)])
        rows.append(
            [
                label,
                Quantity(row.value, _value(row, words)),
                _relation(row, words),
                _source(row.source, words),
                (Styled(met),) if row.holds is False else met,
            ]
        )
    return Table(
        number=number,
        title=words.say("Criteria of the Validation, Their Cut-Offs and Sources"),
        columns=[
            Column(words.say("Criterion"), 0.38),
            Column(words.say("Value"), 0.085, align="r"),
            Column(words.say("Cut-off"), 0.085, align="r"),
            Column(words.say("Source of the cut-off"), 0.355),
            Column(words.say("Met"), 0.095),
        ],
        cells=rows,
        note=words.say(
            "Where a criterion applies to several factors, the worst is given. Cut-offs"
            " are conventions, not laws: a value just below one means nearly the same as"
            " one just above."
        ),
        look=Look.APA,
    )


def _source(text: str, words: Words) -> str:
    """Where a cut-off is from; that of omega is another's."""
    first, _, cut = text.partition("; cut as ")
    if words.is_english or not cut:
        return source(text, words)
    return words.say(
        "{work}; cut-off as {other}", work=source(first, words), other=source(cut, words)
    )
