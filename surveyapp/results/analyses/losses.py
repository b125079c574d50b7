"""How many rows an analysis left out or completed, said first wherever its result is shown."""

from __future__ import annotations

from analysis.losses import Losses
from surveyapp.i18n.words import ENGLISH, Words


def left_out(dropped: int, total: int, words: Words = ENGLISH) -> str:
    """The loss with its share; that there is none, too.

    >>> left_out(37, 246)
    '37 of 246 rows (15.0%) were left out, because answers are missing'
    """
    rows = words.number(total)
    if not dropped:
        return words.say("no row was left out of {total}", total=rows)
    return words.say_count(
        "{n} of {total} rows ({share}) was left out, because answers are missing",
        "{n} of {total} rows ({share}) were left out, because answers are missing",
        n=dropped,
        total=rows,
        share=words.percent(100 * dropped / total, 1),
    )


def of_file(lost: Losses, group: str | None = None) -> str:
    """The loss of an analysis of a file, and how much of it is for want of a group, weight or cluster.

    >>> of_file(Losses(rows=246, used=200, incomplete=40, cells=2460, missing=52, no_group=6), "region")
    '46 of 246 rows (18.7%) were left out, because answers are missing or region is unknown (6)'
    """
    said = left_out(lost.dropped, lost.rows)
    counts = {
        f"{group} is unknown": lost.no_group,
        "the weight or cluster is missing or 0": lost.not_drawn,
    }
    lacking = [(why, count) for why, count in counts.items() if count]
    if not lacking:
        return said
    if lost.dropped == sum(count for _, count in lacking):
        if len(lacking) == 1:
            return said.replace("answers are missing", lacking[0][0])
        said = said.removesuffix(" answers are missing")
        return f"{said} {' or '.join(f'{why} ({count:,})' for why, count in lacking)}"
    return " or ".join([said, *(f"{why} ({count:,})" for why, count in lacking)])


def advice(lost: Losses, estimator: str, missing: str) -> list[str]:
    """What to do where many rows have a missing answer, as a line; none where they are few."""
    if not lost.many:
        return []
    said = f"{lost.incomplete:,} of {lost.rows:,} rows ({lost.share:.1%}) have a missing answer"
    if missing == "fiml":
        return [f"Warning: {said}; full information maximum likelihood uses what they have"]
    if missing == "pairwise":
        return [f"Warning: {said}; each pair of items uses the rows that answered both"]
    said = f"{said} and are left out"
    if estimator in ("ML", "MLR"):
        return [f"Warning: {said}; --missing fiml uses what they have"]
    if estimator in ("WLSMV", "WLSM", "ULSMV"):
        return [
            f"Warning: {said}; --missing pairwise uses what they have, under stricter conditions than "
            "--estimator MLR --missing fiml"
        ]
    return [f"Warning: {said}; --estimator MLR --missing fiml would use what they have"]


def imputed(missing: int, cells: int, words: Words = ENGLISH) -> str:
    """How many answers are missing where each is replaced by its item's mean.

    >>> imputed(12, 4000)
    '12 of 4,000 answers (0.3%) are missing and replaced by the mean of their item'
    """
    if not missing:
        return words.say("no answer is missing")
    return words.say_count(
        "{n} of {cells} answers ({share}) is missing and replaced by the mean of their item",
        "{n} of {cells} answers ({share}) are missing and replaced by the mean of their item",
        n=missing,
        cells=words.number(cells),
        share=words.percent(100 * missing / cells, 1),
    )
