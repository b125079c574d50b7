"""Customers in tests: they open a page and send its form, as a browser without script would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveyapp.installation import Installation
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.actions import invite
from tests.responses.makers import as_survey, some_answers

_KEY = re.compile(r'name="form-key" value="([^"]+)"')


def form_key(page: str) -> str:
    found = _KEY.search(page)
    assert found is not None, page[:300]
    return found[1]


def submission_key(key: str) -> str:
    """The part of a form's key that is stored with the answers."""
    return key.split("~")[0]


def fields(seed: int = 1, **options: Any) -> dict[str, str]:
    """A complete form's fields, without the key."""
    return {
        f"{instrument}-{item}": str(value)
        for instrument, given in some_answers(seed, **options).items()
        for item, value in given.items()
    }


def opened(client: FlaskClient, url: str) -> str:
    """The page behind a link that works."""
    response = client.get(url)
    assert response.status_code == 200, response.text[:300]
    return response.text


def sent(client: FlaskClient, url: str, seed: int = 1, **changes: Any) -> TestResponse:
    """Open the page and send it filled in; ``changes`` are fields with underscores for hyphens."""
    data: dict[str, Any] = {**fields(seed), "form-key": form_key(opened(client, url))}
    data.update(changes)
    return client.post(url, data=data)


def single_use(
    installation: Installation, survey: SurveyRow, *customers: dict[str, Any], **options: Any
) -> list[str]:
    """The paths of single-use links."""
    with installation.store.writing() as session:
        issued = invite(
            session,
            as_survey(session, survey),
            customers or [{}],
            installation=installation,
            user_id=None,
            **options,
        )
    return [link.url.removeprefix(installation.settings.base_url) for link in issued]


@dataclass
class _Tag:
    name: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Parsed(HTMLParser):
    """A page's tags in order, with the text that follows each."""

    tags: list[_Tag] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(_Tag(tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.tags[-1].text += data

    def all(self, tag_name: str, /, **attributes: str) -> list[_Tag]:
        wanted = {key.replace("_", "-"): value for key, value in attributes.items()}
        return [
            tag
            for tag in self.tags
            if tag.name == tag_name and wanted.items() <= tag.attributes.items()
        ]


def parsed(page: str) -> Parsed:
    reader = Parsed()
    reader.feed(page)
    return reader


def form_of(page: str) -> dict[str, list[str]]:
    """What a browser would send of this page's form as it stands, without any button."""
    found: dict[str, list[str]] = {}
    tags = parsed(page)
    for tag in tags.all("input"):
        kind = tag.attributes.get("type", "text")
        if kind in ("radio", "checkbox") and "checked" not in tag.attributes:
            continue
        found.setdefault(tag.attributes["name"], []).append(tag.attributes.get("value", "on"))
    for tag in tags.all("textarea"):
        found.setdefault(tag.attributes["name"], []).append(tag.text.strip())
    return found


def form_in_text_browser(page: str) -> dict[str, list[str]]:
    """What a text browser would send of this page's form as it stands, without any button.

    It reads what other browsers hide, and chooses the first of each group of radio buttons where none
    is chosen, as Lynx does.
    """
    found = form_of(page)
    for radio in parsed(page).all("input", type="radio"):
        found.setdefault(radio.attributes["name"], [radio.attributes["value"]])
    return found


def pressed_in_text_browser(
    client: FlaskClient, url: str, page: str, name: str, value: str, /, **given: str
) -> TestResponse:
    """Press a button of the page in a browser that knows the form's own action alone.

    ``given`` are the fields that were filled in, by name.
    """
    assert parsed(page).all("button", name=name, value=value), f"no button {name}={value}"
    action = parsed(page).all("form")[0].attributes.get("action", "")
    form = {**form_in_text_browser(page), **given, name: value}
    return client.post(f"{url.partition('?')[0]}{action}", data=form)


def questions_on(page: str) -> list[str]:
    """The names of the questions that stand on this page, in order."""
    tags = parsed(page).tags
    ids = [tag.attributes.get("id", "") for tag in tags if tag.name in ("div", "fieldset")]
    return [each.removeprefix("q-") for each in ids if each.startswith("q-")]
