"""What rollups tell answers apart by beside segment, scale and day: channel, language, and whether they are flagged."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import JSON, Boolean, ColumnElement, RowMapping, and_, bindparam, case, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from surveyapp.i18n.words import msg
from surveyapp.store.models import Response

FLAGS = "flags"  # in paradata
_WAY = "way"  # in paradata: how somebody came who came by no link of their own


class Channel(StrEnum):
    """How an answer came in, in the words of its source and way."""

    LINK = "link"  # the survey's open page
    INVITATION = "invitation"
    EMBED = "embed"
    KIOSK = "kiosk"
    IMPORT = "import"
    SIMULATION = "simulation"


CHANNEL_NAMES: Mapping[str, str] = {
    Channel.LINK: msg("Open link"),
    Channel.INVITATION: msg("Personal link"),
    Channel.EMBED: msg("Embedded form"),
    Channel.KIOSK: msg("Kiosk"),
    Channel.IMPORT: msg("Imported file"),
    Channel.SIMULATION: msg("Simulation"),
}
_WAYS = (Channel.EMBED, Channel.KIOSK)


class Facet(NamedTuple):
    """One of the kinds of answers that rollups tell apart."""

    channel: str
    language: str
    flagged: bool

    @property
    def text(self) -> str:
        """As a rollup's key holds it: one short column costs a customer's answer least. A ``RollupFacet``
        has its parts.

        >>> Facet("kiosk", "fi", flagged=True).text
        '!kiosk/fi'
        """
        return f"{'!' if self.flagged else ''}{self.channel}/{self.language}"


def facet_of(row: Mapping[str, Any] | RowMapping) -> Facet:
    """The facet of a response's row.

    >>> facet_of({"source": "link", "language": "fi", "paradata": {"way": "kiosk", "flags": ["burst"]}})
    Facet(channel='kiosk', language='fi', flagged=True)
    """
    paradata = row["paradata"]
    way = paradata.get(_WAY)
    channel = way if way in _WAYS else row["source"]
    return Facet(channel, row["language"], FLAGS in paradata)


def facet_columns() -> tuple[ColumnElement[str], ColumnElement[str], ColumnElement[bool]]:
    """The same of stored responses, told by the database."""
    way = Response.paradata[_WAY].as_string()
    channel: ColumnElement[str] = case((way.in_(_WAYS), way), else_=Response.source)
    language: ColumnElement[str] = Response.language.expression
    return channel, language, is_flagged()


def is_flagged() -> ColumnElement[bool]:
    """What holds for responses with a flag."""
    # The key stands in the statement, not as a parameter: so both databases see that an index holds these.
    key = bindparam(None, FLAGS, type_=JSON.JSONStrIndexType(), literal_execute=True)
    return and_(Response.paradata[key].as_string().is_not(None), _HasFlags(Response.paradata))


class _HasFlags(FunctionElement[bool]):
    """The same again for PostgreSQL, which guesses of ``->>`` that it nearly always finds something, and would
    read all responses for the few with a flag. Of ``?`` it asks the statistics of the column. (Statistics of the
    expression would have to be made of each partition.)
    """

    type = Boolean()
    inherit_cache = True


@compiles(_HasFlags)
def _true(_element: _HasFlags, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(true(), **options)


@compiles(_HasFlags, "postgresql")
def _key_exists(element: _HasFlags, compiler: SQLCompiler, **options: Any) -> str:
    (paradata,) = element.clauses
    return f"({compiler.process(paradata, **options)} ? '{FLAGS}')"
