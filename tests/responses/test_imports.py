"""Imports: every row counted, every refusal told, nothing stored twice."""

from __future__ import annotations

import csv
import io
import random
import shutil
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import instruments
from surveyapp.errors import Invalid
from surveyapp.installation import open_installation
from surveyapp.jobs.kinds import IMPORT_RESPONSES
from surveyapp.responses import rollups
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.imports import ask_import, import_file, run_import
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.store.models import JourneyRun, Response, SurveyRow
from surveyapp.store.schema import upgrade
from surveyapp.surveys.links import pseudonym
from tests.installations import installation_on
from tests.responses.makers import SECRET, as_survey, make_survey, some_answers


@pytest.fixture
def survey(store: Store) -> SurveyRow:
    with store.writing() as session:
        return make_survey(session, asks=("csat", "nps"))


CHOSEN = [each.name for each in fields(ImportChoices)]


def bring(store: Store, survey: SurveyRow, text: str | bytes, **options):
    data = text if isinstance(text, bytes) else text.encode()
    chosen = {name: options.pop(name) for name in CHOSEN if name in options}
    settings = {name: options.pop(name) for name in ("minimum_cell",) if name in options}
    installation = installation_on(store, **settings)
    report = import_file(
        installation,
        as_survey(installation, survey),
        io.BytesIO(data),
        choices=ImportChoices(**chosen),
        **options,
    )
    kept = report.stored + report.already + report.corrected
    assert report.count_in == kept + report.refused_rows
    return report


def kept(store: Store) -> list[Response]:
    with store.reading() as session:
        assert rollups.recount(session) == []
        return list(session.scalars(select(Response).order_by(Response.id)))


FILE = """csat,NPS.nps,nps_reason,region,tenure,id,submitted_at,customer_ref,language
5,10,Fast,North,3,a1,2026-01-31 23:30,4711,fi
1,0,,South,,a2,2026-01-31T23:30:00+02:00,,
"""


def test_columns_become_answers_attributes_and_what_is_known_of_the_response(store, survey):
    report = bring(store, survey, FILE)
    first, second = kept(store)
    assert (report.stored, report.notes[0]) == (2, "Read as UTF-8, separated by comma.")
    assert first.answers == {"csat": {"csat": 5}, "nps": {"nps": 10, "nps_reason": "Fast"}}
    assert first.attributes == {"region": "North", "tenure": 3}
    assert second.attributes == {"region": "South"}
    assert (first.external_id, first.language, first.source) == ("a1", "fi", "import")
    assert first.submitted_at == datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    assert second.submitted_at == datetime(2026, 1, 31, 21, 30, tzinfo=UTC)
    assert (second.language, second.journey_run_id) == ("en", None)
    with store.reading() as session:
        run = session.scalars(select(JourneyRun)).one()
    assert run.customer_ref == pseudonym(SECRET, "4711")
    assert any("csat_reason" in note for note in report.notes)


@pytest.mark.parametrize(
    ("data", "encoding", "separator"),
    [
        ("csat;ort\n5;Köln\n".encode(), "UTF-8", "semicolon"),
        ("\ufeffcsat\tort\n5\tKöln\n".encode(), "UTF-8", "tab"),
        ("csat,ort\r\n5,Köln\r\n".encode("latin-1"), "Latin-1", "comma"),
        ('csat;"a,b,c,d";ort\n5;x;Köln\n'.encode(), "UTF-8", "semicolon"),
        (b"csat,ort\n" + b"\n" * ((1 << 20) - 9) + "5,Köln\n".encode(), "UTF-8", "comma"),
    ],
    ids=["semicolon", "bom", "latin-1", "quoted", "letter over a chunk's edge"],
)
def test_encoding_and_separator_are_told_from_the_file(
    store, survey, data: bytes, encoding: str, separator: str
):
    report = bring(store, survey, data)
    said = f"Read as {encoding}, separated by {separator}."
    assert (report.notes[0], report.refused) == (said, [])
    assert kept(store)[0].attributes["ort"] == "Köln"


def test_each_refused_row_is_told_with_line_column_value_and_reason(store, survey):
    report = bring(
        store,
        survey,
        "csat,nps,submitted_at,language,city\n"
        '5,11,,,"two\nlines"\n'
        "x,3,yesterday,,\n"
        "5,3,,,Oslo,more\n"
        ",,,,Oslo\n"
        "5,3,2999-01-01,,\n"
        "5,3,,no language,\n"
        "\n"
        "5,3,,,Bergen\n",
    )
    told = [(r.place, r.column, r.value) for r in report.refused]
    assert told == [
        ("B2", "nps", '"11"'),
        ("E2", "city", "two lines"),
        ("A3", "csat", '"x"'),
        ("C3", "submitted_at", "yesterday"),
        ("row 4", "", ""),
        ("row 5", "", ""),
        ("C6", "submitted_at", "2999-01-01"),
        ("D7", "language", "no language"),
    ]
    assert all(refusal.reason and refusal.cure for refusal in report.refused)
    assert (report.count_in, report.stored, report.refused_rows) == (7, 1, 6)
    assert [response.attributes for response in kept(store)] == [{"city": "Bergen"}]


def test_a_line_break_in_a_cell_is_refused_as_attribute_and_kept_in_an_open_answer(store, survey):
    report = bring(store, survey, 'csat,csat_reason,city\n5,"a\nb",x\n4,c,"y\nz"\n')
    assert [(r.place, r.column) for r in report.refused] == [("C3", "city")]
    assert kept(store)[0].answers["csat"]["csat_reason"] == "a\nb"


@pytest.mark.parametrize("ids", [True, False])
def test_the_same_file_again_adds_nothing(store, survey, ids: bool):
    rows = [[i % 5 + 1, i % 11, *([f"id{i}"] if ids else [])] for i in range(30)]
    text = "\n".join(",".join(map(str, row)) for row in [["csat", "nps", *["id"] * ids], *rows])
    first = bring(store, survey, text)
    again = bring(store, survey, text)
    assert (first.stored, again.stored, again.already) == (30, 0, 30)
    assert len(kept(store)) == 30


def test_rows_of_equal_content_are_different_people(store, survey):
    report = bring(store, survey, "csat,nps\n5,9\n5,9\n5,9\n")
    assert report.stored == 3


def test_an_import_that_was_stopped_half_way_is_finished_by_the_next(store, survey, monkeypatch):
    monkeypatch.setattr("surveyapp.responses.imports.BATCH", 10)
    text = "csat,nps\n" + "".join(f"{i % 5 + 1},{i % 11}\n" for i in range(45))

    class Stopped(Exception):
        pass

    def stop(percent: int, step: str) -> None:
        if step.startswith("20 "):
            raise Stopped

    with pytest.raises(Stopped):
        bring(store, survey, text, progress=stop)
    assert len(kept(store)) == 20
    report = bring(store, survey, text)
    assert (report.stored, report.already) == (25, 20)
    assert len(kept(store)) == 45


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest of a workbook", "workbook"),
        ("csat\n5\n".encode("utf-16")[:-1], "not UTF-16"),
        (b"csat\n\x00\x01\x02", "not a text file"),
        (b"region,age\nNorth,3\n", "csat, csat_reason, nps, nps_reason"),
        (b"csat,CSAT\n5,5\n", "Two columns are named csat"),
        (b"csat,csat.csat\n5,5\n", "Two columns hold"),
        (b"csat,,ort\n5,5,x\n", "Column B has no heading"),
    ],
    ids=["empty", "workbook", "utf-16", "binary", "no items", "double", "twice", "nameless"],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(store, survey, data, words: str):
    with pytest.raises(Invalid, match=words):
        bring(store, survey, data)
    assert kept(store) == []


def test_columns_may_be_renamed_and_attributes_chosen(store, survey):
    report = bring(
        store,
        survey,
        "Q1,Q2,Kunde,Region,Alter\n5,9,77,Nord,30\n",
        columns={"Q1": "csat", "Q2": "nps.nps", "Kunde": "customer_ref", "Region": "region"},
        attribute_columns=("Region",),
    )
    response = kept(store)[0]
    assert response.answers == {"csat": {"csat": 5}, "nps": {"nps": 9}}
    assert response.attributes == {"region": "Nord"}
    assert "Ignored: Alter." in report.notes
    with pytest.raises(Invalid, match="no column q9"):
        bring(store, survey, "csat\n5\n", columns={"Q9": "nps"})


def test_an_anonymous_import_keeps_no_reference_no_id_and_no_time(store):
    with store.writing() as session:
        anonymous = make_survey(session, asks=("csat", "nps"), anonymity="anonymous")
    bring(store, anonymous, FILE)
    assert bring(store, anonymous, FILE).already == 2
    for response in kept(store):
        assert response.journey_run_id is None
        assert response.external_id not in {"a1", "a2"}
        assert (response.submitted_at.hour, response.submitted_at.minute) == (0, 0)
    with store.reading() as session:
        assert session.scalars(select(JourneyRun)).all() == []


def test_an_spss_file_brings_codes_for_items_and_labels_for_attributes(
    store, survey, tmp_path: Path
):
    path = tmp_path / "answers.sav"
    frame = pd.DataFrame({"CSAT": [5.0, 9.0], "nps": [10.0, None], "region": [1.0, 2.0]})
    labels = {"region": {1.0: "North", 2.0: "South"}, "CSAT": {5.0: "Very satisfied"}}
    pyreadstat.write_sav(frame, str(path), variable_value_labels=labels)
    report = bring(store, survey, path.read_bytes())
    assert [(r.place, r.column) for r in report.refused] == [("case 2, CSAT", "CSAT")]
    response = kept(store)[0]
    assert response.answers == {"csat": {"csat": 5}, "nps": {"nps": 10}}
    assert response.attributes == {"region": "North"}


def test_the_worker_brings_in_an_uploaded_file(tmp_path: Path):
    installation = open_installation(read({}, home=tmp_path, secret_key=SECRET))
    upgrade(installation.store.engine)
    with installation.store.writing() as session:
        survey = make_survey(session, asks=("csat", "nps"))
        data = (FILE + "9,9,,,,,,,\n").encode()
        file = installation.files.put(session, data, name="a.csv", media_type="text/csv")
        job = ask_import(session, as_survey(session, survey), file, user_id=None)
    steps: list[int] = []
    result = run_import(
        installation,
        IMPORT_RESPONSES.read(job.parameters),
        progress=lambda at, step: steps.append(at),
    )
    assert (job.kind, steps) == ("import_responses", [99])
    counts = [result[name] for name in ("rows_in_the_file", "stored", "refused_rows")]
    assert counts == [3, 2, 1]
    assert result["refused"][0]["place"] == "A4"
    installation.close()


cells = st.one_of(
    st.integers(-2, 12).map(str),
    st.sampled_from(["", "5.0", "5,0", "NaN", "=1+1", "yes", "2026-01-01"]),
    st.text(max_size=8),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(cells, min_size=0, max_size=4), max_size=12), st.randoms())
def test_any_rows_are_counted_and_never_an_error(
    migrated_sqlite, tmp_path_factory, rows, chance: random.Random
):
    path = shutil.copy(migrated_sqlite, tmp_path_factory.mktemp("any") / "a.db")
    store = Store(f"sqlite:///{path}")
    with store.writing() as session:
        survey = make_survey(session, asks=("csat", "nps"))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=chance.choice(",;\t"))
    writer.writerow(["csat", "nps", "city"])
    writer.writerows(rows)
    data = out.getvalue().encode("utf-8", "surrogatepass").replace(b"\x00", b"")
    report = bring(store, survey, data)
    assert report.stored == len(kept(store))
    assert report.refused_rows == len({refusal.row for refusal in report.refused})
    store.close()


def test_a_full_questionnaire_comes_back_as_it_went_out(store):
    with store.writing() as session:
        survey = make_survey(session)
    people = [some_answers(seed) for seed in range(20)]
    out = io.StringIO()
    names = [(code, item) for code, given in people[0].items() for item in given]
    writer = csv.writer(out)
    writer.writerow([f"{code}.{item}" for code, item in names])
    writer.writerows([[person[code][item] for code, item in names] for person in people])
    report = bring(store, survey, out.getvalue())
    assert report.refused == []
    assert [response.answers for response in kept(store)] == people


def test_a_heading_of_several_lines_is_named_by_its_words(store, survey):
    report = bring(
        store,
        survey,
        '"How satisfied\n were you?",Respondent  no\n5,7\n',
        columns={"How satisfied were  you?": "csat"},
        id_column="Respondent no",
    )
    assert (report.stored, report.refused) == (1, [])
    assert kept(store)[0].answers["csat"]["csat"] == 5


def test_an_instrument_s_own_codes_for_no_answer_are_none(store, tmp_path: Path):
    own = tmp_path / "ease"
    shutil.copytree(Path(instruments.__file__).parent / "library" / "csat", own)
    definition = own / "instrument.toml"
    text = definition.read_text().replace(
        'code = "csat"', 'code = "ease"\nmissing_codes = ["-99"]', 1
    )
    definition.write_text(text)
    installation = installation_on(store, instruments=str(tmp_path))
    with store.writing() as session:
        row = make_survey(session, asks=("ease",), library=installation.library)
    file = io.BytesIO(b"csat,csat_reason,tenure\n-99,-99,-99\n4,,1\n-99,Slow,2\n")
    report = import_file(installation, as_survey(installation, row), file)
    assert (report.stored, report.refused_rows) == (2, 1)
    assert report.refused[0].reason == "The row holds no answer."
    assert [each.attributes["tenure"] for each in kept(store)] == [1, 2]
    assert "Taken as missing, -99: csat: 2, csat_reason: 1." in report.notes
