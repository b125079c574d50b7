"""Staff make and revoke keys for other programs, and see what webhooks were told."""

from __future__ import annotations

import re

from surveyapp.auth import api_keys
from surveyapp.store.columns import utc_now


def test_a_key_is_shown_once_and_opens_what_was_ticked(storage, world, sign_in):
    client = sign_in(world.users["administrator"])
    page = client.post(
        "/connections/keys/new",
        data={"name": "Branch <b>system</b>", "scopes": ["read results", "write bounces"]},
    )
    assert page.status_code == 200
    assert "Branch &lt;b&gt;system" in page.text
    text = re.search(r'value="(sak_[^"]+)"', page.text)
    assert text is not None
    with storage.store.reading() as session:
        found = api_keys.caller(session, text[1], now=utc_now())
    assert found is not None
    assert found.scopes == {"read results", "write bounces"}
    index = client.get("/connections").text
    assert text[1] not in index
    assert text[1][:12] in index


def test_a_key_without_a_name_or_anything_to_do_is_refused_at_its_field(world, sign_in):
    client = sign_in(world.users["administrator"])
    for data, complaint in (
        ({"name": "", "scopes": ["read results"]}, "Name the program"),
        ({"name": "Branches"}, "Nothing is chosen"),
        ({"name": "Branches", "scopes": ["manage users"]}, "not a valid choice"),
    ):
        answer = client.post("/connections/keys/new", data=data)
        assert answer.status_code == 422
        assert complaint in answer.text


def test_a_revoked_key_is_listed_as_such(storage, world, sign_in):
    client = sign_in(world.users["administrator"])
    answer = client.post(f"/connections/keys/{world.here.key_id}/revoke", follow_redirects=True)
    assert "opens nothing any more" in answer.text
    assert "revoked" in answer.text
