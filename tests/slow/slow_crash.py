"""Five thousand answers while web and worker are killed at random, each stored once."""

from __future__ import annotations

from pathlib import Path

from tests.web.test_respond_crash import answer_under_kills


def test_five_thousand_answers_under_random_kills_are_each_stored_once(
    migrated_sqlite: Path, tmp_path: Path
):
    answer_under_kills(migrated_sqlite, tmp_path / "home", submissions=5000, kills=8)
