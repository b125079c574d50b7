"""The codebook as PDF: for an annex, an archive, or whoever reads on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from surveyapp.design_tokens import SIZES, TEXT_WIDTH
from surveyapp.exports.codebook.entries import RIGHT_TO_LEFT, Codebook, Entry, Source, facts
from surveyapp.reports.document import (
    Block,
    Column,
    Cover,
    Document,
    Heading,
    Look,
    Paragraph,
    Styled,
    Table,
    Text,
    Tone,
)
from surveyapp.reports.typesetting import fonts
from surveyapp.reports.typesetting.pdf import pdf

_SIDE_BY_SIDE = 3  # languages of an answer scale in one table
Choices = Mapping[str, Mapping[str, str]]  # language -> value -> label


def to_pdf(book: Codebook) -> bytes:
    """The file, from the entries that the page is made of.

    What values mean in each language is said once for all variables that share them; a variable's
    own table has the words of its first language.
    """
    return pdf(
        Document(
            cover=Cover("Codebook", book.title, book.provider, _about(book)),
            blocks=tuple(_blocks(book)),
            subject=f"Codebook: {book.title}",
            author=book.provider,
            running=f"Codebook  ·  {book.title}",
            made=book.made_at.date(),
            keywords=("codebook", book.title),
        )
    )


def _about(book: Codebook) -> list[tuple[str, str]]:
    period = f"{book.first} to {book.last}" if book.first and book.last else "none yet"
    return [
        ("Responses", f"{book.responses:,}"),
        ("Variables", f"{len(book.entries):,}"),
        ("Submitted", period),
        ("Languages", ", ".join(book.languages)),
        *([("Licence of the data", book.licence)] if book.licence else []),
        ("Made", f"{book.made_at:%Y-%m-%d %H:%M} UTC"),
    ]


def _blocks(book: Codebook) -> Iterator[Block]:
    shared = _shared(book.entries)
    yield Paragraph("Empty cells were not answered, or not asked. Times are in UTC.")
    yield Heading("Questionnaires")
    for source in book.sources:
        yield from _source(source)
    if book.scales:
        yield Heading("Scores")
        yield _scores(book)
    if shared:
        yield Heading("Answer scales")
        for name, choices in shared.items():
            yield Heading(name, level=2)
            yield from _choices(choices)
    yield Heading("Variables")
    names = {_key(choices): name for name, choices in shared.items()}
    for entry in book.entries:
        yield from _entry(entry, names)
    if book.consents:
        yield Heading("Consent")
        for version, text in book.consents.items():
            yield Heading(version, level=2)
            yield from worded("", text)


def _source(source: Source) -> Iterator[Block]:
    yield Heading(source.title, level=2)
    yield Paragraph(f"{source.code} version {source.version}. {source.citation}")
    if source.note:
        yield Paragraph(source.note)
    wordings = "; ".join(
        f"{language}: {id} ({source.statuses[language]})"
        for language, id in source.wordings.items()
    )
    yield Paragraph(f"Licence: {source.licence}. Wordings: {wordings}.", Tone.NOTE)


def _scores(book: Codebook) -> Table:
    rows: list[list[Text]] = []
    for scale in book.scales:
        known = scale.reliability
        alpha = f"{known.alpha:.3f} ({known.lower:.3f} to {known.upper:.3f})" if known else ""
        rows.append(
            [
                *(scale.name, ", ".join(scale.items), scale.rule, alpha),
                f"{known.n:,}" if known else "",
            ]
        )
    return Table(
        title="",
        columns=[
            *(Column("Column", 0.22), Column("Items", 0.2), Column("Rule", 0.3)),
            *(Column("Alpha (95% CI)", 0.2, align="r"), Column("n", 0.08, align="r")),
        ],
        cells=rows,
        note="Cronbach's alpha from complete rows, interval by Feldt.",
    )


def _shared(entries: Sequence[Entry]) -> dict[str, Choices]:
    """The different answer scales in several languages, named by the first variable that has each."""
    found: dict[tuple[object, ...], tuple[str, Choices]] = {}
    for entry in entries:
        if len(entry.choices) > 1:
            found.setdefault(_key(entry.choices), (entry.variable.name, entry.choices))
    return {f"As in {name}": choices for name, choices in found.values()}


def _key(choices: Choices) -> tuple[object, ...]:
    return tuple((language, tuple(labels.items())) for language, labels in choices.items())


def _choices(choices: Choices) -> Iterator[Table]:
    languages = list(choices)
    values = list(dict.fromkeys(value for labels in choices.values() for value in labels))
    for begin in range(0, len(languages), _SIDE_BY_SIDE):
        part = languages[begin : begin + _SIDE_BY_SIDE]
        room = TEXT_WIDTH * 0.9 / len(part)
        yield Table(
            title="",
            columns=[
                Column("Value", 0.1),
                *(
                    Column(each, 0.9 / len(part), align="r" if each in RIGHT_TO_LEFT else "l")
                    for each in part
                ),
            ],
            cells=[
                [value, *(_text(each, choices[each].get(value, ""), room) for each in part)]
                for value in values
            ],
            look=Look.QUIET,
        )


def _entry(entry: Entry, names: Mapping[tuple[object, ...], str]) -> Iterator[Block]:
    yield Heading(entry.variable.name, level=3)
    if not entry.words:
        yield Paragraph(entry.variable.label)
    for language, text in entry.words.items():
        yield from worded(language, text)
    scale = names.get(_key(entry.choices), "")
    yield Paragraph("; ".join(filter(None, [facts(entry), scale.lower()])), Tone.NOTE)
    if entry.counts:
        yield _values(entry)


def worded(language: str, text: str) -> Iterator[Paragraph]:
    """A text under its language's code; one that is read from the right in lines of its own, each put
    into its order on paper by itself, and flush right.
    """
    if language in RIGHT_TO_LEFT or (not language and fonts.visual(text) != text):
        first, *more = _lines(text, TEXT_WIDTH - 30)
        yield Paragraph((first, Styled(f"  {language}"), *more), Tone.RIGHT_TO_LEFT)
    elif language:
        yield Paragraph((Styled(f"{language}  "), text))
    else:
        yield Paragraph(text)


def _text(language: str, text: str, room: float) -> Text:
    return tuple(_lines(text, room)) if language in RIGHT_TO_LEFT else text


def _lines(text: str, room: float) -> list[str]:
    """Lines that fit, with a break between each two: their order on paper is found line by line."""
    lines = fonts.wrapped(text, SIZES["body"], room, most=len(text) + 1)
    return [part for line in lines for part in ("\n", line)][1:]


def _values(entry: Entry) -> Table:
    first = next(iter(entry.choices.values()), {})
    own = {str(value): text for value, text in entry.variable.labels.items()}
    return Table(
        title="",
        columns=[
            *(Column("Value", 0.25), Column("Label", 0.51)),
            *(Column("n", 0.12, align="r"), Column("%", 0.12, align="r")),
        ],
        cells=[
            [
                *(value, first.get(value) or own.get(value, ""), f"{count:,}"),
                f"{100 * count / entry.n:.1f}%" if entry.n else "",
            ]
            for value, count in entry.counts.items()
        ],
    )
