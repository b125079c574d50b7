"""Threat 24: SQLite's write-ahead log, replayed commit by commit, joins no answer to a customer."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

from surveyapp.app import create_app
from surveyapp.responses.release_duty import release_all
from surveyapp.settings import read
from surveyapp.web.installation import EXTENSION
from tests.security.anonymous import ANSWERS, NAMES, NAMING, answer, bank, replayed


def test_no_commit_of_the_log_holds_both_an_answer_and_a_name(migrated_sqlite, tmp_path: Path):
    database = tmp_path / "surveyapp.db"
    shutil.copy(migrated_sqlite, database)
    app = create_app(read({}, home=tmp_path))
    installation = app.extensions[EXTENSION]
    made = bank(installation, NAMES[:10])
    with installation.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
    for number in (7, 2, 9, 5, 0, 3, 8, 1, 6, 4):
        answer(
            app.test_client(),
            made.paths[NAMES[number]],
            number,
            draw=f"{'x' * 9 * number}{number}@d.example",
        )
    assert release_all(installation, installation.now()) == 10
    steps = list(replayed(database, tmp_path))
    installation.close()
    assert len(steps) >= 10 + 10 + 2  # each answer, each entry, customers and answers of the flush
    told = []
    for before, after in pairwise(steps):
        changed = {name for name, rows in after.items() if rows != before[name]}
        assert not (changed & set(NAMING) and changed & set(ANSWERS)), changed
        if changed & set(NAMING):
            told.append({name: len(set(before[name]) ^ set(after[name])) for name in changed})
    # Ten customers at once, in one commit, and five draw entries with them: five wait for others.
    [flush] = told
    assert (flush["invitations"], flush["draw_entries"]) == (10, 5)
    assert list((tmp_path / "epochs").iterdir()) != []  # of the entries that wait
    held = {len(step["held_responses"]) for step in steps}
    assert held == set(range(11))
    # Where customers are asked and answer one at a time, their order alone would join them. So no
    # answer can be found again by number, form key or length.
    seen = {row for step in steps for row in step["held_responses"]}
    assert {len(row[-1]) for row in seen} == {5560}
    after = str([row[:8] for row in steps[-1]["responses"]])
    assert len(steps[-1]["responses"]) == 10
    assert not any(str(row[0]) in after or row[2] in after for row in seen)
    sealed = [row[3] for step in steps for row in step["anonymity_epochs"] if row[3]]
    assert len({len(each) for each in sealed}) == 10  # by their number, whatever the addresses are
    # What is left of the epochs in the log is of one length a token, and of keys that are gone.
    names = {row[1] for step in steps for row in step["anonymity_epochs"]}
    gone = [name for name in names if installation.epoch_keys.read(name) is None]
    assert len(names) == 2 and len(gone) == 1
