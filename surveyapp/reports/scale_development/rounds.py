"""What judges found, as a chapter of a scale's evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from surveyapp.i18n.words import Words, msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import (
    Block,
    Callout,
    Cell,
    Column,
    Heading,
    Interval,
    Look,
    Paragraph,
    Table,
    Tone,
    italic,
)
from surveyapp.scale_development.judgements import (
    JudgedItem,
    Judgements,
    Proposal,
    rule_said,
)
from surveyapp.scale_development.judging import RoundKind
from surveyapp.store.models import JudgingRound

_TITLES = {
    RoundKind.SORT: msg("Sorting"),
    RoundKind.RELEVANCE: msg("Relevance"),
    RoundKind.ESSENTIAL: msg("Necessity"),
}
_PROPOSALS = {
    Proposal.KEEP: msg("keep"),
    Proposal.REVISE: msg("revise"),
    Proposal.DROP: msg("drop"),
    Proposal.TOO_FEW: msg("too few judges"),
}


def judged_blocks(
    found: Sequence[tuple[JudgingRound, Judgements]], number: Iterator[int], words: Words
) -> Iterator[Block]:
    """The chapter of a scale's judging rounds; those in which nobody handed in are left out."""
    yield Heading(words.say("Judges"))
    rounds = [each for each in found if each[1].judges]
    if not rounds:
        yield Callout(words.say("No judges"), words.say("No judge has handed in yet."))
        return
    for row, judged in rounds:
        title = words.say(_TITLES[judged.kind])
        day = words.day(row.created_at.date())
        yield Heading(words.say("{round}, {day}", round=title, day=day), level=2)
        yield Paragraph(round_said(judged, words))
        yield Paragraph(rule_said(judged.kind, words), Tone.NOTE)
        names = {each["code"]: each["name"] for each in row.constructs}
        yield round_table(judged, names, next(number), words)


def _method_said(judged: Judgements, words: Words) -> str:
    n = judged.judges
    if judged.kind == RoundKind.SORT:
        return words.say_count(
            "One judge sorted the items to constructs.",
            "{n} judges sorted the items to constructs.",
            n=n,
        )
    if judged.kind == RoundKind.RELEVANCE:
        return words.say_count(
            "One judge rated the relevance of the items from 1 to 4.",
            "{n} judges rated the relevance of the items from 1 to 4.",
            n=n,
        )
    return words.say_count(
        "One judge said which items are essential.",
        "{n} judges said which items are essential.",
        n=n,
    )


def round_said(judged: Judgements, words: Words) -> str:
    """How many judges there were, what the rule proposes, and how far judges agree."""
    proposals = Counter(each.proposal for each in judged.items)
    said = [
        _method_said(judged, words),
        words.say(
            "By the rule below, items to keep: {kept}; to revise: {revised}; to drop: {dropped}.",
            kept=words.number(proposals[Proposal.KEEP]),
            revised=words.number(proposals[Proposal.REVISE]),
            dropped=words.number(proposals[Proposal.DROP]),
        ),
    ]
    if proposals[Proposal.TOO_FEW]:
        few = words.number(proposals[Proposal.TOO_FEW])
        said.append(words.say("Items with too few judgements: {few}.", few=few))
    if judged.relevance:
        for name, unit, found in (
            ("S-CVI/Ave", words.say("judges"), judged.relevance.average),
            ("S-CVI/UA", words.say("items"), judged.relevance.universal),
        ):
            ends = Interval(found.low, found.high)
            said.append(_value_said(name, found.estimate, ends, (unit, found.n), words))
    agreement = judged.agreement
    if agreement and agreement.estimate is not None:
        name, unit = words.say("Krippendorff's α of the judges"), words.say("items")
        ends = Interval(agreement.low, agreement.high)
        said.append(_value_said(name, agreement.estimate, ends, (unit, agreement.units), words))
    return " ".join(said)


def _value_said(
    name: str,
    value: float | None,
    ends: Interval,
    of: tuple[str, int],
    words: Words,
) -> str:
    """A value with its interval, where it has one, and of how many units it is."""
    write = Apa(words)
    shown = write.bounded(value)
    unit, n = of
    if ends.low is None:
        return words.say(
            "{name} = {value} ({unit}: {n}).", name=name, value=shown, unit=unit, n=words.number(n)
        )
    return words.say(
        "{name} = {value}, 95% CI {ends} ({unit}: {n}).",
        name=name,
        value=shown,
        ends=write.interval(ends),
        unit=unit,
        n=words.number(n),
    )


def round_table(judged: Judgements, names: Mapping[str, str], number: int, words: Words) -> Table:
    """The indices of each item; ``names`` of the constructs by their codes."""
    write = Apa(words)
    interval = words.say("95% CI")
    shared = [Column(words.say("Item"), 0.14), Column(italic("n"), 0.07, write.count)]
    rows: dict[RoundKind, tuple[str, list[Column]]] = {
        RoundKind.SORT: (
            words.say("Substantive Validity of the Items"),
            [
                Column(words.say("Written for"), 0.2),
                Column(words.say("Agreed"), 0.1, write.count),
                Column(words.say("Needed"), 0.1, write.count),
                Column("psa", 0.1, write.bounded),
                Column("csv", 0.1, write.bounded),
                Column(apa.P, 0.09, write.pvalue),
            ],
        ),
        RoundKind.RELEVANCE: (
            words.say("Content Validity of the Items"),
            [
                Column(words.say("Relevant"), 0.1, write.count),
                Column("I-CVI", 0.08, write.bounded),
                Column(interval, 0.15, write.interval, "r"),
                Column("κ*", 0.09, write.bounded),
                Column(italic("V"), 0.09, write.bounded),
                Column(interval, 0.16, write.interval, "r", name=f"V {interval}"),
            ],
        ),
        RoundKind.ESSENTIAL: (
            words.say("Content Validity Ratios of the Items"),
            [
                Column(words.say("Essential"), 0.13, write.count),
                Column(words.say("Needed"), 0.12, write.count),
                Column("CVR", 0.12, write.bounded),
                Column(interval, 0.2, write.interval, "r"),
                Column(apa.P, 0.1, write.pvalue),
            ],
        ),
    }
    title, columns = rows[judged.kind]
    return Table(
        number=number,
        title=title,
        columns=[*shared, *columns, Column(words.say("Proposal"), 0.12)],
        cells=[
            [
                each.code,
                each.judges,
                *_measured(judged.kind, each, names, len(columns)),
                words.say(_PROPOSALS[each.proposal]),
            ]
            for each in judged.items
        ],
        look=Look.APA,
    )


def _measured(
    kind: RoundKind, item: JudgedItem, names: Mapping[str, str], width: int
) -> list[Cell]:
    if item.sorted:
        s = item.sorted
        own = names.get(s.intended, s.intended)
        return [own, s.agreed, s.critical, s.psa, s.csv, s.pvalue]
    if item.relevant:
        r = item.relevant
        icvi, v = r.icvi, r.aiken
        ends: list[Cell] = [Interval(icvi.low, icvi.high), Interval(v.low, v.high)]
        return [r.relevant, icvi.estimate, ends[0], r.kappa, v.estimate, ends[1]]
    if item.essential:
        e = item.essential
        ratio = e.cvr
        return [e.essential, e.critical, ratio.estimate, Interval(ratio.low, ratio.high), e.pvalue]
    first: list[Cell] = (
        [names.get(item.construct, item.construct)] if kind == RoundKind.SORT else []
    )
    return [*first, *[""] * (width - len(first))]
