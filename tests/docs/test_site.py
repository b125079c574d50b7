"""The documentation is built without a warning, and everything in it leads somewhere."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import PAGES, ROOT
from tests.docs.site import Site

pytestmark = pytest.mark.xdist_group("documentation")  # it is built once
MADE_BY_SPHINX = {"genindex.html", "search.html"}


def _gone(site: Site, page: str) -> list[str]:
    """The links of a page within the site that lead to no file or to no place in it."""
    gone = []
    for link in site.pages[page].links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        path = unquote(parts.path)
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        if not (site.folder / target).is_file():
            gone.append(link)
        elif parts.fragment and target in site.pages:
            gone += [link] * (unquote(parts.fragment) not in site.pages[target].ids)
    return gone


def test_every_link_and_anchor_within_the_site_leads_somewhere(site: Site):
    assert {page: gone for page in site.pages if (gone := _gone(site, page))} == {}
    assert sum(len(page.links) for page in site.pages.values()) > 1000


def test_a_dead_link_would_be_found(site: Site):
    page = site.pages["index.html"]
    dead = ["nowhere.html", "install.html#nowhere", "_static/nowhere.css"]
    page.links += dead
    try:
        assert _gone(site, "index.html") == dead
    finally:
        del page.links[-len(dead) :]


def test_every_page_of_docs_is_in_the_site_and_in_its_navigation(site: Site):
    written = {
        name.removeprefix("docs/").replace(".md", ".html")
        for name in PAGES
        if name.startswith("docs/")
    }
    assert set(site.pages) - MADE_BY_SPHINX == written
    led_to = {urlsplit(link).path for link in site.pages["index.html"].links}
    assert written - led_to - {"index.html"} == set()


def test_the_site_fetches_nothing_from_elsewhere(site: Site):
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]* src="(https?:[^"]+)'
        r'|<link[^>]* rel="stylesheet"[^>]* href="(https?:[^"]+)|url\((https?:[^)]+)'
    )
    for path in site.folder.rglob("*.html"):
        assert loaded.findall(path.read_text()) == [], path.name


# Links in Markdown, as GitHub shows it: to files of the project and to headings in them.
MARKDOWN = [page for page in PAGES if not page.startswith("docs/rooms/")]


@pytest.mark.parametrize("page", MARKDOWN)
def test_links_in_markdown_lead_to_files_and_headings(page: str):
    text = re.sub(r"```.*?```", "", PAGES[page], flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        parts = urlsplit(target)
        if parts.scheme:
            continue
        path = (ROOT / page).parent / parts.path if parts.path else ROOT / page
        assert path.exists(), target
        if parts.fragment:
            name = path.resolve().relative_to(ROOT).as_posix()
            # The pages of rooms hold nothing but what they include.
            included = re.search(r"^```\{include\} (\S+)\n```$", PAGES[name])
            if included:
                name = (path.parent / included[1]).resolve().relative_to(ROOT).as_posix()
            headings = re.findall(r"^#+ (.+)$", PAGES[name], re.MULTILINE)
            assert parts.fragment in {_slug(each) for each in headings}, target


def _slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
