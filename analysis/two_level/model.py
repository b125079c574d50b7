"""What a two-level model says: one model within clusters and one between them, read from one text.

lavaan's words: a line ``level: 1`` (or ``within``) heads what holds within clusters, ``level: 2`` (or
``between``) what holds between them. Each block is read by the same reader as a text without levels, the
other block's lines being blank to it, so that every error still names its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

from analysis.covariance.text.model import Constraint, Definition, Model
from analysis.covariance.text.syntax import parse
from analysis.errors import ModelError

WITHIN, BETWEEN = 1, 2
LEVEL_NAMES = {WITHIN: "within", BETWEEN: "between"}


def block_of(group: int, level: int) -> int:
    """The number, from 1, of a group's level among those of all groups, as lavaan counts blocks."""
    return 2 * (group - 1) + level


def level_of(block: int) -> int:
    """1 within, 2 between."""
    return (block - 1) % 2 + 1


def group_of(block: int) -> int:
    """The number of a block's group, from 1."""
    return (block - 1) // 2 + 1


_WORDS = {"1": WITHIN, "within": WITHIN, "2": BETWEEN, "between": BETWEEN}
# A heading stands at the start of a statement; what else is on its line is left to the block.
_HEADING = re.compile(
    r"(?P<before>(?:^|\n|;)[ \t\r\f\v\u00a0]*)(?P<word>level|group|block)[ \t]*:(?!=)[ \t]*"
    r"(?P<value>[^\s;]*)[ \t\r\f\v\u00a0]*(?=[\n;]|\Z)",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"[#!][^\n]*")
_CURE = (
    "write 'level: 1' above what holds within clusters and 'level: 2' above what holds between them"
)
# Operators that are read at one level and not fitted at two.
_NOT_FITTED = {
    "<~": "composites are not fitted at two levels; measure a factor with '=~'",
    "|": "thresholds are not fitted at two levels, where items are numbers; leave the line out",
    "~*~": "response scales are not fitted at two levels, where items are numbers; leave the line out",
}


@dataclass(frozen=True)
class TwoLevelModel:
    """A model within clusters and one between them; a variable of both is split into its two parts.

    ``definitions`` and ``constraints`` may name the labels of both levels; the two models have none.
    """

    within: Model
    between: Model
    definitions: tuple[Definition, ...] = ()
    constraints: tuple[Constraint, ...] = ()

    @cached_property
    def observed(self) -> tuple[str, ...]:
        """Columns that the data must have: those within first."""
        return tuple(dict.fromkeys(self.within.observed + self.between.observed))

    @cached_property
    def within_only(self) -> tuple[str, ...]:
        """Variables that are the same in distribution in every cluster."""
        return tuple(name for name in self.within.observed if name not in self.between.observed)

    @cached_property
    def between_only(self) -> tuple[str, ...]:
        """Variables of the clusters themselves."""
        return tuple(name for name in self.between.observed if name not in self.within.observed)

    @cached_property
    def both(self) -> tuple[str, ...]:
        """Variables that are split into a part within and a part between clusters."""
        return tuple(name for name in self.within.observed if name in self.between.observed)

    @property
    def reversed_items(self) -> tuple[str, ...]:
        """Columns whose answers count from the other end, at both levels."""
        return tuple(dict.fromkeys(self.within.reversed_items + self.between.reversed_items))

    @property
    def text(self) -> str:
        """The model in lavaan's syntax; parsing it gives an equal model."""
        return self._text(self.within.text, self.between.text)

    @property
    def lavaan_text(self) -> str:
        """The same for lavaan itself, whose data must have the reversed items turned."""
        return self._text(self.within.lavaan_text, self.between.lavaan_text)

    def _text(self, within: str, between: str) -> str:
        shared = Model((), self.definitions, self.constraints).text
        parts = ("level: 1", within, "level: 2", between, shared)
        return "\n".join(part for part in parts if part)


def has_levels(text: str) -> bool:
    """Whether a model text has a heading of a level.

    >>> has_levels("level: 1"), has_levels("y ~ level:x"), has_levels("level =~ a + b")
    (True, False, False)
    """
    return any(match["word"].lower() == "level" for match in _headings(text))


def parse_levels(text: str) -> TwoLevelModel:
    """The two-level model that the text describes.

    Raises ModelError with line and column for anything that cannot be read, and for a level that is
    missing, said twice or neither 1 nor 2.

    >>> model = parse_levels("level: 1; fw =~ a + b + c; level: 2; fb =~ a + b + c; fb ~ size")
    >>> model.both, model.between_only
    (('a', 'b', 'c'), ('size',))
    """
    starts: list[tuple[int, re.Match[str]]] = []
    for match in _headings(text):
        level = _level(text, match)
        if level in (known for known, _ in starts):
            raise _error(text, match, f"level {level} stands twice; write each level once")
        starts.append((level, match))
    found = {level: _block(text, at, starts) for at, (level, _) in enumerate(starts)}
    for level, name in LEVEL_NAMES.items():
        if level not in found:
            raise ModelError(f"the model has no level {level} ({name} clusters); {_CURE}")
    if text[: starts[0][1].start("word")].strip() and _said_before(text, starts[0][1]):
        raise ModelError(f"there are lines above the first level; {_CURE}", line=1)
    within, between = parse(found[WITHIN]), parse(found[BETWEEN])
    _require_readable(within, between)
    return TwoLevelModel(
        replace(within, definitions=(), constraints=()),
        replace(between, definitions=(), constraints=()),
        within.definitions + between.definitions,
        within.constraints + between.constraints,
    )


def end_of_level(text: str, level: int) -> int:
    """Where the lines of a level end: at the next level's heading, or with the text.

    Raises ModelError for a level that the text does not have.

    >>> text = "level: 1\\nf =~ a\\nlevel: 2\\ng =~ a"
    >>> text[end_of_level(text, 1):]
    'level: 2\\ng =~ a'
    """
    found = _headings(text)
    for at, match in enumerate(found):
        if _level(text, match) == level:
            return found[at + 1].start("word") if at + 1 < len(found) else len(text)
    raise ModelError(f"the model has no level {level}; {_CURE}")


def _headings(text: str) -> list[re.Match[str]]:
    # Comments keep their length: places stay what they are.
    bare = _COMMENT.sub(lambda match: " " * len(match[0]), text)
    return list(_HEADING.finditer(bare))


def _level(text: str, match: re.Match[str]) -> int:
    word, value = match["word"].lower(), match["value"].lower()
    if word != "level":
        raise _error(
            text,
            match,
            f"'{word}:' is not read: write each level once, name the groups' column (--group) and say what "
            f"differs by c(...), such as c(a, b)*item; {_CURE}",
        )
    if value not in _WORDS:
        raise _error(
            text,
            match,
            f"'level: {match['value']}' is none of level 1, 2, within, between; {_CURE}",
        )
    return _WORDS[value]


def _block(text: str, at: int, starts: list[tuple[int, re.Match[str]]]) -> str:
    """The text with all blank but one block, whose lines and columns stay what they are."""
    first = starts[at][1].end()
    last = starts[at + 1][1].start("word") if at + 1 < len(starts) else len(text)
    return _blank(text[:first]) + text[first:last]


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _said_before(text: str, first: re.Match[str]) -> bool:
    above = _COMMENT.sub("", text[: first.start("word")])
    return bool(above.replace(";", "").strip())


def _require_readable(within: Model, between: Model) -> None:
    """Refuse what is read at one level and not fitted at two."""
    for model in (within, between):
        for path in model.paths:
            if path.op in _NOT_FITTED:
                raise ModelError(
                    f"{path.name}: {_NOT_FITTED[path.op]}",
                    line=path.line or None,
                    column=path.column or None,
                )
        if model.blocks:
            raise ModelError(
                f"{model.blocks[0][0]}: exploratory blocks (efa) are not fitted at two levels; say which "
                "items measure the factor"
            )
    shared = set(within.observed) & set(between.observed)
    unlike = [
        item
        for item in (*within.reversed_items, *between.reversed_items)
        if item in shared and (item in within.reversed_items) != (item in between.reversed_items)
    ]
    if unlike:
        raise ModelError(
            f"{unlike[0]} is reversed at one level and not at the other; write it alike at both"
        )
    for name in (*within.latent, *between.latent):
        other = between if name in within.latent else within
        if name in other.observed:
            raise ModelError(
                f"{name} is a factor at one level and a column of the data at the other; rename the factor"
            )
    names = [d.name for d in (*within.definitions, *between.definitions)]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ModelError(f"{twice[0]} is defined at both levels; rename one")


def _error(text: str, match: re.Match[str], message: str) -> ModelError:
    start = match.start("word")
    line = text.count("\n", 0, start) + 1
    return ModelError(message, line=line, column=start - (text.rfind("\n", 0, start) + 1) + 1)
