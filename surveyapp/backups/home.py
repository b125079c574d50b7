"""What lies in a home folder, and what a backup does with it: the one list of both."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path

from surveyapp.store import keys, master_key
from surveyapp.store.db import MOVED


class Treatment(StrEnum):
    """What a backup does with a part of the home folder."""

    COPIED = "in the backup"
    APART = "only in a folder of keys, apart from the backup"
    NEVER = "in no backup"


@dataclass(frozen=True)
class HomePart:
    """A file or folder by the pattern of its name, and why it is treated so."""

    pattern: str
    treatment: Treatment
    why: str


# A backup that holds its own keys is as good as none of what is encrypted, and tells the order in which
# waiting anonymous answers came: docs/anonymity.md.
HOME = (
    HomePart("surveyapp.db", Treatment.COPIED, "the database, unless it is PostgreSQL"),
    HomePart(f"surveyapp.db{MOVED}", Treatment.NEVER, "what was moved to PostgreSQL"),
    HomePart("surveyapp.db-wal", Treatment.NEVER, "SQLite's log; the copy holds what is in it"),
    HomePart("surveyapp.db-shm", Treatment.NEVER, "SQLite's index of its log"),
    HomePart(
        "files", Treatment.COPIED, "reports, logos and imported files that the database names"
    ),
    HomePart(keys.FILE, Treatment.APART, "signs links and makes pseudonyms"),
    HomePart(master_key.FILE, Treatment.APART, "opens names and addresses"),
    HomePart(master_key.NEXT, Treatment.NEVER, "a change of the master key that is under way"),
    HomePart("epochs", Treatment.NEVER, "keys that are destroyed to keep answers anonymous"),
    HomePart("worker-*.lock", Treatment.NEVER, "the place of a worker that runs"),
    HomePart("traffic", Treatment.NEVER, "what the web processes count for /metrics"),
    HomePart("reports", Treatment.NEVER, "copies of the demonstration's reports"),
)


def part_of(name: str) -> HomePart | None:
    """The part that a name in the home folder belongs to; None for what is not ours."""
    return next((each for each in HOME if fnmatch(name, each.pattern)), None)


def in_the_way(home: Path) -> list[str]:
    """The names in the home folder that a restore would meet: all but its keys, which may be there first."""
    if not home.exists():
        return []
    apart = {each.pattern for each in HOME if each.treatment is Treatment.APART}
    return sorted(path.name for path in home.iterdir() if path.name not in apart)
