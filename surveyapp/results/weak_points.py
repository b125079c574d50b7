"""Which stages, dimensions and touchpoints score low, and which of them do so significantly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from surveyapp.results.cells import NOTHING, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import differences, figure
from surveyapp.results.journey import Cell, Ground
from surveyapp.results.scope import Period
from surveyapp.results.suppression.shown_cells import Cells
from surveyapp.results.view_models import (
    Advice,
    Change,
    Contrast,
    End,
    Figure,
    Hidden,
    Priority,
    Sides,
    profile,
)
from surveyapp.store.models import Touchpoint

Named = tuple[str, Scored, Sums]


def stage_sums(
    base: Ground, touchpoints: Sequence[Touchpoint], found: Cells
) -> Iterator[tuple[Scored, Sums, Hidden]]:
    """A stage's sums a scale, of the shown touchpoints only: a total that held a hidden one would
    give it away by subtraction. Hidden where every touchpoint with answers is.
    """
    scored: dict[str, Scored] = {}
    pooled: dict[str, Sums] = {}
    hidden: set[str] = set()
    for touchpoint in touchpoints:
        for scale, entry in base.scored.get(touchpoint.id, {}).items():
            sums, reason = found.get((touchpoint.id, scale), (NOTHING, Hidden.NO))
            scored.setdefault(scale, entry)
            pooled[scale] = pooled.get(scale, NOTHING) + (NOTHING if reason else sums)
            if reason:
                hidden.add(scale)
    for scale, entry in scored.items():
        # Together the hidden ones may be many, so that "few" would be wrong.
        nothing = scale in hidden and not pooled[scale].n
        yield entry, pooled[scale], Hidden.COMPLEMENT if nothing else Hidden.NO


def told_cells(touchpoints: Sequence[Touchpoint], scale: str, found: Cells) -> list[Cell]:
    """The shown cells of a scale that a stage of these touchpoints pools."""
    pooled = [(point.id, scale) for point in touchpoints]
    there = [cell for cell in pooled if found.get(cell, (NOTHING, Hidden.FEW))[0].n]
    return [cell for cell in there if not found[cell][1]]


def lowest(base: Ground, found: Cells) -> Iterator[End]:
    """The stage with the lowest figure of each scale, against every other stage."""
    by_scale: dict[str, list[Named]] = {}
    for stage in base.journey.stages:
        for scored, sums, _ in stage_sums(base, stage.touchpoints, found):
            if sums.n >= 2 and scored.definition.parent is None:
                by_scale.setdefault(scored.scale.id, []).append((stage.name, scored, sums))
    for stages in by_scale.values():
        if len(stages) > 1:
            yield _ends(stages)[0]


def touchpoint_ends(base: Ground, found: Cells) -> Iterator[tuple[list[int], End, End]]:
    """The lowest and the highest touchpoint of each scale that two show, named by their ids; first the
    ids of all that are compared.
    """
    by_scale: dict[str, list[Named]] = {}
    for point in (point for stage in base.journey.stages for point in stage.touchpoints):
        for scale, scored in base.scored.get(point.id, {}).items():
            sums, reason = found.get((point.id, scale), (NOTHING, Hidden.NO))
            if not reason and sums.n >= 2 and scored.definition.parent is None:
                by_scale.setdefault(scale, []).append((str(point.id), scored, sums))
    for parts in by_scale.values():
        if len(parts) > 1 and len({scored.definition.answers for _, scored, _ in parts}) == 1:
            yield [int(name) for name, _, _ in parts], *_ends(parts)


def sides(base: Ground, found: Cells) -> Sides | None:
    """The lowest and the highest dimension of the first index asked at the journey's end."""
    end = base.scored.get(None, {})
    asked = profile([scored.definition for scored in end.values()])
    totals = {definition.parent for definition in asked}
    parts: list[Named] = []
    for definition in asked:
        sums, reason = found.get((None, definition.scale), (NOTHING, Hidden.NO))
        if definition.scale not in totals and not reason and sums.n >= 2:
            parts.append((definition.label, end[definition.scale], sums))
    if len({scored.definition.answers for _, scored, _ in parts}) > 1:
        return None  # one contrast's formula knows one answer scale
    return Sides(*_ends(parts)) if len(parts) > 1 else None


def _ends(parts: Sequence[Named]) -> tuple[End, End]:
    """The lowest and the highest of two or more, each against all others."""
    figures = [(name, figure(scored, sums, Hidden.NO)) for name, scored, sums in parts]

    def compare(pairs: Sequence[tuple[int, int]]) -> Sequence[Contrast | None]:
        return differences([(parts[i][1], parts[i][2], parts[j][2]) for i, j in pairs])

    return ends_of(figures, compare)


def ends_of(
    parts: Sequence[tuple[str, Figure]],
    compare: Callable[[Sequence[tuple[int, int]]], Sequence[Contrast | None]],
) -> tuple[End, End]:
    """The lowest and the highest of two or more figures by name, each against all others; ``compare`` gives
    the first minus the second of pairs of places in ``parts``.
    """
    order = sorted(range(len(parts)), key=lambda at: parts[at][1].estimate or 0.0)
    pairs = [(order[i], order[j]) for i, j in combinations(range(len(order)), 2)]
    found = dict(zip(pairs, compare(pairs), strict=True))
    first, last = order[0], order[-1]
    low = [(parts[each][0], found[(first, each)]) for each in order[1:]]
    high = [(parts[each][0], found[(each, last)]) for each in reversed(order[:-1])]
    return (
        End(*parts[first], tuple(_known(low))),
        End(*parts[last], tuple(_known(high, turned=True))),
    )


def _known(
    against: Iterable[tuple[str, Contrast | None]], *, turned: bool = False
) -> Iterator[tuple[str, Contrast]]:
    for name, contrast in against:
        if contrast is not None:
            yield name, contrast.turned if turned else contrast


def advice(
    base: Ground, found: Cells, when: Period, changed: Mapping[Cell, Change]
) -> Advice | None:
    """Touchpoints below the others on the first scale that they ask; ``found`` and ``changed`` are of
    ``when``.

    In the order to look at them: significant before not, moments of truth before the rest, the
    lowest first.
    """
    if when.since is None or when.until is None:
        return None
    asked, left_out = asked_first(base, found)
    contrasts = differences(_against_rest(asked))
    rows = [
        Priority(
            stage=stage,
            touchpoint_id=touchpoint.id,
            touchpoint=touchpoint.name,
            moment_of_truth=touchpoint.moment_of_truth,
            figure=replace(
                figure(scored, sums, Hidden.NO),
                change=changed.get((touchpoint.id, scored.scale.id)),
            ),
            against_rest=contrast,
        )
        for (stage, touchpoint, scored, sums), contrast in zip(asked, contrasts, strict=True)
        if contrast is not None and contrast.difference < 0
    ]

    def order(row: Priority) -> tuple[bool, bool, float]:
        return (not row.against_rest.certain, not row.moment_of_truth, row.against_rest.difference)

    compared = sum(contrast is not None for contrast in contrasts)
    return Advice(when.since, when.until, tuple(sorted(rows, key=order)), compared, tuple(left_out))


AskedFirst = tuple[str, Touchpoint, Scored, Sums]  # the stage's name


def asked_first(base: Ground, found: Cells) -> tuple[list[AskedFirst], list[str]]:
    """The touchpoints with the first scale that each asks, and the names of those with too few answers."""
    asked: list[AskedFirst] = []
    left_out = []
    for stage in base.journey.stages:
        for touchpoint in stage.touchpoints:
            for scale, scored in list(base.scored.get(touchpoint.id, {}).items())[:1]:
                sums, reason = found.get((touchpoint.id, scale), (NOTHING, Hidden.NO))
                if reason or sums.n < 2:
                    left_out.append(touchpoint.name)
                else:
                    asked.append((stage.name, touchpoint, scored, sums))
    return asked, left_out


def _against_rest(asked: Sequence[AskedFirst]) -> list[tuple[Scored, Sums, Sums]]:
    """Each touchpoint beside all others of its journey on the same scale."""
    totals: dict[str, Sums] = {}
    for _, _, scored, sums in asked:
        totals[scored.scale.id] = totals.get(scored.scale.id, NOTHING) + sums
    return [(scored, sums, totals[scored.scale.id] - sums) for _, _, scored, sums in asked]


def gaps(journeys: Sequence[tuple[Ground, Cells]]) -> list[tuple[Ground, Priority]]:
    """Touchpoints significantly below the others of their journey, the largest gap first.

    Holm's correction counts the touchpoints of all these journeys, as they are looked at together.
    """
    asked = [(base, each) for base, found in journeys for each in asked_first(base, found)[0]]
    pairs = [
        pair for base, found in journeys for pair in _against_rest(asked_first(base, found)[0])
    ]
    below = [
        (
            base,
            Priority(
                stage=stage,
                touchpoint_id=touchpoint.id,
                touchpoint=touchpoint.name,
                moment_of_truth=touchpoint.moment_of_truth,
                figure=figure(scored, sums, Hidden.NO),
                against_rest=contrast,
            ),
        )
        for (base, (stage, touchpoint, scored, sums)), contrast in zip(
            asked, differences(pairs), strict=True
        )
        if contrast is not None and contrast.certain and contrast.difference < 0
    ]
    return sorted(below, key=lambda each: each[1].against_rest.difference)
