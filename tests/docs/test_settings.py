"""The documentation names settings that exist, and all of them."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from surveyapp.settings import PREFIX, Settings, read
from tests.docs.pages import PAGES, every_block
from tests.docs.site import Site

KNOWN = {PREFIX + entry.name.upper(): entry for entry in fields(Settings)}


@pytest.mark.xdist_group("documentation")
def test_the_reference_has_every_setting_with_its_default_and_meaning(site: Site):
    text = site.pages["reference/settings.html"].text
    for name, entry in KNOWN.items():
        default = f"default {entry.default}" if str(entry.default) else "empty by default"
        assert f"{name}, {default} {entry.metadata['help']}" in text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_no_setting_that_does_not_exist(page: str):
    assert set(re.findall(PREFIX + "[A-Z_]+", PAGES[page])) <= set(KNOWN)


def test_the_environments_in_examples_are_accepted():
    """A file for systemd, and what a shell is told to export."""
    checked = 0
    for language in ("ini", "sh"):
        for _, code in every_block(language):
            pattern = rf"^(?:export )?({PREFIX}[A-Z_]+)=\"?([^\"\n]*)\"?$"
            found = dict(re.findall(pattern, code, re.MULTILINE))
            if found:
                read(found)
                checked += len(found)
    assert checked >= 8
