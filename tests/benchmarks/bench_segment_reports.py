"""Executive pages of all segments in one ZIP: the time of 40 segments beside that of 10.

A few thousand answers at seven places, each from one of as many branches as there are segments. Measured is
processor time, so that what else the machine does counts for nothing.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from instruments.loader import BUILT_IN
from surveyapp.installation import Installation, open_installation
from surveyapp.reports.actions import ask_report
from surveyapp.reports.journeys import every_segment
from surveyapp.results.scope import Scope
from surveyapp.settings import read
from surveyapp.store.schema import upgrade
from tests.results import bank

FEW, MANY = 10, 40
MOST = 4.6  # times as long for four times as many
ANSWERS = 3000  # at each place: enough of each branch for a report


def filled(home: Path, branches: int) -> tuple[Installation, Scope]:
    installation = open_installation(read({}, home=home))
    upgrade(installation.store.engine)
    rng = np.random.default_rng(15)
    with installation.store.writing() as session:
        found = bank.make_journey(session)
        rules = {f"b{at}": (f"Branch {at}", f"branch = B{at}") for at in range(branches)}
        ids = bank.make_segments(session, rules)
        sorted_by = {ids[code]: rule for code, (_, rule) in rules.items()}
        for code, survey in found.surveys.items():
            rows = []
            for _ in range(ANSWERS):
                day = bank.START + timedelta(days=int(rng.integers(0, 360)))
                who = {"branch": f"B{rng.integers(branches)}"}
                level = int(rng.integers(1, 6))
                answers = {"csat": {"csat": level}, "ces": {"ces": level + 1}}
                if code == "end":
                    asked = BUILT_IN.load("sjq").asked("sjq-16")
                    sjq = {item.code: min(7, level + int(rng.integers(0, 3))) for item in asked}
                    answers = {"sjq": sjq, "nps": {"nps": 2 * level}}
                rows.append((day, who, answers))
            bank.store_answers(session, survey, rows, sorted_by)
    return installation, Scope(found.journey, since=date(2026, 5, 1), until=date(2026, 10, 31))


def seconds(home: Path, branches: int) -> float:
    installation, scope = filled(home, branches)
    with installation.store.writing() as session:
        number = ask_report(
            session, kind="executive", scope=scope, every_segment=True, user_id=None
        ).id
    begun = time.process_time()
    result = every_segment.every_segment(installation, number, progress=lambda *_: None)
    took = time.process_time() - begun
    installation.close()
    assert result["left_out"] == 0
    return took


def test_the_time_grows_with_the_number_of_reports(tmp_path: Path):
    seconds(tmp_path / "warm", 1)  # fonts are read once
    few, many = seconds(tmp_path / "few", FEW), seconds(tmp_path / "many", MANY)
    print(
        f"\n{FEW} segments {few:.1f} s ({few / (FEW + 1):.3f} s a report), {MANY} segments"
        f" {many:.1f} s ({many / (MANY + 1):.3f}): {many / few:.2f} times as long"
    )
    assert many / few <= MOST
