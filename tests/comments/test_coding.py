"""Two people code apart from each other; what they agree on is final, the rest is settled."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.comments import code_book, coding
from surveyapp.comments.coding import Queue, Role
from surveyapp.comments.search import Wanted, find_all
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.responses import responses_table
from surveyapp.journeys.calendar import UTC_DAYS
from surveyapp.results.comments.coding_agreement import agreement_by_code
from surveyapp.results.scope import Scope
from surveyapp.store.models import AuditEntry, Journey, User
from tests.comments.conftest import Commented
from tests.responses.makers import NOW
from tests.web.world import add_user

ITEM = "nps-nps_reason"


class Coders:
    """A code book of two codes and three people who code by it."""

    def __init__(self, commented: Commented) -> None:
        self.commented, self.store = commented, commented.store
        self.journey_id, self.ids = commented.row.journey_id, [commented.row.id]
        with self.store.writing() as session:
            journey = session.get_one(Journey, self.journey_id)
            raw = [{"code": code, "name": code.title()} for code in ("wait", "staff")]
            self.wait, self.staff = (
                code_book.add_code(session, journey, each, user_id=None).id for each in raw
            )
            self.people = [add_user(session, role).id for role in ("researcher", "manager")]

    def code(self, who: int, number: int, *codes: int) -> Role:
        with self.store.writing() as session:
            return coding.code_comment(
                *(session, self.journey_id, (number, ITEM), codes),
                user_id=self.people[who],
                now=NOW,
            )

    def next(self, who: int, queue: Queue, after: int | None = None) -> int | None:
        with self.store.reading() as session:
            people = self.people[who]
            found = coding.next_comment(session, self.ids, queue, user_id=people, after=after)
            return found and found.response_id

    def effective(self) -> dict[int, set[int]]:
        with self.store.reading() as session:
            return {
                key[0]: set(codes) for key, codes in coding.effective(session, self.ids).items()
            }


@pytest.fixture
def coders(commented: Commented) -> Coders:
    return Coders(commented)


def test_comments_come_newest_first_and_a_second_coder_gets_those_of_others(coders: Coders):
    old, new = (coders.commented.say(text) for text in ("old wait", "new wait"))
    assert [coders.next(0, Queue.NEW), coders.next(0, Queue.NEW, after=new)] == [new, old]
    assert coders.code(0, new, coders.wait) is Role.FIRST
    assert coders.next(0, Queue.NEW) == old
    assert [coders.next(who, Queue.SECOND) for who in (0, 1)] == [None, new]
    assert coders.code(0, new, coders.staff) is Role.FIRST  # the same coder thinks again
    assert coders.effective() == {new: {coders.staff}}


def test_what_two_agree_on_is_final_and_the_rest_counts_once_it_is_settled(
    coders: Coders, monkeypatch: pytest.MonkeyPatch
):
    same, other, none = (coders.commented.say(text) for text in "abc")
    for number, first, second in (
        (same, [coders.wait, coders.staff], [coders.staff, coders.wait]),
        (other, [coders.wait], [coders.staff]),
        (none, [], []),
    ):
        coders.code(0, number, *first)
        assert coders.code(1, number, *second) is Role.SECOND
    assert coders.effective() == {same: {coders.wait, coders.staff}, none: set()}
    with coders.store.reading() as session:
        found = coding.disagreements(session, coders.ids)
        done = coding.progress(session, coders.ids)
        pairs = coding.double_coded(session, coders.ids)
    assert [(each.comment.response_id, each.first, each.second) for each in found] == [
        (other, {coders.wait}, {coders.staff})
    ]
    assert done == coding.Progress(comments=3, coded=3, double=3, open=1)
    monkeypatch.setattr(coding, "MOST_COUNTED", 2)
    with coders.store.reading() as session:
        assert coding.progress(session, coders.ids) == replace(done, comments=2, is_more=True)
    with pytest.raises(Conflict, match="is settled instead"):
        coders.code(0, other, coders.staff)
    settled = {"user_id": coders.people[0], "now": NOW}
    with coders.store.writing() as session:
        key = (other, ITEM)
        coding.settle(session, coders.journey_id, key, [coders.staff], **settled)
        with pytest.raises(Conflict, match="meanwhile"):
            coding.settle(session, coders.journey_id, key, [], **settled)
    assert coders.effective()[other] == {coders.staff}
    with coders.store.reading() as session:  # agreement is of what was coded apart
        assert coding.double_coded(session, coders.ids) == pairs
        found = agreement_by_code(
            session, coders.ids, code_book.codes_of(session, coders.journey_id)
        )
    assert {each.code.code: each.agreement.observed for each in found} == {
        "wait": pytest.approx(2 / 3),
        "staff": pytest.approx(2 / 3),
    }


def test_a_changed_comment_loses_its_codes_and_foreign_codes_are_refused(coders: Coders):
    number = coders.commented.say("wait")
    coders.code(0, number, coders.wait)
    with pytest.raises(Invalid, match="no code with the number 9999"):
        coders.code(1, number, 9999)
    with pytest.raises(NotFound):
        coders.code(0, number + 1, coders.wait)
    coders.commented.correct(number, "something else")
    assert coders.effective() == {}
    assert coders.next(1, Queue.NEW) == number


def test_the_code_book_names_what_is_wrong(coders: Coders):
    with coders.store.writing() as session:
        journey = session.get_one(Journey, coders.journey_id)
        for raw, told in (
            ({"code": "Long Wait", "name": "x"}, "is no code"),
            ({"code": "wait", "name": "x"}, "has a code wait already"),
            ({"code": "price", "name": " "}, "Enter a name"),
        ):
            with pytest.raises(Invalid, match=told):
                code_book.add_code(session, journey, raw, user_id=None)
        code = code_book.code_of(session, journey.id, coders.wait)
        raw = {"name": "Waiting", "retired": True}
        code_book.change_code(session, journey, code, raw, user_id=None)
    with coders.store.reading() as session:
        offered = code_book.codes_of(session, coders.journey_id, retired=False)
    assert [each.code for each in offered] == ["staff"]


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # pages do not differ by database
def test_coding_works_by_plain_forms(coders: Coders, app, installation, sign_in):
    with installation.store.reading() as session:
        users = [session.get_one(User, number) for number in coders.people]
    number = coders.commented.say("A long wait")
    first, second = (sign_in(user) for user in users)
    address = f"/journeys/{coders.journey_id}/coding"
    page = first.get(f"{address}/comment").text
    assert (
        "A long wait" in page and 'accesskey="1"' in page and "<script" not in page.split("<h1")[1]
    )
    sent = {"response": number, "item": ITEM, "queue": "new", "codes": [coders.wait]}
    answer = first.post(f"{address}/comment", data=sent)
    assert answer.status_code == 303
    assert "Nothing left to code" in first.get(answer.location).text
    other = second.get(f"{address}/comment?queue=second").text
    assert "A long wait" in other and " checked" not in other
    again = {**sent, "queue": "second", "codes": []}
    assert second.post(f"{address}/comment", data=again).status_code == 303
    listed = second.get(f"{address}/disagreements").text
    assert "First coder: <b>Wait</b>. Second coder: <b>none</b>." in listed
    assert second.post(f"{address}/disagreements", data=sent).status_code == 303
    assert "No disagreements" in second.get(f"{address}/disagreements").text
    index = first.get(address).text
    assert "1 of 1 comments are coded, 1 by two people" in index
    assert first.get(f"{address}/code-book.csv").text.splitlines()[1] == "staff,Staff,,,,no"


def test_an_export_has_the_codes_that_count(coders: Coders):
    numbers = [coders.commented.say(text) for text in "abcd"]
    for number, first, second in zip(
        numbers,
        ([coders.wait], [], [coders.wait]),
        ([coders.wait], [], [coders.staff]),
        strict=False,
    ):
        coders.code(0, number, *first)
        coders.code(1, number, *second)
    with coders.store.reading() as session:
        table = responses_table(session, Chosen(Scope(coders.journey_id)), library=BUILT_IN)
        place = [each.name for each in table.variables].index("codes.nps.nps_reason")
        assert [row[place] for row in table.rows] == ["wait", "none", None, None]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_comments_are_found_by_code_and_theme_on_page_in_json_and_in_a_file(
    coders: Coders, app, installation, sign_in
):
    wait, both, alone, open_, _ = (coders.commented.say(text) for text in "abcde")
    coders.code(0, wait, coders.wait)
    for who in (0, 1):
        coders.code(who, both, coders.wait, coders.staff)
    coders.code(0, alone, coders.staff)
    for who, code in ((0, coders.wait), (1, coders.staff)):
        coders.code(who, open_, code)  # counts as neither before it is settled
    with installation.store.writing() as session:
        code = code_book.code_of(session, coders.journey_id, coders.wait)
        code.theme = "Time"
        researcher, manager = (session.get_one(User, number) for number in coders.people)
    address = f"/journeys/{coders.journey_id}/comments"
    client = sign_in(researcher)
    for query, texts, codes in (
        ("code=wait", ["b", "a"], [["staff", "wait"], ["wait"]]),
        ("theme=Time", ["b", "a"], [["staff", "wait"], ["wait"]]),
        ("code=staff", ["c", "b"], [["staff"], ["staff", "wait"]]),
        ("code=staff&theme=Time", [], []),
        ("code=wait&words=a", ["a"], [["wait"]]),
        ("words=d", ["d"], [None]),
    ):
        found = client.get(f"{address}.json?{query}").json["comments"]
        assert [each["text"] for each in found] == texts, query
        assert [each["codes"] for each in found] == codes, query
    assert found[0]["themes"] is None
    page = client.get(f"{address}?code=wait").text
    assert 'value="wait" selected' in page and "export.csv?code=wait" in page
    assert ">Wait</a>" in page and ">c</blockquote>" not in page
    sent = client.get(f"{address}/export.csv?code=wait")
    assert "-2-rows.csv" in sent.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(sent.text.removeprefix("\ufeff"))))
    assert [(row["text"], row["codes"]) for row in rows] == [("b", "staff; wait"), ("a", "wait")]
    for query, told in (("code=odd", "code=odd is not in"), ("theme=Price", "or not any more")):
        wrong = client.get(f"{address}?{query}")
        assert wrong.status_code == 422 and told in wrong.text
    assert sign_in(manager).get(f"{address}/export.csv").status_code == 403
    with installation.store.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "export comments")
        ).one()
    assert entry.detail == {"code": "wait"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_of_comments_is_whole_or_refused(coders: Coders):
    for text in "abc":
        coders.commented.say(text)
    with coders.store.reading() as session:
        asked = (session, [coders.commented.survey], Wanted())
        options = {"calendar": UTC_DAYS, "bands": {}}
        assert [each.text for each in find_all(*asked, **options, most=3)] == ["c", "b", "a"]
        for less in ({"most": 2}, {"scanned": 2}):
            with pytest.raises(Invalid, match="Choose months, or a touchpoint"):
                find_all(*asked, **options, **less)
