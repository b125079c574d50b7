"""Evidence on a map: consented quotes, pictures and documents, and what becomes of them."""

from __future__ import annotations

import html
import re
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from lxml.html import fromstring
from PIL import Image
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.journeys import actions, queries
from surveyapp.journeys.map_documents import DOCUMENTS
from surveyapp.journeys.map_evidence_removals import forget_evidence
from surveyapp.journeys.map_files import LARGEST, read_map_file
from surveyapp.responses.actions import submit
from surveyapp.store.models import Comment, File, JourneyGrant, MapEvidence, MapVersion, Response
from tests.responses.makers import NOW, as_survey, make_survey, some_answers
from tests.web.world import add_user

WORDS = "Nobody told me <b>why</b>."


def test_a_picture_whose_notes_are_broken_is_taken_as_it_lies():
    out = BytesIO()
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=b"Exif\x00\x00garbage garbage")
    assert Image.open(BytesIO(read_map_file(out.getvalue()).data)).size == (40, 20)


def picture(format_: str = "JPEG") -> bytes:
    out, exif = BytesIO(), Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (2000, 500), "navy").save(out, format_, exif=exif)
    return out.getvalue()


@pytest.fixture
def drawn(installation, sign_in):
    """A researcher in their browser, with a journey whose five customers may be quoted."""
    with installation.store.writing() as session:
        user = add_user(session, "researcher", password_hash="none")
        made = make_survey(session, asks=("csat",))
        for at in range(5):
            submit(
                session,
                as_survey(session, made),
                some_answers(at + 1, ("csat",)),
                submission_key=f"evidence {at}",
                attributes={},
                now=NOW,
                library=BUILT_IN,
            )
        session.flush()
        comments = session.scalars(select(Comment).order_by(Comment.response_id)).all()
        for comment in comments:
            comment.may_quote = True
        comments[0].text, first = WORDS, comments[0].response_id
        stage = queries.journey(session, made.journey_id).stages[0].id
        journey_id = made.journey_id
    return sign_in(user), f"/journeys/{journey_id}", stage, first


def test_a_quote_stands_on_the_map_until_its_customer_withdraws_it(installation, drawn, sign_in):
    client, base, stage, response = drawn
    said = {"stage": str(stage), "title": "Waiting", "quote": f"{response} csat-csat_reason"}
    ids = re.findall(
        r'<(?:input|select)[^>]* id="([^"]+)"', client.get(f"{base}/map-evidence").text
    )
    assert len(ids) == len(set(ids)) > 4  # each label leads to a field of its own form
    gone = client.post(f"{base}/map-evidence/quotes", data=said | {"quote": "0 csat-csat_reason"})
    assert gone.status_code == 422
    assert client.post(f"{base}/map-evidence/quotes", data=said).status_code == 303
    again = client.post(f"{base}/map-evidence/quotes", data=said)
    assert again.status_code == 422 and "already" in again.text
    page = client.get(f"{base}/journey-map").text
    assert html.escape(WORDS) in page and "<b>why</b>" not in page
    assert html.escape(WORDS) in client.get(f"{base}/journey-map/sheet.svg").text
    with installation.store.writing() as session:
        manager = add_user(session, "manager", password_hash="none")
        session.query(JourneyGrant).filter_by(user_id=manager.id).delete()
        number = int(base.rpartition("/")[2])
        session.add(JourneyGrant(user_id=manager.id, journey_id=number, kind="reader"))
    theirs = sign_in(manager)
    for path in ("journey-map", "map-evidence", "map-evidence.json", "journey-map/sheet.svg"):
        assert "Nobody told me" not in theirs.get(f"{base}/{path}").text, path
    object.__setattr__(installation.settings, "minimum_cell", 6)
    assert "Nobody told me" not in client.get(f"{base}/journey-map").text
    object.__setattr__(installation.settings, "minimum_cell", 5)
    with installation.store.writing() as session:
        session.get(Comment, (response, "csat-csat_reason")).may_quote = False
    assert "Nobody told me" not in client.get(f"{base}/journey-map").text
    with installation.store.writing() as session:
        session.delete(session.get(Response, response))
    with installation.store.reading() as session:
        assert session.query(MapEvidence).count() == 0


def test_a_picture_is_drawn_anew_and_a_document_is_an_attachment(installation, drawn):
    client, base, stage, _ = drawn
    path = f"{base}/map-evidence/files"

    def sent(data: bytes, name: str, title: str = 'A "queue"'):
        fields = {"stage": str(stage), "title": title, "file": (BytesIO(data), name)}
        return client.post(path, data=fields, content_type="multipart/form-data")

    for data, name, wrong in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "a.png", "neither"),
        (b"PK\x03\x04 a workbook", "plan.pdf", "damaged"),
    ):
        refused = sent(data, name)
        assert refused.status_code == 422 and wrong in refused.text, name
    with pytest.raises(Invalid, match="at most 10 MB"):
        read_map_file(b"%PDF-1.7" + bytes(LARGEST))
    assert sent(picture(), "queue.jpg", "").status_code == 422
    assert sent(picture(), "../../queue.exe").status_code == 303
    assert sent(b"%PDF-1.7\n%%EOF", "plan.html").status_code == 303
    tree = fromstring(client.get(f"{base}/journey-map").text)
    (image,) = tree.xpath("//a[@class='map-picture']/img")
    assert image.get("alt") == 'A "queue"'
    with client.get(image.get("src")) as shown:
        assert shown.mimetype == "image/webp"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert b"taken at home" not in shown.data
        assert Image.open(BytesIO(shown.data)).size == (1600, 400)
    (link,) = [
        e for e in tree.xpath("//td//a/@href") if "map-evidence" in e and e != image.get("src")
    ]
    with client.get(link) as kept:
        assert kept.mimetype == "application/pdf"
        assert "attachment" in kept.headers["Content-Disposition"]
    made = {"purpose": "Board", "days": "7", "of": f"{base}/journey-map"}
    link = fromstring(client.post(f"{base}/share-links/new", data=made).text)
    (address,) = link.xpath("//input[contains(@value, '/shared/')]/@value")
    assert "map-evidence" not in client.get("/shared/" + address.rpartition("/")[2]).text
    step = {"do": "remove", "of": "stage", "id": str(stage)}
    evidence = client.get(f"{base}/map-evidence.json").json["evidence"]
    with installation.store.writing() as session:  # nothing else keeps the stage
        number = int(base.rpartition("/")[2])
        other = actions.add_stage(
            session, queries.journey(session, number), name="Later", user_id=None
        )
        session.query(MapEvidence).update({"stage_id": other.id})
        step["id"] = str(other.id)
    for path in ("changes", "undo"):
        assert client.post(f"{base}/journey-map/{path}", data=step).status_code == 303
        stand = client.get(f"{base}/map-evidence.json").json["evidence"]
        assert [each["id"] for each in stand] == [e["id"] for e in evidence if path == "undo"]


def test_removed_evidence_comes_back_by_undo_and_stands_in_versions(installation, drawn):
    client, base, stage, response = drawn
    quote = {"stage": str(stage), "title": "Waiting", "quote": f"{response} csat-csat_reason"}
    assert client.post(f"{base}/map-evidence/quotes", data=quote).status_code == 303
    fields = {"stage": str(stage), "title": "Notes", "file": (BytesIO(b"They wait."), "notes.txt")}
    client.post(f"{base}/map-evidence/files", data=fields, content_type="multipart/form-data")
    assert (
        client.post(
            f"{base}/map-versions/new", data={"title": "Before", "day": "2026-01-01"}
        ).status_code
        == 303
    )
    first, second = (e["id"] for e in client.get(f"{base}/map-evidence.json").json["evidence"])

    def numbers() -> list[int]:
        return [e["id"] for e in client.get(f"{base}/map-evidence.json").json["evidence"]]

    def said(path: str) -> str:
        return client.get(f"{base}/{path}").text

    for left in ([first], []):  # the map's undo takes back what was added, the last first
        client.post(f"{base}/journey-map/undo")
        assert numbers() == left
    for left in ([first], [first, second]):
        client.post(f"{base}/journey-map/redo")
        assert numbers() == left
    for number in (first, second):
        client.post(f"{base}/map-evidence/{number}/remove")
    assert client.get(f"{base}/map-evidence/{second}/file").status_code == 404
    shown = said("map-versions/1")
    assert "Quote that is not shown now" in shown and "Notes</bdi>, removed since" in shown
    found = client.get(f"{base}/map-versions/compare.json").json["differences"]
    assert [(e["did"], e["noun"], e["number"]) for e in found] == [
        ("removed", "evidence", first),
        ("removed", "evidence", second),
    ]
    client.post(f"{base}/map-evidence/{first}/restore")
    assert html.escape(WORDS) in said("map-versions/1") and "Notes" not in said("journey-map")
    with installation.store.writing() as session:
        assert WORDS not in str(session.query(MapVersion.content).scalar())
        session.delete(session.get(Response, response))
    assert "Quote that is not shown now" in said("map-versions/1")
    assert forget_evidence(installation, installation.now() + timedelta(days=89)) == 0
    assert forget_evidence(installation, installation.now() + timedelta(days=91)) == 1
    assert client.post(f"{base}/map-evidence/{second}/restore").status_code == 404
    with installation.store.reading() as session:
        assert (session.query(File).count(), session.query(MapEvidence).count()) == (0, 0)


def packed(**parts: bytes) -> bytes:
    """An archive with ``[Content_Types].xml`` of a Word document and these parts, ``__`` for a slash."""
    out = BytesIO()
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        types = f'<Types><Override ContentType="{word}.main+xml"/></Types>'
        file.writestr("[Content_Types].xml", types)
        for name, data in parts.items():
            file.writestr(name.replace("__", "/"), data)
    return out.getvalue()


TEMPLATE = (
    b'<Relationship Type="http://a/attachedTemplate" Target="http://b" TargetMode="External"/>'
)
LINK = b'<Relationship Type="http://a/hyperlink" Target="http://b" TargetMode="External"/>'


def test_documents_are_known_by_what_is_in_them_and_run_nothing(drawn):
    client, base, stage, _ = drawn
    odt = BytesIO()
    with zipfile.ZipFile(odt, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    kept = ((packed(**{"word___rels__a.rels": LINK}), "docx"), (odt.getvalue(), "odt"))
    for data, ending in (*kept, ("Gr\u00fc\u00df Gott".encode(), "txt"), (b"%PDF-1.7 a", "pdf")):
        assert DOCUMENTS[read_map_file(data).media_type].ending == ending
    huge = packed(**{"word__a.xml": bytes(1 << 20)}).replace(
        (1 << 20).to_bytes(4, "little"), (1 << 30).to_bytes(4, "little")
    )
    for data, why in (
        (packed(**{"word__vbaProject.bin": b"1"}), "macros"),
        (packed(**{"word___rels__s.rels": TEMPLATE}), "from elsewhere"),
        (huge, "unpacks to"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "before 2007"),
        (b"%PDF-1.7 /JavaScript (app.alert)", "script"),
        (b"<html><script>1</script>", "neither"),
        (b"MZ\x90\x00\xff", "neither"),
        (b"words\x00", "neither"),
    ):
        with pytest.raises(Invalid, match=why):
            read_map_file(data)
    fields = {"stage": str(stage), "title": "Plan", "file": (BytesIO(kept[0][0]), "a.html")}
    client.post(f"{base}/map-evidence/files", data=fields, content_type="multipart/form-data")
    (row,) = client.get(f"{base}/map-evidence.json").json["evidence"]
    with client.get(f"{base}/map-evidence/{row['id']}/file") as sent:
        assert sent.headers["Content-Disposition"].rpartition(".")[2] == "docx"
        assert "attachment" in sent.headers["Content-Disposition"]
        assert "sandbox" in sent.headers["Content-Security-Policy"]
    client.post(f"{base}/map-evidence/{row['id']}/remove")
    assert client.post(f"{base}/map-evidence/{row['id']}/delete").status_code == 303
    assert "Plan" not in client.get(f"{base}/map-evidence").text.partition("<form")[0]
