"""Benchmark values are checked row by row, and a verdict stands only where scores are comparable."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid
from surveyapp.results import dashboards
from surveyapp.results.benchmarks.benchmarks import benchmarks
from surveyapp.results.benchmarks.sets import (
    benchmark_set,
    benchmark_sets,
    import_set,
    remove_set,
    values_of,
)
from surveyapp.results.benchmarks.values import Value, accepted, facts, read_file
from surveyapp.results.scope import Scope
from surveyapp.store.db import Store
from surveyapp.tables.options import ReadOptions
from tests.results import bank

HEAD = "metric,value,year,population,source,n,sd,scale,wording,mode\n"
GOOD = Value(
    "nps", -20.0, 2024, "Banks", "A study", n=900, sd=80.0, scale="0 to 10",
    wording=BUILT_IN.load("nps").wording("en").id, mode="web",
)  # fmt: skip
TODAY = date(2026, 11, 29)


def read(text: str, name: str = "b.csv", **options):
    return read_file(io.BytesIO(text.encode()), name, ReadOptions(**options))


def test_rows_are_taken_or_refused_with_cell_reason_and_cure():
    found = read(
        HEAD
        + "NPS,12.5,2025,Banks,Study,900,80,0 to 10,,web\n"
        + "nps,200,2025,Banks,Study,,,,,\n"
        + "nps,12,2025.5,Banks,Study,,,,,\n"
        + "nps,12,2025,,Study,,,,,\n"
        + "nps,12,2025,Banks,Study,1,,,,\n"
        + "nps,12,2025,Banks,Study,9,0,,,\n"
    )
    assert [value.metric for value in found.values] == ["nps"]
    assert (found.values[0].n, found.values[0].wording) == (900, "")
    assert [(each.place, each.column) for each in found.refused] == [
        ("row 3", "value"), ("row 4", "year"), ("row 5", "population"), ("row 6", "n"), ("row 7", "sd"),
    ]  # fmt: skip
    assert all(each.reason and each.cure for each in found.refused)
    comma = read(
        HEAD.replace(",", ";") + "csat;81,5;2025;Shops;Study;;;;;\n", delimiter=";", decimal=","
    )
    assert comma.values[0].value == 81.5


def test_toml_holds_the_same_and_wrong_files_are_refused_whole():
    text = '[[values]]\nmetric="nps"\nvalue=12.5\nyear=2025\npopulation="Banks"\nsource="Study"\nn=900\n'
    assert read(text, "b.toml").values == read(HEAD + "nps,12.5,2025,Banks,Study,900,,,,\n").values
    for wrong, name, said in (
        ("[[values]", "b.toml", "not TOML"),
        ("a=1", "b.toml", "no list of tables"),
        (HEAD.replace("metric", "measure"), "b.csv", "'measure' is not known"),
        ("metric,value\nnps,3\n", "b.csv", "no column year"),
        (HEAD, "b.csv", "no row"),
        (HEAD + "nps,1,2025,B,S,,,,,\n" * 301, "b.csv", "more than 300"),
    ):
        with pytest.raises(Invalid, match=said):
            read(wrong, name)
    assert list(accepted([GOOD.to_json()])) == [GOOD]
    with pytest.raises(Invalid, match="Row 1"):
        list(accepted([{**GOOD.to_json(), "year": 5}]))


def test_the_facts_that_come_along_name_source_and_year():
    assert len(facts()) == 14
    assert {value.metric for value in facts()} == {"acsi", "ukcsi", "nps"}
    assert all(value.source and value.population and value.year >= 2022 for value in facts())


def test_sets_are_stored_compared_and_removed(store: Store):
    with store.writing() as session:
        northbank = bank.filled(session, a_place=24, months=3)
        made = import_set(session, "Banks", [GOOD, replace(GOOD, metric="acsi")], user_id=None)
        number = made.id
        with pytest.raises(Conflict):
            import_set(session, " Banks ", [GOOD], user_id=None)
        with pytest.raises(Invalid):
            import_set(session, "Nothing", [], user_id=None)
    with store.reading() as session:
        overview = dashboards.journey_overview(session, Scope(northbank.journey), library=BUILT_IN)
        scales = {each.definition.scale for each in overview.end}
        assert values_of(session, scales) == [("Banks", GOOD)]

        def one(**changed):
            return benchmarks(overview, [("Banks", replace(GOOD, **changed))], today=TODAY)[0]

        whole = one()
        assert whole.verdict == "significantly higher"
        assert whole.difference.estimate == whole.figure.estimate + 20
        assert (
            whole.difference.low > whole.figure.low + 20 - 6
        )  # the benchmark's own 5 points joined
        assert len(whole.notes) == 1 and "apart" in whole.notes[0]
        assert one(n=None).notes[0] == "no interval: the source gives no n and sd"
        assert one(value=whole.figure.estimate).verdict == "not significantly different"
        for changed, said in (
            ({"scale": "1 to 5"}, "another answer scale (1 to 5"),
            ({"scale": ""}, "does not say the answer scale"),
            ({"wording": "en-other"}, "another wording"),
            ({"mode": "telephone"}, "another mode (telephone"),
        ):
            found = one(**changed)
            assert (found.difference, found.verdict) == (None, "")
            assert said in found.notes[0].replace("\N{FIRST STRONG ISOLATE}", "")
        index = replace(GOOD, metric="sjq", value=50.0, sd=20.0, scale="1 to 7")
        assert (
            "no invariance verdict" in benchmarks(overview, [("B", index)], today=TODAY)[0].notes[0]
        )
    with store.writing() as session:
        remove_set(session, benchmark_set(session, number), user_id=None)
        session.flush()
        assert benchmark_sets(session) == []
        assert values_of(session, ["nps"]) == []
