"""What is wrong with a page's HTML, by the rules that browsers parse by and those of its references."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
from html5lib.constants import E as MESSAGES

# Attributes that name other elements of the page.
_REFERENCES = (
    *("aria-activedescendant", "aria-controls", "aria-describedby", "aria-details"),
    *("aria-errormessage", "aria-flowto", "aria-labelledby", "aria-owns"),
    *("for", "form", "headers", "list", "popovertarget"),
)
_LABELABLE = {"button", "input", "meter", "output", "progress", "select", "textarea"}
_FIELDS = {"input", "meter", "progress", "select", "textarea"}
_WITHOUT_NAME = {"hidden", "submit", "reset", "button"}
# Attributes that only some kinds of input have.
_TYPED = {"email", "password", "search", "tel", "text", "url"}
_ONLY_FOR = {
    "placeholder": _TYPED | {"number"},
    "pattern": _TYPED,
    "maxlength": _TYPED,
    "size": _TYPED,
    "checked": {"checkbox", "radio"},
    "min": {"number", "range", "date", "month", "week", "time", "datetime-local"},
    "step": {"number", "range", "date", "month", "week", "time", "datetime-local"},
    "accept": {"file"},
    "rows": set[str](),
}
_INTERACTIVE = {"a", "button", "details", "iframe", "input", "label", "select", "textarea"}
# Elements that hold words and what stands within a line, and nothing that stands in blocks.
_PHRASES = {
    *("a", "b", "bdi", "bdo", "cite", "code", "em", "i", "kbd", "mark", "small", "span", "strong"),
    *("sub", "sup", "time", "abbr", "button", "label", "legend", "summary", "option", "p", "pre"),
    *("dt", "h1", "h2", "h3", "h4", "h5", "h6"),
}
_TRANSPARENT = {"a"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "details", "dialog", "dd", "div", "dl", "dt"),
    *("fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "li", "main", "nav"),
    *("ol", "p", "pre", "section", "table", "ul"),
}
_CHILDREN = {
    "ul": {"li"},
    "ol": {"li"},
    "dl": {"dt", "dd", "div"},
    "select": {"option", "optgroup", "hr"},
    "tr": {"td", "th"},
    "picture": {"source", "img"},
}
_ANYWHERE = {"script", "template"}


def faults(page: str, *, mail: bool = False) -> list[str]:
    """Every fault as a sentence with its place; empty for a valid page.

    A mail has no main part: the program that shows it has one.
    """
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(page)
    found = [f"line {line}: {MESSAGES[code] % data}" for (line, _), code, data in parser.errors]
    return [*found, *_ids(root), *_names(root), *_nesting(root), *_outline(root, mail=mail)]


def _ids(root: Element) -> Iterator[str]:
    """Two elements of one id, and references to none."""
    known = Counter(each.get("id") for each in root.iter() if each.get("id") is not None)
    yield from (
        f"{number} elements have the id {name!r}" for name, number in known.items() if number > 1
    )
    yield from (f"{name!r} is no id" for name in known if not name or any(map(str.isspace, name)))
    for each in root.iter():
        for attribute in _REFERENCES:
            for name in (each.get(attribute) or "").split():
                if name not in known:
                    yield f"{attribute} of {_said(each)} names {name!r}, which is not on the page"
        target = each.get("href") or ""
        if target.startswith("#") and len(target) > 1 and target[1:] not in known:
            yield f"{_said(each)} leads to {target!r}, which is not on the page"


def _names(root: Element) -> Iterator[str]:
    """Fields that nobody can name, and labels of nothing."""
    by_id = {each.get("id"): each for each in root.iter()}
    labelled = {each.get("for") for each in root.iter("label")}
    inside = {
        field for label in root.iter("label") for field in label.iter() if label.get("for") is None
    }
    for each in root.iter():
        target = by_id.get(each.get("for")) if each.get("for") else None
        if target is not None and (target.tag not in _LABELABLE or target.get("type") == "hidden"):
            yield f"{_said(each)} belongs to {_said(target)}, which takes none"
        if each.tag == "label" and each.get("for") is None:
            fields = [field for field in each.iter() if field.tag in _LABELABLE]
            if len(fields) != 1:
                yield f"{_said(each)} has {len(fields)} fields"
        if (
            each.tag in _FIELDS
            and each.get("type") not in _WITHOUT_NAME
            and not (
                each in inside
                or each.get("id") in labelled
                or each.get("aria-label")
                or each.get("aria-labelledby")
                or each.get("aria-hidden") == "true"
                or each.get("hidden") is not None
            )
        ):
            yield f"{_said(each)} has no name"
        if each.tag == "input":
            kind = each.get("type", "text")
            for attribute, kinds in _ONLY_FOR.items():
                if attribute in each.attrib and kind not in kinds:
                    yield f"{attribute} is no attribute of {_said(each)}"
        if each.tag in {"a", "button"} and not _text(each):
            yield f"{_said(each)} has no words"
        if re.search(r"\.\d{4}", each.get("datetime") or ""):
            yield f"{_said(each)} has more than milliseconds"
        if each.tag == "img" and each.get("alt") is None:
            yield f"{_said(each)} has no alt"


def _nesting(root: Element) -> Iterator[str]:
    """What stands in what may not hold it."""
    for parent in root.iter():
        allowed = _CHILDREN.get(str(parent.tag))
        for child in parent:
            if allowed and isinstance(child.tag, str) and child.tag not in allowed | _ANYWHERE:
                yield f"{_said(child)} in {_said(parent)}"
        if parent.tag in _PHRASES - _TRANSPARENT:
            for inner in _under(parent):
                if inner.tag in _BLOCKS or (
                    inner.tag in _HEADINGS and parent.tag not in {"legend", "summary"}
                ):
                    yield f"{_said(inner)} in {_said(parent)}"
        if parent.tag in {"a", "button"}:
            for inner in _under(parent):
                if inner.tag in _INTERACTIVE or inner.get("tabindex") is not None:
                    yield f"{_said(inner)} in {_said(parent)}, both for pressing"
        if parent.tag == "form" and any(inner.tag == "form" for inner in _under(parent)):
            yield "a form in a form"
        if parent.tag == "fieldset" and any(child.tag == "legend" for child in list(parent)[1:]):
            yield f"the legend of {_said(parent)} does not come first"
        if parent.tag == "details" and [child.tag for child in parent][:1] != ["summary"]:
            yield f"{_said(parent)} does not begin with its summary"


def _outline(root: Element, *, mail: bool) -> Iterator[str]:
    """One title, one language, one main part, headings that skip no level."""
    if not root.get("lang"):
        yield "the page names no language"
    for name in ("title", "main", "h1"):
        number = len(list(root.iter(name)))
        if number != (0 if mail and name == "main" else 1):
            yield f"{number} elements {name}"
    level = 0
    for each in root.iter():
        if each.tag in _HEADINGS:
            here = int(str(each.tag)[1])
            if here > level + 1:
                yield f"{_said(each)} after a heading of level {level}"
            level = here


def _under(element: Element) -> Iterator[Element]:
    return (each for each in element.iter() if each is not element and isinstance(each.tag, str))


def _text(element: Element) -> str:
    """What somebody hears of it."""
    own = element.get("aria-label") or element.get("aria-labelledby") or ""
    alt = "".join(each.get("alt") or each.get("aria-label") or "" for each in _under(element))
    return (own + alt + "".join(element.itertext())).strip()


def _said(element: Element) -> str:
    """An element as somebody who has to find it would write it."""
    attributes = "".join(
        f' {name}="{value}"' for name, value in element.attrib.items() if name != "class"
    )
    return f"<{element.tag}{attributes}>"[:120]
