"""What rollups tell answers apart by beside segment, scale and day: channel, language, and whether they are flagged."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Boolean, ColumnElement, RowMapping, case
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
    return _HasFlags(Response.paradata)


class _HasFlags(FunctionElement[bool]):
    """Whether paradata have flags, as the condition of an index says it, and of PostgreSQL by the key: of what
    it finds by ``->>`` it has no statistics, and takes nearly every response for flagged. (Statistics of the
    expression would have to be made of each partition.)
    """

    type = Boolean()
    inherit_cache = True


@compiles(_HasFlags)
def _extracted(element: _HasFlags, compiler: SQLCompiler, **options: Any) -> str:
    (paradata,) = element.clauses
    path = f"'$.\"{FLAGS}\"'"
    found = f"JSON_EXTRACT({compiler.process(paradata, **options)}, {path})"
    return f"(CAST({found} AS VARCHAR) IS NOT NULL)"


@compiles(_HasFlags, "postgresql")
def _key_exists(element: _HasFlags, compiler: SQLCompiler, **options: Any) -> str:
    (paradata,) = element.clauses
    return f"({compiler.process(paradata, **options)} ? '{FLAGS}')"
