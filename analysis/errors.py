"""What can be wrong with data or a model, said in one sentence that names the culprit and the cure."""

from __future__ import annotations


class AnalysisError(ValueError):
    """Base of every error that ``analysis`` raises about its input; the text is for people."""


class ModelError(AnalysisError):
    """A model text that cannot be read, or a model that cannot be estimated.

    ``line`` and ``column`` count from 1 and are ``None`` when no place in the text is to blame.
    """

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        self.line = line
        self.column = column
        where = (
            ""
            if line is None
            else f"line {line}" + ("" if column is None else f", column {column}") + ": "
        )
        super().__init__(where + message)


class DataError(AnalysisError):
    """Data on which the asked statistic does not exist."""


class MissingItem(DataError):
    """An item of the model or instrument is no column of the data."""


class NoVariance(DataError):
    """An item has the same answer in every row."""


class TooFewCases(DataError):
    """Fewer usable rows than the method needs."""

    def __init__(self, needed: int, found: int, *, what: str = "rows") -> None:
        self.needed = needed
        self.found = found
        super().__init__(f"need at least {needed} usable {what}, have {found}")


class NotPositiveDefinite(DataError):
    """A covariance or correlation matrix that must be positive definite is not."""


class UnreadableDocument(DataError):
    """A stored result that is not of the shape in which this version reads it."""

    def __init__(self, where: str, needed: str, found: object) -> None:
        self.where = where
        said = repr(found)
        said = said if len(said) <= 60 else f"{said[:57]}..."
        super().__init__(
            f"the stored result cannot be read: {where} is {said} where {needed} is needed; "
            "run the analysis again"
        )
