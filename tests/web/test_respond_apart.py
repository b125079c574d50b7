"""The application of the survey pages finds its way as Flask does."""

from __future__ import annotations

import pytest
from flask import Flask, Request
from werkzeug.routing import MapAdapter
from werkzeug.test import create_environ

from surveyapp.web.respond.apart import SurveyPages


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/s/abc?lang=fi", "http://here"),
        ("/s/abc", "https://Shop.Example:8443/under"),
        ("/s/ä%20b?q=ö", "http://xn--4ca.example"),
    ],
)
def test_what_is_kept_of_a_host_leads_as_flask_does(path: str, place: str):
    """The first request of a host, the next one, and one of another path and method there."""
    pages, flask = SurveyPages("surveyapp.web"), Flask("surveyapp.web", static_folder=None)
    for method, asked in (("GET", path), ("GET", path), ("POST", "/s/other?score=1")):
        environ = create_environ(asked, place, method=method)
        own, theirs = Request(environ), Request(environ)
        found, expected = pages.create_url_adapter(own), flask.create_url_adapter(theirs)
        assert told(found) == told(expected)
        assert own.host == theirs.host


def told(adapter: MapAdapter | None) -> dict[str, object]:
    assert adapter is not None
    return {name: value for name, value in vars(adapter).items() if name != "map"}
