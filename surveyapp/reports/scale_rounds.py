"""What judges found, as a chapter of a scale's evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from surveyapp.reports import apa
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
from surveyapp.scale_development.judgements import JudgedItem, Judgements, Proposal
from surveyapp.scale_development.judging import RoundKind
from surveyapp.store.models import JudgingRound

_TITLES = {
    RoundKind.SORT: "Sorting",
    RoundKind.RELEVANCE: "Relevance",
    RoundKind.ESSENTIAL: "Necessity",
}
_METHODS = {
    RoundKind.SORT: "sorted the items to constructs",
    RoundKind.RELEVANCE: "rated the relevance of the items from 1 to 4",
    RoundKind.ESSENTIAL: "said which items are essential",
}


def counted_items(n: int) -> str:
    """ "3 items", "1 item" or "no item"."""
    return f"{n:,} item{'' if n == 1 else 's'}" if n else "no item"


def judged_blocks(
    found: Sequence[tuple[JudgingRound, Judgements]], number: Iterator[int]
) -> Iterator[Block]:
    """The chapter of a scale's judging rounds; those in which nobody handed in are left out."""
    yield Heading("Judges")
    rounds = [each for each in found if each[1].judges]
    if not rounds:
        yield Callout("No judges", "No judge has handed in yet.")
        return
    for row, judged in rounds:
        yield Heading(f"{_TITLES[judged.kind]}, {row.created_at:%-d %B %Y}", level=2)
        yield Paragraph(_round_said(judged))
        yield Paragraph(judged.rule, Tone.NOTE)
        yield _round_table(judged, {x["code"]: x["name"] for x in row.constructs}, next(number))


def _round_said(judged: Judgements) -> str:
    proposals = Counter(each.proposal for each in judged.items)
    said = [
        f"{judged.judges} judge{'' if judged.judges == 1 else 's'} {_METHODS[judged.kind]}. By the rule"
        f" below {proposals[Proposal.KEEP]} of {counted_items(len(judged.items))} would be kept,"
        f" {proposals[Proposal.REVISE]} revised and {proposals[Proposal.DROP]} dropped."
    ]
    if proposals[Proposal.TOO_FEW]:
        said.append(
            f"Of {counted_items(proposals[Proposal.TOO_FEW])} there are too few judgements."
        )
    if judged.relevance:
        whole, every = judged.relevance.average, judged.relevance.universal
        between = "" if whole.low is None else f", 95% CI {apa.between(whole.low, whole.high)}"
        said.append(
            f"S-CVI/Ave is {apa.bounded(whole.estimate)}{between} (n = {whole.n} judges), S-CVI/UA"
            f" {apa.bounded(every.estimate)}, 95% CI {apa.between(every.low, every.high)}"
            f" (n = {every.n} items)."
        )
    agreement = judged.agreement
    if agreement and agreement.estimate is not None:
        ends = agreement.low, agreement.high
        between = "" if agreement.low is None else f", 95% CI {apa.between(*ends)}"
        said.append(
            f"Krippendorff's α of the judges is {apa.bounded(agreement.estimate)}{between}"
            f" (n = {agreement.units} items)."
        )
    return " ".join(said)


def _round_table(judged: Judgements, names: Mapping[str, str], number: int) -> Table:
    shared = [Column("Item", 0.14), Column(italic("n"), 0.07, apa.count)]
    rows: dict[RoundKind, tuple[str, list[Column]]] = {
        RoundKind.SORT: (
            "Substantive Validity of the Items",
            [
                Column("Written for", 0.2),
                Column("Agreed", 0.1, apa.count),
                Column("Needed", 0.1, apa.count),
                Column("psa", 0.1, apa.bounded),
                Column("csv", 0.1, apa.bounded),
                Column(apa.P, 0.09, apa.pvalue),
            ],
        ),
        RoundKind.RELEVANCE: (
            "Content Validity of the Items",
            [
                Column("Relevant", 0.1, apa.count),
                Column("I-CVI", 0.08, apa.bounded),
                Column("95% CI", 0.15, apa.interval, "r"),
                Column("κ*", 0.09, apa.bounded),
                Column(italic("V"), 0.09, apa.bounded),
                Column("95% CI", 0.16, apa.interval, "r", name="V 95% CI"),
            ],
        ),
        RoundKind.ESSENTIAL: (
            "Content Validity Ratios of the Items",
            [
                Column("Essential", 0.13, apa.count),
                Column("Needed", 0.12, apa.count),
                Column("CVR", 0.12, apa.bounded),
                Column("95% CI", 0.2, apa.interval, "r"),
                Column(apa.P, 0.1, apa.pvalue),
            ],
        ),
    }
    title, columns = rows[judged.kind]
    return Table(
        number=number,
        title=title,
        columns=[*shared, *columns, Column("Proposal", 0.12)],
        cells=[
            [
                each.code,
                each.judges,
                *_measured(judged.kind, each, names, len(columns)),
                each.proposal,
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
