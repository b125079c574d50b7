"""The list of a long page's sections is made from its headings."""

from __future__ import annotations

import re

from surveyapp.web.on_this_page import PLACE, with_contents


def test_every_heading_is_listed_once_and_can_be_reached():
    page = with_contents(
        f'<h1>Results</h1>{PLACE}<h2>Key findings</h2><h2 class="x" id="own">A &lt;b&gt; &amp; c</h2>'
        "<h3>Below</h3><h2><bdi>Three</bdi>\n</h2>"
    )
    links = re.findall(r'<li><a href="#([^"]+)"><bdi>([^<]*)</bdi></a></li>', page)
    assert links == [
        ("section-1", "Key findings"),
        ("own", "A &lt;b&gt; &amp; c"),
        ("section-3", "Three"),
    ]
    for name, _ in links:
        assert len(re.findall(rf'<h2[^>]* ?id="{name}"', page)) == 1
    assert page.count('aria-label="On this page"') == 1
    assert page.index("</nav>") < page.index("<h2") < page.index('href="#on-this-page"')


def test_a_short_page_has_no_list_and_others_stay_as_they_are():
    assert with_contents(f"{PLACE}<h2>One</h2><h2 id='two'>Two</h2>").count("on-this-page") == 0
    plain = "<h2>One</h2><h2>Two</h2><h2>Three</h2>"
    assert with_contents(plain) == plain
