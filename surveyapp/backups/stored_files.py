"""The files that rows name, copied from the file store into a backup and back.

The one place in a backup that knows where the bytes of stored files lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from surveyapp.backups.manifest import Checksum, copied
from surveyapp.errors import Damaged, NotFound
from surveyapp.installation import Installation
from surveyapp.settings import Settings
from surveyapp.store import private
from surveyapp.store.models import File

FOLDER = "files"


@dataclass
class Copied:
    """``files`` by their path in the backup; the digests of those that could not be copied: ``removed``
    with their rows meanwhile, ``missing`` in the store, or there with other bytes.
    """

    files: dict[str, Checksum] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def copy(
    installation: Installation,
    named: Mapping[str, tuple[str, int]],
    backup: Path,
    progress: Callable[[float], None],
) -> Copied:
    """Copy the files of these digests into the backup. ``progress`` is told the share that is done."""
    found = Copied()
    private.make_folder(backup / FOLDER)
    for number, (digest, (name, size)) in enumerate(named.items(), start=1):
        place = in_backup(digest)
        try:
            target = backup / place
            private.make_folder(target.parent)
            named_so = File(name=name, size=size, sha256=digest)
            with installation.files.open(named_so) as content:
                found.files[place] = copied(content, target)
        except (NotFound, Damaged):
            is_named = _is_named(installation, digest)
            (found.missing if is_named else found.removed).append(digest)
        progress(number / len(named))
    return found


def put_back(settings: Settings, backup: Path, wanted: Mapping[str, Checksum]) -> None:
    """Copy the stored files among the backup's, ``wanted`` with their checksums, into the home folder, where every file store finds them;
    `surveyapp files move` brings them to another place that the settings name.

    Raises Damaged for one that is not what it was when it was checked.
    """
    for place, checksum in wanted.items():
        top, _, below = place.partition("/")
        if top != FOLDER:
            continue
        target = settings.files_path / below
        private.make_folder(settings.files_path)
        private.make_folder(target.parent)
        with (backup / place).open("rb") as content:
            if copied(content, target) != checksum:
                raise Damaged(f"{backup / place} is damaged. Use another backup.")


def in_backup(digest: str) -> str:
    """The path of a file in a backup, by its digest."""
    return f"{FOLDER}/{digest[:2]}/{digest}"


def _is_named(installation: Installation, digest: str) -> bool:
    """Whether a row still names the file: one that went with its row is no loss."""
    with installation.store.reading() as session:
        found = session.scalar(select(File.id).where(File.sha256 == digest).limit(1))
    return found is not None
