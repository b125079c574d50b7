"""What is exported from one installation can be brought into another, and is the same there."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.journeys.actions import create_journey
from surveyapp.store.db import Store
from surveyapp.store.models import Response, Score, SurveyRow
from surveyapp.surveys.actions import create_survey
from tests.tables.writers import csv_bytes


def test_an_export_brought_in_again_holds_the_same_answers_attributes_and_scores(
    run_stored, store: Store, tmp_path: Path
):
    with store.writing() as session:
        journey = create_journey(session, name="Account", provider="Northbank", user_id=None)
        for code in ("here", "there", "old-name"):
            create_survey(
                session,
                journey,
                name=code,
                asks=[{"instrument": "csat"}],
                code=code,
                user_id=None,
                library=BUILT_IN,
            )
    (tmp_path / "in.csv").write_text(
        "id,csat,csat_reason,region,tenure_years\n1,4,=1+1,North,3\n2,2,,South,0\n"
    )
    assert run_stored("import", tmp_path / "in.csv", "--survey", "here").code == 0
    assert run_stored("export", "--survey", "here", "--out", tmp_path / "out.csv").code == 0
    again = run_stored("import", tmp_path / "out.csv", "--survey", "there")
    assert "2 rows: 2 stored" in again.out
    assert "2 already stored" in run_stored("import", tmp_path / "out.csv", "--survey", "there").out
    renamed = run_stored("export", "--deployment", "here", "--out", tmp_path / "old.csv")
    assert (renamed.code, "use --survey" in renamed.err) == (0, True)
    assert (tmp_path / "old.csv").read_text() == (tmp_path / "out.csv").read_text()
    # A file of an earlier edition calls the survey's column as surveys were called then.
    head, rest = (tmp_path / "out.csv").read_text().split("\n", 1)
    assert ",survey," in head
    (tmp_path / "older.csv").write_text(f"{head.replace(',survey,', ',deployment,')}\n{rest}")
    older = run_stored("import", tmp_path / "older.csv", "--survey", "old-name")
    assert "2 rows: 2 stored" in older.out
    with store.reading() as session:
        kept = session.execute(
            select(Response.survey_id, Response.attributes, Score.value)
            .join(Score, Score.response_id == Response.id)
            .order_by(Response.id)
        ).all()
    frame = pd.DataFrame(kept, columns=["survey", "attributes", "score"])
    here, there, old = (
        part.drop(columns="survey").to_dict("records") for _, part in frame.groupby("survey")
    )
    assert (
        here
        == there
        == old
        == [
            {"attributes": {"region": "North", "tenure_years": 3}, "score": 4.0},
            {"attributes": {"region": "South", "tenure_years": 0}, "score": 2.0},
        ]
    )


def test_an_import_says_how_it_read_the_file(run_stored, store: Store, tmp_path: Path):
    with store.writing() as session:
        journey = create_journey(session, name="Account", provider="Northbank", user_id=None)
        asks = [{"instrument": "csat"}]
        create_survey(
            session, journey, name="here", asks=asks, code="here", user_id=None, library=BUILT_IN
        )
    comment = "Gebühr 50 € zu hoch – „Wucher“ – 5‰ … Œuvre, Žižek"
    (tmp_path / "in.csv").write_text(f"csat;csat_reason\n2;{comment}\n", encoding="cp1252")
    ran = run_stored("import", tmp_path / "in.csv", "--survey", "here")
    assert "Note: Read as Windows-1252, separated by semicolon." in ran.out
    assert "1 row: 1 stored, 0 already stored, 0 rejected." in ran.out
    with store.reading() as session:
        assert session.scalars(select(Response.answers)).one()["csat"]["csat_reason"] == comment


TEXTS = ("-- waited too long", "+1 for the staff", "@anna was great", "=never again", "'quoted'")
GUARDED = ("'=1+1", "''@x", "'- a", "O'Brien", "5 o'clock", "slow;=1+1", "a;'=b")


def test_our_own_export_brought_in_again_adds_nothing_and_elsewhere_keeps_everything(
    run_stored, store: Store, tmp_path: Path
):
    with store.writing() as session:
        journey = create_journey(session, name="Account", provider="Northbank", user_id=None)
        asks = [{"instrument": "nps"}]
        for code in ("a", "b"):
            create_survey(
                session, journey, name=code, asks=asks, code=code, user_id=None, library=BUILT_IN
            )
        survey = session.scalars(select(SurveyRow).where(SurveyRow.code == "a")).one()
        survey.consent_version = "7"
    rows = [["external_id", "nps", "nps_reason", "language", "submitted_at", "started_at", "email"]]
    for number, text in enumerate((*TEXTS, *GUARDED)):
        time = ["2026-03-02T09:14:05+02:00", "2026-03-02T09:12:00+02:00"]
        rows.append([f"rt{number}", number % 11, text, "fi", *time, f"p{number}@example.org"])
    (tmp_path / "in.csv").write_bytes(csv_bytes(rows))
    options = ["--attribute", "email"]
    assert run_stored("import", tmp_path / "in.csv", "--survey", "a", *options).code == 0
    assert run_stored("export", "--survey", "a", "--out", tmp_path / "a.csv").code == 0
    again = run_stored("import", tmp_path / "a.csv", "--survey", "a")
    assert "12 rows: 0 stored, 12 already stored, 0 rejected." in again.out
    assert "12 stored" in run_stored("import", tmp_path / "a.csv", "--survey", "b").out
    assert "12 already stored" in run_stored("import", tmp_path / "a.csv", "--survey", "b").out
    assert run_stored("export", "--survey", "b", "--out", tmp_path / "b.csv").code == 0
    first, second = (
        pd.read_csv(tmp_path / name, dtype=str, keep_default_na=False)
        for name in ("a.csv", "b.csv")
    )
    assert first["nps.nps_reason"].tolist()[:5] == [f"'{text}" for text in TEXTS[:4]] + ["'quoted'"]
    own = ["response", "response_id", "survey", "import"]
    pd.testing.assert_frame_equal(first.drop(columns=own), second.drop(columns=own))
    assert first["consent_version"].unique().tolist() == ["7"]
    assert first["wording"].str.startswith("nps:fi-").all()
    assert first["started_at"].unique().tolist() == ["2026-03-02T07:12:00+00:00"]
    with store.reading() as session:
        texts = [
            r.answers["nps"]["nps_reason"]
            for r in session.scalars(select(Response).order_by(Response.id))
        ]
        assert texts == [*TEXTS, *GUARDED] * 2


def test_another_survey_s_consent_is_not_taken_for_a_text_of_this_one(
    run_stored, store: Store, tmp_path: Path
):
    with store.writing() as session:
        journey = create_journey(session, name="Account", provider="Northbank", user_id=None)
        asks = [{"instrument": "nps"}]
        create_survey(
            session, journey, name="b", asks=asks, code="b", user_id=None, library=BUILT_IN
        )
        survey = session.scalars(select(SurveyRow)).one()
        survey.consent_version = "1"
    text = "response,response_id,survey,consent_version,nps.nps\n5,r_5,a,1,9\n6,r_6,b,1,9\n"
    (tmp_path / "a.csv").write_text(text)
    assert run_stored("import", tmp_path / "a.csv", "--survey", "b").code == 0
    with store.reading() as session:
        kept = session.scalars(select(Response.consent_version).order_by(Response.id)).all()
    assert kept == ["a 1", "1"]
