"""Each page of results gives its numbers as JSON: the same ones, to the same people, within the same filters."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

import surveyapp.web
from instruments.loader import BUILT_IN
from surveyapp.app import create_app
from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.reports.document import Paragraph, Table
from surveyapp.reports.journeys import scores
from surveyapp.results.dashboards import journey_overview
from surveyapp.results.scope import Scope
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    Alert,
    Analysis,
    Case,
    Decision,
    Interaction,
    Invitation,
    Touchpoint,
    User,
)
from surveyapp.web.installation import EXTENSION
from tests.results import bank
from tests.web.world import add_user, session_key

MINUS = "\N{MINUS SIGN}"
TEMPLATES = Path(surveyapp.web.__file__).parent / "templates"


@dataclass(frozen=True)
class Made:
    app: Flask
    bank: bank.Bank
    users: dict[str, User]
    unasked: int  # a touchpoint without a survey
    analysis: int

    def client(self, role: str) -> FlaskClient:
        client, user = self.app.test_client(), self.users[role]
        with client.session_transaction() as session:
            session["_user_id"] = session_key(self.app.extensions[EXTENSION], user)
        return client


@pytest.fixture(scope="module")
def made(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A bank whose touchpoints have many answers, too few, none, and one no survey."""
    home = tmp_path_factory.mktemp("json")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home))
    app.testing = True
    installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        users = {role: add_user(session, role, password_hash="none") for role in ("administrator", "manager")}  # fmt: skip
        found = bank.make_journey(session)
        found.segments = bank.make_segments(session)
        surveys = dict(found.surveys)
        del found.surveys["offer"], found.surveys["meet"]
        bank.fill(session, found, a_place=80, months=6)
        found.surveys = surveys
        few = [(bank.START, {"region": "North"}, {"csat": {"csat": 5}})] * 3
        bank.store_answers(session, surveys["meet"], few, {})
        unasked = Touchpoint(
            stage_id=session.get_one(Touchpoint, found.touchpoints["pay"]).stage_id,
            position=9,
            code="card",
            name="Using the card",
            channel="shop",
        )
        analysis = Analysis(
            kind="sjq_study",
            journey_id=found.journey,
            instrument="sjq",
            result={"study": {"r2": 0.5}},
            fingerprint="f",
        )
        session.add_all([unasked, analysis])
        session.flush()
        asked(session, found)
        session.add_all(
            Alert(
                journey_id=found.journey,
                place="onboarding/app",
                scale=scale,
                value=90,
                minimum_n=1,
                months=120,
                emails=[],
            )
            for scale in ("csat", "gone")
        )
        closed(session, found)
    yield Made(app, found, users, unasked.id, analysis.id)
    installation.close()


def asked(session: Session, found: bank.Bank) -> None:
    """Forty events, of which thirty led to an invitation."""
    for number in range(40):
        met = Interaction(
            touchpoint_id=found.touchpoints["app"],
            customer_ref=f"c{number}",
            at=utc_now(),
            attributes={"region": "North"},
            external_id=f"e{number}",
        )
        session.add(met)
        session.flush()
        invitation = Invitation(
            survey_id=found.surveys["app"],
            token_hash=f"asked-{number}",
            state="created",
            sent_at=utc_now(),
        )
        session.add(invitation)
        session.flush()
        ask = number < 30
        session.add(
            Decision(
                interaction_id=met.id,
                survey_id=found.surveys["app"],
                customer_ref=f"c{number}",
                outcome="ask" if ask else "skip",
                reason="" if ask else "no_address",
                invitation_id=invitation.id if ask else None,
                sent_at=utc_now() if ask else None,
            )
        )


def closed(session: Session, found: bank.Bank) -> None:
    for number, outcome in enumerate(["recovered"] * 7 + ["unreachable"] * 5):
        session.add(
            Case(
                survey_id=found.surveys["app" if number < 10 else "pay"],
                scale="csat",
                value=1,
                state="closed",
                outcome=outcome,
                due_at=utc_now(),
                closed_at=utc_now(),
            )
        )


def rows(page: str) -> Iterator[list[str]]:
    """The cells of every line of a table, in words."""
    for row in re.findall(r"<tr[ >].*?</tr>", page, re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        yield [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells]


def number(value: float, unit: str, places: int) -> str:
    """As a page writes it."""
    text = f"{abs(value):,.{places}f}"
    sign = MINUS if value < 0 else "+" if unit == "nps" else ""
    return (sign if float(text.replace(",", "")) else "") + text


def shown(figure: dict[str, Any], unit: str) -> tuple[str, str, str]:
    """Score, interval and n as the page writes these numbers."""
    if figure["estimate"] is None:
        return figure["reason"], "", "hidden" if figure["n"] is None else "0"
    low, high = figure["low"], figure["high"]
    places = 1 if low is not None and high - low < 2 else 0
    score = number(figure["estimate"], unit, places) + ("%" if unit == "percent" else "")
    ends = f"{number(low, unit, places)} to {number(high, unit, places)}" if low is not None else ""
    return score, ends, f"{figure['n']:,}"


def cells(figure: dict[str, Any]) -> list[str]:
    score, ends, n = shown(figure, figure["unit"])
    return [score, ends, n] if figure["estimate"] is not None else [score, n]


def holds(page: str, wanted: list[list[str]]) -> None:
    """Every one of these lines stands in a table of the page, in this order."""
    found = iter(list(rows(page)))
    for line in wanted:
        assert any(all(cell in row for cell in line) for row in found), (
            f"{line} is not in the page, or not there"
        )


def both(client: FlaskClient, address: str) -> tuple[dict[str, Any], str]:
    """The document that the page's own link leads to and that its address gives on demand; the page."""
    page = client.get(address)
    assert page.status_code == 200 and "Accept" in page.headers["Vary"]
    links = re.findall(r'<a href="([^"]+)" type="application/json">JSON</a>', page.text)
    assert len(links) == 1
    linked = client.get(unescape(links[0]))
    asked = client.get(address, headers={"Accept": "application/json"})
    assert linked.mimetype == asked.mimetype == "application/json"
    assert linked.json == asked.json
    assert "NaN" not in linked.text
    return linked.json, page.text


FILTERS = ("?period=all", "?period=all&segment={north}", "?from=2026-01&to=2026-03")


@pytest.mark.parametrize("filters", FILTERS)
def test_the_journeys_page_and_its_json_have_the_same_numbers(made: Made, filters: str):
    client = made.client("manager")
    address = f"/journeys/{made.bank.journey}" + filters.format(**made.bank.segments)
    document, page = both(client, address)
    wanted = [[f["label"], *cells(f)] for f in document["end"] if f["scale"].startswith("sjq")]
    assert len(wanted) == 4
    holds(page, wanted)
    points = [point for stage in document["stages"] for point in stage["touchpoints"]]
    holds(page, [cells(figure) for point in points for figure in point["figures"]])
    for finding in document["findings"]:
        assert finding["headline"] in unescape(page)
    assert document["segment"] == ("north" if "segment" in filters else None)
    if document["responses"] is None:
        assert document["responses_reason"] in page
        assert f"at least {document['responses_at_least']:,}" in page
    told = document["priorities"]
    assert (told["reason"] is None) == (">Priorities</h2>" in page)
    assert told["reason"] is None or filters != FILTERS[0]
    for step in (told["touchpoints"] or ())[:3]:
        holds(page, [[step["stage"], *cells(step)]])


def test_the_table_of_stages_by_metrics_has_every_figure_and_says_why_one_is_missing(made: Made):
    document, page = both(
        made.client("manager"), f"/journeys/{made.bank.journey}?from=2025-11&to=2026-04"
    )
    table = page[page.index('<h2 id="stages">') :]
    found = list(rows(table[: table.index("</table>")]))
    metrics = found[0][1:]
    assert metrics == ["SJQ", "NPS", "CSAT", "CES"]
    whole = {figure["label"]: figure for figure in document["end"]}
    assert found[1][3:] == ["not asked here", "not asked here"]
    assert found[1][0] == "The journey as a whole" and len(whole) > 2
    places = [p for stage in document["stages"] for p in (stage, *stage["touchpoints"])]
    lowest = set()
    for row, place in zip(found[2:], places, strict=True):
        assert row[0].startswith(place["name"]) and row[1:3] == ["not asked here"] * 2
        by_scale = {figure["scale"]: figure for figure in place["figures"]}
        for cell, scale in zip(row[3:], ("csat", "ces"), strict=True):
            figure = by_scale.get(scale)
            if figure is None or figure["estimate"] is None:
                assert cell == (figure["reason"] if figure else "not asked here")
                continue
            score, ends, n = shown(figure, figure["unit"])
            assert f" {score} " in cell and cell.removesuffix(" Alert me").endswith(
                f"{ends}, n {n}"
            )
            if "lowest" in cell:
                lowest.add((place["name"], scale))
    assert lowest == {("Onboarding", "csat"), ("Onboarding", "ces")}
    assert "Onboarding scores lowest on CSAT." in " ".join(re.sub("<[^>]+>", "", table).split())


def test_a_tile_has_its_number_interval_n_change_target_and_last_months(made: Made):
    client = made.client("manager")
    months = "from=2026-01&to=2026-03"
    document, page = both(client, f"/journeys/{made.bank.journey}?{months}")
    tiles = re.findall(r'<div class="key tile">.*?</dl>', page, re.DOTALL)[0]
    figure = next(each for each in document["end"] if each["scale"] == "nps")
    score, ends, n = shown(figure, "nps")
    said = " ".join(unescape(re.sub(r"<[^>]+>", " ", tiles)).split())
    assert f"NPS {score} {ends}, n {n}" in said
    change = figure["change"]
    assert ("significantly" in said) == change["significant"] or "no significant change" in said
    assert f"{number(change['difference'], 'nps', 0)}, 95% CI" in said
    trends = client.get(f"/journeys/{made.bank.journey}/results.json?{months}").json["trends"]
    told = {m["month"]: m["estimate"] for t in trends if t["scale"] == "nps" for m in t["months"]}
    last = document["last_months"]["nps"]
    assert [last[0]["month"], last[-1]["month"], len(last)] == ["2025-04", "2026-03", 12]
    assert {m["month"]: m["estimate"] for m in last if m["n"]} == told
    assert tiles.count('class="spark"') == tiles.count('class="key tile"') == 2


def test_hidden_unanswered_and_unasked_are_three_values(made: Made):
    document = made.client("manager").get(f"/journeys/{made.bank.journey}.json?period=all").json
    points = {p["code"]: p for stage in document["stages"] for p in stage["touchpoints"]}
    assert {code: points[code]["state"] for code in ("app", "meet", "offer", "card")} == {
        "app": "shown",
        "meet": "hidden",
        "offer": "no answers yet",
        "card": "not asked here",
    }
    hidden, unanswered = points["meet"]["figures"][0], points["offer"]["figures"][0]
    assert (hidden["n"], hidden["estimate"], hidden["reason"]) == (
        None,
        None,
        "hidden (fewer than 5)",
    )
    assert (unanswered["n"], unanswered["estimate"]) == (0, None)
    assert unanswered["reason"] == "no answers yet"
    assert points["card"]["figures"] == []
    assert points["app"]["figures"][0]["reason"] is None


def test_page_report_and_json_have_the_same_words_for_what_is_not_there(made: Made):
    """Hidden, unanswered and unasked: three things, each in its own words and everywhere in the same."""
    address = f"/journeys/{made.bank.journey}"
    client = made.client("manager")
    points = {
        point["name"]: point
        for stage in client.get(f"{address}.json?period=all").json["stages"]
        for point in stage["touchpoints"]
    }
    page = client.get(f"{address}?period=all").text
    table = page[page.index("Scores by touchpoint") :]
    seen = {row[0]: row for row in rows(table) if row[0] in points}
    installation = made.app.extensions[EXTENSION]
    with installation.store.reading() as session:
        overview = journey_overview(session, Scope(made.bank.journey), library=BUILT_IN)
    blocks = [*scores.stages(overview), *scores.touchpoints(overview)]
    printed = {str(row[0]): row for b in blocks if isinstance(b, Table) for row in b.rows}
    words = {
        "Meeting an adviser": "hidden (fewer than 5)",
        "Receiving the offer": "no answers yet",
        "Using the card": "not asked here",
    }
    for name, said in words.items():
        assert said in seen[name], name
        if said != "not asked here":
            assert points[name]["figures"][0]["reason"] == said
            assert str(printed[name][1]) == said
    assert points["Using the card"]["state"] == "not asked here"
    told = [str(b.text) for b in blocks if isinstance(b, Paragraph)]
    assert "One further touchpoint of the journey: not asked here." in told


@pytest.mark.parametrize("chosen", ["", "&scale=csat&place=*", "&scale=csat&segment={north}"])
def test_the_explore_page_draws_the_numbers_of_its_json(made: Made, chosen: str):
    client, base = made.client("manager"), f"/journeys/{made.bank.journey}"
    address = f"{base}/explore?period=all{chosen.format(**made.bank.segments)}"
    document, page = both(client, address)
    months = [month for trend in document["trends"] for month in trend["months"]]
    assert months and document["scale"] == ("csat" if chosen else "sjq")
    shown = [month for month in months if month["estimate"] is not None]
    drawn = [
        row
        for row in document["specification"]["data"]["values"]
        if row["line"] != "All other customers"
    ]
    assert [row["value"] for row in drawn] == [month["estimate"] for month in months]
    assert [row["n"] for row in drawn] == [month["n"] for month in months]
    assert len(shown) == len(months) - [row["value"] for row in drawn].count(None)
    others = []
    for trend in document["trends"]:
        holds(page, [cells({**trend, **month}) for month in reversed(trend["months"])])
        rest = [each["other_customers"] for each in reversed(trend["months"])]
        others += [cells({**trend, **each}) for each in rest if each]
    holds(page, others)
    assert bool(others) == ("segment" in chosen) == ("All others</th>" in page)
    assert (
        json.loads(unescape(re.findall(r"data-specification='([^']+)'", page)[0]))
        == (document["specification"])
    )
    assert len(page) < 150 * 1024
    assert "hidden" in str(drawn) or "segment" not in chosen


@pytest.mark.parametrize("place", ["", "*", "the first stage"])
def test_the_heat_map_draws_the_numbers_of_its_json_and_table(made: Made, place: str):
    """Stages; all touchpoints; a stage with its touchpoints: what is hidden has its reason in all three."""
    client, base = made.client("manager"), f"/journeys/{made.bank.journey}"
    overview = client.get(f"{base}.json?period=all").json
    place = overview["stages"][0]["code"] if place == "the first stage" else place
    document, page = both(client, f"{base}/explore?drawing=places&place={place}&period=all")
    cells_drawn = document["specification"]["data"]["values"]
    known = {each["name"]: each for stage in overview["stages"] for each in stage["touchpoints"]}
    for stage in overview["stages"]:
        known.setdefault(stage["name"], stage)
    known["The journey as a whole"] = {"figures": overview["end"]}
    table = list(rows(page[page.index("heat-table") :]))[1:]
    assert [line[0] for line in table] == [row["name"] for row in document["rows"]]
    for row, line in zip(document["rows"], table, strict=True):
        by_scale = {figure["scale"]: figure for figure in known[row["name"]]["figures"]}
        drawn = {each["metric"]: each for each in cells_drawn if each["line"] == row["name"]}
        assert len(line) == 1 + len(drawn)
        for figure in row["figures"]:
            assert figure["estimate"] == by_scale[figure["scale"]]["estimate"]
            score, ends, n = shown(figure, figure["unit"])
            cell = drawn[figure["label"] if figure["label"] in drawn else figure["scale"].upper()]
            assert (cell["value"], cell["n"]) == (figure["estimate"], figure["n"])
            assert cell["shown"] == score and score in " ".join(line)
            assert figure["estimate"] is None or f"{ends}, n {n}" in " ".join(line)
    assert len(document["rows"]) > 1 and len(page) < 150 * 1024
    refused = client.get(f"{base}/explore?drawing=nonsense")
    assert refused.status_code == 422 and "drawing=nonsense" in refused.text
    assert client.get(f"{base}/explore?drawing=places&place=nowhere").status_code == 422


def test_the_explore_page_says_why_it_draws_nothing(made: Made):
    client, base = made.client("manager"), f"/journeys/{made.bank.journey}/explore"
    _, page = both(client, f"{base}?scale=sjq&place=*")
    assert "not asked here" in page and "data-specification" not in page
    _, page = both(client, f"{base}?scale=csat&place=*&from=2031-01&to=2031-03")
    assert "fewer than two months" in page
    refused = client.get(f"{base}?scale=nonsense")
    assert refused.status_code == 422 and "scale=nonsense" in refused.text


def test_the_answers_to_each_question_and_their_json_have_the_same_numbers(made: Made):
    client = made.client("manager")
    document, page = both(client, f"/journeys/{made.bank.journey}/answers?period=all")
    questions = document["questions"]
    wanted = [
        [part["answer"], f"{part['n']:,}", f"{part['percent']}%"]
        for each in questions
        for part in (*each["answers"], *each["groups"])
    ]
    assert len(wanted) > 100
    holds(page, wanted)
    for each in questions:
        percents = [part["percent"] for part in each["answers"]]
        assert sum(percents) == (100 if each["n"] else 0)
        assert (each["reason"] is None) == bool(percents)
    nps = next(each for each in questions if each["item"] == "nps.nps")
    assert [part["answer"].split()[0] for part in nps["groups"]] == [
        *("Detractors", "Passives", "Promoters")
    ]
    # What a drawing's part says when it is pointed at, and the drawing as a whole to a screen reader.
    part = nps["groups"][0]
    ends = " to ".join(number(part["share"][end], "percent", 0) for end in ("low", "high"))
    said = f"{part['answer']}: {part['percent']}%, n = {part['n']}, 95% CI {ends}"
    assert f"<title>{said}</title>" in unescape(page) and f'aria-label="{said};' in page
    assert len(page) < 150 * 1024 and "readout.js" in page
    for point, state in (("meet", "hidden"), ("offer", "no answers yet")):
        number_of = made.bank.touchpoints[point]
        address = f"/journeys/{made.bank.journey}/touchpoints/{number_of}/answers?period=all"
        document, page = both(client, address)
        assert {each["state"] for each in document["questions"]} == {state}
        assert page.count(document["questions"][0]["reason"]) == 2


def test_the_funnel_and_its_json_have_the_same_numbers(made: Made):
    client = made.client("manager")
    address = f"/journeys/{made.bank.journey}/funnel?period=all"
    document, page = both(client, address)
    funnel, cohort = document["funnel"], document["cohorts"]
    assert funnel["customers"] == funnel["stages"][0]["reached"] == 40
    assert document["reason"] is None and funnel["repeated_within_days"] == 7
    holds(page, [[stage["stage"], f"{stage['reached']:,}"] for stage in funnel["stages"]])
    holds(page, [[e["touchpoint"], str(e["customers"])] for e in funnel["touchpoints"]])
    assert len(cohort["months"]) == 1
    assert document["cohort_scores"] is None and document["cohort_scores_reason"] in page
    holds(page, [[str(month["customers"])] for month in cohort["months"]])
    invited = [each for each in document["invitations"] if not each["hidden"]]
    assert len(invited) > 3 and {each["channel"] for each in invited} == {None}
    told = [row for row in rows(page) if row[0].startswith("current-account-")]
    for each in invited:
        (row,) = (row for row in told if row[0].split()[0] == each["name"])
        assert row[2] == f"{each['steps'][0]['n']:,}"
        assert row[5].split()[0] == f"{each['steps'][-1]['n']:,}"
    assert "<title>Onboarding: 100% of customers, " in page
    assert len(page) < 150 * 1024
    document, page = both(client, address + "&channel=kiosk")
    assert (document["funnel"], document["cohorts"]) == (None, None)
    assert document["reason"] == "events have no channel or language of answers"
    assert "Events have no channel or language" in page
    refused = client.get(address + "&days=91")
    assert refused.status_code == 422 and "days=91 is not a number from 1 to 90." in refused.text


def test_a_touchpoints_page_and_its_json_have_the_same_numbers(made: Made):
    client, point = made.client("manager"), made.bank.touchpoints["id"]
    address = f"/journeys/{made.bank.journey}/touchpoints/{point}?period=all"
    document, page = both(client, address)
    holds(page, [[figure["label"], *cells(figure)] for figure in document["figures"]])
    trend = document["trends"][0]
    months = [month for month in trend["months"] if month["estimate"] is not None]
    assert len(months) > 5
    for month in months:
        score, ends, n = shown(month, trend["unit"])
        assert f"{score}, {ends}, n = {n}" in unescape(page), month["month"]
    assert trend["change"]["difference"] is not None
    unasked = client.get(f"/journeys/{made.bank.journey}/touchpoints/{made.unasked}.json").json
    assert (unasked["state"], unasked["trends"]) == ("not asked here", [])


def test_segments_trends_and_analyses_and_their_json_have_the_same_numbers(made: Made):
    client = made.client("administrator")
    address = f"/journeys/{made.bank.journey}/results?period=all"
    document, page = both(client, address)
    comparison = document["comparison"]
    assert f"correction for {comparison['comparisons']} comparisons" in page
    table = page[page.index("segments-table") : page.index("</table>")]
    lines = [row for row in rows(table) if len(row) == 2 + len(comparison["segments"])][1:]
    assert len(lines) == len(comparison["rows"]) > 10
    seen = set()
    for line, row in zip(lines, comparison["rows"], strict=True):
        for cell, each in zip(line[1:], [row["all_customers"], *row["segments"]], strict=True):
            score, ends, n = shown(each, row["unit"])
            assert cell.startswith(score)
            seen.add(each["state"])
            if each["estimate"] is not None:
                assert cell.removesuffix(" Alert me").endswith(f"{ends}, n {n}")
            against = each.get("against_others", {"reason": None})
            assert (against["reason"] is None) or against["difference"] is None
            marked = "all other customers" in cell
            assert marked == bool(against.get("significant"))
    assert seen == {"shown", "hidden", "no answers yet"}
    for trend in document["trends"]:
        assert trend["stage"] is None and len(trend["months"]) > 5
    assert [(each["id"], each["state"]) for each in document["analyses"]] == [
        (made.analysis, "done")
    ]
    assert document["choices"] == []
    drivers = document["drivers"]
    assert (drivers["outcome"]["scale"], document["drivers_reason"]) == ("nps", None)
    assert drivers["caution"] in unescape(page)
    dimensions, touchpoints = drivers["kinds"]
    assert [kind["kind"] for kind in drivers["kinds"]] == ["dimensions", "touchpoints"]
    assert len(dimensions["scores"]) == drivers["comparisons"] == 3
    assert len(touchpoints["scores"]) == 6 and touchpoints["outcomes"] == 0
    tables = page[page.index('id="drivers"') : page.index('id="analyses"')]
    wanted = {}
    for score in dimensions["scores"]:
        ends = (f"{number(score[end], 'mean', 2)}" for end in ("low", "high"))
        correlation = number(score["correlation"], "mean", 2)
        wanted[score["label"]] = [
            score["label"],
            correlation,
            " to ".join(ends),
            f"{score['pairs']:,}",
        ]
    lines = {row[0]: row for row in rows(tables)}
    for label, line in wanted.items():
        assert all(cell in lines[label] for cell in line), lines[label]
    for score in touchpoints["scores"]:
        assert score["correlation"] is None and score["reason"] in lines[score["label"]]
    assert "never have" in tables and touchpoints["basis"] in unescape(tables)


def test_drivers_are_of_the_segment_and_months_and_wait_in_a_large_journey(
    made: Made, monkeypatch: pytest.MonkeyPatch
):
    client, address = made.client("manager"), f"/journeys/{made.bank.journey}/results"

    def pairs(filters: str) -> int:
        drivers = client.get(f"{address}.json?{filters}").json["drivers"]
        return int(drivers["kinds"][0]["scores"][0]["pairs"])

    customers = f"segment={made.bank.segments['north']}"
    north = f"period=all&{customers}"
    assert pairs(f"{customers}&from=2026-01") < pairs(north)
    monkeypatch.setattr("surveyapp.web.results.COUNTED_AT_ONCE", 0)
    document, page = both(client, f"{address}?{north}")
    assert (document["drivers"], document["drivers_reason"]) == (
        None,
        "computed only with drivers=1",
    )
    link = unescape(re.findall(r'href="([^"#]+drivers=1[^"#]*)#drivers"', page)[0])
    assert customers in link and "period=all" in link and "Drivers of NPS" in client.get(link).text


def test_an_analysis_gives_its_whole_result(made: Made):
    address = f"/journeys/{made.bank.journey}/analyses/{made.analysis}"
    for found in (
        made.client("administrator").get(address, headers={"Accept": "application/json"}),
        made.client("administrator").get(f"{address}.json"),
    ):
        assert found.json == {"study": {"r2": 0.5}}


def test_funnels_and_their_json_have_the_same_numbers(made: Made):
    client, base = made.client("administrator"), f"/journeys/{made.bank.journey}"
    document, page = both(client, f"{base}/sampling?by=segment")
    wanted = []
    for row in document["surveys"]:
        funnel = row["funnel"]
        steps = {step["step"]: step["n"] for step in funnel["steps"]}
        numbers = [funnel["events"], funnel["invited"], steps["Sent"], steps["Answered"]]
        wanted.append([row["name"], *map(str, numbers)])
    holds(page, wanted)
    assert sum(row["funnel"]["events"] for row in document["surveys"]) == 40
    empty = next(row for row in document["surveys"] if not row["funnel"]["events"])
    assert empty["funnel"]["steps"][0]["share"]["estimate"] is None
    assert empty["funnel"]["steps"][0]["share"]["reason"]
    segments = {row["segment"]: row for row in document["segments"]}
    assert segments["All customers"]["funnel"]["invited"] == 30
    assert segments["South"]["state"] in {"hidden", "shown"}
    one, _ = both(client, f"{base}/surveys/{made.bank.surveys['app']}/sampling")
    assert one["funnel"] == next(
        row["funnel"] for row in document["surveys"] if row["survey"] == one["survey"]
    )


def test_case_outcomes_and_their_json_have_the_same_numbers(made: Made):
    client = made.client("manager")
    document, page = both(client, "/cases/recovery")
    assert (document["all"]["closed"], document["all"]["days_to_contact"]) == (12, None)
    assert document["all"]["days_to_contact_reason"] == "no case is marked as contacted"
    for each in document["surveys"]:
        score, ends, _ = shown(each["recovered"], "percent")
        holds(page, [[each["name"], str(each["closed"]), score, *([ends] if ends else [])]])
    # The larger survey's share is hidden too: with that of all it would tell the smaller one's.
    assert {each["recovered"]["state"] for each in document["surveys"]} == {"hidden"}
    assert document["all"]["recovered"]["state"] == "shown"


def test_alerts_and_their_json_have_the_same_numbers(made: Made):
    client = made.client("administrator")
    address = f"/journeys/{made.bank.journey}/surveys/{made.bank.surveys['app']}/closed-loop"
    document, page = both(client, address)
    asked, gone = document["alerts"]
    score, ends, n = shown(asked, "percent")
    assert asked["state"] == "shown"
    assert f"<b>{score}</b>" in page and ends in page and f"{n} answers" in page
    assert (gone["state"], gone["estimate"]) == ("not asked here", None)


def test_response_rates_and_their_json_have_the_same_numbers(made: Made):
    client, base = made.client("administrator"), f"/journeys/{made.bank.journey}"
    document, page = both(client, f"{base}/surveys")
    wanted = []
    for rate in document["surveys"]:
        low, high = rate["low"], rate["high"]
        said = rate["reason"] or f"{rate['rate']:.0f}% ({low:.0f} to {high:.0f})"
        sent = f"{rate['sent']:,}"
        wanted.append([rate["name"], rate["state"], f"{rate['responses']:,}", sent, said])
        assert (rate["rate"] is None) == (rate["reason"] == "nobody was invited")
    holds(page, wanted)
    assert {rate["rate"] is None for rate in document["surveys"]} == {True, False}
    one, page = both(client, f"{base}/surveys/{made.bank.surveys['app']}")
    listed = [
        {**rate, "clicked": [], "flagged": 0, "journey": one["journey"]}
        for rate in document["surveys"]
    ]
    assert one in listed
    assert f'<span class="big">{one["responses"]:,}</span>' in page
    every, page = both(client, "/journeys")
    [journey] = every["journeys"]
    assert f"{journey['touchpoints']} touchpoints" in page
    assert f"{journey['responses']:,} response" in page


def test_campaigns_have_json(made: Made):
    address = f"/journeys/{made.bank.journey}/surveys/{made.bank.surveys['app']}/campaigns"
    found = made.client("administrator").get(address, headers={"Accept": "application/json"})
    assert found.json["campaigns"] == []
    assert made.client("administrator").get(f"{address}/results.json").json == found.json


def test_the_api_gives_the_numbers_of_the_journeys_page(made: Made):
    with made.app.extensions[EXTENSION].store.writing() as session:
        scopes = [KeyScope.READ_RESULTS]
        _, key = api_keys.make(session, name="Same", scopes=scopes, user_id=None)
    client = made.client("manager")
    for segment in ("", "north"):
        wanted = "?period=all"
        wanted += f"&segment={made.bank.segments[segment]}" if segment else ""
        page = client.get(f"/journeys/{made.bank.journey}.json{wanted}").json
        api = made.app.test_client().get(
            "/api/v1/journeys/current-account/results" + (f"?segment={segment}" if segment else ""),
            headers={"Authorization": f"Bearer {key}"},
        )
        assert api.json == {name: page[name] for name in api.json}
        assert len(api.json) >= 11


def test_json_is_given_to_whoever_may_see_the_page_and_its_errors_are_json(made: Made):
    manager, base = made.client("manager"), f"/journeys/{made.bank.journey}"
    asks = {"Accept": "application/json"}
    refused = manager.get(f"{base}/surveys/{made.bank.surveys['app']}/sampling", headers=asks)
    wrong = manager.get(f"{base}.json?segment=north")
    missing = manager.get("/journeys/999.json")
    for answer, status in ((refused, 403), (wrong, 422), (missing, 404)):
        assert answer.status_code == answer.json["status"] == status
        assert answer.mimetype == "application/problem+json"
        assert answer.json["detail"]
        shown = made.app.test_client().get(urlsplit(answer.json["type"]).path)
        assert answer.json["title"] in shown.text
    assert made.app.test_client().get(f"{base}.json").status_code == 303
    browser = manager.get(base, headers={"Accept": "text/html,application/json;q=0.9,*/*;q=0.8"})
    assert browser.mimetype == manager.get(base, headers={"Accept": "*/*"}).mimetype == "text/html"


SHOWS_FIGURES = re.compile(
    r"\|value\b|figure_cells\(|funnel_figure\(|\bshare\(f\.|document_table\(|\|rate\b|rate\.rate|counts\.get\("
)
# Pieces of pages, and pages whose numbers are those of another page.
WITHOUT = {
    "alerts/parts.html": "a part of pages that link theirs",
    "parts.html": "pieces",
    "sampling/parts.html": "pieces",
    "benchmarks/parts.html": "pieces",
    "sample_size/parts.html": "pieces",
    "targets/parts.html": "pieces",
    "drivers/parts.html": "pieces",
    "side_by_side/parts.html": "pieces",
    "results/drivers.html": "pieces of the page of results",
    "results/paths.html": "a piece of the page of results",
    "results/chosen.html": "a piece of the results",
    "results/weighted.html": "a piece of the results",
    "results/parts.html": "pieces",
    "journeys/overview_parts.html": "pieces of the journey's page",
    "journey_map/grid.html": "a piece of the map",
    "shared/overview.html": "of a link, whose readers have no account",
    "shared/results.html": "likewise",
    "shared/parts.html": "pieces",
    "privacy/index.html": "settings in words; its tables are a PDF",
    "cases/index.html": "one number of the case outcomes; its rows are a CSV",
}


def test_every_page_with_figures_links_its_json():
    found = {
        str(path.relative_to(TEMPLATES)): path.read_text()
        for path in TEMPLATES.rglob("*.html")
        if not str(path.relative_to(TEMPLATES)).startswith("respond/")
    }
    figures = {name for name, text in found.items() if SHOWS_FIGURES.search(text)}
    linked = {name for name, text in found.items() if "{{ json_link(" in text}
    # Their JSON is one of the files that they offer.
    offering = {
        "judged_files/show.html": "judged_files.take",
        "analyses/show.html": "analyses.document",
        "models/show.html": "models.show_json",
    }
    assert figures - linked - offering.keys() == set(WITHOUT)
    assert all(endpoint in found[name] for name, endpoint in offering.items())
    assert len(linked) >= 11
