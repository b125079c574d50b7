"""The page of comments on a map: who may write, whom it tells, and what it shows without a script."""

from __future__ import annotations

from sqlalchemy import select

from surveyapp.auth.grants import give, take
from surveyapp.store.models import MapComment, OutgoingMessage
from tests.validity import faults


def test_a_reader_with_comments_writes_and_does_not_edit(installation, world, sign_in):
    here, manager = world.here, world.users["manager"]
    with installation.store.writing() as session:
        for grant in ("comments", "reader"):
            take(session, manager.id, grant, None, by=None)
        give(session, manager.id, "reader", here.journey_id, by=None)
    object.__setattr__(installation.settings, "smtp_url", "smtp://localhost")
    base, client = f"/journeys/{here.journey_id}", sign_in(manager)
    at = f"touchpoint-{here.touchpoint_id}-channel"
    sent = {"at": at, "text": f"<b>Why?</b> @{world.users['researcher'].email} @{manager.name}"}
    page = client.get(f"{base}/map-comments?at={at}")
    assert page.status_code == 200 and "Save comment" not in page.text
    assert client.post(f"{base}/map-comments?at={at}", data=sent).status_code == 403
    with installation.store.writing() as session:
        give(session, manager.id, "comments", here.journey_id, by=None)
    unknown = client.post(f"{base}/map-comments", data={**sent, "text": "@stranger@example.org"})
    assert unknown.status_code == 422 and "Nobody with access" in unknown.text
    for _ in range(2):  # a form sent twice
        done = client.post(f"{base}/map-comments?at={at}", data=sent)
        assert done.status_code == 303 and "#comment-" in done.location
    shown = client.get(done.location.split("#")[0]).text
    assert "&lt;b&gt;Why?&lt;/b&gt;" in shown and "will be told by email" in shown
    assert not faults(shown)
    grid = client.get(f"{base}/journey-map").text
    assert f"at={at}" in grid and "1 comment<" in grid
    with installation.store.reading() as session:
        (message,) = session.scalars(
            select(OutgoingMessage).where(OutgoingMessage.kind == "mention")
        )
        assert message.content["to"] == world.users["researcher"].email
        assert f"{base}/map-comments#comment-" in message.content["text"]
        assert "Why" not in message.content["text"]
        number = session.scalars(select(MapComment.id).order_by(MapComment.id.desc())).first()
    comment = f"{base}/map-comments/{number}"
    assert sign_in(world.users["administrator"]).post(f"{comment}/remove").status_code == 403
    answered = client.post(f"{comment}/answer", data={"text": "Because."})
    assert answered.status_code == 303
    client.post(f"{comment}/resolve")
    assert client.post(f"{comment}/answer", data={"text": "More"}).status_code == 422
    document = client.get(f"{base}/map-comments.json?state=resolved&at={at}").json
    assert [each["answers"][0]["text"] for each in document["threads"]] == ["Because."]
    client.post(f"{comment}/reopen")
    client.post(f"{comment}/remove")
    assert "Removed by its author" in client.get(f"{base}/map-comments?at={at}").text
    assert client.post(f"{base}/journey-map/undo").status_code == 403
    with installation.store.writing() as session:
        for grant in ("comments", "reader"):
            take(session, manager.id, grant, here.journey_id, by=None)
    assert client.get(f"{base}/map-comments").status_code == 404
