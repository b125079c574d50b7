"""Rows without an id: known by their content, and by the file that they came in.

Two customers may give the same answers, in one month or in two. So a row is known by what all rows of
its file add up to, its own values, and how often these came before: the same file brought in
again adds nothing, another one is another wave.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.store.models import ImportBatch, Response
from surveyapp.surveys.links import pseudonym
from surveyapp.surveys.survey import Survey
from surveyapp.tables.values import moment_of, value_of

STORE, SKIP = "store", "skip"
_MODULUS = 1 << 64
_SAMPLE = 200  # rows of a file that are kept as digests
_FIRST = 500  # rows by which a file of an earlier version is known
_AT_ONCE = 500  # ids in one query
_DIFFERENT = (
    0.9  # share of a file's rows that are unlike all others, from which chance is no reason
)
_OVERLAP = 0.1  # share of an earlier file's rows that are in this one, too


class Wave:
    """The rows of one file that have no id: what they add up to, and how often each content came.

    Contents are digests with the installation's key: nobody can try out what somebody answered. They
    are made of what the cells say (``values``), those of ``dated`` columns as times. ``as_written`` are
    the same rows by their cells as they stand, for imports that an earlier version noted so.
    """

    def __init__(
        self,
        secret_key: str,
        *,
        dated: Collection[int] = (),
        by_value: bool = True,
        as_written: Wave | None = None,
    ) -> None:
        self.by_value = by_value
        self.as_written = as_written
        self._dated = frozenset(dated)
        self._key = hashlib.sha256(secret_key.encode()).digest()
        self._sum = 0
        self.rows = 0
        self.counts: Counter[str] = Counter()
        self.first: list[list[str]] = []

    def add(self, cells: list[str]) -> None:
        if self.as_written is not None:
            self.as_written.add(cells)
        digest = self.content(cells)
        self.rows += 1
        self.counts[digest] += 1
        self._sum = (self._sum + int(digest[:16], 16)) % _MODULUS
        if len(self.first) < _FIRST:
            self.first.append(cells)

    def content(self, cells: Sequence[str]) -> str:
        """The digest of a row's cells."""
        if self.by_value:
            cells = [
                moment_of(cell) if place in self._dated else value_of(cell)
                for place, cell in enumerate(cells)
            ]
        text = "\x1f".join(cells).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=16, key=self._key).hexdigest()

    @property
    def name(self) -> str:
        """What the file is called by in the ids of its rows, in whatever order these stand."""
        return hashlib.sha256(f"{self._sum:x} {self.rows}".encode()).hexdigest()[:16]

    @property
    def sample(self) -> list[str]:
        """Some of the rows, the same ones of the same file."""
        rows = (
            f"{digest} {number}"
            for digest in sorted(self.counts)[:_SAMPLE]
            for number in range(1, self.counts[digest] + 1)
        )
        return [row for row, _ in zip(rows, range(_SAMPLE), strict=False)]

    def holds(self, row: str) -> bool:
        """Whether the file has a row of this content and number."""
        digest, _, number = row.rpartition(" ")
        return self.counts[digest] >= int(number)


@dataclass
class RowIds:
    """Gives each row of a file its id, in the order of the file.

    ``stored`` are ids of earlier files' rows, of which this file has some; ``unnamed`` says that it
    came in by an earlier version, whose ids did not name the file.
    """

    wave: Wave
    earlier: Collection[str] = ()
    stored: Collection[str] = ()
    unnamed: bool = False
    _seen: Counter[str] = field(default_factory=Counter)

    def of(self, cells: Sequence[str]) -> str:
        """The id of the next row with these cells."""
        if self.unnamed:
            return _unnamed(cells, self._seen)
        digest = self.wave.content(cells)
        self._seen[digest] += 1
        row = f"{digest} {self._seen[digest]}"
        for name in self.earlier:
            known = f"row {name} {row}"
            if known in self.stored:
                return known
        return f"row {self.wave.name} {row}"


@dataclass(frozen=True)
class Overlap:
    """What the rows without an id have in common with earlier imports.

    ``wave`` are the rows, as that import or those knew theirs. ``same`` is the import of exactly these rows, ``met`` are those of which about so many rows are in
    the file, too, ``unnamed`` says that an earlier version brought them in.
    """

    wave: Wave
    same: ImportBatch | None = None
    met: Mapping[str, int] = field(default_factory=dict)
    batches: tuple[ImportBatch, ...] = ()
    unnamed: bool = False

    @property
    def rows(self) -> int:
        """About how many rows they are; 0 where that is not known."""
        return sum(self.met.values())

    @property
    def first_choice(self) -> str:
        """What was chosen about these rows when they were imported first."""
        return "" if self.same is None else str(self.same.choices.get("overlap", ""))

    @property
    def is_doubtful(self) -> bool:
        """Whether somebody must say what the rows are."""
        return self.same is None and bool(self.met or self.unnamed)


def overlap_of(
    session: Session, survey: Survey, wave: Wave, *, secret_key: str, besides: int | None = None
) -> Overlap:
    """What a file's rows without an id have in common with earlier imports but ``besides``, their own."""
    if not wave.rows:
        return Overlap(wave)
    known = select(ImportBatch).where(
        ImportBatch.survey_id == survey.id,
        ImportBatch.content.is_not(None),
        ImportBatch.id != (besides or 0),
    )
    every = list(session.scalars(known.order_by(ImportBatch.id)))
    waves = [wave, wave.as_written] if wave.as_written is not None else [wave]
    compared = [_compared(each, every) for each in waves]
    found = next((each for each in compared if each.same is not None), None)
    found = found or next((each for each in compared if each.met), compared[0])
    unnamed = found.same is None and _is_unnamed(session, survey, wave, secret_key)
    return replace(found, unnamed=unnamed)


def _compared(wave: Wave, every: Sequence[ImportBatch]) -> Overlap:
    """What the rows have in common with those imports that knew theirs in the same way."""
    earlier = [each for each in every if each.by_value is wave.by_value]
    same = next((each for each in earlier if each.content == wave.name), None)
    others = [each for each in earlier if each.content != wave.name]
    met = {str(each.content): met for each in others if (met := _met(wave, each))}
    batches = tuple(each for each in others if each.content in met)
    return Overlap(wave, same, met, batches)


def row_ids(
    session: Session,
    survey: Survey,
    wave: Wave,
    *,
    secret_key: str,
    overlap: str = "",
    batch: ImportBatch,
) -> RowIds:
    """The ids of the rows of a file, whose wave is noted in ``batch``.

    Where an earlier file's rows are all in this one, or many of them while hardly two rows are alike,
    ``overlap`` says what that means: STORE them as other answers, or SKIP those that are stored. The
    same file again is read as it was the first time. Raises Invalid where it is not said.
    """
    if not wave.rows:
        return RowIds(wave)
    found = overlap_of(session, survey, wave, secret_key=secret_key, besides=batch.id)
    wave = found.wave
    if found.same is not None:
        overlap = found.first_choice
    elif found.is_doubtful and overlap not in {STORE, SKIP}:
        raise Invalid(question(wave, found), field="overlap")
    ids = ids_as_chosen(session, survey, found, overlap, secret_key=secret_key)
    if not ids.unnamed:
        batch.by_value = wave.by_value
        batch.content, batch.rows, batch.sample = wave.name, wave.rows, wave.sample
    return ids


def ids_as_chosen(
    session: Session, survey: Survey, found: Overlap, overlap: str, *, secret_key: str
) -> RowIds:
    """The ids of the rows of a file that has so much in common with earlier ones."""
    wave = found.wave
    if found.unnamed and overlap == SKIP:
        return RowIds(wave, unnamed=True)
    if found.met and overlap == SKIP:
        names = list(found.met)
        return RowIds(wave, names, _stored(session, survey, wave, names, secret_key))
    return RowIds(wave)


def known_as(survey: Survey, own: str, secret_key: str) -> str:
    """An id as it is stored: hidden in an anonymous survey, where it could tell on somebody."""
    if survey.anonymity != "anonymous":
        return own
    return pseudonym(secret_key, f"{survey.code} {own}")


def _met(wave: Wave, batch: ImportBatch) -> int:
    """About how many of an earlier file's rows this one has; 0 where that may be chance."""
    held = sum(wave.holds(row) for row in batch.sample)
    whole = held == len(batch.sample) and batch.rows <= wave.rows
    distinctive = len(wave.counts) >= _DIFFERENT * wave.rows
    if not whole and not (distinctive and held >= max(2, _OVERLAP * len(batch.sample))):
        return 0
    return round(batch.rows * held / max(1, len(batch.sample)))


def knows_cells(session: Session, survey: Survey) -> bool:
    """Whether an import of the survey knew its rows by their cells as they stand."""
    own = (ImportBatch.survey_id == survey.id, ImportBatch.by_value.is_(False))
    there = select(ImportBatch.id).where(*own, ImportBatch.content.is_not(None)).limit(1)
    return session.scalar(there) is not None


def question(wave: Wave, found: Overlap) -> str:
    """What somebody is asked about rows that an earlier import has, too."""
    about = f"About {found.rows:,}" if found.rows else "Many"
    return (
        f"{about} of the {wave.rows:,} rows without an id equal rows of an earlier import. Choose what"
        " they are: other answers (--overlap store), or those that are stored (--overlap skip)."
    )


def _stored(
    session: Session, survey: Survey, wave: Wave, names: Sequence[str], secret_key: str
) -> frozenset[str]:
    """The ids that this file's rows would have in earlier ones, as far as they are stored."""
    found: set[str] = set()
    wanted = [
        f"row {name} {digest} {number}"
        for name in names
        for digest, count in wave.counts.items()
        for number in range(1, count + 1)
    ]
    for start in range(0, len(wanted), _AT_ONCE):
        part = {known_as(survey, own, secret_key): own for own in wanted[start : start + _AT_ONCE]}
        found |= {part[known] for known in _there(session, survey.id, list(part))}
    return frozenset(found)


def _is_unnamed(session: Session, survey: Survey, wave: Wave, secret_key: str) -> bool:
    """Whether an earlier version brought this file's rows in."""
    seen: Counter[str] = Counter()
    ids = [known_as(survey, _unnamed(cells, seen), secret_key) for cells in wave.first]
    return bool(ids) and len(_there(session, survey.id, ids)) == len(ids)


def _unnamed(cells: Sequence[str], seen: Counter[str]) -> str:
    """A row's id as earlier versions made it."""
    digest = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:32]
    seen[digest] += 1
    return f"row {digest} {seen[digest]}"


def _there(session: Session, survey_id: int, ids: Sequence[str]) -> list[str]:
    own = (Response.survey_id == survey_id, Response.external_id.in_(ids))
    return [known for known in session.scalars(select(Response.external_id).where(*own)) if known]
