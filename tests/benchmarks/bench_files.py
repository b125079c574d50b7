"""Import and export of a million rows: rows a second and memory, beside pandas and plain INSERTs.

Each is done in a process of its own, so that its peak memory is its own. The import is compared with
INSERTs of the rows that it stores, by SQLAlchemy, without reading or checking anything; each export with
what pandas writes of the same table, where pandas writes that format. Formats whose libraries need the
whole table have as many rows as they take. On two quiet cores a million
rows came in at 2.4 times the CPU of INSERTs and went out as CSV at 28,900 rows a CPU second, .57 of to_csv's
rate; 20,000 rows at .44 before cells were put into rows without the csv module. Run: ``make bench``, or with ``BENCH_ROWS=50000`` a shorter one.
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest
from sqlalchemy import Table, func, insert, select

from instruments.loader import BUILT_IN
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.formats.registry import FORMATS
from surveyapp.exports.responses import responses_table
from surveyapp.responses.imports import import_file
from surveyapp.results.scope import Scope
from surveyapp.store.db import Store
from surveyapp.store.models import ImportBatch, Response, Score, SurveyRow
from surveyapp.store.schema import upgrade
from tests.installations import installation_on
from tests.responses.makers import as_survey, make_survey

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ASKS = ("csat", "nps", "ces")
MOST_OF_PLAIN_INSERTS = 3.0  # CPU of an import, in that of INSERTs of the same rows
LEAST_OF_PANDAS = 0.5  # of to_csv's rate
MOST_GROWTH = 200  # MB from a tenth of the rows to all of them: flat, but for SQLite's cache
_BATCH = 2000
_STREAMED = ("csv", "jsonl", "parquet", "xlsx")
_PANDAS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "parquet": lambda frame, path: frame.to_parquet(path),
    "dta": lambda frame, path: frame.to_stata(path, write_index=False, version=118),
}


@dataclass(frozen=True)
class Cost:
    """CPU seconds, and the most memory in MB."""

    cpu: float
    memory: int


def cost(work: Callable[..., None], *given: Any) -> Cost:
    """What ``work`` costs in a new process."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_told, args=(theirs, work, *given))
    process.start()
    theirs.close()
    found = cast(Cost, ours.recv())
    process.join()
    return found


def _told(told: Any, work: Callable[..., None], *given: Any) -> None:
    before = time.process_time()
    work(*given)
    spent = time.process_time() - before
    # Not ru_maxrss, in which a new process begins with its parent's.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    told.send(Cost(spent, int(peak[1]) // 1024))


def write_answers(path: Path, rows: int) -> None:
    """A file of answers as a research agency sends it."""
    chance = random.Random(rows)  # noqa: S311
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["id", "submitted_at", "region", "tenure", "csat", "nps", "ces", "nps_reason"]
        )
        for number in range(rows):
            day = f"2026-{1 + number % 10:02d}-{1 + number % 28:02d} 10:{number % 60:02d}:00"
            given = [chance.randint(1, 5), chance.randint(0, 10), chance.randint(1, 7)]
            reason = "It took too long, again." if number % 3 == 0 else ""
            writer.writerow([f"r{number}", day, chance.choice("NSEW"), number % 20, *given, reason])


def bring_in(database: Path, answers: Path) -> None:
    store = Store(f"sqlite:///{database}")
    installation = installation_on(store)
    with store.reading() as session:
        survey = as_survey(session, session.scalars(select(SurveyRow)).one())
    with answers.open("rb") as file:
        report = import_file(installation, survey, file, name=answers.name)
    assert (report.refused_rows, report.stored) == (0, report.count_in)


def insert_plainly(database: Path, source: Path) -> None:
    """The rows that the import stored, into tables of another database."""
    filled, empty = Store(f"sqlite:///{source}"), Store(f"sqlite:///{database}")
    for model in (ImportBatch, Response, Score):
        table = cast(Table, model.__table__)
        with filled.reading() as session:
            found = session.execute(select(table)).mappings().partitions(_BATCH)
            for rows in found:
                with empty.writing() as session_there:
                    session_there.execute(insert(table), [dict(row) for row in rows])


def read_plainly(source: Path) -> None:
    """What ``insert_plainly`` does beside its INSERTs."""
    filled = Store(f"sqlite:///{source}")
    for model in (ImportBatch, Response, Score):
        with filled.reading() as session:
            found = session.execute(select(model.__table__)).mappings().partitions(_BATCH)
            for rows in found:
                [dict(row) for row in rows]


def export(database: Path, code: str, path: Path) -> None:
    store = Store(f"sqlite:///{database}")
    with store.reading() as session:
        survey = session.scalars(select(SurveyRow)).one()
        wanted = Chosen(Scope(survey.journey_id), survey.id, customers=True)
        FORMATS[code].write(responses_table(session, wanted, library=BUILT_IN), path)


def write_by_pandas(code: str, source: Path, path: Path) -> None:
    frame = pd.read_parquet(source)
    for name in frame.select_dtypes(object).columns:
        frame[name] = frame[name].fillna("")
    if code == "dta":
        frame.columns = [name.replace(".", "_")[:32] for name in frame.columns]
        for name in frame.select_dtypes("datetimetz"):
            frame[name] = frame[name].dt.tz_localize(None)
    before = time.process_time()
    _PANDAS[code](frame, path)
    path.with_suffix(".seconds").write_text(str(time.process_time() - before))


def _database(path: Path) -> Path:
    store = Store(f"sqlite:///{path}")
    upgrade(store.engine)
    with store.writing() as session:
        make_survey(session, asks=ASKS)
    store.close()
    return path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, tuple[Path, Cost]]]:
    """Databases after the import of all rows and of a tenth of them, and what that cost."""
    folder = tmp_path_factory.mktemp("files")
    made = {}
    for rows in (ROWS // 10, ROWS):
        answers = folder / f"{rows}.csv"
        write_answers(answers, rows)
        database = _database(folder / f"{rows}.db")
        made[rows] = (database, cost(bring_in, database, answers))
        answers.unlink()
    yield made


def test_import(filled, tmp_path: Path):
    database, spent = filled[ROWS]
    _, spent_on_tenth = filled[ROWS // 10]
    inserted = cost(insert_plainly, _database(tmp_path / "plain.db"), database)
    plain = inserted.cpu - cost(read_plainly, database).cpu
    print(
        f"\nimport of {ROWS:,} rows: {ROWS / spent.cpu:,.0f} rows a CPU second, {spent.memory} MB"
        f" ({spent_on_tenth.memory} MB for a tenth); INSERTs alone {ROWS / plain:,.0f}:"
        f" {spent.cpu / plain:.2f} times their CPU"
    )
    with Store(f"sqlite:///{database}").reading() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == ROWS
    assert spent.cpu <= MOST_OF_PLAIN_INSERTS * plain
    assert spent.memory - spent_on_tenth.memory <= MOST_GROWTH


def test_export(filled, tmp_path: Path):
    _told_rates: dict[str, float] = {}
    frame = tmp_path / "frame.parquet"
    export(filled[ROWS][0], "parquet", frame)
    for code, made in FORMATS.items():
        rows = ROWS if made.most is None or made.most >= ROWS else ROWS // 10
        if made.most is not None and rows > made.most:
            print(f"export as {code}: holds at most {made.most:,} rows")
            continue
        spent = cost(export, filled[rows][0], code, tmp_path / f"answers{made.suffix}")
        said = f"export as {code}: {rows / spent.cpu:,.0f} rows a CPU second, {spent.memory} MB"
        if code in _PANDAS and rows == ROWS:
            theirs = tmp_path / f"pandas{made.suffix}"
            memory = cost(write_by_pandas, code, frame, theirs).memory
            seconds = float(theirs.with_suffix(".seconds").read_text())
            _told_rates[code] = seconds / spent.cpu
            said += (
                f"; pandas {rows / seconds:,.0f}, {memory} MB: {_told_rates[code]:.2f} of its rate"
            )
        if code in _STREAMED and rows == ROWS:
            tenth = cost(export, filled[ROWS // 10][0], code, tmp_path / f"tenth{made.suffix}")
            said += f"; a tenth {tenth.memory} MB"
            assert spent.memory - tenth.memory <= MOST_GROWTH, said
        print(said)
    assert _told_rates["csv"] >= LEAST_OF_PANDAS
