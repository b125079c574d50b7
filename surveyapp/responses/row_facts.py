"""What a row says about its response beside the answers: when, in which language, whose, under which id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.responses.columns import CONSENT, CUSTOMER, SURVEY, WAY, WORDING, Columns
from surveyapp.responses.known_exports import (
    CUSTOMER_REF,
    EXTERNAL_ID,
    FINISHED,
    LANGUAGE,
    STARTED_AT,
    SUBMITTED_AT,
)
from surveyapp.responses.waves import RowIds, known_as
from surveyapp.surveys.attributes import LONGEST_REF, read_customer_ref
from surveyapp.surveys.links import pseudonym
from surveyapp.surveys.survey import Survey
from surveyapp.tables.dates import moment_in, order_of, zone_named
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import Row
from surveyapp.tables.typed_columns import TypedColumns

TIMES = (SUBMITTED_AT, STARTED_AT)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LONGEST_VERSION = 40


class Refused(Exception):
    """One cell about the response that cannot be taken."""

    def __init__(self, column: str, value: str, reason: str, cure: str) -> None:
        self.refusal = (column, " ".join(value.split())[:60], reason, cure)
        super().__init__(reason)


class RowFacts:
    """Reads the facts of the rows of one file; counts what somebody should know of them."""

    def __init__(
        self,
        installation: Installation,
        survey: Survey,
        columns: Columns,
        typed: TypedColumns,
        options: ReadOptions,
        ids: RowIds,
    ) -> None:
        self._survey = survey
        self._columns = columns
        self._ids = ids
        self.secret_key = installation.secret_key
        self._now = installation.now()
        self._latest = self._now + timedelta(days=1)
        known = columns.known
        zone = options.time_zone or typed.table.time_zone or installation.settings.time_zone
        in_utc = columns.own or (known is not None and known.utc)
        self._zone_name = "UTC" if in_utc else zone
        self._zone = zone_named(self._zone_name)
        self._no_date = known.no_date if known is not None else ""
        self._not_answers = known.not_answers if known is not None else frozenset()
        self._wordings = _wording_ids(survey, installation.library) if columns.own else {}
        self._local = self._dateless = self._unfinished = self._unknown_wordings = 0
        self._orders = {
            name: order_of(
                columns.headings[columns.about[name]],
                typed.profiles[columns.about[name]].orders,
                options.dates,
            )
            for name in TIMES
            if name in columns.about
        }

    def read(self, row: Row) -> dict[str, Any]:
        """The facts of a row, as ``Prepared`` takes them. Raises Refused."""
        about = self._columns.about
        if FINISHED in about:
            self._refuse_no_answer(self._cell(row, FINISHED))
        facts: dict[str, Any] = {
            "submitted_at": self._submitted_at(self._cell(row, SUBMITTED_AT)),
            "external_id": self._external_id(row),
        }
        if CUSTOMER_REF in about:
            facts["customer_ref"] = self._customer_ref(self._cell(row, CUSTOMER_REF))
        if LANGUAGE in about:
            facts["language"] = self._language(self._cell(row, LANGUAGE))
        started = self._cell(row, STARTED_AT)
        if started:
            facts["started_at"] = self._moment(STARTED_AT, started)
        return facts | self._own(row) if self._columns.own else facts

    def _refuse_no_answer(self, state: str) -> None:
        if state.casefold() in self._not_answers:
            raise Refused(FINISHED, state, "The row is a preview, a test or spam.", "Remove it.")

    def notes(self) -> list[str]:
        """What somebody should know about the times, ids and versions."""
        notes = []
        if SUBMITTED_AT not in self._columns.about:
            notes.append("No column submitted_at: the time of the import was taken.")
        if self._local and not self._columns.own:
            notes.append(
                f"Times that name no time zone were read as {self._zone_name}: {self._local:,};"
                " --time-zone names another."
            )
        if self._dateless:
            notes.append(
                f"Finished without a date: {self._dateless:,}; the time of the import was taken."
            )
        if self._unfinished:
            notes.append(f"Not finished, stored with the answers there are: {self._unfinished:,}.")
        if self._unknown_wordings:
            notes.append(
                f"Wordings that are not known here: {self._unknown_wordings:,}; the survey's own was"
                " noted."
            )
        return notes

    def _cell(self, row: Row, name: str) -> str:
        place = self._columns.about.get(name)
        return "" if place is None else row.cells[place].strip()

    def _submitted_at(self, cell: str) -> datetime:
        if not cell:
            known = self._columns.known
            if known is not None and known.no_date:
                self._unfinished += 1
            return self._now
        if cell == self._no_date:
            self._dateless += 1
            return self._now
        return self._moment(SUBMITTED_AT, cell)

    def _moment(self, name: str, cell: str) -> datetime:
        cure = "Write it as 2026-03-29 14:05, with its offset or with a time zone for the file."
        try:
            moment = moment_in(cell, self._orders[name])
        except ValueError:
            raise Refused(name, cell, "This is no time.", cure) from None
        if moment.tzinfo is None:
            self._local += 1
            moment = moment.replace(tzinfo=self._zone)
        if not _EARLIEST <= moment <= self._latest:
            raise Refused(name, cell, "This lies in the future or before 1990.", cure)
        return moment.astimezone(UTC)

    def _customer_ref(self, cell: str) -> str | None:
        try:
            known = read_customer_ref(cell)
        except Invalid as error:
            raise Refused(CUSTOMER_REF, cell, str(error), "Correct it.") from error
        return None if known is None else pseudonym(self.secret_key, known)

    def _external_id(self, row: Row) -> str:
        """The row's own id, else its content in this file; hidden where it could tell on somebody."""
        own = self.own_id(row) or self._ids.of(row.cells)
        return known_as(self._survey, own, self.secret_key)

    def own_id(self, row: Row) -> str:
        """The id that the row names, empty where it names none. Raises Refused for one too long."""
        own = self._cell(row, EXTERNAL_ID)
        if own and self._columns.parts:
            parts = (row.cells[place].strip() for place in self._columns.parts)
            own = "/".join([own, *(part for part in parts if part)])
        if len(own) > LONGEST_REF:
            cure = f"Use at most {LONGEST_REF} characters."
            raise Refused(EXTERNAL_ID, own, "The id is too long.", cure)
        return own

    def _language(self, cell: str) -> str | None:
        if not cell:
            return None
        first, *rest = cell.replace("_", "-").split("-")
        tag = "-".join([first.lower(), *rest])
        if len(tag) > 20 or not _LANGUAGE.fullmatch(tag):
            raise Refused(LANGUAGE, cell, "This is no language tag.", "Write en or pt-BR.")
        return tag

    def _own(self, row: Row) -> dict[str, Any]:
        """What our own export keeps of a response: the words that were read, the consent, the way."""
        own = self._cell(row, EXTERNAL_ID)
        facts: dict[str, Any] = {"public_id": own if UUID.fullmatch(own) else None}
        customer = self._cell(row, CUSTOMER)
        if customer:
            facts["customer_ref"] = self._pseudonym(customer)
        told = [pair.partition(":") for pair in self._cell(row, WORDING).split("; ") if pair]
        wordings = {code: name for code, _, name in told if name in self._wordings.get(code, ())}
        self._unknown_wordings += len(wordings) < len(told)
        if wordings:
            facts["wordings"] = wordings
        consent = self._cell(row, CONSENT)
        if consent:
            facts["consent_version"] = self._consent(consent, self._cell(row, SURVEY))
        way = self._cell(row, WAY)
        return {**facts, "paradata": {"way": way}} if way else facts

    def _pseudonym(self, cell: str) -> str:
        """The customer as the installation calls them that wrote the file: its rows stay joined."""
        if not _PSEUDONYM.fullmatch(cell):
            cure = "Leave the column as it was exported, or remove it."
            raise Refused(CUSTOMER, cell, "This is no pseudonym.", cure)
        return cell

    def _consent(self, version: str, survey: str) -> str:
        """The version of the text that was agreed to; another survey's, where this one has a text of
        that name, is named after its survey.
        """
        if survey not in {"", self._survey.code} and version == self._survey.consent_version:
            version = f"{survey} {version}"
        return version[:_LONGEST_VERSION]


def _wording_ids(survey: Survey, library: Library) -> Mapping[str, frozenset[str]]:
    return {
        instrument.code: frozenset(instrument.wordings) for instrument, _ in survey.asked(library)
    }
