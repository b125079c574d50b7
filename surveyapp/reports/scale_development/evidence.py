"""The evidence behind a scale, step by step: construct, items, judges, interviews, translation, pilots,
versions. Each sentence says a number that stands in a table; a step without evidence says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count, pairwise

from surveyapp.i18n.languages import own_name
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import (
    Block,
    Callout,
    Cell,
    Column,
    Cover,
    Document,
    Heading,
    Look,
    Paragraph,
    Table,
)
from surveyapp.reports.scale_development.pilots import pilot_blocks
from surveyapp.reports.scale_development.rounds import judged_blocks
from surveyapp.scale_development.evidence import Evidence
from surveyapp.scale_development.translation_log import is_current
from surveyapp.scale_development.versions import differences
from surveyapp.store.models import Journey, ScaleItem, ScaleItemChange, ScaleVersion

KIND = msg("Evidence of a scale")
_STATES = {
    "draft": msg("draft"),
    "judging": msg("in judging"),
    "kept": msg("kept"),
    "dropped": msg("dropped"),
}
_CONSTRUCTS = {"dimension": msg("dimension"), "neighbour": msg("neighbour")}
_PROBLEMS = {
    "none": msg("No problem"),
    "comprehension": msg("Comprehension"),
    "retrieval": msg("Retrieval"),
    "judgement": msg("Judgement"),
    "response": msg("Response"),
}
_SEVERITIES = {
    "none": msg("None"),
    "minor": msg("Minor"),
    "major": msg("Major"),
    "critical": msg("Critical"),
}
_COMPARISONS = {
    "same": msg("Same meaning"),
    "minor": msg("Slightly different"),
    "different": msg("Different meaning"),
}
_DECISIONS = {
    "open": msg("Open"),
    "accepted": msg("Accepted"),
    "revise": msg("To be revised"),
}


def content(found: Evidence, journey: Journey, *, made: date, words: Words = ENGLISH) -> Document:
    """The document of a scale's evidence; texts of its pool stay in the language they were written in."""
    scale, states = found.scale, Counter(each.state for each in found.items)
    kind, of = (
        words.say(KIND),
        words.joined([words.name(journey.provider), words.name(journey.name)]),
    )
    facts = [
        (words.say("Items in the pool"), words.number(len(found.items))),
        (words.say("Kept"), words.number(states["kept"])),
        (words.say("Dropped"), words.number(states["dropped"])),
        (words.say("Language"), words.alone(own_name(scale.language))),
        (words.say("Made on"), words.day(made)),
    ]
    return Document(
        cover=Cover(kind, words.alone(scale.name), words.begin(of), facts),
        blocks=list(_blocks(found, words)),
        subject=f"{kind}: {words.name(scale.name)}",
        author=journey.provider,
        running=f"{kind}  ·  {words.name(scale.name)}",
        made=made,
        keywords=("scale development", "content validity"),
        words=words,
    )


def _blocks(found: Evidence, words: Words) -> Iterator[Block]:
    number = count(1)
    yield from _construct(found, number, words)
    yield from _pool(found, number, words)
    yield from judged_blocks(found.rounds, number, words)
    yield from _interviewed(found, number, words)
    yield from _translated(found, number, words)
    yield from pilot_blocks(found, number, words)
    yield from _frozen(found, number, words)


def _construct(found: Evidence, number: Iterator[int], words: Words) -> Iterator[Block]:
    yield Heading(words.say("Construct"))
    yield Paragraph(words.alone(found.scale.definition))
    if found.scale.population:
        yield Paragraph(words.say("For whom: {whom}.", whom=words.name(found.scale.population)))
    if found.constructs:
        yield Table(
            number=next(number),
            title=words.say("Dimensions and Neighbouring Constructs"),
            columns=[
                Column(words.say("Construct"), 0.2),
                Column(words.say("Kind"), 0.14),
                Column(words.say("Definition"), 0.42),
                Column(words.say("Expected relation"), 0.24),
            ],
            cells=[
                [x.name, words.say(_CONSTRUCTS[x.kind]), x.definition, x.relation or apa.DASH]
                for x in found.constructs
            ],
            look=Look.APA,
        )
    else:
        yield Callout(words.say("No dimensions"), words.say("The scale has no dimension yet."))


def _pool(found: Evidence, number: Iterator[int], words: Words) -> Iterator[Block]:
    yield Heading(words.say("Item pool"))
    if not found.items:
        yield Callout(words.say("No items"), words.say("The pool is empty."))
        return
    states = Counter(each.state for each in found.items)
    reworded = sum(_wordings(found, each) > 1 for each in found.items)
    said = words.joined(
        [
            words.say("{n} {state}", n=words.number(states[state]), state=words.say(name))
            for state, name in _STATES.items()
            if states[state]
        ]
    )
    yield Paragraph(
        words.say_count(
            "The pool has one item: {said}.",
            "The pool has {n} items: {said}.",
            n=len(found.items),
            said=said,
        )
        + " "
        + words.say("Reworded items: {n}.", n=words.number(reworded))
    )
    yield Table(
        number=next(number),
        title=words.say("Items With Their Present Wording"),
        columns=[
            Column(words.say("Item"), 0.1),
            Column(words.say("Wording"), 0.38),
            Column(words.say("Dimension"), 0.16),
            Column(words.say("Source"), 0.14),
            Column(words.say("Decision"), 0.22),
        ],
        cells=[
            [
                words.say("{item} (reversed)", item=words.name(each.code))
                if each.reverse
                else each.code,
                each.text,
                each.construct.name,
                each.source or apa.DASH,
                _reasoned(words.say(_STATES[each.state]), each.reason, words),
            ]
            for each in found.items
        ],
        look=Look.APA,
    )
    earlier = [
        [item.code, before.text, after.text, after.reason]
        for item in found.items
        for before, after in _rewordings(found.changes.get(item.id, ()))
    ]
    if earlier:
        yield Table(
            number=next(number),
            title=words.say("Changes of Wording"),
            columns=[
                Column(words.say("Item"), 0.1),
                Column(words.say("Before"), 0.32),
                Column(words.say("After"), 0.32),
                Column(words.say("Why"), 0.26),
            ],
            cells=earlier,
            look=Look.APA,
        )


def _interviewed(found: Evidence, number: Iterator[int], words: Words) -> Iterator[Block]:
    yield Heading(words.say("Cognitive interviews"))
    rows = [(item, each) for item in found.items for each in found.findings.get(item.id, ())]
    if not rows:
        yield Callout(words.say("No interviews"), words.say("No interview has been noted."))
        return
    people = {each.participant for _, each in rows}
    serious = {item.code for item, each in rows if each.severity in ("major", "critical")}
    yield Paragraph(
        words.say(
            "Participants: {people}; items they talked through: {items}; items with a major or critical"
            " problem: {serious}.",
            people=words.number(len(people)),
            items=words.number(len({item.id for item, _ in rows})),
            serious=words.number(len(serious)),
        )
    )
    yield Table(
        number=next(number),
        title=words.say("Findings of the Interviews"),
        columns=[
            Column(words.say("Item"), 0.09),
            Column(words.say("Who"), 0.08),
            Column(words.say("Problem"), 0.16),
            Column(words.say("Severity"), 0.11),
            Column(words.say("Finding"), 0.32),
            Column(words.say("Change"), 0.24),
        ],
        cells=[
            [
                item.code,
                each.participant,
                words.say(_PROBLEMS[each.problem]),
                words.say(_SEVERITIES[each.severity]),
                each.finding,
                each.change or apa.DASH,
            ]
            for item, each in rows
        ],
        look=Look.APA,
    )


def _translated(found: Evidence, number: Iterator[int], words: Words) -> Iterator[Block]:
    yield Heading(words.say("Translation"))
    rows = [
        (item, language, turn)
        for item in found.items
        for language, turns in found.translations.get(item.id, {}).items()
        for turn in turns
    ]
    if not rows:
        yield Callout(words.say("No translations"), words.say("No item has been translated."))
        return
    for language in sorted({language for _, language, _ in rows}):
        last = {
            item.id: (item, turn) for item, other, turn in rows if other == language
        }  # the last turn of an item holds
        accepted = sum(
            turn.decision == "accepted" and is_current(turn, item) for item, turn in last.values()
        )
        yield Paragraph(
            words.say(
                "{language}: translations accepted for the present wording: {accepted} of {items}.",
                language=words.name(own_name(language)),
                accepted=words.number(accepted),
                items=words.number(len(last)),
            )
        )
    yield Table(
        number=next(number),
        title=words.say("Log of Translations and Back-Translations"),
        columns=[
            Column(words.say("Item"), 0.09),
            Column(words.say("Language"), 0.11),
            Column(words.say("Translation"), 0.25),
            Column(words.say("Back-translation"), 0.25),
            Column(words.say("Compared"), 0.13),
            Column(words.say("Decision"), 0.17),
        ],
        cells=[
            [
                item.code,
                own_name(language),
                turn.forward,
                turn.back or apa.DASH,
                words.say(_COMPARISONS[turn.comparison]) if turn.back else apa.DASH,
                _reasoned(words.say(_DECISIONS[turn.decision]), turn.note, words),
            ]
            for item, language, turn in rows
        ],
        look=Look.APA,
    )


def _frozen(found: Evidence, number: Iterator[int], words: Words) -> Iterator[Block]:
    yield Heading(words.say("Versions"))
    if not found.versions:
        yield Callout(words.say("No version"), words.say("No version has been frozen."))
        return
    write = Apa(words)
    before: ScaleVersion | None = None
    rows: list[list[Cell]] = []
    for each in found.versions:
        changed = len(differences(before, each))
        rows.append(
            [
                f"{each.number}",
                words.day(each.created_at.date()),
                len(each.items),
                changed,
                each.note,
            ]
        )
        before = each
    yield Table(
        number=next(number),
        title=words.say("Versions"),
        columns=[
            Column(words.say("Version"), 0.12),
            Column(words.say("Frozen"), 0.2),
            Column(words.say("Items"), 0.12, write.count),
            Column(words.say("Changed"), 0.14, write.count),
            Column(words.say("What changed"), 0.42),
        ],
        cells=rows,
        look=Look.APA,
    )


def _reasoned(decision: str, reason: str, words: Words) -> str:
    """A decision, and its reason where one was given."""
    if not reason:
        return decision
    return words.say("{decision}: {reason}", decision=decision, reason=words.name(reason))


def _wordings(found: Evidence, item: ScaleItem) -> int:
    return len({each.text for each in found.changes.get(item.id, ())})


def _rewordings(
    changes: Sequence[ScaleItemChange],
) -> Iterator[tuple[ScaleItemChange, ScaleItemChange]]:
    for before, after in pairwise(changes):
        if before.text != after.text:
            yield before, after
