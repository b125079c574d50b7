"""What somebody chooses about an import, beside the file itself: at a command, or on a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.tables.options import ReadOptions


@dataclass(frozen=True)
class ImportChoices:
    """``columns`` assigns headings to items, ``id_column`` identifies a row. ``attribute_columns``
    names the only columns that become attributes; None means all that are nothing else. ``attributes``
    are stored although they look like personal data, or like something else. ``left_out`` are not used.
    """

    reading: ReadOptions = field(default_factory=ReadOptions)
    columns: Mapping[str, str] = field(default_factory=dict)
    id_column: str = ""
    attribute_columns: tuple[str, ...] | None = None
    attributes: tuple[str, ...] = ()
    overlap: str = ""  # of waves: what rows are that an earlier file had, too
    left_out: tuple[str, ...] = ()
    conflicts: str = "refuse"  # what becomes of rows with a stored id and other answers

    def to_json(self) -> dict[str, Any]:
        """The choices as a job keeps them."""
        chosen = self.attribute_columns
        return {
            "reading": self.reading.to_json(),
            "columns": dict(self.columns),
            "id_column": self.id_column,
            "attribute_columns": None if chosen is None else list(chosen),
            "attributes": list(self.attributes),
            "overlap": self.overlap,
            "left_out": list(self.left_out),
            "conflicts": self.conflicts,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ImportChoices:
        """The choices of a job; of one that was asked for without any, the defaults."""
        if not document:
            return cls()
        chosen = document["attribute_columns"]
        return cls(
            ReadOptions.from_json(document["reading"]),
            document["columns"],
            document["id_column"],
            None if chosen is None else tuple(chosen),
            tuple(document["attributes"]),
            document["overlap"],
            tuple(document.get("left_out", ())),
            document.get("conflicts", "keep"),  # as jobs of earlier versions did
        )


def column_pair(text: str) -> tuple[str, str]:
    """A heading and the item that it holds, from ``HEADING=ITEM``; Invalid for anything else."""
    heading, equals, item = text.rpartition("=")
    if not equals or not heading.strip() or not item.strip():
        raise Invalid(f"{text[:60]!r}: write HEADING=ITEM, such as Q1=per3.", field="columns")
    return heading.strip(), item.strip()
