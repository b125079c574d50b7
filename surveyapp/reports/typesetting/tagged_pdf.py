"""A PDF whose pages are marked to one whose structure programs can read aloud (tagged PDF)."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from surveyapp.reports.typesetting.tags import Element, Linked, Marked, Tags, attribute_groups

# Kinds of our own, and the standard ones that they are read as.
_ROLES = {"Title": "P"}
_TEXTS = ("Alt", "ActualText")


@dataclass(frozen=True)
class About:
    """What the file's metadata say."""

    title: str
    author: str
    language: str
    subject: str = ""


def tagged(data: bytes, tags: Tags, about: About) -> bytes:
    """The file with the structure of ``tags``, its language, title and metadata."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        _Structure(pdf, tags).write()
        root = pdf.Root
        root.MarkInfo = Dictionary(Marked=True)
        root.Lang = String(about.language)
        root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
            metadata["dc:title"] = about.title
            metadata["dc:creator"] = [about.author]
            metadata["dc:language"] = {about.language}
            metadata["dc:description"] = about.subject or about.title
            metadata["pdf:Producer"] = str(pdf.docinfo.get("/Producer", "surveyapp"))
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return out.getvalue()


class _Structure:
    """The tree of elements as the file has it, and the way from each mark to its element."""

    def __init__(self, pdf: pikepdf.Pdf, tags: Tags) -> None:
        self._pdf = pdf
        self._tags = tags
        self._pages = [page.obj for page in pdf.pages]
        self._marks: dict[int, dict[int, pikepdf.Object]] = defaultdict(dict)
        self._links: list[tuple[pikepdf.Object, pikepdf.Object]] = []  # annotation, element

    def write(self) -> None:
        tree = self._pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
        tree.K = self._element(self._tags.root, tree)
        tree.RoleMap = Dictionary({f"/{own}": Name(f"/{known}") for own, known in _ROLES.items()})
        numbers = list(self._parents())
        tree.ParentTree = self._pdf.make_indirect(Dictionary(Nums=Array(numbers)))
        tree.ParentTreeNextKey = len(numbers) // 2
        self._pdf.Root.StructTreeRoot = tree

    def _element(self, element: Element, parent: pikepdf.Object) -> pikepdf.Object:
        made = self._pdf.make_indirect(
            Dictionary(Type=Name.StructElem, S=Name(f"/{element.kind}"), P=parent)
        )
        for name in _TEXTS:
            if name in element.attributes:
                made[f"/{name}"] = String(element.attributes[name])
        groups = [_attributes(group) for group in attribute_groups(element.attributes)]
        if groups:
            made.A = groups[0] if len(groups) == 1 else Array(groups)
        pages = {kid.page for kid in element.kids if isinstance(kid, Marked)}
        own = min(pages) if pages else None
        if own is not None:
            made.Pg = self._pages[own]
        kids = [self._kid(kid, made, own) for kid in element.kids]
        if kids:
            made.K = kids[0] if len(kids) == 1 else Array(kids)
        return made

    def _kid(self, kid: Element | Marked | Linked, element: Any, page: int | None) -> Any:
        if isinstance(kid, Element):
            return self._element(kid, element)
        if isinstance(kid, Linked):
            annotation = self._pages[kid.page].Annots[kid.number]
            self._links.append((annotation, element))
            return Dictionary(Type=Name.OBJR, Obj=annotation, Pg=self._pages[kid.page])
        self._marks[kid.page][kid.number] = element
        if kid.page == page:
            return kid.number
        return Dictionary(Type=Name.MCR, Pg=self._pages[kid.page], MCID=kid.number)

    def _parents(self) -> Iterator[Any]:
        """Keys and values of the parent tree: each page's elements by mark, each link's one."""
        keys = count()
        for at, page in enumerate(self._pages):
            page.Tabs = Name.S
            marks = self._marks.get(at)
            if marks:
                page.StructParents = key = next(keys)
                yield key
                yield self._pdf.make_indirect(Array([marks[mark] for mark in sorted(marks)]))
        for annotation, element in self._links:
            annotation.StructParent = key = next(keys)
            yield key
            yield element


def _attributes(group: dict[str, Any]) -> Dictionary:
    made = Dictionary()
    for name, value in group.items():
        if isinstance(value, str):
            made[f"/{name}"] = Name(f"/{value}")
        else:
            made[f"/{name}"] = Array(value) if isinstance(value, list) else value
    return made
