"""One row of a file -> a response ready to be stored, or everything that is wrong with the row."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.responses.columns import (
    CUSTOMER_REF,
    EXTERNAL_ID,
    LANGUAGE,
    SUBMITTED_AT,
    Columns,
    item_names,
)
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.reading import Faulty, read_answers
from surveyapp.surveys.attributes import (
    LONGEST_REF,
    Attribute,
    read_attributes,
    read_customer_ref,
    typed,
)
from surveyapp.surveys.links import pseudonym
from surveyapp.surveys.survey import Survey
from surveyapp.tables.table import Row

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Refusal:
    """Why a row was not taken. ``column`` is empty when the whole row is meant."""

    line: int
    column: str
    value: str
    reason: str
    cure: str


class _Refused(Exception):
    """One cell about the response that cannot be taken."""

    def __init__(self, column: str, value: str, reason: str, cure: str) -> None:
        self.refusal = (column, " ".join(value.split())[:60], reason, cure)
        super().__init__(reason)


class Reading:
    """Rows of one file -> prepared responses; remembers how often each content came."""

    def __init__(self, installation: Installation, survey: Survey, columns: Columns) -> None:
        self.survey = survey
        self.columns = columns
        self.library = installation.library
        self._secret_key = installation.secret_key
        self._now = installation.now()
        self._seen: Counter[bytes] = Counter()
        self._anonymous = survey.anonymity == "anonymous"

    def notes(self) -> list[str]:
        """What somebody should know about how the columns were understood."""
        columns = self.columns
        notes = []
        expected = set(item_names(self.survey.asked(self.library)).values())
        missing = sorted(item for _, item in expected - set(columns.items.values()))
        if missing:
            notes.append(f"No column for {', '.join(missing)}: taken as not answered.")
        if columns.attributes:
            notes.append(f"Attributes: {', '.join(columns.attributes.values())}.")
        if columns.ignored:
            notes.append(f"Ignored: {', '.join(columns.ignored)}.")
        if SUBMITTED_AT not in columns.about:
            notes.append("No column submitted_at: the time of the import was taken.")
        return notes

    def read(self, row: Row) -> Prepared | list[Refusal]:
        """The response in a row, or everything that is wrong with the row."""
        if row.fault:
            return [Refusal(row.line, "", "", row.fault, row.cure)]
        answers = read_answers(self.survey, self._raw(row), partial=True, library=self.library)
        refusals = self._refusals(row, answers) if isinstance(answers, Faulty) else []
        about: dict[str, Any] = {}
        try:
            about = self._about(row)
        except _Refused as refused:
            refusals.append(Refusal(row.line, *refused.refusal))
        if refusals or isinstance(answers, Faulty):
            return refusals
        if not any(answers.values()):
            return [Refusal(row.line, "", "", "The line holds no answer.", "Remove it.")]
        return Prepared(answers=answers, **about)

    def _raw(self, row: Row) -> dict[str, dict[str, str]]:
        raw: dict[str, dict[str, str]] = {}
        for place, (instrument, item) in self.columns.items.items():
            raw.setdefault(instrument, {})[item] = row.cells[place]
        return raw

    def _refusals(self, row: Row, faulty: Faulty) -> list[Refusal]:
        headings = {item: self.columns.headings[at] for at, item in self.columns.items.items()}
        return [
            Refusal(
                row.line,
                headings.get((instrument, fault.item), fault.item),
                fault.value,
                fault.reason,
                fault.cure,
            )
            for instrument, faults in faulty.faults.items()
            for fault in faults
        ]

    def _about(self, row: Row) -> dict[str, Any]:
        return {
            "submitted_at": self._submitted_at(self._cell(row, SUBMITTED_AT)),
            "attributes": self._attributes(row),
            "customer_ref": self._customer_ref(self._cell(row, CUSTOMER_REF)),
            "external_id": self._external_id(row),
            "language": self._language(self._cell(row, LANGUAGE)),
        }

    def _cell(self, row: Row, name: str) -> str:
        place = self.columns.about.get(name)
        return "" if place is None else row.cells[place].strip()

    def _submitted_at(self, cell: str) -> datetime:
        if not cell:
            return self._now
        cure = "Write it as 2026-03-29 14:05, in UTC or with its offset."
        try:
            moment = datetime.fromisoformat(cell)
        except ValueError:
            raise _Refused(SUBMITTED_AT, cell, "This is no time.", cure) from None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        if not _EARLIEST <= moment <= self._now + timedelta(days=1):
            raise _Refused(SUBMITTED_AT, cell, "This lies in the future or before 1990.", cure)
        return moment.astimezone(UTC)

    def _attributes(self, row: Row) -> dict[str, Attribute]:
        found = {name: typed(row.cells[place]) for place, name in self.columns.attributes.items()}
        try:
            return read_attributes(found)
        except Invalid as error:
            column = error.field or ""
            value = str(found.get(column, ""))
            raise _Refused(column, value, str(error), "Correct it.") from error

    def _customer_ref(self, cell: str) -> str | None:
        try:
            known = read_customer_ref(cell)
        except Invalid as error:
            raise _Refused(CUSTOMER_REF, cell, str(error), "Correct it.") from error
        return None if known is None else pseudonym(self._secret_key, known)

    def _external_id(self, row: Row) -> str:
        """The row's own id, else its content and how often that came; hidden where it could tell on
        somebody.
        """
        own = self._cell(row, EXTERNAL_ID)
        if len(own) > LONGEST_REF:
            cure = f"Use at most {LONGEST_REF} characters."
            raise _Refused(EXTERNAL_ID, own, "The id is too long.", cure)
        if not own:
            digest = hashlib.sha256("\x1f".join(row.cells).encode()).digest()[:16]
            self._seen[digest] += 1
            own = f"row {digest.hex()} {self._seen[digest]}"
        if self._anonymous:
            return pseudonym(self._secret_key, f"{self.survey.code} {own}")
        return own

    def _language(self, cell: str) -> str | None:
        if not cell:
            return None
        if len(cell) > 20 or not _LANGUAGE.fullmatch(cell):
            raise _Refused(LANGUAGE, cell, "This is no language tag.", "Write en or pt-BR.")
        return cell
