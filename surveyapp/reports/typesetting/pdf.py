"""A document as PDF: cover, running head and foot, outline, contents, metadata, embedded fonts."""

from __future__ import annotations

import io
from typing import Any

from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Spacer,
    Table,
)

from surveyapp.design_tokens import SIZES, TEXT_WIDTH
from surveyapp.reports.document import Contents, Cover, Document, Paper, Tone
from surveyapp.reports.typesetting import blocks, fonts, set_text
from surveyapp.reports.typesetting.styles import FACE, colour
from surveyapp.reports.typesetting.tagged import GridTags, TableTags, TaggedCanvas
from surveyapp.reports.typesetting.tagged_pdf import About, tagged
from surveyapp.reports.typesetting.tags import PAGINATION, Tags

_TOP, _BOTTOM = 74.0, 66.0
_SHEET_TOP, _SHEET_BOTTOM = 54.0, 46.0  # all of a sheet has to be on it
_LONGEST_TITLE = 70  # characters; longer ones are set smaller
_BAND = 330.0  # height of the cover's coloured band


def pdf(document: Document) -> bytes:
    """The finished file. The same document gives the same pages; only the file's own time differs."""
    fonts.register()
    out = io.BytesIO()
    template = _Template(out, document)
    body = blocks.flowables(document.blocks)
    if document.sheet:
        story = [*_above(document.cover), *body]
    else:
        # The cover's own pages come first: a list of many chapters that goes on has no second band.
        story = [NextPageTemplate("page"), *_cover(document), PageBreak(), *body]
    template.multiBuild(story, canvasmaker=TaggedCanvas)
    about = About(document.cover.title, document.author, document.language, document.subject)
    return tagged(out.getvalue(), template.tags, about)


class _Template(BaseDocTemplate):  # type: ignore[misc]  # reportlab ships no types
    def __init__(self, out: io.BytesIO, document: Document) -> None:
        self._width, self._height = width, height = document.paper.size
        self._edge = (width - TEXT_WIDTH) / 2  # of every paper the text is as wide
        super().__init__(
            out,
            pagesize=document.paper.size,
            title=document.cover.title,
            author=document.author,
            subject=document.subject,
            keywords=", ".join(document.keywords),
            creator="surveyapp",
            lang=document.language,
            leftMargin=self._edge,
            rightMargin=self._edge,
            topMargin=_TOP,
            bottomMargin=_BOTTOM,
            allowSplitting=1,
            initialFontName=fonts.REGULAR,  # else each page names Helvetica, which is not in the file
        )
        self._document = document
        self.page = 0
        self._total = 0  # pages of the pass before: contents and total need one to be known
        edges = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}
        cover = Frame(self._edge, _BOTTOM, TEXT_WIDTH, height - _BOTTOM - 60, id="cover", **edges)
        top, bottom = (_SHEET_TOP, _SHEET_BOTTOM) if document.sheet else (_TOP, _BOTTOM)
        page = Frame(self._edge, bottom, TEXT_WIDTH, height - top - bottom, id="text", **edges)
        templates = [PageTemplate("page", [page], onPage=self._draw_page)]
        if not document.sheet:
            templates.insert(0, PageTemplate("cover", [cover], onPage=self._draw_cover))
        self.addPageTemplates(templates)

    def beforeDocument(self) -> None:  # noqa: N802  # reportlab's hook
        self._chapters = 0

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  # reportlab's hook
        level, text = getattr(flowable, "outline", (0, ""))
        if not level or level > 2:
            return
        self._chapters += 1
        key = f"part-{self._chapters}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(text, key, level=level - 1, closed=level > 1)
        if level == 1:
            self.notify("TOCEntry", (0, set_text.markup(text), self.page, key))

    @property
    def tags(self) -> Tags:
        """What the marks on the pages mean, after the last pass."""
        found: Tags = self._tags
        return found

    def handle_documentBegin(self) -> None:  # noqa: N802  # reportlab's hook
        self._total, self.page = self.page, 0
        self._tags = self.canv.tags
        super().handle_documentBegin()

    def _draw_cover(self, canvas: Any, _template: Any) -> None:
        canvas.saveState()
        canvas.setFillColor(colour("accent"))
        with canvas.tags.decoration():
            canvas.rect(0, self._height - _BAND, self._width, _BAND, stroke=0, fill=1)
        canvas.restoreState()

    def _draw_page(self, canvas: Any, _template: Any) -> None:
        with canvas.tags.decoration(PAGINATION):
            self._draw_edges(canvas)

    def _draw_edges(self, canvas: Any) -> None:
        """What stands above and below the text of every page."""
        canvas.saveState()
        canvas.setFillColor(colour("muted"))
        document, words = self._document, self._document.words
        self._line(canvas, self._height - 44, document.running, at_end=False)
        canvas.setStrokeColor(colour("rule"))
        canvas.setLineWidth(0.5)
        canvas.line(self._edge, self._height - 52, self._width - self._edge, self._height - 52)
        made = "  ·  ".join(filter(None, (words.day(document.made), words.draft)))
        self._line(canvas, 36, made, at_end=False)
        total = max(self._total, self.page)
        place = words.say("Page {page} of {total}", page=str(self.page), total=str(total))
        self._line(canvas, 36, place, at_end=True)
        canvas.restoreState()

    def _line(self, canvas: Any, y: float, text: str, *, at_end: bool) -> None:
        """One line at the side where the document's lines begin, or at the other one."""
        size = SIZES["small"]
        line = fonts.wrapped(text, size, TEXT_WIDTH, most=1)[0]
        x = self._edge
        if at_end != self._document.words.right_to_left:
            x = self._width - self._edge - fonts.width(line, size)
        for piece, face in fonts.runs(fonts.visual(line)):
            canvas.setFont(face, size)
            canvas.drawString(x, y, piece)
            x += fonts.width(piece, size, face)


def _above(cover: Cover) -> list[Flowable]:
    """What a sheet has in the place of a cover: kind, title and subtitle."""
    said = " · ".join(filter(None, (cover.kind, *cover.subtitle.split("\n"))))
    title = set_text.paragraph(cover.title, "h1", room=TEXT_WIDTH)
    title.outline = (1, cover.title)
    return [title, set_text.paragraph(said, Tone.NOTE, room=TEXT_WIDTH), Spacer(0, 4)]


def _cover(document: Document) -> list[Flowable]:
    cover, words = document.cover, document.words
    title = [
        set_text.paragraph(cover.kind, "kind", room=TEXT_WIDTH),
        Spacer(0, 26),
        set_text.paragraph(
            cover.title,
            "title" if len(cover.title) <= _LONGEST_TITLE else "long-title",
            room=TEXT_WIDTH,
        ),
        Spacer(0, 14),
        set_text.paragraph(cover.subtitle, "subtitle", room=TEXT_WIDTH),
    ]
    band = Table(
        [[title]],
        colWidths=[TEXT_WIDTH],
        renderCB=GridTags(),
        rowHeights=[_BAND - 60 - 30],
        style=[
            FACE,
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
        ],
    )
    tags = TableTags(head=False, mirrored=words.right_to_left)
    shares = (0.26, 0.74)
    rows = [
        [
            set_text.paragraph(text, style, room=TEXT_WIDTH * share - 12)
            for text, style, share in zip(fact, ("fact-name", "fact"), shares, strict=True)
        ]
        for fact in cover.facts
    ]
    if words.right_to_left:
        shares, rows = shares[::-1], [row[::-1] for row in rows]
    facts = Table(
        rows,
        colWidths=[TEXT_WIDTH * share for share in shares],
        renderCB=tags,
        style=[
            FACE,
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ],
        hAlign="LEFT",
    )
    above, below = (
        (48, 26) if document.paper is Paper.A4 else (28, 16)
    )  # Letter is 50 points shorter
    return [
        band,
        Spacer(0, above),
        tags.numbered(facts),
        Spacer(0, below),
        *blocks.flowables([Contents(words.say("Contents"))]),
    ]
