"""Reads a tagged PDF as a program that reads it aloud: by its structure, and only by it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf
from pypdf import PdfReader

_SHOWS = {"Tj", "TJ", "'", '"'}
_PAINTS = {"f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "Do", "sh"}


@dataclass
class Node:
    """An element with what it holds: other elements, and texts by (page, mark)."""

    kind: str
    raw: Any
    kids: list[Any] = field(default_factory=list)

    def all(self, kind: str) -> list[Node]:
        return [node for node in self.walk() if node.kind == kind]

    def walk(self) -> Iterator[Node]:
        yield self
        for kid in self.kids:
            if isinstance(kid, Node):
                yield from kid.walk()

    def marks(self) -> Iterator[tuple[int, int]]:
        for kid in self.kids:
            if isinstance(kid, Node):
                yield from kid.marks()
            elif kid[0] == "mark":
                yield kid[1:]


class TaggedReading:
    """A file's structure, checked while it is read: AssertionError for what does not fit together."""

    def __init__(self, data: bytes) -> None:
        self.pdf = pikepdf.open(io.BytesIO(data))
        self.reader = PdfReader(io.BytesIO(data))
        self.pages = [page.obj for page in self.pdf.pages]
        self.tree = self.pdf.Root.StructTreeRoot
        self._at = {page.objgen: at for at, page in enumerate(self.pages)}
        self.root = self._node(self.tree.K, self.tree)
        self.marked = dict(self._marked_texts())

    def text(self, node: Node) -> str:
        """What is read aloud for an element."""
        for name in ("/ActualText", "/Alt"):
            if name in node.raw:
                return str(node.raw[name])
        parts = [
            self.text(kid)
            if isinstance(kid, Node)
            else self.marked[kid[1:]]
            if kid[0] == "mark"
            else ""
            for kid in node.kids
        ]
        return " ".join(" ".join(parts).split())

    def check(self) -> None:
        """Every text and line has a meaning, and marks and elements know each other."""
        parents = self._parents()
        assert self.pdf.Root.MarkInfo.Marked is True or bool(self.pdf.Root.MarkInfo.Marked)
        held = list(self.root.marks())
        assert len(held) == len(set(held))
        assert set(held) == set(self.marked)
        for at, page in enumerate(self.pages):
            assert page.Tabs == "/S"
            for annotation in page.get("/Annots", []):
                element = parents[int(annotation.StructParent)]
                assert element.S == "/Link"
            wanted = [number for number_page, number in self.marked if number_page == at]
            if wanted:
                row = parents[int(page.StructParents)]
                assert len(row) == len(wanted) == max(wanted) + 1
        for node in self.root.walk():
            for kid in node.kids:
                if not isinstance(kid, Node) and kid[0] == "mark":
                    row = parents[int(self.pages[kid[1]].StructParents)]
                    assert row[kid[2]].objgen == node.raw.objgen
        for table in self.root.all("Table"):
            assert table.all("TH"), "a table without heads"
            assert {each.kind for each in table.kids} == {"TR"}
            for head in table.all("TH"):
                assert head.raw.A.Scope in ("/Column", "/Row")
        for figure in self.root.all("Figure"):
            assert len(str(figure.raw.Alt)) > 3 and len(figure.raw.A.BBox) == 4
        for item in self.root.all("L"):
            assert {each.kind for each in item.kids} == {"LI"}

    def _parents(self) -> dict[int, Any]:
        numbers = list(self.tree.ParentTree.Nums)
        keys = [int(key) for key in numbers[::2]]
        assert keys == sorted(keys) and int(self.tree.ParentTreeNextKey) == len(keys)
        return dict(zip(keys, numbers[1::2], strict=True))

    def _node(self, raw: Any, parent: Any) -> Node:
        assert raw.P.objgen == parent.objgen
        node = Node(str(raw.S)[1:], raw)
        kids = raw.get("/K", [])
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            if isinstance(kid, int):
                node.kids.append(("mark", self._at[raw.Pg.objgen], kid))
            elif kid.get("/Type") == "/MCR":
                node.kids.append(("mark", self._at[kid.Pg.objgen], int(kid.MCID)))
            elif kid.get("/Type") == "/OBJR":
                node.kids.append(("link", kid.Obj))
            else:
                node.kids.append(self._node(kid, raw))
        return node

    def _marked_texts(self) -> Iterator[tuple[tuple[int, int], str]]:
        """The text of each mark of each page; a text or line outside of all is an error."""
        for at, page in enumerate(self.reader.pages):
            yield from _Page(at, page).texts().items()


class _Page:
    def __init__(self, at: int, page: Any) -> None:
        self._at = at
        self._page = page
        self._fonts = {}
        for name, font in page["/Resources"]["/Font"].items():
            entry = font.get_object()
            self._fonts[name] = _to_unicode(entry)

    def texts(self) -> dict[tuple[int, int], str]:
        found: dict[tuple[int, int], str] = {}
        open_marks: list[int | None] = []
        font: dict[int, str] = {}
        for operands, operator in self._page.get_contents().operations:
            name = operator.decode()
            if name == "BDC":
                assert not open_marks, "marks do not nest"
                tag, properties = operands
                mark = properties.get("/MCID") if tag != "/Artifact" else None
                assert (mark is None) == (tag == "/Artifact")
                open_marks.append(mark)
                if mark is not None:
                    found[self._at, int(mark)] = ""
            elif name == "EMC":
                open_marks.pop()
            elif name == "Tf":
                font = self._fonts[operands[0]]
            elif name in _PAINTS:
                assert open_marks, f"{name} outside of every mark on page {self._at + 1}"
            elif name in _SHOWS:
                assert open_marks, f"text outside of every mark on page {self._at + 1}"
                if open_marks[-1] is not None:
                    shown = operands[-1]
                    pieces = shown if isinstance(shown, list) else [shown]
                    said = "".join(font.get(byte, "") for piece in pieces for byte in _bytes(piece))
                    found[self._at, int(open_marks[-1])] += said
            elif name in ("Td", "TD", "T*", "Tm") and open_marks and open_marks[-1] is not None:
                found[self._at, int(open_marks[-1])] += " "
        assert not open_marks
        return found


def _bytes(piece: Any) -> bytes:
    if isinstance(piece, bytes):
        return piece
    return getattr(piece, "original_bytes", b"")


def _to_unicode(font: Any) -> dict[int, str]:
    """Of a font's one-byte codes, the letters."""
    if "/ToUnicode" not in font:
        return {code: chr(code) for code in range(256)}
    text = font["/ToUnicode"].get_object().get_data().decode("latin-1")
    found: dict[int, str] = {}
    for first, last, start in re.findall(r"<(\w\w)> <(\w\w)> <(\w+)>", text):
        for code in range(int(first, 16), int(last, 16) + 1):
            found[code] = chr(int(start, 16) + code - int(first, 16))
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.DOTALL):
        for code, letters in re.findall(r"<(\w\w)>\s+<(\w+)>", block):
            found[int(code, 16)] = bytes.fromhex(letters).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.DOTALL):
        for first, _last, row in re.findall(r"<(\w\w)>\s+<(\w\w)>\s+\[(.*?)\]", block, re.DOTALL):
            for at, letters in enumerate(re.findall(r"<(\w+)>", row)):
                found[int(first, 16) + at] = bytes.fromhex(letters).decode("utf-16-be")
    return found
