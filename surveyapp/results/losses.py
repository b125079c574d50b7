"""How many rows an analysis left out, said first wherever its result is shown."""

from __future__ import annotations


def left_out(dropped: int, total: int) -> str:
    """The loss with its share; that there is none, too.

    >>> left_out(37, 246)
    '37 of 246 rows (15.0%) were left out, because answers are missing'
    """
    if not dropped:
        return f"no row was left out of {total:,}"
    verb = "was" if dropped == 1 else "were"
    share = 100 * dropped / total
    return (
        f"{dropped:,} of {total:,} rows ({share:.1f}%) {verb} left out, because answers are missing"
    )


def imputed(missing: int, cells: int) -> str:
    """How many answers are missing where each is replaced by its item's mean.

    >>> imputed(12, 4000)
    '12 of 4,000 answers (0.3%) are missing and replaced by the mean of their item'
    """
    if not missing:
        return "no answer is missing"
    verb = "is" if missing == 1 else "are"
    share = 100 * missing / cells
    return (
        f"{missing:,} of {cells:,} answers ({share:.1f}%) {verb} missing and replaced by the mean of "
        "their item"
    )
