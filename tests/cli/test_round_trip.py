"""What is exported from one installation can be brought into another, and is the same there."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.journeys.actions import create_journey
from surveyapp.store.db import Store
from surveyapp.store.models import Response, Score
from surveyapp.surveys.actions import create_survey


def test_an_export_brought_in_again_holds_the_same_answers_attributes_and_scores(
    run_stored, store: Store, tmp_path: Path
):
    with store.writing() as session:
        journey = create_journey(session, name="Account", provider="Northbank", user_id=None)
        for code in ("here", "there"):
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
    old = run_stored("export", "--deployment", "here", "--out", tmp_path / "old.csv")
    assert (old.code, "use --survey" in old.err) == (0, True)
    assert (tmp_path / "old.csv").read_text() == (tmp_path / "out.csv").read_text()
    with store.reading() as session:
        kept = session.execute(
            select(Response.survey_id, Response.attributes, Score.value)
            .join(Score, Score.response_id == Response.id)
            .order_by(Response.id)
        ).all()
    frame = pd.DataFrame(kept, columns=["survey", "attributes", "score"])
    here, there = (
        part.drop(columns="survey").to_dict("records") for _, part in frame.groupby("survey")
    )
    assert (
        here
        == there
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
