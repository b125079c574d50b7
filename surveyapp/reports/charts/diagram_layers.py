"""A path diagram's layers: which part stands in which, and in which order.

Causes stand before effects and parts before wholes (longest path); long arrows get a place of their
own in each layer that they cross; the order within layers lessens crossings (barycentres, Sugiyama,
Tagawa and Toda 1981).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from surveyapp.reports.charts.diagram import Arrow, Diagram, Kind

_SWEEPS = 8


@dataclass(frozen=True)
class Layers:
    """``order``: names by layer, places of long arrows ("source target layer") among them.
    ``links``: neighbours in adjacent layers. ``ways``: the places an arrow goes through.
    """

    order: tuple[tuple[str, ...], ...]
    links: frozenset[tuple[str, str]]
    ways: Mapping[tuple[str, str], tuple[str, ...]]


def layers(diagram: Diagram) -> Layers:
    """Layers of everything but correlations."""
    directed = _directed(diagram)
    depth = _depths(diagram, directed)
    rows: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for node in diagram.nodes:
        rows[depth[node.name]].append(node.name)
    links: set[tuple[str, str]] = set()
    ways: dict[tuple[str, str], tuple[str, ...]] = {}
    for source, target in directed:
        through = [
            f"{source} {target} {layer}" for layer in range(depth[source] + 1, depth[target])
        ]
        for layer, place in enumerate(through, start=depth[source] + 1):
            rows[layer].append(place)
        chain = [source, *through, target]
        links |= set(pairwise(chain))
        ways[source, target] = tuple(through)
        ways[target, source] = tuple(reversed(through))
    return Layers(tuple(map(tuple, _ordered(rows, links))), frozenset(links), ways)


def _directed(diagram: Diagram) -> list[tuple[str, str]]:
    """Arrows in the direction of reading: the items of a construct that only sends stand before it."""
    leads = (Kind.PATH, Kind.WEIGHT)
    sends = {arrow.source for arrow in diagram.arrows if arrow.kind in leads}
    receives = {arrow.target for arrow in diagram.arrows if arrow.kind in leads}
    before = sends - receives
    shown = [arrow for arrow in diagram.arrows if arrow.kind is Kind.LOADING]
    while more := {a.target for a in shown if a.source in before} - before - receives:
        before |= more
    found = [
        _turned(arrow) if arrow.kind is Kind.LOADING and arrow.source in before
        else (arrow.source, arrow.target)
        for arrow in diagram.arrows
        if arrow.kind is not Kind.CORRELATION and arrow.source != arrow.target
    ]  # fmt: skip
    return _acyclic(list(dict.fromkeys(found)))


def _turned(arrow: Arrow) -> tuple[str, str]:
    return arrow.target, arrow.source


def _acyclic(edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges, one that would close a circle turned round: both ends still get their places."""
    kept: list[tuple[str, str]] = []
    for source, target in edges:
        edge = (target, source) if _reaches(kept, target, source) else (source, target)
        if edge not in kept:
            kept.append(edge)
    return kept


def _reaches(edges: Sequence[tuple[str, str]], start: str, end: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        nexts = {target for source, target in edges if source == here} - seen
        seen |= nexts
        waiting += nexts
    return end in seen


def _depths(diagram: Diagram, edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    depth = {node.name: 0 for node in diagram.nodes}
    for _ in depth:  # a longest path has fewer steps than there are nodes
        for source, target in edges:
            depth[target] = max(depth[target], depth[source] + 1)
    receiving = {target for _, target in edges}
    for name in depth:  # what only sends stands right before the first that it reaches
        reached = [depth[target] for source, target in edges if source == name]
        if reached and name not in receiving:
            depth[name] = min(reached) - 1
    return _joined(diagram, edges, depth)


def _joined(
    diagram: Diagram, edges: Sequence[tuple[str, str]], depth: dict[str, int]
) -> dict[str, int]:
    """Ends of a correlation in one layer, where they lead no further; their siblings with them."""
    leading = {source for source, _ in edges}
    for arrow in diagram.arrows:
        ends = {arrow.source, arrow.target}
        if arrow.kind is Kind.CORRELATION and not ends & leading:
            owners = {source for source, target in edges if target in ends}
            deepest = max(depth[name] for name in ends)
            ends |= {t for s, t in edges if s in owners and t not in leading}
            for name in ends:
                depth[name] = max(depth[name], deepest)
    return depth


def _ordered(rows: list[list[str]], links: set[tuple[str, str]]) -> list[list[str]]:
    best, fewest = rows, _crossings(rows, links)
    for sweep in range(_SWEEPS):
        rows = [list(row) for row in rows]
        down = sweep % 2 == 0
        for at in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            beside = rows[at - 1] if down else rows[at + 1]
            rows[at].sort(key=_barycentres(rows[at], beside, links).__getitem__)
        crossings = _crossings(rows, links)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _barycentres(
    row: Sequence[str], beside: Sequence[str], links: set[tuple[str, str]]
) -> dict[str, float]:
    found = {}
    for at, name in enumerate(row):
        places = [
            i for i, other in enumerate(beside) if (other, name) in links or (name, other) in links
        ]
        alone = at * len(beside) / len(row)
        found[name] = sum(places) / len(places) if places else alone
    return found


def _crossings(rows: Sequence[Sequence[str]], links: set[tuple[str, str]]) -> int:
    total = 0
    for first, second in pairwise(rows):
        place = {name: at for at, name in enumerate(second)}
        ends = [
            (at, place[target])
            for at, name in enumerate(first)
            for source, target in links
            if source == name and target in place
        ]
        total += sum(
            (a - c) * (b - d) < 0 for i, (a, b) in enumerate(ends) for c, d in ends[i + 1 :]
        )
    return total
