"""The Nu Html Checker, the reference, finds no error in any page of the demonstration."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.app import create_app
from surveyapp.distribution.message import message_of
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import User
from surveyapp.surveys.settings.distribution import Distribution
from surveyapp.web.installation import EXTENSION
from tests.demo.conftest import bank
from tests.distribution.test_message import CSAT, NPS, SEVEN, message_context
from tests.slow.node import installed
from tests.web.respondents import parsed
from tests.web.test_html import app, client, customers_pages, installation
from tests.web.world import session_key

__all__ = ["app", "bank", "client", "installation"]

OF_A_KIND = 4  # pages that differ by a number in their address alone
# What mail programs need although browsers know better: sizes in attributes, names of their own.
IN_MAILS = re.compile(r"obsolete|supported-color-schemes|mso-hide")


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that checks a folder of pages."""
    assert shutil.which("java"), "Java is not installed; `make slow` as root brings it"
    (jar,) = installed(tmp_path_factory.mktemp("checker")).rglob("vnu.jar")
    return ["java", "-jar", str(jar), "--format", "json", "--errors-only"]


def errors(checker: list[str], folder: Path, pages: dict[str, str]) -> list[tuple[str, str, str]]:
    """What is wrong with these pages: the page's name, the error, where it is."""
    names = {}
    for number, (name, page) in enumerate(sorted(pages.items())):
        names[f"{number}.html"] = name
        (folder / f"{number}.html").write_text(page, encoding="utf-8")
    done = subprocess.run(
        [*checker, str(folder)], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode in {0, 1}, done.stderr
    return [
        (names[each["url"].rpartition("/")[2]], each["message"], each.get("extract", ""))
        for each in json.loads(done.stderr)["messages"]
    ]


def linked(client: FlaskClient, *starts: str) -> dict[str, str]:
    """Every page that links lead to from these, a few of each kind."""
    waiting, seen, pages = list(starts), set(starts), {}
    kinds: Counter[str] = Counter()
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"\d+|(?<=/[ske]/)\w+", "N", re.sub(r"=[^&]*", "", path))
        kinds[kind] += 1
        if kinds[kind] > OF_A_KIND:
            continue
        with client.get(path) as page:
            if page.mimetype != "text/html":
                continue
            tags = [*parsed(page.text).all("a"), *parsed(page.text).all("iframe")]
            following = [
                tag.attributes.get("href") or tag.attributes.get("src", "") for tag in tags
            ]
            if page.location:
                following = [page.location]
            else:
                pages[path] = page.text
        for each in following:
            parts = urlsplit(urldefrag(urljoin(f"http://127.0.0.1:8000{path}", each)).url)
            found = f"{parts.path}?{parts.query}" if parts.query else parts.path
            if parts.hostname == "127.0.0.1" and found not in seen:
                seen.add(found)
                waiting.append(found)
    return pages


def test_every_page_of_the_demonstration(checker, bank, tmp_path: Path):
    stored: Installation = bank[0]
    made = create_app(read({}, home=stored.settings.home, log_level="ERROR"))
    with made.extensions[EXTENSION].store.writing() as session:
        user = session.scalars(select(User)).one()
        user.must_change_password = False
    key = session_key(made.extensions[EXTENSION], user)
    client = made.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = key
    pages = linked(client, "/journeys", "/api/docs", "/devices")
    made.extensions[EXTENSION].close()
    mails = {path: page for path, page in pages.items() if "/messages/preview" in path}
    assert len(pages) > 100
    assert mails
    found = errors(checker, tmp_path, pages)
    assert [each for each in found if each[0] not in mails or not IN_MAILS.search(each[1])] == []


def test_every_page_of_customers(checker, client, installation, tmp_path: Path):
    assert errors(checker, tmp_path, customers_pages(client, installation)) == []


def test_every_form_of_a_mail(checker, tmp_path: Path):
    mails = {
        f"{language} {click}": message_of(
            Distribution(), message_context(click=click, language=language)
        ).html
        for language in ("en", "ar")
        for click in (None, NPS, CSAT, SEVEN)
    }
    found = errors(checker, tmp_path, mails)
    assert [each for each in found if not IN_MAILS.search(each[1])] == []
