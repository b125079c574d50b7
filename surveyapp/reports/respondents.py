"""The respondents of an analysis: fieldwork in sentences, and the table of their characteristics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import told
from surveyapp.reports.document import Cell, Column, Interval, Look, Table, indented, italic
from surveyapp.results.analyses.characteristics import Characteristic
from surveyapp.results.analyses.fieldwork import Fieldwork, Invited

_HIDDEN = msg("hidden")


def dates(found: Fieldwork, words: Words = ENGLISH) -> str:
    """When the answers were given."""
    first, last = map(date.fromisoformat, (found.first_day, found.last_day))
    zone = words.name(found.zone)
    if first == last:
        return words.say(
            "All answers were given on {day} ({zone}).", day=words.day(first), zone=zone
        )
    return words.say(
        "The answers were given from {first} to {last} ({zone}).",
        first=words.day(first),
        last=words.day(last),
        zone=zone,
    )


def response_rate(found: Fieldwork, words: Words = ENGLISH) -> str:
    """The response rate with its definition, and what became of the other invitations."""
    invited = found.invited
    if invited is None:
        return words.say(
            "Invitations do not tell to which segment a customer belongs, so that the response rate of"
            " the segment is not known to the analysis."
        )
    if not invited.delivered:
        return words.say("Nobody was invited in person, so that there is no response rate.")
    numbers = {
        "sent": words.number(invited.sent),
        "returned": words.number(invited.returned),
        "delivered": words.number(invited.delivered),
        "completed": words.number(invited.completed),
        "rate": words.percent(100 * invited.completed / invited.delivered, 1),
        "other": words.percent(100 * invited.completed / invited.sent, 1),
        "work": told("aapor-2015", words),
    }
    said = words.say(_CAME_BACK if invited.returned else _NONE_BACK, **numbers)
    return f"{said} {_non_response(invited, words)}"


_CAME_BACK = msg(
    "Of {sent} invitations that were sent, {returned} came back and {delivered} were delivered;"
    " {completed} were answered: a response rate of {rate}, the answered invitations divided by the"
    " delivered ones (divided by all that were sent, as RR1 of {work} counts them, {other})."
)
_NONE_BACK = msg(
    "Of {sent} invitations that were sent, none is known to have come back; {completed} were answered: a"
    " response rate of {rate}, the answered invitations divided by the delivered ones (RR1 of {work}, as"
    " all invited are customers)."
)


def _non_response(invited: Invited, words: Words) -> str:
    silent = invited.delivered - invited.completed
    if not silent:
        said = words.say("None was left unanswered.")
    elif not invited.opening_known:
        said = words.say(
            "Of the {n} that were not answered it is not known whether they were opened, because an"
            " anonymous survey keeps no trace of it.",
            n=words.number(silent),
        )
    else:
        said = words.say(
            "Of the {n} that were not answered, {begun} were begun and broken off, {opened} were only"
            " opened and {unopened} were not opened.",
            n=words.number(silent),
            begun=words.number(invited.broken_off),
            opened=words.number(invited.opened),
            unopened=words.number(silent - invited.broken_off - invited.opened),
        )
    if not invited.not_sent:
        return said
    more = words.say(
        "{n} more were withdrawn before they were sent.", n=words.number(invited.not_sent)
    )
    return f"{said} {more}"


def characteristics_table(found: Fieldwork, number: int, words: Words = ENGLISH) -> Table:
    """Counts and shares of each attribute's values; of numbers mean, spread and range."""
    numbers = [one for one in found.characteristics if one.numeric]
    named = [one for one in found.characteristics if not one.numeric]
    write = Apa(words)
    cells: list[list[Cell]] = [_numeric(one, words) for one in numbers]
    groups = set()
    for one in named:
        groups.add(len(cells))
        cells.append([_name(one, words), "", "", "", "", ""])
        cells += _categories(one, words)
    note = words.say(
        "n = {n}. No value is told of fewer respondents than {few}: smaller groups are taken together,"
        " and a number that would tell of one is hidden.",
        n=words.number(found.n),
        few=words.number(found.minimum_cell),
    )
    if numbers and found.minimum_cell > 1:
        left = words.say(
            "The range leaves out the {left} lowest and the {left} highest values, which could be those"
            " of single persons.",
            left=words.number(found.minimum_cell - 1),
        )
        note = f"{note} {left}"
    return Table(
        number=number,
        title=words.say("Characteristics of the Respondents"),
        columns=[
            Column(words.say("Characteristic"), 0.36),
            Column(italic("n"), 0.12, write.count),
            Column("%", 0.10, partial(write.number, digits=1), name=words.say("percent")),
            Column(italic("M"), 0.12, write.number),
            Column(italic("SD"), 0.12, write.number),
            Column(words.say("Range"), 0.18, partial(_range, words=words)),
        ],
        cells=cells,
        groups=frozenset(groups),
        note=note,
        look=Look.APA,
    )


def _numeric(one: Characteristic, words: Words) -> list[Cell]:
    hidden, name = words.say(_HIDDEN), _name(one, words)
    if one.mean is None:
        return [name, hidden, "", "", "", ""]
    n: Cell = hidden if one.n is None else one.n
    ends: Cell = hidden if one.low is None else Interval(one.low, one.high)
    return [name, n, "", one.mean, one.sd, ends]


def _name(one: Characteristic, words: Words) -> str:
    """An attribute's name as pages write it."""
    name = one.name.replace("_", " ")
    return words.name(name[:1].upper() + name[1:])


def _range(found: Interval, words: Words) -> str:
    """Both ends with the digits that they have."""
    low, high = (_as_it_is(end or 0.0, words) for end in (found.low, found.high))
    return words.between(low, high)


def _as_it_is(value: float, words: Words) -> str:
    _, _, decimals = f"{value:g}".partition(".")
    plain = words.is_english or "e" in decimals
    return f"{value:,g}" if plain else words.number(value, len(decimals))


def _categories(one: Characteristic, words: Words) -> Iterator[list[Cell]]:
    total = sum(each.n for each in one.categories) + one.others_n
    for each in one.categories:
        value = words.say("Not known") if each.value is None else words.name(each.value)
        yield [indented(value), each.n, 100 * each.share, "", "", ""]
    if one.others:
        yield [
            indented(words.say("All others, together")),
            one.others_n,
            100 * one.others_n / total,
            "",
            "",
            "",
        ]
