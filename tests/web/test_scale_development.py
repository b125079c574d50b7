"""A scale developed on the staff pages, judged through links, piloted, and made into a questionnaire."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from html import unescape
from secrets import token_hex

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.i18n.words import Words
from surveyapp.reports import apa
from surveyapp.reports.document import Paragraph, Table
from surveyapp.reports.scale_development.evidence import content
from surveyapp.scale_development.evidence import Evidence, evidence_of
from surveyapp.scale_development.pool import (
    ConstructWanted,
    ItemWanted,
    ScaleWanted,
    add_construct,
    add_item,
    make_scale,
)
from surveyapp.store.models import (
    AuditEntry,
    Journey,
    Judge,
    JudgingRound,
    Questionnaire,
    ScaleDevelopment,
    ScaleItem,
    ScaleItemChange,
    ScalePilot,
    ScaleVersion,
)
from surveyapp.web.installation import EXTENSION
from tests.reports.test_languages import Marked, left_over
from tests.results.study_place import make_study, people
from tests.web.one_app import one_app, researcher
from tests.web.test_projects import run_jobs

pytestmark = pytest.mark.xdist_group("scale_development")

ITEMS = {
    **{f"warm{n}": ("warmth", f"The staff were kind to me in way {n}.") for n in (1, 2, 3)},
    **{f"comp{n}": ("competence", f"The staff knew their work in way {n}.") for n in (1, 2, 3)},
}
DIMENSIONS = ("warmth", "competence")
FINDING = {
    "participant": "P3",
    "problem": "comprehension",
    "severity": "major",
    "finding": "Took <i>kind</i> for cheap.",
    "change": "None yet",
}
TURN = {
    "language": "de",
    "forward": "Das Personal war freundlich zu mir.",
    "comparison": "same",
    "decision": "accepted",
}


@pytest.fixture(scope="module")
def app(migrated_sqlite, tmp_path_factory):
    yield from one_app(migrated_sqlite, tmp_path_factory)


@pytest.fixture(scope="module")
def installation(app):
    return app.extensions[EXTENSION]


@pytest.fixture(scope="module")
def journey_id(installation) -> int:
    with installation.store.writing() as session:
        return make_study(session, people(60)).journey_id


@pytest.fixture(scope="module")
def client(app, journey_id) -> FlaskClient:
    return researcher(app)


@pytest.fixture
def scale(installation, journey_id) -> str:
    """The address of a scale with two dimensions, a neighbour and six items."""
    with installation.store.writing() as session:
        journey = session.get_one(Journey, journey_id)
        wanted = ScaleWanted(
            f"Encounter quality {token_hex(4)}", "How they judge.", "Customers", "en", "agree7"
        )
        made = make_scale(session, journey, wanted, user_id=None)
        ids = {}
        for kind, code in (*(("dimension", x) for x in DIMENSIONS), ("neighbour", "loyalty")):
            construct = ConstructWanted(kind, code, code.title(), f"Is {code}.")
            ids[code] = add_construct(session, made, construct, user_id=None).id
        for code, (dimension, text) in ITEMS.items():
            item = ItemWanted(code, text, ids[dimension])
            add_item(session, made, item, user_id=None, now=installation.now())
        return f"/journeys/{journey_id}/scale-development/{made.id}"


@pytest.fixture
def pool(installation, scale) -> dict[str, int]:
    with installation.store.reading() as session:
        query = select(ScaleItem.code, ScaleItem.id).where(ScaleItem.scale_id == number_of(scale))
        return dict(session.execute(query).all())


def number_of(scale: str) -> int:
    return int(scale.rpartition("/")[2])


def invited(client, scale, kind, labels) -> tuple[str, list[str]]:
    """A round's address and its judges' links, as paths."""
    begun, again = (client.post(f"{scale}/judging-rounds", data={"kind": kind}) for _ in range(2))
    assert begun.status_code == 303
    address = begun.headers["Location"]
    assert again.headers["Location"] == address
    page = client.post(f"{address}/judges", data={"labels": "\n".join(labels), "days": "10"}).text
    links = re.findall(r"(/judging/[\w-]{40,})<", page)
    assert len(links) == len(labels)
    return address, links


def form_of(pool, answer, **more) -> dict[str, str]:
    return {f"answer-{number}": answer(code) for code, number in pool.items()} | more


def own(code: str) -> str:
    return "warmth" if "warm" in code else "competence"


def reword(client, scale, pool) -> str:
    """Give comp3 another wording; the item's address."""
    address = f"{scale}/items/{pool['comp3']}"
    dimension = re.search(r'<option selected value="(\d+)">', client.get(address).text)[1]
    form = {"code": "comp3", "text": "The staff could answer me.", "construct_id": dimension}
    assert "Say why the wording changes" in client.post(address, data={**form, "reason": ""}).text
    assert client.post(address, data={**form, "reason": "Too vague"}).status_code == 303
    return address


def sort_all(app, client, scale, pool) -> tuple[str, list[str]]:
    """A round in which five judges sort every item, one of them warm1 to another construct."""
    address, links = invited(client, scale, "sort", ["Ada", "Bo", "Cy", "Di", "Ed"])
    stranger = app.test_client()
    for at, link in enumerate(links):
        form = form_of(pool, own, action="submit")
        if at == 0:
            form |= {f"answer-{pool['warm1']}": "loyalty", f"remark-{pool['warm1']}": "<b>Who?</b>"}
        assert stranger.post(link, data=form).status_code == 200
    return address, links


def translate(client, scale, pool) -> None:
    """Accept a translation of warm1 and warm2."""
    for code in ("warm1", "warm2"):
        form = {**TURN, "back": "The staff were friendly to me."}
        address = f"{scale}/items/{pool[code]}/item-translations"
        assert client.post(address, data=form).status_code == 303


def keep(client, scale, pool) -> None:
    """Keep every item but comp3."""
    for code, number in pool.items():
        state = "dropped" if code == "comp3" else "kept"
        form = {"state": state, "reason": "Judges disagreed" if state == "dropped" else ""}
        assert client.post(f"{scale}/items/{number}/state", data=form).status_code == 303


def pilot(client, scale, installation) -> tuple[str, dict]:
    """A pilot of 400 simulated respondents from a file: its page and its result."""
    rng = np.random.default_rng(5)
    factors = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=400)
    values = {
        code: np.clip(
            np.round(4 + 1.2 * factors[:, int("comp" in code)] + rng.normal(size=400)), 1, 7
        ).astype(int)
        for code in ITEMS
    }
    rows = zip(*values.values(), strict=True)
    text = "\n".join([",".join(ITEMS), *(",".join(map(str, row)) for row in rows)])
    form = {
        "name": "First pilot",
        "survey": "",
        "seed": "7",
        "size": "4",
        "least": "2",
        "names": "",
        "file": (io.BytesIO(text.encode()), "pilot.csv"),
    }
    made = client.post(f"{scale}/scale-pilots/new", data=form)
    assert made.status_code == 303
    run_jobs(installation)
    page = client.get(made.headers["Location"]).text
    with installation.store.reading() as session:
        query = select(ScalePilot).where(ScalePilot.scale_id == number_of(scale))
        return page, session.scalars(query).one().result


def test_a_scale_is_written_on_its_pages(client, journey_id):
    here = f"/journeys/{journey_id}/scale-development"
    form = {
        "name": "Of pages",
        "definition": "How a customer judges the people who served them.",
        "population": "Customers after a visit",
        "language": "en",
        "answer_scale": "agree7",
    }
    address = client.post(f"{here}/new", data=form).headers["Location"]
    twice = client.post(f"{here}/new", data=form)
    assert twice.status_code == 422 and "There is a scale “Of pages” already" in twice.text
    for kind, code in (("dimension", "warmth"), ("neighbour", "loyalty")):
        construct = {"kind": kind, "code": code, "name": code.title(), "definition": f"Is {code}."}
        assert client.post(f"{address}/constructs/new", data=construct).status_code == 303
    options = re.findall(r'<option value="(\d+)">(\w+)<', client.get(f"{address}/items/new").text)
    assert [name for _, name in options] == ["Warmth"]
    item = {"code": "warm1", "text": "They were kind.", "construct_id": options[0][0]}
    assert client.post(f"{address}/items/new", data=item).status_code == 303
    page = client.get(address).text
    assert "1 item in the pool: 0 kept, 0 dropped, 1 undecided" in page
    assert "They were kind." in page and "Loyalty" in page
    assert "Of pages" in client.get(here).text


@pytest.mark.parametrize(
    ("page", "form", "said"),
    [
        ("constructs/new", {"code": "warmth"}, "warmth is the code of another one"),
        ("constructs/new", {"code": "Two words"}, "is no code"),
        ("items/new", {"code": "warm9", "text": ITEMS["warm1"][1]}, "warm1 says the same"),
        ("items/new", {"code": "warm1", "text": "Else."}, "warm1 is the code of another one"),
    ],
)
def test_what_a_pool_cannot_hold_is_refused_at_its_field(client, scale, page, form, said):
    shown = client.get(f"{scale}/items/new").text
    dimension = re.search(r'<option value="(\d+)">Warmth', shown)[1]
    beside = {"kind": "dimension", "name": "N", "definition": "D"}
    if page == "items/new":
        beside = {"construct_id": dimension}
    answer = client.post(f"{scale}/{page}", data={**beside, **form})
    assert answer.status_code == 422 and said in answer.text


def test_a_reworded_item_keeps_its_old_wording_and_the_reason(client, scale, pool, installation):
    address = reword(client, scale, pool)
    with installation.store.reading() as session:
        query = select(ScaleItemChange.text, ScaleItemChange.reason)
        query = query.where(ScaleItemChange.item_id == pool["comp3"])
        said = [tuple(row) for row in session.execute(query.order_by(ScaleItemChange.id))]
    assert said == [(ITEMS["comp3"][1], ""), ("The staff could answer me.", "Too vague")]
    page = client.get(address).text
    assert ITEMS["comp3"][1] in page and "Too vague" in page


def test_dropping_needs_a_reason(client, scale, pool):
    address = f"{scale}/items/{pool['comp2']}/state"
    refused = client.post(address, data={"state": "dropped", "reason": " "})
    assert refused.status_code == 422 and "Say why the item is dropped" in refused.text
    assert client.post(address, data={"state": "draft", "reason": ""}).status_code == 303


def test_judges_sort_without_an_account_and_the_results_are_those_of_the_formula(
    app, client, scale, pool, installation
):
    address, links = sort_all(app, client, scale, pool)
    page = app.test_client().get(links[1])
    assert "<script" not in page.text and "Ada" not in page.text and "Who?" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    shown = client.get(address).text
    assert "5 of 5 judges have handed in" in shown
    row = re.search(r"<tr><th scope=\"row\"[^>]*><code>warm1</code>.*?</tr>", shown, re.S)[0]
    cells = [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<td.*?</td>", row, re.S)]
    # 4 of 5 agreed, 1 chose another: psa .80, csv .60; binomial(5, .5): P(X >= 4) = .1875
    assert cells[2:8] == ["5", "4", "5", "0.80", "0.60", "0.188"]
    assert cells[9] == "revise"
    assert "&lt;b&gt;Who?&lt;/b&gt;" in row and "<b>Who?" not in shown
    with installation.store.reading() as session:
        states = set(
            session.scalars(select(ScaleItem.state).where(ScaleItem.id.in_(pool.values())))
        )
        tokens = session.scalars(select(Judge.token_hash)).all()
        said = str([e.detail for e in session.scalars(select(AuditEntry))])
    assert states == {"judging"}
    assert not any(link.rpartition("/")[2] in (*tokens, said) for link in links)


def test_a_judge_can_save_go_on_and_hand_in_only_a_whole_form(app, client, scale, pool):
    _, (link, other) = invited(client, scale, "relevance", ["Fi", "Gus"])
    stranger = app.test_client()
    part = {f"answer-{pool['warm1']}": "3", "action": "save"}
    assert "have been saved" in stranger.post(link, data=part).text
    open_form = stranger.post(link, data={**part, "action": "submit"})
    assert open_form.status_code == 422 and "5 items have no answer yet" in open_form.text
    again = stranger.get(link).text
    assert f'id="answer-{pool["warm1"]}-3" value="3" checked' in again
    assert "checked" not in stranger.get(other).text
    whole = form_of(pool, lambda _: "4", action="submit")
    for _ in range(2):
        assert "handed in" in stranger.post(link, data=whole).text
    assert "Évaluer" in stranger.get(f"{link}?lang=fr").text


@pytest.mark.parametrize(
    "form",
    [
        {"answer-999999": "warmth"},
        {"answer-{warm1}": "mine"},
        {"answer-{warm1}": "1"},
        {"remark-{warm1}": "x" * 501},
        {"remark-{warm1}": "a\x00b"},
        {"construct": "warmth"},
        {"label": "Eve"},
    ],
)
def test_hostile_judgements_are_refused_and_nothing_is_kept(
    app, client, scale, pool, installation, form
):
    _, (link,) = invited(client, scale, "sort", ["Eve"])
    sent = {name.format(**pool): value for name, value in form.items()}
    assert app.test_client().post(link, data=sent).status_code == 422
    with installation.store.reading() as session:
        last = session.scalars(select(Judge).order_by(Judge.id.desc())).first()
    assert (last.answers, last.remarks, last.saved_at) == ({}, {}, None)


def test_links_that_open_nothing_all_answer_the_same(
    app, client, scale, pool, installation, monkeypatch
):
    address, links = invited(client, scale, "essential", ["Hal", "Ida", "Jo"])
    stranger = app.test_client()
    with installation.store.reading() as session:
        judges = session.scalars(select(Judge).order_by(Judge.id.desc()).limit(3)).all()[::-1]
    assert client.post(f"{address}/judges/{judges[0].id}/revoke").status_code == 303
    revoked = stranger.get(links[0])
    with installation.store.writing() as session:
        session.get_one(Judge, judges[1].id).expires_at = installation.now() - timedelta(days=1)
    expired = stranger.get(links[1])
    unknown = stranger.get("/judging/" + "x" * 43)
    assert client.post(f"{address}/close").status_code == 303
    closed = stranger.get(links[2])
    assert {each.status_code for each in (revoked, expired, unknown, closed)} == {404}
    assert len({each.text for each in (revoked, expired, unknown, closed)}) == 1
    sent = form_of(pool, lambda _: "essential", action="submit")
    assert stranger.post(links[2], data=sent).status_code == 404
    assert client.post(f"{address}/judges", data={"labels": "Kim", "days": "1"}).status_code == 422


def test_too_few_judges_to_keep_an_item_are_told_so(app, client, scale, pool):
    address, links = invited(client, scale, "essential", ["Mo", "Nu"])
    for link in links:
        sent = form_of(pool, lambda _: "essential", action="submit")
        assert app.test_client().post(link, data=sent).status_code == 200
    assert "So few judges cannot keep an item by the rule" in client.get(address).text


def test_a_form_that_is_saved_without_end_is_slowed(app, client, scale, pool):
    _, (link,) = invited(client, scale, "essential", ["Lu"])
    stranger = app.test_client()
    sent = form_of(pool, lambda _: "useful", action="save")
    answers = [stranger.post(link, data=sent).status_code for _ in range(32)]
    assert answers[:30] == [200] * 30 and answers[-1] == 429


def test_findings_and_translations_stay_on_record(client, scale, pool):
    address = f"{scale}/items/{pool['warm2']}/interview-findings"
    for _ in range(2):  # sent twice, it is one
        assert client.post(address, data=FINDING).status_code == 303
    assert client.get(address).text.count("Took &lt;i&gt;kind") == 1
    mixed = client.post(address, data={**FINDING, "severity": "none"})
    assert mixed.status_code == 422 and "A problem has a severity" in mixed.text
    address = f"{scale}/items/{pool['warm2']}/item-translations"
    refused = client.post(address, data=TURN)
    assert refused.status_code == 422 and "with a back-translation" in refused.text
    for _ in range(2):
        translate(client, scale, pool)
    assert client.get(address).text.count("Das Personal") == 1


def test_a_version_becomes_a_questionnaire_by_one_click(client, scale, pool, installation):
    nothing = client.post(f"{scale}/scale-versions/new", data={"note": "First"})
    assert nothing.status_code == 422 and "No item is kept yet" in nothing.text
    translate(client, scale, pool)
    keep(client, scale, pool)
    before = client.get(f"{scale}/scale-versions/new").text
    made = client.post(f"{scale}/scale-versions/new", data={"note": "First"})
    assert made.status_code == 303
    untranslated = "warm3, comp1, comp2"
    partly = f"Deutsch</bdi>: no accepted translation of {untranslated}."
    assert partly in before and partly in client.get(made.headers["Location"]).text
    version = made.headers["Location"]
    same = client.post(f"{scale}/scale-versions/new", data={"note": "Again"})
    assert same.status_code == 422 and "Nothing has changed since version 1" in same.text
    first, second = (client.post(f"{version}/publish").headers["Location"] for _ in range(2))
    assert first == second
    page = client.get(first).text
    assert ITEMS["warm1"][1] in page and ITEMS["comp3"][1] not in page
    with installation.store.reading() as session:
        row = session.get_one(Questionnaire, int(first.rpartition("/")[2]))
        assert '"warmth"' in row.draft.replace("\\", "") and "Das Personal war" in row.draft
    assert client.get(version).status_code == 200


def test_a_pilot_from_a_file_is_analysed_by_halves_and_shortened(client, scale, installation):
    page, result = pilot(client, scale, installation)
    assert (result["n"], result["halves"], result["seed"]) == (400, [200, 200], 7)
    assert result["refused"] == {} and result["efa"]["n"] == 200 and result["cfa"]["n"] == 200
    short = result["short_form"]
    assert len(short["items"]) == 4 and short["corrected"]["estimate"] < short["raw"]["estimate"]
    assert "corrected for overlap" in page and "Confirmatory analysis" in page
    address = re.search(r'action="([^"]+)/remove"', page)[1]
    assert client.post(f"{address}/remove").status_code == 303
    assert client.get(address).status_code == 404
    with installation.store.reading() as session:
        query = select(ScalePilot.id).where(ScalePilot.scale_id == number_of(scale))
        assert session.scalars(query).all() == []


def test_a_pilot_reads_a_surveys_answers_under_other_names(client, scale, installation):
    new = f"{scale}/scale-pilots/new"
    survey = re.findall(r'<option value="(\d+)">', client.get(new).text)[0]
    names = {"warm1": "rel1", "warm2": "rel2", "warm3": "rel3", "comp1": "ass1", "comp2": "ass2"}
    form = {"name": "Of the survey", "survey": survey, "seed": "1", "size": "0", "least": "2"}
    lines = "\n".join(f"{item} = {column}" for item, column in names.items())
    twice = client.post(new, data={**form, "names": "warm1 = rel1\nwarm2 = rel1"})
    assert twice.status_code == 422 and "Two items have the same column" in twice.text
    unknown = client.post(new, data={**form, "names": "warm1 = mine"})
    assert unknown.status_code == 422 and "The answers have no mine" in unknown.text
    with installation.store.writing() as session:  # marked as reversed, which it is not
        query = select(ScaleItem).where(ScaleItem.scale_id == number_of(scale))
        next(each for each in session.scalars(query) if each.code == "warm2").reverse = True
    made = client.post(new, data={**form, "names": lines})
    assert made.status_code == 303
    run_jobs(installation)
    page = client.get(made.headers["Location"]).text
    assert "60 respondents" in page and "warm2 runs against the other items of" in page
    with installation.store.reading() as session:
        query = select(ScalePilot).where(ScalePilot.scale_id == number_of(scale))
        stored = session.scalars(query).one()
    assert stored.uploaded is None and stored.result["absent"] == ["comp3"]
    document = client.get(f"{scale}/scale-evidence.html").text
    assert "Not among the answers: comp3." in document
    warnings = stored.result["cfa"]["warnings"]
    assert warnings and all(f"{each[1:]}." in unescape(document) for each in warnings), warnings
    means = {each["item"]: each["mean"] for each in stored.result["items"]}
    assert means["warm1"] == pytest.approx(people(60)["rel1"].mean())


def test_the_evidence_of_each_step_stands_in_one_document(app, client, scale, pool, installation):
    reword(client, scale, pool)
    sort_all(app, client, scale, pool)
    client.post(f"{scale}/items/{pool['warm2']}/interview-findings", data=FINDING)
    translate(client, scale, pool)
    keep(client, scale, pool)
    _, result = pilot(client, scale, installation)
    with installation.store.reading() as session:
        found = evidence_of(session, session.get_one(ScaleDevelopment, number_of(scale)))
        journey = session.get_one(Journey, found.scale.journey_id)
        blocks = content(found, journey, made=date(2026, 11, 30)).blocks
    said = " ".join(str(each.text) for each in blocks if isinstance(each, Paragraph))
    assert "The pool has 6 items: 5 kept, 1 dropped. Reworded items: 1." in said
    assert "5 judges sorted the items to constructs" in said
    assert "Participants: 1; items they talked through: 1; items with a major" in said
    assert "Deutsch: translations accepted for the present wording: 2 of 2." in said
    assert f"CFI = {apa.bounded(result['cfa']['fit']['cfi'], 3)}" in said
    assert f"at {apa.bounded(result['short_form']['corrected']['estimate'])}, 95% CI" in said
    assert (
        f"Warmth: ω = {apa.bounded(result['cfa']['omega']['warmth']['estimate'])}, 95% CI" in said
    )
    assert f"r = {apa.bounded(result['cfa']['correlations'][0]['r'])}, 95% CI" in said
    tables = {each.title: each for each in blocks if isinstance(each, Table)}
    sort = tables["Substantive Validity of the Items"]
    (row,) = [row for row in sort.rows if row[0] == "warm1"]
    assert row[3:8] == ["4", "5", ".80", ".60", ".188"]
    assert len(tables["Changes of Wording"].rows) == 1
    marked = content(found, journey, made=date(2026, 11, 30), words=Words("fi", catalogue=Marked()))
    typed = {journey.provider, journey.name, "English", "Deutsch", "oblimin", "minres", "MLR"}
    typed |= {"KMO", "CFI", "RMSEA", "SRMR", "psa", "csv", "Levy", "marraskuuta", "In English"}
    assert left_over(marked, typed | typed_in(found)) == []
    finnish = client.get(f"{scale}/scale-evidence.html?report_language=fi")
    assert "Osiovaranto" in finnish.text and "Käännösluonnos" in finnish.text
    assert client.get(f"{scale}/scale-evidence.pdf?report_language=et").status_code == 422
    page = client.get(f"{scale}/scale-evidence.html")
    assert page.status_code == 200 and b"Took &lt;i&gt;kind" in page.data
    assert client.get(f"{scale}/scale-evidence.docx").data.startswith(b"PK")


def test_a_pilot_without_the_items_says_what_the_answers_are_called(client, scale, journey_id):
    new = f"{scale}/scale-pilots/new"
    survey = re.search(r'<option value="(\d+)">', client.get(new).text)[1]
    form = {"name": "Survey", "survey": survey, "seed": "1", "size": "0", "least": "2"}
    refused = client.post(new, data=form)
    assert refused.status_code == 422 and "The answers hold 0 of the 6 items" in refused.text


def test_a_removed_scale_ends_its_links_and_comes_back(app, client, journey_id, scale):
    _, (link,) = invited(client, scale, "relevance", ["Mo"])
    stranger = app.test_client()
    assert client.post(f"{scale}/remove").status_code == 303
    assert stranger.get(link).status_code == 404 and client.get(scale).status_code == 404
    assert client.post(f"{scale}/restore").status_code == 303
    assert stranger.get(link).status_code == 200 and client.get(scale).status_code == 200


def test_a_scale_that_was_removed_long_ago_goes_with_all_that_is_its_own(
    client, scale, pool, installation
):
    invited(client, scale, "sort", ["Ned"])
    keep(client, scale, pool)
    client.post(f"{scale}/scale-versions/new", data={"note": "First"})
    assert client.post(f"{scale}/remove").status_code == 303
    with installation.store.writing() as session:
        gone = installation.now() - timedelta(days=120)
        session.get_one(ScaleDevelopment, number_of(scale)).removed_at = gone
    assert client.post(f"{scale}/restore").status_code == 404
    form = {
        "name": f"Next {token_hex(4)}",
        "definition": "D",
        "language": "en",
        "answer_scale": "agree7",
    }
    made = client.post(f"{scale.rpartition('/')[0]}/new", data=form).headers["Location"]
    assert client.post(f"{made}/remove").status_code == 303
    with installation.store.reading() as session:
        for table in (JudgingRound, ScaleItem, ScalePilot, ScaleVersion):
            query = select(table.id).where(table.scale_id == number_of(scale))
            assert session.scalars(query).all() == []
        assert session.get(ScaleDevelopment, number_of(scale)) is None
        query = select(ScaleItemChange.id).where(ScaleItemChange.item_id.in_(pool.values()))
        assert session.scalars(query).all() == []


def typed_in(found: Evidence) -> set[str]:
    """Every text that somebody wrote into a scale, which no report translates."""
    rows = [found.scale, *found.constructs, *found.items, *found.pilots, *found.versions]
    for by_item in (found.changes, found.findings):
        rows += [row for each in by_item.values() for row in each]
    rows += [row for each in found.translations.values() for own in each.values() for row in own]
    return {value for row in rows for value in vars(row).values() if isinstance(value, str)} - {""}
