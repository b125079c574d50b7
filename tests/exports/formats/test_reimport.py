"""What one installation exports, in whatever format, another brings in whole; again it adds nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.formats.registry import FORMATS
from surveyapp.exports.responses import responses_table
from surveyapp.installation import Installation
from surveyapp.responses.actions import submit
from surveyapp.responses.erasures import Reason, Removal, erase, remove
from surveyapp.responses.imports import import_file
from surveyapp.results.scope import Scope
from surveyapp.store.db import Store
from surveyapp.store.models import JourneyRun, Response, SurveyRow
from surveyapp.store.schema import upgrade
from tests.exports.formats.test_formats import ODD
from tests.installations import installation_on
from tests.responses.makers import NOW, SECRET, as_survey, make_journey, make_survey, some_answers

ASKS = ("sjq", "csat", "nps", "emotion", "effort-causes")
ATTRIBUTES = {"region": "North", "Région": "Île", "العمر": 41, "note": "=1+1"}
READ_BACK = [code for code in FORMATS if code != "r"]  # that one is a CSV in an archive


@contextmanager
def _installed(path: Path, zone: str) -> Iterator[Installation]:
    store = Store(f"sqlite:///{path}")
    upgrade(store.engine)
    with store.writing() as session:
        _survey(session)
    yield installation_on(store, time_zone=zone)
    store.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    """Where the answers were given: three customers came again and again."""
    with _installed(tmp_path / "here.db", "UTC") as made:
        with made.store.writing() as session:
            asked = as_survey(session, session.scalars(select(SurveyRow)).one())
            for number, text in enumerate(ODD):
                answers = some_answers(number, ASKS)
                answers["nps"]["nps_reason"] = text
                submit(
                    session,
                    asked,
                    answers,
                    submission_key=str(number),
                    customer_ref=f"{number % 3:032x}",
                    attributes=ATTRIBUTES,
                    started_at=NOW - timedelta(seconds=75) if number % 2 else None,
                    paradata={"way": "kiosk"} if number == 2 else {},
                    now=NOW + timedelta(minutes=number),
                    library=BUILT_IN,
                )
        yield made


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Installation]:
    """Another installation, which reads times without a zone as Finland's."""
    with _installed(tmp_path / "elsewhere.db", "Europe/Helsinki") as made:
        yield made


def _survey(session) -> SurveyRow:
    return make_survey(session, asks=ASKS, journey=make_journey(session), code="bank")


def _export(at: Installation, code: str, folder: Path) -> Path:
    path = folder / f"answers{FORMATS[code].suffix}"
    with at.store.reading() as session:
        survey = session.scalars(select(SurveyRow)).one()
        wanted = Chosen(Scope(survey.journey_id), survey.id, customers=True)
        FORMATS[code].write(responses_table(session, wanted, library=BUILT_IN), path)
    return path


def _import(at: Installation, path: Path, code: str = "bank"):
    with at.store.reading() as session:
        row = session.scalars(select(SurveyRow).where(SurveyRow.code == code)).one()
        survey = as_survey(session, row)
    with path.open("rb") as file:
        return import_file(at, survey, file, name=path.name)


def _facts(at: Installation) -> list[tuple]:
    """Everything that a file carries, of each response; times to the second, as workbooks have them."""
    with at.store.reading() as session:
        customers = {run.id: run.customer_ref for run in session.scalars(select(JourneyRun))}
        return [
            (
                each.external_id or each.public_id,  # there it is what identifies the row
                each.answers,
                each.attributes,
                each.submitted_at.replace(microsecond=0),
                each.started_at and each.started_at.replace(microsecond=0),
                (each.language, each.wordings, each.consent_version, each.paradata.get("way")),
                customers[each.journey_run_id],
            )
            for each in session.scalars(select(Response).order_by(Response.submitted_at))
        ]


@pytest.mark.parametrize("code", READ_BACK)
def test_another_installation_stores_what_this_one_exported(
    here: Installation, elsewhere: Installation, tmp_path: Path, code: str
):
    path = _export(here, code, tmp_path)
    report = _import(elsewhere, path)
    assert (report.stored, report.refused) == (len(ODD), [])
    assert _facts(elsewhere) == _facts(here)
    again = _import(elsewhere, path)
    assert (again.stored, again.already) == (0, len(ODD))
    with elsewhere.store.reading() as session:
        assert len(list(session.scalars(select(JourneyRun.customer_ref).distinct()))) == 3


def test_another_survey_takes_them_under_ids_of_its_own(here: Installation, tmp_path: Path):
    path = _export(here, "csv", tmp_path)
    with here.store.writing() as session:
        journey = make_journey(session, "mortgage")
        make_survey(session, asks=ASKS, journey=journey, code="second")
    assert _import(here, path, "second").stored == len(ODD)
    assert _import(here, path, "second").already == len(ODD)
    with here.store.reading() as session:
        assert len(list(session.scalars(select(Response.public_id)))) == 2 * len(ODD)


def test_a_json_lines_export_that_broke_off_is_refused(
    here: Installation, elsewhere: Installation, tmp_path: Path
):
    path = _export(here, "jsonl", tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    assert json.loads(lines[-1]) == {"rows": len(ODD)}
    for broken in (lines[:-1], lines[1:]):
        path.write_text("".join(broken))
        with pytest.raises(Invalid, match="broke off"):
            _import(elsewhere, path)
    path.write_text("".join(lines * 2))
    with pytest.raises(Invalid, match="one export at a time"):
        _import(elsewhere, path)
    assert _facts(elsewhere) == []


def test_what_was_erased_since_does_not_come_back(here: Installation, tmp_path: Path):
    path = _export(here, "csv", tmp_path)
    with here.store.writing() as session:
        survey = as_survey(session, session.scalars(select(SurveyRow)).one())
        by_customer, by_staff, *_ = session.scalars(select(Response.id).order_by(Response.id))
        erase(session, survey, by_customer, now=NOW, secret_key=SECRET)
        remove(session, survey, by_staff, Removal(Reason.TEST, None), now=NOW, secret_key=SECRET)
    report = _import(here, path)
    assert (report.stored, report.already, report.refused_rows) == (0, len(ODD) - 2, 2)
    assert {each.reason for each in report.refused} == {
        "This response was erased by its customer or removed by staff."
    }
