"""Files without ids: another file is another wave, the same file is the same, a doubt is asked about."""

from __future__ import annotations

import hashlib
from functools import partial

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from surveyapp.errors import Invalid
from surveyapp.responses.waves import Wave
from surveyapp.store.db import Store
from surveyapp.store.models import ImportBatch, Response, SurveyRow
from tests.responses.makers import make_survey
from tests.responses.test_imports import bring, kept


@pytest.fixture
def survey(store: Store) -> SurveyRow:
    with store.writing() as session:
        return make_survey(session, asks=("csat", "nps"))


def telling(seed: int, count: int = 40) -> list[str]:
    """Rows of which hardly two are alike."""
    chance = np.random.default_rng(seed)
    return [
        f"{chance.integers(1, 6)},{chance.integers(0, 11)},reason {seed}-{k}" for k in range(count)
    ]


def text_of(rows: list[str]) -> str:
    return "\n".join(["csat,nps,nps_reason", *rows])


def test_two_waves_of_equal_answers_are_different_customers(store, survey):
    january, february = "nps\n9\n9\n10\n3\n", "nps\n9\n10\n10\n8\n"
    assert [bring(store, survey, text).stored for text in (january, february)] == [4, 4]
    assert sorted(r.answers["nps"]["nps"] for r in kept(store)) == [3, 8, 9, 9, 9, 10, 10, 10]
    for text in (january, february):
        assert (bring(store, survey, text).stored, bring(store, survey, text).already) == (0, 4)


def test_the_same_rows_in_another_order_encoding_and_delimiter_are_the_same_file(store, survey):
    assert bring(store, survey, "csat,nps,ort\n5,9,Köln\n4,8,Oslo\n").stored == 2
    again = bring(store, survey, "csat;nps;ort\n4;8;Oslo\n5;9;Köln\n".encode("cp1252"))
    assert (again.stored, again.already) == (0, 2)


@pytest.mark.parametrize("anonymity", ["pseudonymous", "anonymous"])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_file_that_holds_rows_of_an_earlier_one_is_asked_about(
    store: Store, anonymity: str, share: float
):
    with store.writing() as session:
        survey = make_survey(session, asks=("csat", "nps"), anonymity=anonymity)
    first, second = telling(1), telling(2)
    repeated = first[: int(len(first) * share)]
    assert bring(store, survey, text_of(first)).stored == 40
    grown = text_of([*repeated, *second])
    with pytest.raises(
        Invalid, match=r"rows without an id equal rows of an earlier import"
    ) as asked:
        bring(store, survey, grown)
    assert asked.value.field == "overlap"
    assert len(kept(store)) == 40
    report = bring(store, survey, grown, overlap="skip")
    assert (report.stored, report.already) == (40, len(repeated))


def test_rows_that_are_said_to_be_other_answers_are_stored(store, survey):
    first = telling(1)
    bring(store, survey, text_of(first))
    grown = text_of([*first, *telling(2)])
    assert bring(store, survey, grown, overlap="store").stored == 80
    assert bring(store, survey, grown).already == 80


def test_a_file_of_an_earlier_version_is_known_by_its_rows(store, survey):
    text = text_of(telling(1))
    bring(store, survey, text)
    with store.writing() as session:  # as ids were made before: without the file's name
        for response, row in zip(kept(store), telling(1), strict=True):
            digest = hashlib.sha256(row.replace(",", "\x1f").encode()).hexdigest()[:32]
            change = update(Response).where(Response.id == response.id)
            session.execute(change.values(external_id=f"row {digest} 1", import_batch_id=None))
        session.execute(delete(ImportBatch))
    with pytest.raises(Invalid, match="equal rows of an earlier import"):
        bring(store, survey, text)
    assert bring(store, survey, text, overlap="skip").already == 40


def test_rows_whose_id_is_empty_are_a_wave_of_their_own(store, survey):
    assert bring(store, survey, "id,nps\na,9\n,9\n,9\n").stored == 3
    other = bring(store, survey, "id,nps\na,9\nb,1\n,9\n,8\n")
    assert (other.stored, other.already) == (3, 1)


def test_values_are_compared_and_not_how_a_program_writes_them(store, survey):
    """Zeros at the end, the decimal sign, capitals and the form of a time make no other wave."""
    first = "csat,nps,loyal,submitted_at\n5,9,true,2026-03-29 14:05\n4,8,false,2026-03-29 14:06\n"
    other = (
        "csat;nps;loyal;submitted_at\n4,0;8;FALSE;29.03.2026 14:06\n5,0;+9;TRUE;29.03.2026 14:05\n"
    )
    assert bring(store, survey, first).stored == 2
    again = bring(store, survey, other)
    assert (again.stored, again.already) == (0, 2)
    code = "csat,nps,loyal,submitted_at\n5,9,true,2026-03-29 14:05\n4,7,false,2026-03-29 14:06\n"
    assert bring(store, survey, code).stored == 2


def test_a_file_of_an_import_that_knew_cells_is_known_by_its_cells(store, survey, monkeypatch):
    """As earlier versions noted it; what is brought in from now on is known by its values."""
    text = "csat,nps\n5.0,9\n4,8\n"
    with monkeypatch.context() as earlier:
        earlier.setattr("surveyapp.responses.begun.knows_cells", lambda *_: False)
        wave = partial(Wave, by_value=False)
        earlier.setattr("surveyapp.responses.begun.Wave", lambda key, **_: wave(key))
        assert bring(store, survey, text).stored == 2
    assert bring(store, survey, text).already == 2
    assert bring(store, survey, "csat,nps\n5,9\n4,7\n").stored == 2
    with store.reading() as session:
        assert [
            each.by_value for each in session.scalars(select(ImportBatch).order_by(ImportBatch.id))
        ] == [False, False, True]
