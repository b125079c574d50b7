"""The service journey study on paper says what the stored document says, and the charts too."""

from __future__ import annotations

import copy
import io
import re
from datetime import date
from gettext import NullTranslations
from typing import Any

import pytest
from pypdf import PdfReader

from instruments.loader import BUILT_IN
from surveyapp.cli import studying
from surveyapp.i18n.words import Words
from surveyapp.reports import apa
from surveyapp.reports.charts import research_charts
from surveyapp.reports.charts.drawing import drawing
from surveyapp.reports.charts.research_charts import Interval, Mark
from surveyapp.reports.document import Chart, Document, Paragraph, Table
from surveyapp.reports.studies import study, study_charts, study_tables
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.typesetting.pdf import pdf
from surveyapp.results.analyses import study_phrases
from tests.reports.study_document import document

MADE = date(2026, 11, 22)


def asked(found: dict[str, Any]) -> Study:
    return Study(
        found, "Get a mortgage", "Northbank", None, "Get a mortgage: study", MADE, library=BUILT_IN
    )


def content(found: dict[str, Any] | None = None) -> Document:
    return study.content(asked(found or document()), made=MADE)


def plain(text: Any) -> str:
    parts = (text,) if isinstance(text, str) else text
    return "".join(part if isinstance(part, str) else part.text for part in parts)


def text_of(made: Document) -> str:
    return " ".join(plain(b.text) for b in made.blocks if isinstance(b, Paragraph))


def tables(made: Document) -> dict[str, Table]:
    return {block.title: block for block in made.blocks if isinstance(block, Table)}


def test_the_hypotheses_open_the_report_with_their_verdicts():
    made = content()
    assert "All three hypotheses are supported." in text_of(made)
    first = next(block for block in made.blocks if isinstance(block, Table))
    rows = document()["study"]["hypotheses"]
    for shown, row in zip(first.rows, rows, strict=True):
        assert [plain(shown[0]), shown[1], shown[5]] == [row["code"], row["claim"], row["verdict"]]
        assert shown[2] == apa.bounded(row["estimate"])


def test_what_is_said_from_values_is_what_the_analysis_said():
    """Each sentence that another language says from numbers reads in English as it is stored."""
    found = document()["study"]
    said = Words("fi", catalogue=NullTranslations())  # which translates nothing
    for row in found["hypotheses"]:
        assert study_phrases.claim(row, said) == row["claim"]
        assert study_phrases.verdict(found, row, said) == row["verdict"]
    worst = {**found["hypotheses"][0], "supported": False}
    assert study_phrases.verdict(found, {**worst, "upper": 0.1}, said).startswith("Not supported")
    assert study_phrases.why_they_differ(found, said) == found["why_they_differ"]
    assert study_phrases.caution(found, said) == found["caution"]
    kinds = ("complementary", "competitive", "indirect-only", "direct-only", "no effect")
    assert [study_phrases.mediation_kind(kind, said) for kind in kinds] == list(kinds)
    for row in found["published"]:
        shown = study_phrases.quantity(row, lambda name, _: name.capitalize(), said)
        assert shown == row["label"].replace("->", "→")


def test_fewer_supported_hypotheses_are_counted_in_words():
    found = document()
    said = ("None of the three hypotheses is", "One of the three hypotheses is",
            "Two of the three hypotheses are")  # fmt: skip
    for supported, words in enumerate(said):
        for at, row in enumerate(found["study"]["hypotheses"]):
            row["supported"] = at < supported
        assert study.lead(found["study"]) == f"{words} supported."


def test_htmt_at_the_cut_off_is_flagged_with_its_reason():
    found = document()
    assert "*" not in str(tables(content(found))["Discriminant Validity"].rows)
    found["study"]["full"]["htmt"]["empathy"]["assurance"] = 0.91
    found["study"]["discriminant"] = ["within service quality: assurance and empathy 0.91"]
    made = content(found)
    assert ".91*" in str(tables(made)["Discriminant Validity"].rows)
    assert "Within service quality: assurance and empathy 0.91." in str(made.blocks)
    assert "the largest is" in text_of(made)
    for name in ("discriminant", "htmt", "largest_item_vif"):
        del found["study"][name]  # a study of an earlier version
    assert "Discriminant Validity" in tables(content(found))


def test_printed_figures_stand_beside_ours_and_are_marked():
    made = tables(content())["Published Results of the Original Study (a Different Population)"]
    assert len(made.rows) == 18
    assert "Another population" in plain(made.note) and "N = 239" in plain(made.note)
    total = next(row for row in made.rows if plain(row[0]) == "SJQ → loyalty, total")
    assert plain(total[2]) == ".76"
    ours = next(r for r in document()["study"]["published"] if r["key"] == "full total")["ours"]
    assert total[1] == apa.bounded(ours)


def test_paths_from_parts_have_no_effect_size():
    rows = {plain(row[0]): row for row in tables(content())["Paths"].rows}
    assert rows["Seamlessness → SJQ"][4] == "–"
    assert rows["SJQ → Loyalty"][4] != "–"


def test_what_stands_in_the_tables_is_numbered_in_order():
    numbers = [block.number for block in content().blocks if isinstance(block, Table)]
    assert numbers == list(range(1, 11))


def test_the_method_paragraph_counts_people_items_and_resamples():
    text = text_of(content())
    assert "150 respondents rated the quality of their service journey (16 items" in text
    assert "100 bootstrap resamples" in text
    assert "Jaakkola and Terho (2021)" in text


def test_the_method_says_what_reporting_standards_ask_for():
    text = text_of(content())
    for said in (
        "Recruitment. The answers of all customers to the survey", "is not known to the analysis",
        "Exclusions. All 150 respondents who answered every instrument are used", "P values are two-sided",
        "Departures from the defaults. 100 bootstrap resamples instead of 5,000.",
        f"NumPy {document()['versions']['numpy']}",
    ):  # fmt: skip
        assert said in text, said
    default = next(p.default for p in studying.study.params if p.name == "bootstrap")
    assert default == study.BOOTSTRAP


def test_without_a_marker_the_report_says_so():
    found = document()
    found["sample"]["marker"] = []
    found["study"]["marker"] = None
    del found["study"]["marker_correction"]
    text = text_of(content(found))
    assert "No marker variable was asked" in text
    assert "The marker correlates" in text_of(content())


def test_the_pdf_holds_it_all():
    pages = PdfReader(io.BytesIO(pdf(content()))).pages
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))
    assert 8 <= len(pages) <= 12
    assert "Improvement priorities" in text
    assert document()["fingerprint"] in text
    assert "Responsiveness" in text  # of the drawing: text stays text


def test_charts_carry_a_sentence_and_draw_as_vectors():
    charts = [block for block in content().blocks if isinstance(block, Chart)]
    assert len(charts) == 4
    for chart in charts:
        assert len(chart.title.split()) > 4
        assert drawing(chart.svg, 470).height > 50


def test_the_map_names_the_most_important_of_what_is_done_below_average():
    found = copy.deepcopy(document())
    rows = found["study"]["importance"]["dimensions"]
    for row in rows:
        low = row["part"] in ("coherence", "empathy")
        around(row, "performance", 40 if low else 70, 5)
        around(row, "importance", 0.5 if row["part"] == "coherence" else 0.2, 0.1)
    assert study_charts.importance(found).title.startswith("Start with coherence")
    for row in rows:
        around(row, "importance", row["importance"], 0.2)
    assert study_charts.importance(found).title == (
        "No dimension that performs below average is significantly more important than every other"
    )
    for row in rows:
        around(row, "performance", row["performance"], 30)
    assert study_charts.importance(found).title == (
        "No dimension performs significantly below average"
    )


def around(row: dict[str, Any], what: str, value: float, reach: float) -> None:
    row |= {what: value, f"{what}_lower": value - reach, f"{what}_upper": value + reach}


def test_intervals_that_just_part_are_no_superlative_after_holm():
    """Two intervals of 95 % that do not meet differ at .05 at the worst, which three pairs do not bear."""
    found = copy.deepcopy(document())
    for row in found["study"]["weights"]:
        around(row, "weight", 0.61 if row["dimension"] == "personalization" else 0.4, 0.1)
        row |= {"lower": row["weight_lower"], "upper": row["weight_upper"]}
    assert study_charts.weights(found).title.startswith("No dimension weighs significantly more")


def test_study_and_benchmark_say_why_they_may_differ():
    chart = study_charts.importance(document())
    assert "The benchmark report of the same journey may name another dimension" in chart.note


def test_a_dimension_weighs_most_only_when_its_interval_lies_above_all_others():
    """In the known population it is .52 [.37, .68] against .36 [.14, .50]: not enough."""
    found = copy.deepcopy(document())
    assert study_charts.weights(found).title == (
        "No dimension weighs significantly more in journey quality than every other"
    )
    for row in found["study"]["weights"]:
        weight = 0.7 if row["dimension"] == "personalization" else 0.2
        row |= {"weight": weight, "lower": weight - 0.1, "upper": weight + 0.1}
    assert study_charts.weights(found).title == "Personalization weighs most in journey quality"


def test_correlations_that_were_never_significant_do_not_stay_so():
    found = copy.deepcopy(document())
    for row in found["study"]["marker"]["correlations"]:
        row["pvalue"] = 0.4
    assert "no correlation of the scores was significant before either" in text_of(content(found))


def test_explained_variance_leaves_out_what_is_composed():
    rows = study_tables.explained(document()["study"], 1).rows
    assert [row[0] for row in rows].count("Baseline") == 1
    assert {row[1] for row in rows} >= {"Loyalty", "Reliability"}


def test_intervals_show_each_number_and_the_cut():
    text = research_charts.intervals(
        [Interval("a and b", 0.63, 0.5, 0.7)], cut=0.85, cut_label=".85"
    )
    assert ">.63<" in text and "[.50, .70]" in text and ">.85<" in text
    dot = float(re.search(r'<circle cx="([\d.]+)"', text)[1])
    line = re.search(r'<line x1="([\d.]+)"[^>]* x2="([\d.]+)"[^>]*stroke-width="2.4"', text)
    low, high = sorted(map(float, line.groups()))
    assert low < dot < high
    assert (dot - low) / (high - low) == pytest.approx(0.13 / 0.20, abs=0.01)


def test_residuals_of_a_tenth_or_more_are_written_out():
    matrix = [[0.0, 0.02, -0.15], [0.02, 0.0, 0.1], [-0.15, 0.1, 0.0]]
    text = research_charts.residual_map(["x1", "x2", "x3"], matrix)
    assert text.count("<rect") == 3
    assert ">−.15<" in text and ">.10<" in text and ">.02<" not in text
    assert "x3 and x1 −.15" in text


def test_the_map_tells_constructs_apart_by_shape():
    marks = [Mark("A", "sjq", 0.3, 60.0), Mark("B", "quality", 0.1, 70.0)]
    text = research_charts.importance_map(marks, target="loyalty")
    assert text.count("<circle") == 1 and text.count("<rect") == 1
    assert "importance .30, performance 60" in text
