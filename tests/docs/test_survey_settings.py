"""The reference of a survey's settings has every key of every document, with its meaning."""

from __future__ import annotations

import pytest

from surveyapp.surveys.settings.reference import SETTINGS, fields
from tests.docs.site import Site


@pytest.mark.xdist_group("documentation")
def test_the_reference_has_every_key_with_its_meaning(site: Site):
    text = site.pages["reference/survey-settings.html"].text
    for column, kind in SETTINGS.items():
        assert column in text
        for field in fields(kind):
            default = f"default {field.default}" if field.default else "required"
            assert f"{field.key}, {field.type}" in text
            assert f"{default} {field.meaning}" in text, (column, field.key)
