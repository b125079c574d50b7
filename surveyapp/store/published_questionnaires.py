"""The instruments that staff have published on pages, as a library finds them."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import select

from instruments.loader import Fault, InstrumentError, examine
from instruments.schema import Instrument
from surveyapp.store.db import Store
from surveyapp.store.models import Questionnaire, QuestionnaireVersion


class PublishedQuestionnaires:
    """Reads each published version once: it never changes. What is newest is asked each time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[tuple[str, str], Instrument] = {}

    def load(self, code: str, version: str | None) -> Instrument | None:
        """The instrument of this code, its newest version unless another is asked, if it is there.

        Raises InstrumentError for one that this release cannot read.
        """
        kept = self._read.get((code, version or ""))
        if kept is not None:
            return kept
        number = _number(version)
        if number is None and version is not None:
            return None
        query = (
            select(QuestionnaireVersion.document)
            .join(Questionnaire, Questionnaire.id == QuestionnaireVersion.questionnaire_id)
            .where(Questionnaire.code == code)
            .order_by(QuestionnaireVersion.number.desc())
        )
        if number is not None:
            query = query.where(QuestionnaireVersion.number == number)
        with self._store.reading() as session:
            document = session.scalars(query.limit(1)).first()
        if document is None:
            return None
        made = instrument_in(document)
        return self._read.setdefault((made.code, made.version), made)

    def codes(self) -> Collection[str]:
        """The codes of those that have a published version."""
        query = select(Questionnaire.code).where(Questionnaire.versions.any())
        with self._store.reading() as session:
            return session.scalars(query).all()


def _number(version: str | None) -> int | None:
    is_one = version is not None and version.isascii() and version.isdecimal()
    return int(version[:9]) if version is not None and is_one else None


def instrument_in(document: str) -> Instrument:
    """The instrument in a stored version. Raises InstrumentError with every fault."""
    read = json.loads(document)
    texts = {f"texts/{name}.toml": table for name, table in read["texts"].items()}
    made, faults = examine(read["definition"], texts)
    if faults:
        raise InstrumentError(
            [Fault(made.code, each.key, each.value, each.cure) for each in faults]
        )
    return made
