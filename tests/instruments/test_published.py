"""A published instrument and a published wording never change: a changed word is a new version.

``published.json`` holds a digest of every version and wording. When a test here fails, give the
changed instrument a new version, or the changed wording a new id, and add its digest. The earlier
wording stays as ``<name>@<id>.toml``.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from instruments.loader import BUILT_IN

LIBRARY = files("instruments").joinpath("library")
PUBLISHED: dict[str, str] = json.loads(
    Path(__file__).with_name("published.json").read_text(encoding="utf-8")
)
# What may be improved without touching the meaning of an answer.
FREE = {"status", "citation", "licence", "note", "language", "locked"}


def digest(text: str) -> str:
    meaning = {key: value for key, value in tomllib.loads(text).items() if key not in FREE}
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()[:16]


def digests(code: str) -> dict[str, str]:
    """Digests by 'code version' and 'code wording-id'."""
    folder = LIBRARY.joinpath(code)
    text = folder.joinpath("instrument.toml").read_text(encoding="utf-8")
    found = {f"{code} {tomllib.loads(text)['version']}": digest(text)}
    for file in folder.joinpath("texts").iterdir():
        wording = file.read_text(encoding="utf-8")
        found[f"{code} {tomllib.loads(wording)['id']}"] = digest(wording)
    return found


@pytest.mark.parametrize("code", BUILT_IN.available())
def test_what_was_published_has_not_changed(code: str):
    found = digests(code)
    assert found == {name: PUBLISHED.get(name) for name in found}


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_was_published_can_still_be_read(name: str):
    code, edition = name.split()
    instrument = BUILT_IN.load(code)
    assert edition == instrument.version or edition in instrument.wordings


def test_another_word_is_another_digest_and_another_status_is_not():
    assert digest('[items]\na = "one"') != digest('[items]\na = "two"')
    assert digest('status = "draft"\nid = "a"') == digest('id = "a"')
