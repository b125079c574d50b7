"""Files that move from where they were kept to where they are kept now, and whether all of them are whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select

from surveyapp.errors import Damaged, NotFound
from surveyapp.installation import Installation
from surveyapp.store.db import Store
from surveyapp.store.models import File

_AT_ONCE = 200


@dataclass
class Looked:
    """What became of all files; sizes in bytes. A file that cannot be read is a sentence of ``faults``."""

    files: int = 0
    moved: int = 0
    moved_bytes: int = 0
    faults: list[str] = field(default_factory=list)


def move(installation: Installation, progress: Callable[[int, str], None]) -> Looked:
    """Bring every file to ``files.kept``, checked by its digest, and delete it where it was.

    May be stopped and called again, and run while others read, store and remove files.
    """
    store, files, done = installation.store, installation.files, Looked()
    for file in _all(store, progress, done):
        if not files.kept.has(file.sha256):
            try:
                with files.open(file) as content:
                    files.kept.write(file.sha256, content)
            except (NotFound, Damaged) as error:
                _note(store, done, file, error)
                continue
            done.moved += 1
            done.moved_bytes += file.size
        for earlier in files.earlier:
            earlier.remove(file.sha256)
    return done


def check(installation: Installation, progress: Callable[[int, str], None]) -> Looked:
    """Read every file to its end and compare it with its digest."""
    store, files, done = installation.store, installation.files, Looked()
    for file in _all(store, progress, done):
        try:
            files.open(file).close()
        except (NotFound, Damaged) as error:
            _note(store, done, file, error)
    return done


def _all(store: Store, progress: Callable[[int, str], None], done: Looked) -> Iterator[File]:
    """The files by their numbers; one that comes meanwhile is kept where it belongs already."""
    with store.reading() as session:
        total = session.scalar(select(func.count()).select_from(File)) or 0
    last = 0
    while True:
        query = select(File).where(File.id > last).order_by(File.id).limit(_AT_ONCE)
        with store.reading() as session:
            found = list(session.scalars(query))
        if not found:
            return
        for file in found:
            done.files += 1
            progress(100 * done.files // max(total, done.files), file.name)
            yield file
            last = file.id


def _note(store: Store, done: Looked, file: File, error: Exception) -> None:
    """Keep the fault, unless the file has been removed since it was listed."""
    with store.reading() as session:
        if session.get(File, file.id) is not None:
            done.faults.append(str(error))
