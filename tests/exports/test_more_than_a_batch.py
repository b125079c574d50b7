"""Every door through which rows stream out is tried with more rows than any of its batches.

An export once ended after 999 of 1,500 rows and looked complete: no test had more than a page of them.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import case, delete, func, insert, literal, select, true

from instruments.loader import BUILT_IN
from surveyapp.comments import search as comments
from surveyapp.exports import responses as exporting
from surveyapp.exports.audit_log import FORMATS as FORMATS_OF_AUDIT
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.csv_table import Truncated, counted
from surveyapp.exports.formats.csv_file import chunks
from surveyapp.exports.formats.registry import FORMATS
from surveyapp.exports.responses import responses_table
from surveyapp.journeys.calendar import UTC_DAYS
from surveyapp.journeys.segments import parse
from surveyapp.responses import listing
from surveyapp.results.analyses import frames
from surveyapp.results.analyses.fieldwork import respondents
from surveyapp.results.answers import person_answers
from surveyapp.results.answers.answer_counts import answer_counts
from surveyapp.results.funnels.passages import passages
from surveyapp.results.journey import ground
from surveyapp.results.scope import Scope
from surveyapp.store import audit_chain
from surveyapp.store.audit import record
from surveyapp.store.db import Store
from surveyapp.store.models import Analysis, Comment, Interaction, Response, SurveyRow
from surveyapp.web import downloads
from tests.api.conftest import call, new_key
from tests.cli.conftest import run, run_stored
from tests.closed_loop.makers import add_user
from tests.exports.rows import make_cases, make_responses
from tests.responses.makers import NOW, as_survey, make_survey
from tests.web.conftest import app, installation, sign_in

__all__ = ["app", "call", "installation", "new_key", "run", "run_stored", "sign_in"]

ROWS = 5_003  # more than the largest batch
SURVEYAPP = Path(exporting.__file__).parent.parent
# The modules that read a query in batches, each tried below or where it says.
STREAMS = {
    "auth/queries.py",
    "comments/search.py",
    "exports/chosen.py",
    "closed_loop/queries.py",
    "responses/listing.py",
    "results/answers/answer_counts.py",
    "results/funnels/channel_paths.py",  # tests/results/test_channel_paths.py, by batches of three
    "results/analyses/fieldwork.py",
    "results/analyses/frames.py",
    "results/outcomes/rows.py",  # tests/results/test_outcome_analysis.py, by batches of two
    "results/funnels/passages.py",
    "results/answers/person_answers.py",
    "store/audit_chain.py",
    "store/database_move.py",  # tests/store/test_database_move.py, by batches of two
}


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.fixture
def bank(store: Store) -> SurveyRow:
    with store.writing() as session:
        made = make_survey(session, asks=("nps",), code="nps-survey")
        make_responses(session, made.id, ROWS)
    return made


def test_every_module_that_reads_in_batches_is_tried_here():
    """Who adds one finds this test, and adds the door it serves."""
    found = {
        str(path.relative_to(SURVEYAPP))
        for path in SURVEYAPP.rglob("*.py")
        if re.search(r"yield_per|\.partitions\(", path.read_text())
    }
    assert found == STREAMS


def test_a_page_sends_every_response_and_says_how_many(bank: SurveyRow, installation, sign_in):
    with installation.store.writing() as session:
        staff = add_user(session, "Rita", role="researcher")
    with sign_in(staff).get(f"/journeys/{bank.journey_id}/responses/export.csv") as sent:
        rows = rows_of(sent.text)
        assert f"-{ROWS}-rows.csv" in sent.headers["Content-Disposition"]
    assert [int(row["response"]) for row in rows] == list(range(1, ROWS + 1))
    assert {row["score.nps"] for row in rows} == {"3.0"}


def test_the_command_writes_every_response_and_says_how_many(
    bank: SurveyRow, run_stored, tmp_path: Path
):
    done = run_stored("export", "--survey", "nps-survey", "--out", tmp_path / "out.csv")
    assert (done.code, f"({ROWS} responses, CSV)" in done.out) == (0, True)
    rows = rows_of((tmp_path / "out.csv").read_text())
    assert [int(row["response"]) for row in rows] == list(range(1, ROWS + 1))


@pytest.mark.parametrize("code", FORMATS)
def test_every_format_leaves_page_and_command_with_every_response(
    bank: SurveyRow, installation, sign_in, run_stored, tmp_path: Path, code: str
):
    """The file of the page and that of the command are those of one table."""
    suffix, out = FORMATS[code].suffix, tmp_path / f"out{FORMATS[code].suffix}"
    done = run_stored("export", "--journey", "account", "--format", code, "--out", out)
    assert done.code == 0, done.err
    assert f"({ROWS} responses, {FORMATS[code].title})" in done.out
    with installation.store.writing() as session:
        staff = add_user(session, "Rita", role="researcher")
    with sign_in(staff).get(f"/journeys/{bank.journey_id}/responses/export?format={code}") as sent:
        assert sent.status_code == 200
        assert f"-{ROWS}-rows{suffix}" in sent.headers["Content-Disposition"]
        assert abs(len(sent.data) - out.stat().st_size) < 200  # times of writing inside


def test_a_file_that_takes_long_to_make_is_refused_on_the_page(
    bank: SurveyRow, installation, sign_in, monkeypatch
):
    with installation.store.writing() as session:
        staff = add_user(session, "Rita", role="researcher")
    address = f"/journeys/{bank.journey_id}/responses/export"
    book = f"/journeys/{bank.journey_id}/responses/codebook"
    made = sign_in(staff).get(book)
    assert (made.status_code, f"<td>{ROWS:,}</td>" in made.text) == (200, True)
    assert sign_in(staff).get(f"{book}?format=doc").status_code == 422
    monkeypatch.setattr(downloads, "MOST_MADE", ROWS - 1)
    page = sign_in(staff).get(book)
    assert (page.status_code, "run `surveyapp codebook`" in page.text) == (422, True)
    page = sign_in(staff).get(f"{address}?format=xlsx")
    assert (page.status_code, "run `surveyapp export`" in page.text) == (422, True)
    assert sign_in(staff).get(f"{address}?format=pdf").status_code == 422


def test_the_page_of_cases_sends_every_case_and_says_how_many(
    bank: SurveyRow, installation, sign_in
):
    with installation.store.writing() as session:
        staff = add_user(session, "Olga")
        make_cases(session, bank.id, staff.id, ROWS)
    with sign_in(staff).get("/cases/export.csv?state=all") as sent:
        rows = rows_of(sent.text)
        assert f"cases-{ROWS}-rows.csv" in sent.headers["Content-Disposition"]
    assert sorted(int(row["response"]) for row in rows) == list(range(1, ROWS + 1))
    assert {row["journey"] for row in rows} == {"Open an account"}


def test_analyses_read_every_response(bank: SurveyRow, store: Store):
    nps, place = BUILT_IN.load("nps"), {"journey_id": bank.journey_id}
    with store.reading() as session:
        assert len(frames.frame(session, nps, **place)) == ROWS
        assert frames.streamed(session, nps, ("nps",), **place).n == ROWS
        assert len(list(person_answers.person_answers(session, bank.journey_id))) == ROWS
        everything = Analysis(journey_id=bank.journey_id, survey_id=None, segment_id=None)
        assert sum(each.analysed for each in respondents(session, everything, "nps")) == ROWS


def test_answers_to_a_question_are_counted_to_the_last(bank: SurveyRow, store: Store):
    with store.reading() as session:
        base = ground(session, bank.journey_id, library=BUILT_IN)
        found = answer_counts(session, base, [bank.id], library=BUILT_IN).answered("nps.nps")
    assert sum(each.n for each in found) == ROWS


def test_every_customer_of_a_journey_is_in_its_funnel(bank: SurveyRow, store: Store):
    events = [
        {"touchpoint_id": bank.touchpoint_id, "customer_ref": f"{number:032}", "at": NOW}
        for number in range(ROWS)
    ]
    with store.writing() as session:
        session.execute(insert(Interaction), events)
    with store.reading() as session:
        found = passages(session, Scope(bank.journey_id), days=7, library=BUILT_IN)
    assert sum(each.n for each in found.passages) == ROWS


@pytest.fixture
def audited(store: Store) -> int:
    """An audit log of so many entries by nobody, all of them sealed."""
    with store.writing() as session:
        for number in range(ROWS):
            record(session, None, "export responses", f"journey {number}")
        session.flush()
        assert audit_chain.seal(session, limit=ROWS + 1) == ROWS
    return ROWS


@pytest.mark.parametrize("form", FORMATS_OF_AUDIT)
def test_the_audit_log_leaves_page_and_command_with_every_entry(
    audited: int, installation, sign_in, run_stored, tmp_path: Path, form: str
):
    with installation.store.writing() as session:
        staff = add_user(session, "Ada", role="administrator")
    with sign_in(staff).get(f"/audit/export?format={form}") as sent:
        assert sent.status_code == 200
        page = sent.text
    done = run_stored("audit", "export", "--format", form, "--out", tmp_path / "log")
    assert done.code == 0, done.err
    for text in (page, (tmp_path / "log").read_text()):
        rows = rows_of(text) if form == "csv" else [*map(json.loads, text.splitlines())]
        if form == "jsonl":
            assert rows.pop() == {"rows": len(rows)}
        sealed = [row for row in rows if row["place"]]
        assert [int(row["place"]) for row in sealed] == list(range(1, audited + 1))
        assert [row["subject"] for row in sealed] == [f"journey {n}" for n in range(audited)]
        assert {row["subject"] for row in rows[audited:]} >= {"audit log"}


def test_the_chain_is_checked_to_its_last_entry(audited: int, store: Store):
    with store.reading() as session:
        found = audit_chain.check(session)
        assert (found.last.place, found.misfit, found.unsealed) == (audited, None, 0)
        lost = audit_chain.check(session, known=audit_chain.Link(audited, "0" * 64))
        assert lost.misfit is not None and lost.misfit.place == audited


def test_a_list_finds_a_segment_behind_every_other_response(bank: SurveyRow, store: Store):
    with store.writing() as session:
        oldest = select(Response).order_by(Response.submitted_at, Response.id).limit(3)
        for each in session.scalars(oldest):
            each.attributes = {"region": "Isle"}
        wanted = listing.Wanted(rule=parse("region = Isle"))
        session.flush()
        found = listing.lines(session, bank.journey_id, wanted, limit=2, library=BUILT_IN)
        assert [each.attributes for each in found] == [{"region": "Isle"}] * 2
        rest = replace(wanted, before=found[-1].id)
        assert len(listing.lines(session, bank.journey_id, rest, limit=2, library=BUILT_IN)) == 1


def test_a_program_reads_every_response_page_by_page(bank: SurveyRow, call):
    seen: list[object] = []
    address = "/responses?survey=nps-survey&limit=500"
    page = call("GET", address).json
    while page["responses"]:
        seen += [each["response"] for each in page["responses"]]
        page = call("GET", f"{address}&after={page['next']}").json
    assert (len(seen), len(set(seen))) == (ROWS, ROWS)


def test_answers_and_erasures_during_an_export_change_nothing_in_it(bank: SurveyRow, store: Store):
    """Rows are read twice: once for the columns. Both readings see one moment."""
    with store.reading() as session:
        table = responses_table(session, Chosen(Scope(bank.journey_id)), library=BUILT_IN)
        pieces = chunks(table)
        first = next(pieces)
        with store.writing() as other:
            other.execute(delete(Response).where(Response.id > ROWS - 10))
            make_responses(other, bank.id, 20, after=ROWS)
        rows = rows_of(first + "".join(pieces))
    assert (len(rows), table.count) == (ROWS, ROWS)


@pytest.mark.parametrize("given", [2, 4])
def test_rows_other_than_counted_are_an_error(given: int):
    with pytest.raises(Truncated, match="3 rows were counted"):
        list(counted(range(given), 3))


def test_a_command_writes_through_a_link_and_into_what_is_no_file(
    bank: SurveyRow, run_stored, tmp_path: Path
):
    target, link = tmp_path / "kept.csv", tmp_path / "out.csv"
    target.touch(mode=0o640)
    link.symlink_to(target)
    assert run_stored("export", "--survey", "nps-survey", "--out", link).code == 0
    assert link.is_symlink() and len(rows_of(target.read_text())) == ROWS
    assert target.stat().st_mode & 0o777 == 0o640
    assert run_stored("export", "--survey", "nps-survey", "--out", "/dev/null").code == 0
    assert not Path("/dev/null").is_file()


def test_a_command_that_fails_leaves_the_file_that_stood_there(
    bank: SurveyRow, run_stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "out.csv"
    out.write_text("last month's")
    blocks = exporting._blocks

    def disk_gone(*given: Any, **options: Any) -> Iterator[Sequence[Sequence[exporting.Cell]]]:
        yield from islice(blocks(*given, **options), 3)
        raise OSError("the disk is gone")

    monkeypatch.setattr(exporting, "_blocks", disk_gone)
    assert run_stored("export", "--survey", "nps-survey", "--out", out).code == 2
    assert out.read_text() == "last month's"
    assert [path.name for path in tmp_path.iterdir() if "out.csv" in path.name] == ["out.csv"]


def test_a_search_goes_through_every_comment(bank: SurveyRow, store: Store):
    """Comments of all responses but one say nothing of a queue: the oldest does."""
    with store.writing() as session:
        oldest = session.scalars(select(func.min(Response.id))).one()
        said = case((Response.id == oldest, "The queue was long"), else_="All went well")
        columns = ["response_id", "item", "survey_id", "submitted_at", "language", "channel"]
        own = (Response.id, literal("nps-why"), Response.survey_id, Response.submitted_at)
        rows = select(*own, literal("en"), literal("link"), true(), said)
        session.execute(insert(Comment).from_select([*columns, "may_quote", "text"], rows))
    with store.reading() as session:
        page = comments.find(
            *(session, [as_survey(session, bank)], comments.Wanted(words="queue")),
            calendar=UTC_DAYS,
            bands={},
            scanned=ROWS,
        )
    assert [each.response_id for each in page.comments] == [oldest]
    assert page.older is None
