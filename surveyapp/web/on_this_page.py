"""The list "On this page" of a long page, made from its headings as the page is written."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

PLACE = '<nav id="on-this-page"></nav>'  # a page that wants the list says where
_FEWEST = 3  # sections; fewer need no list
_HEADING = re.compile(r"<h2\b([^>]*)>(.*?)</h2>", re.DOTALL)
_ID = re.compile(r'\bid="([^"]+)"')
_OWN_NAME = "section-{}"


def with_contents(content: str) -> Markup:
    """The page's content with a list of its sections in ``PLACE``, and a link at the foot of a phone's
    screen that leads back to it. A heading without an id gets one. Other pages stay as they are.
    """
    if PLACE not in content:
        return Markup(content)  # noqa: S704 - what the templates wrote, escaped by them
    sections: list[tuple[str, str]] = []

    def named(heading: re.Match[str]) -> str:
        attributes, text = heading[1], heading[2]
        found = _ID.search(attributes)
        name = found[1] if found else _OWN_NAME.format(len(sections) + 1)
        sections.append((name, Markup(text).striptags()))  # noqa: S704 - as above
        return heading[0] if found else f'<h2 id="{name}"{attributes}>{text}</h2>'

    content = _HEADING.sub(named, content)
    listed = _list(sections) if len(sections) >= _FEWEST else ""
    back = '<p class="to-contents"><a href="#on-this-page">On this page</a></p>' if listed else ""
    return Markup(content.replace(PLACE, listed, 1) + back)  # noqa: S704 - as above


def _list(sections: list[tuple[str, str]]) -> str:
    """Open: a link to a list that is closed would lead to one line."""
    lines = "".join(
        f'<li><a href="#{name}"><bdi>{escape(title)}</bdi></a></li>' for name, title in sections
    )
    return (
        '<nav id="on-this-page" class="on-this-page" aria-label="On this page" tabindex="-1">'
        f"<details open><summary>On this page</summary><ol>{lines}</ol></details></nav>"
    )
