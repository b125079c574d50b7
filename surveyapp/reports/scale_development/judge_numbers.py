"""What each number of judges can tell, as a table."""

from __future__ import annotations

from datetime import date

from surveyapp.reports import apa
from surveyapp.reports.document import Column, Cover, Document, Interval, Look, Paragraph, Table
from surveyapp.scale_development.judge_numbers import NUMBER_RULES, JudgeAnswer

_TITLES = {
    "sort": "Judges Who Have to Sort an Item to Its Construct",
    "relevance": "Judges Who Have to Rate an Item as Relevant",
    "essential": "Judges Who Have to Call an Item Essential",
}


def judge_table(found: JudgeAnswer, number: int) -> Table:
    """A row for each number of judges."""
    kind = found.asked.kind
    values = {"sort": ("psa", "csv"), "relevance": ("I-CVI", "κ*"), "essential": ("CVR",)}[kind]
    true = apa.percent(found.asked.true)
    rows = []
    for each in found.rows:
        measured = {
            "psa": each.share,
            "I-CVI": each.share,
            "csv": each.ratio,
            "CVR": each.ratio,
            "κ*": each.kappa,
        }
        rows.append(
            [
                each.judges,
                each.needed,
                *(measured[name] for name in values),
                each.chance,
                each.power,
                Interval(each.low, each.high),
            ]
        )
    return Table(
        number=number,
        title=_TITLES[kind],
        columns=[
            Column("Judges", 0.11, apa.count, "l"),
            Column("Needed", 0.11, apa.count),
            *(Column(name, 0.1, apa.bounded) for name in values),
            Column("Kept by chance", 0.16, apa.BOUNDED_3),
            Column(f"Kept at {true}", 0.16, apa.BOUNDED_3, name="Kept"),
            Column(f"95% CI of {true}", 0.2, apa.interval, name="95% CI"),
        ],
        cells=rows,
        note=f"{NUMBER_RULES[kind]} By chance: every judge tosses a coin. At {true}: every judge agrees with this"
        " probability, independently of the others; the interval is that of an observed share of it (Wilson).",
        look=Look.APA,
    )


def content(found: JudgeAnswer, journey: str, *, made: date) -> Document:
    """The sentence and the table, to be taken away."""
    title = "Number of judges"
    return Document(
        cover=Cover("Number of judges", journey, "", []),
        blocks=[Paragraph(found.said), judge_table(found, 1)],
        subject=title,
        author=journey,
        running=title,
        made=made,
        sheet=True,
    )
