"""What the marks on a PDF's pages mean: a tree of headings, paragraphs, tables, figures and lists.

A flowable enters an element, marks what it draws and leaves. What is not entered is decoration, and
marked as such, so that nothing on a page is without a meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PAGINATION, LAYOUT = "Pagination", "Layout"


@dataclass(frozen=True)
class Marked:
    """A stretch of a page's content, by the page (from 0) and its number there."""

    page: int
    number: int


@dataclass(frozen=True)
class Linked:
    """An annotation of a page, by its place among them."""

    page: int
    number: int


@dataclass(eq=False)
class Element:
    """One element: its kind ("P", "TH"), its own attributes, and what it holds in reading order."""

    kind: str
    attributes: dict[str, Any] = field(default_factory=dict)
    kids: list[Element | Marked | Linked] = field(default_factory=list)


class Tags:
    """The elements of one pass over a document, and the marks in its canvas."""

    def __init__(self, canvas: Any) -> None:
        self.root = Element("Document")
        self._canvas = canvas
        self._open = [self.root]
        self._holders: dict[object, Element] = {}
        self._marked: Counter[int] = Counter()
        self._linked: Counter[int] = Counter()
        self._is_marking = False

    @property
    def _page(self) -> int:
        return int(self._canvas.getPageNumber()) - 1

    def enter(self, kind: str, *, holder: object = None, **attributes: Any) -> None:
        """Open an element below the one that is open. The same ``holder`` opens the same element again:
        a paragraph or table that goes on overleaf is one.
        """
        found = self._holders.get(holder) if holder is not None else None
        if found is None:
            found = Element(kind, {name: each for name, each in attributes.items() if each})
            self._open[-1].kids.append(found)
            if holder is not None:
                self._holders[holder] = found
        self._open.append(found)

    def leave(self) -> None:
        """Close the element that was opened last."""
        self._open.pop()

    def turn(self) -> None:
        """What the open element holds is read in the other order than it was drawn."""
        self._open[-1].kids.reverse()

    def has(self, holder: object) -> bool:
        """Whether an element was opened for this holder before."""
        return holder in self._holders

    def describe(self, **attributes: Any) -> None:
        """Give the open element further attributes."""
        self._open[-1].attributes |= {name: each for name, each in attributes.items() if each}

    @contextmanager
    def content(self) -> Iterator[None]:
        """What is drawn belongs to the open element. Within decoration it is decoration."""
        if self._is_marking:  # marks do not nest: whatever is inside of one is what the one says
            yield
            return
        element, page = self._open[-1], self._page
        number = self._marked[page]
        self._marked[page] += 1
        element.kids.append(Marked(page, number))
        self._begin(f"/{element.kind} <</MCID {number}>> BDC")
        yield
        self._end()

    @contextmanager
    def figure(self, sentence: str, place: tuple[float, float, float, float]) -> Iterator[None]:
        """What is drawn is a picture that the sentence stands for; left, bottom, width, height."""
        left, low, width, height = place
        box = [round(each, 2) for each in (left, low, left + width, low + height)]
        self.enter("Figure", Alt=sentence, BBox=box)
        with self.content():
            yield
        self.leave()

    @contextmanager
    def decoration(self, kind: str = LAYOUT) -> Iterator[None]:
        """What is drawn has no meaning: lines, backgrounds, running heads, a head that is repeated."""
        if self._is_marking:
            yield
            return
        self._begin(f"/Artifact <</Type /{kind}>> BDC")
        yield
        self._end()

    def link(self) -> None:
        """The annotation that was added to the page belongs to the open element."""
        page = self._page
        self._open[-1].kids.append(Linked(page, self._linked[page]))
        self._linked[page] += 1

    def _begin(self, operator: str) -> None:
        self._is_marking = True
        self._canvas._code.append(operator)

    def _end(self) -> None:
        self._canvas._code.append("EMC")
        self._is_marking = False


def attribute_groups(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The attributes that stand in an element's /A, each group with its owner."""
    table = {name: attributes[name] for name in ("Scope", "ColSpan") if name in attributes}
    layout = {name: attributes[name] for name in ("BBox",) if name in attributes}
    found = [{"O": "Table", **table}] if table else []
    return [*found, {"O": "Layout", "Placement": "Block", **layout}] if layout else found
