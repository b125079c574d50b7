"""The respondents of an analysis: fieldwork in sentences, and the table of their characteristics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from surveyapp.reports import apa
from surveyapp.reports.bibliography import told
from surveyapp.reports.document import Cell, Column, Interval, Look, Table, italic
from surveyapp.reports.validation.wording import indented
from surveyapp.results import phrases
from surveyapp.results.characteristics import Characteristic
from surveyapp.results.fieldwork import Fieldwork, Invited

_HIDDEN = "hidden"
_ALONE = (
    "No value is told of fewer respondents than {n}: smaller groups are taken together, and a number "
    "that would tell of one is hidden"
)


def dates(found: Fieldwork) -> str:
    """When the answers were given."""
    first, last = map(date.fromisoformat, (found.first_day, found.last_day))
    if first == last:
        return f"All answers were given on {phrases.day(first)} ({found.zone})."
    return (
        f"The answers were given from {phrases.day(first)} to {phrases.day(last)} ({found.zone})."
    )


def response_rate(found: Fieldwork) -> str:
    """The response rate with its definition, and what became of the other invitations."""
    invited = found.invited
    if invited is None:
        return (
            "Invitations do not tell to which segment a customer belongs, so that the response rate "
            "of the segment is not known to the analysis."
        )
    if not invited.delivered:
        return "Nobody was invited in person, so that there is no response rate."
    rate = 100 * invited.completed / invited.delivered
    back = f"{invited.returned:,} came back and {invited.delivered:,} were delivered"
    came = back if invited.returned else "none is known to have come back"
    return (
        f"Of {invited.sent:,} invitations that were sent, {came}; {invited.completed:,} were answered: "
        f"a response rate of {rate:.1f}%, the answered invitations divided by the delivered ones"
        f"{_with_undelivered(invited)}. {_non_response(invited)}"
    )


def _with_undelivered(invited: Invited) -> str:
    if not invited.returned:
        return f" (RR1 of {told('aapor-2015')}, as all invited are customers)"
    rate = 100 * invited.completed / invited.sent
    return (
        f" (divided by all that were sent, as RR1 of {told('aapor-2015')} counts them, {rate:.1f}%)"
    )


def _non_response(invited: Invited) -> str:
    silent = invited.delivered - invited.completed
    if not silent:
        said = "None was left unanswered."
    elif not invited.opening_known:
        said = (
            f"Of the {silent:,} that were not answered it is not known whether they were opened, "
            "because an anonymous survey keeps no trace of it."
        )
    else:
        unopened = silent - invited.broken_off - invited.opened
        said = (
            f"Of the {silent:,} that were not answered, {invited.broken_off:,} were begun and broken "
            f"off, {invited.opened:,} were only opened and {unopened:,} were not opened."
        )
    if invited.not_sent:
        said += f" {invited.not_sent:,} more were withdrawn before they were sent."
    return said


def characteristics_table(found: Fieldwork, number: int) -> Table:
    """Counts and shares of each attribute's values; of numbers mean, spread and range."""
    numbers = [one for one in found.characteristics if one.numeric]
    named = [one for one in found.characteristics if not one.numeric]
    cells: list[list[Cell]] = [_numeric(one) for one in numbers]
    groups = set()
    for one in named:
        groups.add(len(cells))
        cells.append([_name(one), "", "", "", "", ""])
        cells += _categories(one)
    note = f"n = {found.n:,}. {_ALONE.format(n=found.minimum_cell)}."
    if numbers:
        left = found.minimum_cell - 1
        note += (
            f" The range leaves out the {left} lowest and the {left} highest values, which could be "
            "those of single persons."
            if left
            else ""
        )
    return Table(
        number=number,
        title="Characteristics of the Respondents",
        columns=[
            Column("Characteristic", 0.36),
            Column(italic("n"), 0.12, apa.count),
            Column("%", 0.10, apa.NUMBER_1, name="percent"),
            Column(italic("M"), 0.12, apa.number),
            Column(italic("SD"), 0.12, apa.number),
            Column("Range", 0.18, _range),
        ],
        cells=cells,
        groups=frozenset(groups),
        note=note,
        look=Look.APA,
    )


def _numeric(one: Characteristic) -> list[Cell]:
    if one.mean is None:
        return [_name(one), _HIDDEN, "", "", "", ""]
    n: Cell = _HIDDEN if one.n is None else one.n
    ends: Cell = _HIDDEN if one.low is None else Interval(one.low, one.high)
    return [_name(one), n, "", one.mean, one.sd, ends]


def _name(one: Characteristic) -> str:
    """An attribute's name as pages write it."""
    name = one.name.replace("_", " ")
    return phrases.named(name[:1].upper() + name[1:])


def _range(found: Interval) -> str:
    """Both ends with the digits that they have."""
    return f"{found.low:,g} to {found.high:,g}"


def _categories(one: Characteristic) -> Iterator[list[Cell]]:
    total = sum(each.n for each in one.categories) + one.others_n
    for each in one.categories:
        value = "Not known" if each.value is None else phrases.named(each.value)
        yield [indented(value), each.n, 100 * each.share, "", "", ""]
    if one.others:
        yield [
            indented("All others, together"),
            one.others_n,
            100 * one.others_n / total,
            "",
            "",
            "",
        ]
