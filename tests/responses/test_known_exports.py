"""Exports of other programs come in as they are: answers, times and languages, and nobody's name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.store.db import Store
from surveyapp.store.models import SurveyRow
from surveyapp.tables.options import read_options
from tests.responses.makers import make_survey
from tests.responses.test_imports import bring, kept
from tests.tables.writers import csv_bytes, xlsx_bytes

ZONE = "Europe/Helsinki"


@pytest.fixture
def survey(store: Store) -> SurveyRow:
    with store.writing() as session:
        return make_survey(session, asks=("csat", "nps"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def qualtrics(q1: list[str]) -> list[list[str]]:
    names = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)"]
    names += ["Finished", "RecordedDate", "ResponseId", "RecipientLastName", "RecipientFirstName"]
    names += ["RecipientEmail", "ExternalReference", "LocationLatitude", "LocationLongitude"]
    names += ["DistributionChannel", "UserLanguage", "Q1", "Q1_NPS_GROUP", "Q2", "Segment"]
    texts = [*names[:-4], "How likely are you to recommend us to a friend, or colleague?"]
    texts += ["How likely - Group", "What is the main reason\nfor your score?", "Segment"]
    ids = [f'{{"ImportId":"{name}","timeZone":"America/Denver"}}' for name in names]
    row = ["2026-03-02 09:14:00", "2026-03-02 09:16:11", "IP Address", "203.0.113.9", "100", "131"]
    row += ["True", "2026-03-02 09:16:12", "R_1", "Virtanen", "Anna", "anna@example.org", "00123"]
    row += ["60.17", "24.94", "email", "PT-BR"]
    tails = [[answer, "Promoter", "Quick,\nand friendly", "VIP"] for answer in q1]
    rows = [[*row, *tail] for tail in tails]
    for number, each in enumerate(rows, start=1):
        each[8] = f"R_{number}"
    return [names, texts, ids, *rows]


@pytest.mark.parametrize("write", [csv_bytes, xlsx_bytes])
def test_qualtrics_is_known_by_its_third_header_row(store: Store, survey: SurveyRow, write):
    by_hand = {"Q2": "nps_reason"}  # both questionnaires ask for a reason in these words
    answers = ["9", "10 - Extremely likely"]
    report = bring(store, survey, write(qualtrics(answers)), columns=by_hand)
    assert (report.stored, report.refused) == (2, [])
    first, second = kept(store)
    assert first.answers["nps"] == {"nps": 9, "nps_reason": "Quick,\nand friendly"}
    assert second.answers["nps"]["nps"] == 10
    assert (first.external_id, first.language, first.attributes) == ("R_1", "pt-BR", {})
    assert first.submitted_at.replace(microsecond=0) == utc("2026-03-02 16:16:12")  # of Denver
    assert first.started_at == utc("2026-03-02 16:14:00")
    said = " ".join(report.notes)
    assert "3 header rows, an export of Qualtrics" in said
    assert "Known by its question: Q1 is nps." in said
    assert "Questions that are no item of this survey: Segment" in said
    again = bring(store, survey, write(qualtrics(["9", "10"])), columns=by_hand)
    assert (again.stored, again.already) == (0, 2)


def test_qualtrics_previews_are_no_answers_and_what_is_chosen_is_stored(store, survey):
    rows = qualtrics(["9", "8", "7", "6", "5"])
    rows[4][2] = "Survey Preview"
    report = bring(store, survey, csv_bytes(rows), attributes=("Segment", "RecipientEmail"))
    assert [(r.place, r.value) for r in report.refused] == [("C5", "Survey Preview")]
    assert kept(store)[0].attributes == {"Segment": "VIP", "RecipientEmail": "anna@example.org"}


def test_limesurvey_s_times_languages_and_unfinished_rows(store, survey):
    text = (
        '"id";"submitdate";"lastpage";"startlanguage";"seed";"nps";"nps_reason"\n'
        '"1";"2026-03-02 09:14:05";"1";"de";"1";"9";"schnell"\n'
        '"2";"1980-01-01 00:00:00";"1";"de-informal";"2";"4";"langsam"\n'
        '"3";"";"0";"de";"3";"";""\n'
        '"4";"";"1";"fi";"4";"7";""\n'
    )
    report = bring(store, survey, text, reading=read_options(time_zone=ZONE))
    assert [(r.place, r.reason) for r in report.refused] == [("row 4", "The row holds no answer.")]
    first, second, fourth = kept(store)
    assert (first.submitted_at, first.language) == (utc("2026-03-02 07:14:05"), "de")
    assert second.submitted_at.year > 2025
    assert (second.language, fourth.language) == ("de-informal", "fi")
    assert first.attributes == {}
    said = " ".join(report.notes)
    assert "Known as an export of LimeSurvey." in said
    assert "Finished without a date: 1; the time of the import was taken." in said
    assert "Not finished, stored with the answers there are: 2." in said
    assert f"read as {ZONE}: 1" in said


def test_limesurvey_s_headings_with_code_and_question_and_answers_in_words(store, survey):
    text = (
        '"Response ID","Date submitted","Start language","csat. How satisfied are you with X?",'
        '"nps. Likely?"\n"7","2026-03-02 09:14:05","en","Very satisfied","Not at all likely"\n'
    )
    assert bring(store, survey, text).stored == 1
    assert kept(store)[0].answers == {"csat": {"csat": 5}, "nps": {"nps": 0}}


def test_google_forms_dates_are_settled_by_the_file_and_questions_are_known(store, survey):
    text = (
        'Timestamp,"How likely are you to recommend us to a friend or colleague?",'
        '"What is the main reason? (optional)",Email Address\n'
        "3/2/2026 9:14:05,9,Friendly,a@example.org\n"
        '3/15/2026 17:30:00,4,"Waited long",b@example.org\n'
    )
    report = bring(
        store, survey, text, columns={"What is the main reason? (optional)": "nps_reason"}
    )
    assert report.stored == 2
    first, second = kept(store)
    assert (first.submitted_at, second.submitted_at) == (
        utc("2026-03-02 09:14:05"),
        utc("2026-03-15 17:30:00"),
    )
    assert first.answers["nps"] == {"nps": 9, "nps_reason": "Friendly"}
    assert first.attributes == {}
    again = bring(
        store, survey, text, columns={"What is the main reason? (optional)": "nps_reason"}
    )
    assert (again.stored, again.already) == (0, 2)


def test_an_order_of_day_and_month_that_nothing_settles_is_asked_for(store, survey):
    text = "id,nps,submitted_at\na,9,3/2/2026 9:14\nb,4,4/2/2026\n"
    with pytest.raises(
        Invalid, match="3/2/2026 9:14 may be 3 February 2026 or 2 March 2026"
    ) as asked:
        bring(store, survey, text)
    assert asked.value.field == "dates"
    bring(store, survey, text, reading=read_options(dates="day-first"))
    assert [response.submitted_at.day for response in kept(store)] == [3, 4]


def test_times_of_every_form_are_read(store, survey):
    forms = {
        "46110,5951": "2026-03-29 14:16:56",
        "29.03.2026 14:05": "2026-03-29 14:05",
        "3/29/2026 14:05": "2026-03-29 14:05",
        "2026-03-29T14:05:00Z": "2026-03-29 14:05",
        "20260329": "2026-03-29",
        "2026-W13-7": "2026-03-29",
        "2026-03-29T02:30+01:00": "2026-03-29 01:30",
        "2026-03-29 24:00": "2026-03-30",
        "29-Mar-26": "2026-03-29",
        "29. März 2026 um 14:05": "2026-03-29 14:05",
        "2026/03/02 9:14:05 PM GMT+2": "2026-03-02 19:14:05",
    }
    rows = [f"es{number};9;{form}" for number, form in enumerate(forms)]
    report = bring(store, survey, "\n".join(["external_id;nps;submitted_at", *rows]))
    assert (report.stored, report.refused) == (len(forms), [])
    assert [r.submitted_at.replace(microsecond=0) for r in kept(store)] == [
        utc(text) for text in forms.values()
    ]


def test_surveymonkey_s_two_header_rows(store, survey):
    rows = [
        "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,"
        "How likely are you to recommend Northbank to a friend or colleague?,Choose,",
        ",,,,,,Response,North,South",
        "118,4,03/15/2026 05:28:00 PM,03/15/2026 05:30:00 PM,203.0.113.9,a@example.org,9,North,",
    ]
    report = bring(store, survey, "\n".join(rows))
    (response,) = kept(store)
    assert (response.external_id, response.answers) == ("118", {"csat": {}, "nps": {"nps": 9}})
    assert response.submitted_at == utc("2026-03-15 17:30:00")
    assert response.started_at == utc("2026-03-15 17:28:00")
    assert response.attributes == {}
    assert "Choose - North, Choose - South" in " ".join(report.notes)


def test_formbricks_and_microsoft_forms_ask_in_words(store, survey):
    question = "How likely are you to recommend us to a friend or colleague?"
    formbricks = [
        ["No.", "Response ID", "Timestamp", "Finished", "Survey ID", "User ID", f"1. {question}"],
        ["1", "cm1", "2026-03-02T09:14:05.000Z", "Yes", "s1", "u1", "9"],
    ]
    moment = datetime.fromisoformat("2026-03-02 09:14:05")
    microsoft = [
        ["ID", "Start time", "Completion time", "Email", "Name", question],
        [1, moment, moment, "anonymous", "", 3],
    ]
    assert bring(store, survey, csv_bytes(formbricks)).stored == 1
    assert bring(store, survey, xlsx_bytes(microsoft)).stored == 1
    assert [(r.external_id, r.answers["nps"], r.attributes) for r in kept(store)] == [
        ("cm1", {"nps": 9}, {}),
        ("1", {"nps": 3}, {}),
    ]
    assert {response.submitted_at for response in kept(store)} == {utc("2026-03-02 09:14:05")}


def test_kobo_s_groups_and_times_in_utc(store, survey):
    text = (
        "start;end;shop/csat;shop/nps;_id;_uuid;_submission_time;_index\n"
        "2026-03-02T11:12:00+02:00;x;4;9;1;u-1;2026-03-02T09:14:05;1\n"
    )
    report = bring(store, survey, text, reading=read_options(time_zone=ZONE))
    (response,) = kept(store)
    assert (response.submitted_at, response.started_at) == (
        utc("2026-03-02 09:14:05"),
        utc("2026-03-02 09:12:00"),
    )
    assert (response.external_id, response.attributes, report.refused) == ("u-1", {}, [])
    assert response.answers == {"csat": {"csat": 4}, "nps": {"nps": 9}}


def test_redcap_s_events_are_different_responses_of_one_record(store, survey):
    text = (
        "record_id,redcap_event_name,redcap_survey_identifier,nps_form_timestamp,nps,nps_form_complete\n"
        "1,baseline,,2026-03-02 09:14:05,9,2\n1,month_6,,[not completed],4,0\n"
    )
    report = bring(store, survey, text)
    assert [(r.external_id, r.attributes) for r in kept(store)] == [
        ("1/baseline", {"redcap_event_name": "baseline"}),
        ("1/month_6", {"redcap_event_name": "month_6"}),
    ]
    assert report.refused == []
    assert bring(store, survey, text).already == 2


def test_rows_of_a_matrix_are_known_by_their_own_words_and_codes(store):
    """A scale of agreement is a matrix in every program: each names its rows after the question."""
    with store.writing() as session:
        survey = make_survey(session, asks=("sjq",))
    words = BUILT_IN.load("sjq").wording("en").items
    items = ("per3", "coh1", "sea2", "sea3")
    rows = [words[item].replace("{provider}", "Northbank") for item in items]
    stem = "How much do you agree? Think of everything."
    forms = (
        [f"{stem} - {row}" for row in rows],  # Qualtrics
        [f"{stem} [{row}]" for row in rows],  # Google Forms
        [f"{stem}.{row}" for row in rows],  # Microsoft Forms
        [f"G1[{item}]" for item in items],  # LimeSurvey, by code
        [f"G1[SQ00{n}]. {stem} [{row}]" for n, row in enumerate(rows)],  # by both
        [f"sjq_{item}" for item in items],
    )
    for number, form in enumerate(forms, start=1):
        report = bring(store, survey, csv_bytes([form, [str(number), "2", "3", "4"]]))
        assert (report.stored, report.refused) == (1, []), form
        given = dict(zip(items, (number, 2, 3, 4), strict=True))
        assert given in [each.answers["sjq"] for each in kept(store)], form
