"""The evidence behind a scale, step by step: construct, items, judges, interviews, translation, pilots,
versions. Each sentence says a number that stands in a table; a step without evidence says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count, pairwise

from surveyapp.i18n.languages import own_name
from surveyapp.reports import apa
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
from surveyapp.reports.scale_pilots import pilot_blocks
from surveyapp.reports.scale_rounds import counted_items, judged_blocks
from surveyapp.scale_development.evidence import Evidence
from surveyapp.scale_development.interviews import PROBLEMS, SEVERITIES
from surveyapp.scale_development.translation_log import COMPARISONS, DECISIONS, is_current
from surveyapp.scale_development.versions import differences
from surveyapp.store.models import Journey, ScaleItem, ScaleItemChange, ScaleVersion

KIND = "Evidence of a scale"
_STATES = {"draft": "draft", "judging": "in judging", "kept": "kept", "dropped": "dropped"}


def content(found: Evidence, journey: Journey, *, made: date) -> Document:
    """The document of a scale's evidence. English alone."""
    scale, states = found.scale, Counter(each.state for each in found.items)
    facts = [
        ("Items in the pool", apa.count(len(found.items))),
        ("Kept", apa.count(states["kept"])),
        ("Dropped", apa.count(states["dropped"])),
        ("Language", own_name(scale.language)),
        ("Made on", f"{made:%-d %B %Y}"),
    ]
    return Document(
        cover=Cover(KIND, scale.name, f"{journey.provider}, {journey.name}", facts),
        blocks=list(_blocks(found)),
        subject=f"{KIND}: {scale.name}",
        author=journey.provider,
        running=f"{KIND}  ·  {scale.name}",
        made=made,
        keywords=("scale development", "content validity"),
    )


def _blocks(found: Evidence) -> Iterator[Block]:
    number = count(1)
    yield from _construct(found, number)
    yield from _pool(found, number)
    yield from judged_blocks(found.rounds, number)
    yield from _interviewed(found, number)
    yield from _translated(found, number)
    yield from pilot_blocks(found, number)
    yield from _frozen(found, number)


def _construct(found: Evidence, number: Iterator[int]) -> Iterator[Block]:
    yield Heading("Construct")
    yield Paragraph(found.scale.definition)
    if found.scale.population:
        yield Paragraph(f"For whom: {found.scale.population}.")
    if found.constructs:
        yield Table(
            number=next(number),
            title="Dimensions and Neighbouring Constructs",
            columns=[
                Column("Construct", 0.2),
                Column("Kind", 0.14),
                Column("Definition", 0.42),
                Column("Expected relation", 0.24),
            ],
            cells=[
                [x.name, x.kind, x.definition, x.relation or apa.DASH] for x in found.constructs
            ],
            look=Look.APA,
        )
    else:
        yield Callout("No dimensions", "The scale has no dimension yet.")


def _pool(found: Evidence, number: Iterator[int]) -> Iterator[Block]:
    yield Heading("Item pool")
    if not found.items:
        yield Callout("No items", "The pool is empty.")
        return
    states = Counter(each.state for each in found.items)
    reworded = sum(_wordings(found, each) > 1 for each in found.items)
    said = ", ".join(f"{states[state]} {name}" for state, name in _STATES.items() if states[state])
    yield Paragraph(
        f"The pool has {counted_items(len(found.items))}: {said}. {counted_items(reworded).capitalize()}"
        f" {'was' if reworded == 1 else 'were'} reworded."
    )
    yield Table(
        number=next(number),
        title="Items With Their Present Wording",
        columns=[
            Column("Item", 0.1),
            Column("Wording", 0.38),
            Column("Dimension", 0.16),
            Column("Source", 0.14),
            Column("Decision", 0.22),
        ],
        cells=[
            [
                each.code + (" (reversed)" if each.reverse else ""),
                each.text,
                each.construct.name,
                each.source or apa.DASH,
                _STATES[each.state] + (f": {each.reason}" if each.reason else ""),
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
            title="Changes of Wording",
            columns=[
                Column("Item", 0.1),
                Column("Before", 0.32),
                Column("After", 0.32),
                Column("Why", 0.26),
            ],
            cells=earlier,
            look=Look.APA,
        )


def _interviewed(found: Evidence, number: Iterator[int]) -> Iterator[Block]:
    yield Heading("Cognitive interviews")
    rows = [(item, each) for item in found.items for each in found.findings.get(item.id, ())]
    if not rows:
        yield Callout("No interviews", "No interview has been noted.")
        return
    people = {each.participant for _, each in rows}
    serious = {item.code for item, each in rows if each.severity in ("major", "critical")}
    yield Paragraph(
        f"{len(people)} participant{'' if len(people) == 1 else 's'} talked through"
        f" {counted_items(len({item.id for item, _ in rows}))}. {counted_items(len(serious)).capitalize()} had a major"
        " or critical problem."
    )
    yield Table(
        number=next(number),
        title="Findings of the Interviews",
        columns=[
            Column("Item", 0.09),
            Column("Who", 0.08),
            Column("Problem", 0.16),
            Column("Severity", 0.11),
            Column("Finding", 0.32),
            Column("Change", 0.24),
        ],
        cells=[
            [
                item.code,
                each.participant,
                PROBLEMS[each.problem].partition(":")[0],
                SEVERITIES[each.severity].partition(":")[0],
                each.finding,
                each.change or apa.DASH,
            ]
            for item, each in rows
        ],
        look=Look.APA,
    )


def _translated(found: Evidence, number: Iterator[int]) -> Iterator[Block]:
    yield Heading("Translation")
    rows = [
        (item, language, turn)
        for item in found.items
        for language, turns in found.translations.get(item.id, {}).items()
        for turn in turns
    ]
    if not rows:
        yield Callout("No translations", "No item has been translated.")
        return
    for language in sorted({language for _, language, _ in rows}):
        last = {
            item.id: (item, turn) for item, other, turn in rows if other == language
        }  # the last turn of an item holds
        accepted = sum(
            turn.decision == "accepted" and is_current(turn, item) for item, turn in last.values()
        )
        yield Paragraph(
            f"{own_name(language)}: the translation of {accepted} of {counted_items(len(last))} is accepted for"
            " the present wording."
        )
    yield Table(
        number=next(number),
        title="Log of Translations and Back-Translations",
        columns=[
            Column("Item", 0.09),
            Column("Language", 0.11),
            Column("Translation", 0.25),
            Column("Back-translation", 0.25),
            Column("Compared", 0.13),
            Column("Decision", 0.17),
        ],
        cells=[
            [
                item.code,
                own_name(language),
                turn.forward,
                turn.back or apa.DASH,
                COMPARISONS[turn.comparison] if turn.back else apa.DASH,
                DECISIONS[turn.decision] + (f": {turn.note}" if turn.note else ""),
            ]
            for item, language, turn in rows
        ],
        look=Look.APA,
    )


def _frozen(found: Evidence, number: Iterator[int]) -> Iterator[Block]:
    yield Heading("Versions")
    if not found.versions:
        yield Callout("No version", "No version has been frozen.")
        return
    before: ScaleVersion | None = None
    rows: list[list[Cell]] = []
    for each in found.versions:
        changed = len(differences(before, each))
        rows.append(
            [f"{each.number}", f"{each.created_at:%-d %B %Y}", len(each.items), changed, each.note]
        )
        before = each
    yield Table(
        number=next(number),
        title="Versions",
        columns=[
            Column("Version", 0.12),
            Column("Frozen", 0.2),
            Column("Items", 0.12, apa.count),
            Column("Changed", 0.14, apa.count),
            Column("What changed", 0.42),
        ],
        cells=rows,
        look=Look.APA,
    )


def _wordings(found: Evidence, item: ScaleItem) -> int:
    return len({each.text for each in found.changes.get(item.id, ())})


def _rewordings(
    changes: Sequence[ScaleItemChange],
) -> Iterator[tuple[ScaleItemChange, ScaleItemChange]]:
    for before, after in pairwise(changes):
        if before.text != after.text:
            yield before, after
