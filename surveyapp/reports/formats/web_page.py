"""A document as one HTML file: no script, nothing fetched, and styles on each element, as mail needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from surveyapp.design_tokens import COLOURS, FONT, HALF_WIDTH, TEXT_WIDTH
from surveyapp.i18n.isolates import begins_right
from surveyapp.reports.document import (
    Block,
    Callout,
    Chart,
    Contents,
    Document,
    Heading,
    KeyFigures,
    PageBreak,
    Pair,
    Paragraph,
    Styled,
    Table,
    Text,
    Tone,
    plain,
)
from surveyapp.reports.formats.chapters import Chapters
from surveyapp.reports.formats.pictures import Pictures, data_address, spoken

Source = Callable[[str], str]  # of a drawing's SVG: the address of its picture
_FACE = f"'{FONT}','Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_LISTS = {Tone.BULLET: "ul", Tone.NUMBERED: "ol"}
_POINT = 4 / 3  # pixels
_STYLE, _SIDE = re.compile(r'style="[^"]*"'), re.compile(r"\b(left|right)\b")
_STYLES: Mapping[str, str] = {
    "body": f"margin:0;background:{COLOURS['paper']};color:{COLOURS['ink']};font:16px/1.45 {_FACE}",
    "main": "max-width:760px;margin:0 auto;padding:24px 16px",
    "kind": f"margin:0;color:{COLOURS['accent']};font-weight:600",
    "h1": f"margin:4px 0 8px;color:{COLOURS['accent']};font-size:30px;line-height:1.2",
    "h2": f"margin:36px 0 8px;color:{COLOURS['accent']};font-size:24px;line-height:1.25",
    "h3": "margin:26px 0 6px;font-size:19px",
    "h4": "margin:20px 0 4px;font-size:16px",
    "p": "margin:0 0 10px",
    Tone.LEAD: "margin:0 0 12px;font-size:19px",
    Tone.NOTE: f"margin:4px 0 12px;color:{COLOURS['muted']};font-size:14px",
    Tone.QUOTE: "margin:0 0 10px;white-space:pre-wrap;font:13px/1.4 monospace",
    Tone.REFERENCE: "margin:0 0 8px;padding-left:24px;text-indent:-24px;font-size:14px",
    Tone.RIGHT_TO_LEFT: "margin:0 0 10px",
    "list": "margin:0 0 12px;padding-left:24px",
    "figure": "margin:18px 0",
    "caption": "margin:0 0 6px;font-weight:600;text-align:left",
    "image": "display:block;max-width:100%;height:auto",
    "table": "border-collapse:collapse;width:100%;margin:14px 0 4px;font-size:14px",
    "th": f"padding:5px 8px;border-bottom:1px solid {COLOURS['ink']};vertical-align:bottom",
    "td": f"padding:5px 8px;border-bottom:1px solid {COLOURS['faint']};vertical-align:top",
    "tile": f"padding:2px 12px;border-left:2px solid {COLOURS['accent']};text-align:left"
    ";vertical-align:top;font-weight:normal",
    "value": f"font-size:30px;font-weight:700;color:{COLOURS['accent']}",
    "callout": f"margin:14px 0;padding:10px 16px;background:{COLOURS['wash']}",
}


def html(document: Document, _pictures: Pictures) -> bytes:
    """The file for a browser; its drawings stay vectors."""
    return page(document, data_address).encode()


def page(document: Document, source: Source) -> str:
    """The page, each drawing at the address that ``source`` gives."""
    writer = _Page(document, source)
    cover = document.cover
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = [
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        f"<title>{escape(cover.title)}</title>",
        f'<meta name="author" content="{escape(document.author)}">',
        f'<meta name="description" content="{escape(document.subject)}">',
        f"<style>@page {{ size: {document.paper.value}; margin: 18mm; }}</style>",
    ]
    body = "\n".join([*writer.cover(), *writer.blocks(document.blocks), *writer.foot()])
    side = ""
    if document.words.right_to_left:
        side, body = ' dir="rtl"', _STYLE.sub(_mirrored, body)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{escape(document.language)}"{side}>',
            *("<head>", *head, "</head>"),
            f'<body style="{_STYLES["body"]}">',
            f'<main style="{_STYLES["main"]}">',
            *(body, "</main>", "</body>", "</html>", ""),
        ]
    )


def _mirrored(style: re.Match[str]) -> str:
    """A style of the page's own with its sides exchanged; a text's quotation marks are escaped."""
    return _SIDE.sub(lambda side: "right" if side[0] == "left" else "left", style[0])


class _Page:
    def __init__(self, document: Document, source: Source) -> None:
        self._document, self._source = document, source
        self._chapters = Chapters(document.blocks)

    def cover(self) -> Iterator[str]:
        document, cover = self._document, self._document.cover
        yield _tag("p", escape(cover.kind), "kind")
        yield _tag("h1", escape(cover.title), "h1", dir="auto")
        if document.sheet:
            yield _tag(
                "p",
                _said(" · ".join(cover.subtitle.split("\n"))),
                Tone.NOTE,
                dir=_side(cover.subtitle),
            )
            return
        yield _tag("p", _said(cover.subtitle), Tone.LEAD, dir=_side(cover.subtitle))
        rows = "".join(
            f"<tr>{_tag('th', escape(name), 'td', scope='row', align='left')}{_tag('td', _said(value), 'td')}</tr>"
            for name, value in cover.facts
        )
        if rows:
            yield _tag("table", f"<tbody>{rows}</tbody>", "table")
        if not any(isinstance(block, Contents) for block in document.blocks):
            yield self.contents(Contents())

    def foot(self) -> Iterator[str]:
        words = self._document.words
        said = words.say(
            "{organisation}, {day}",
            organisation=words.name(self._document.author),
            day=words.day(self._document.made),
        )
        yield _tag("p", escape(" · ".join(filter(None, (said, words.draft)))), Tone.NOTE)

    def blocks(self, blocks: Sequence[Block]) -> Iterator[str]:
        def listed(block: Block) -> str:
            return _LISTS.get(block.tone, "") if isinstance(block, Paragraph) else ""

        for name, group in groupby(blocks, listed):
            if not name:
                yield from (WRITERS[type(block)](self, block) for block in group)
                continue
            lines = [block for block in group if isinstance(block, Paragraph)]
            start = {"start": str(lines[0].number)} if name == "ol" else {}
            items = "".join(self.paragraph(line) for line in lines)
            yield _tag(name, items, "list", **start)

    def heading(self, block: Heading) -> str:
        level = f"h{min(block.level, 3) + 1}"
        at = self._chapters.anchor(block)
        return _tag(level, escape(block.text), level, **({"id": at} if at else {}), dir="auto")

    def paragraph(self, block: Paragraph) -> str:
        said = _said(block.text)
        if block.tone in _LISTS:
            return f'<li dir="{_side(block.text)}">{said}</li>'
        style = block.tone if block.tone in _STYLES else "p"
        side = "rtl" if block.tone is Tone.RIGHT_TO_LEFT else _side(block.text)
        return _tag("p", said, style, dir=side)

    def chart(self, block: Chart) -> str:
        return self._figure(block, block.width or TEXT_WIDTH)

    def pair(self, block: Pair) -> str:
        return "\n".join(self._figure(one, HALF_WIDTH) for one in (block.left, block.right) if one)

    def _figure(self, chart: Chart, width: float) -> str:
        image = (
            f'<img src="{escape(self._source(chart.svg))}" alt="{escape(spoken(chart))}"'
            f' width="{round(width * _POINT)}" style="{_STYLES["image"]}">'
        )
        caption = _tag("figcaption", escape(chart.title), "caption", dir="auto")
        note = _tag("p", escape(chart.note), Tone.NOTE) if chart.note else ""
        return _tag("figure", f"{caption}{image}{note}", "figure")

    def table(self, block: Table) -> str:
        name = f"{block.numbered}. " if block.number else ""
        heads = "".join(
            _cell("th", head, "th", side, scope="col")
            for head, side in zip(block.head, block.align, strict=True)
        )
        rows = []
        for i, row in enumerate(block.rows):
            if i in block.groups:
                rows.append(_cell("th", row[0], "th", "l", scope="colgroup", colspan=str(len(row))))
                continue
            first = _cell("th", row[0], "td", block.align[0], scope="row", strong=i in block.strong)
            others = "".join(
                _cell("td", text, "td", side, strong=i in block.strong)
                for text, side in zip(row[1:], block.align[1:], strict=True)
            )
            rows.append(first + others)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        caption = _tag("caption", escape(name + block.title), "caption", dir="auto")
        made = _tag(
            "table", f"{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>", "table"
        )
        note = _tag("p", _said(block.note), Tone.NOTE) if block.note else ""
        return f'<div style="overflow-x:auto">{made}</div>{note}'

    def key_figures(self, block: KeyFigures) -> str:
        heads = "".join(_tag("th", _said(f.label), "tile", scope="col") for f in block.figures)
        values = "".join(
            _tag("td", f'<span style="{_STYLES["value"]}">{_said(f.value)}</span>', "tile")
            for f in block.figures
        )
        below = "".join(_tag("td", _said(f.below), "tile") for f in block.figures)
        rows = f"<thead><tr>{heads}</tr></thead><tbody><tr>{values}</tr><tr>{below}</tr></tbody>"
        return _tag("table", rows, "table")

    def callout(self, block: Callout) -> str:
        inside = _tag("p", f"<strong>{escape(block.title)}</strong>", "p")
        return _tag("div", inside + _tag("p", _said(block.text), "p"), "callout", role="note")

    def contents(self, _block: Contents) -> str:
        links = "".join(
            f'<li><a href="#{anchor}" style="color:{COLOURS["accent"]}">{escape(text)}</a></li>'
            for anchor, text in self._chapters
        )
        if not links:
            return ""
        name = escape(self._document.words.say("Contents"))
        title = f'<p style="margin:0 0 4px;font-weight:600">{name}</p>'
        return f'<nav aria-label="{name}">{title}{_tag("ul", links, "list")}</nav>'

    def page_break(self, _block: PageBreak) -> str:
        return '<div style="break-after:page"></div>'


WRITERS: Mapping[type, Callable[[_Page, Any], str]] = {
    Heading: _Page.heading,
    Paragraph: _Page.paragraph,
    Chart: _Page.chart,
    Pair: _Page.pair,
    Table: _Page.table,
    KeyFigures: _Page.key_figures,
    Callout: _Page.callout,
    Contents: _Page.contents,
    PageBreak: _Page.page_break,
}


def _tag(name: str, inside: str, style: str, **attributes: str) -> str:
    said = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f'<{name}{said} style="{_STYLES[style]}">{inside}</{name}>'


def _cell(
    name: str, text: Text, style: str, side: str, *, strong: bool = False, **attributes: str
) -> str:
    aligned = "right" if side == "r" else "left"
    weight = "600" if strong or style == "th" else "400"
    said = "".join(f' {key}="{value}"' for key, value in attributes.items())
    looks = f"{_STYLES[style]};text-align:{aligned};font-weight:{weight}"
    return f'<{name}{said} style="{looks}">{_said(text)}</{name}>'


def _said(text: Text) -> str:
    """Plain text as HTML: escaped, lines kept, each stretch in its own direction."""
    parts = (text,) if isinstance(text, str) else text
    return "".join(_part(part) for part in parts)


def _side(text: Text) -> str:
    """The direction of a paragraph: that of its first letter, unless the text says another."""
    return "rtl" if begins_right(plain(text)) else "auto"


def _part(part: str | Styled) -> str:
    if isinstance(part, Styled):
        name = "strong" if part.style == "bold" else "em"
        return f"<{name}>{_lines(part.text)}</{name}>"
    return _lines(part)


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.split("\n"))
