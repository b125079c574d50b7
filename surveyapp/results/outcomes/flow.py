"""How customers passed from channel to channel, with no flow of too few of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.channel_flow import END, channel_flow

OTHER = "other"
STEPS = 4
_MOST = 6  # channels of their own


def told_flow(paths: Mapping[tuple[str, ...], int], *, minimum: int) -> dict[str, Any]:
    """The flows of customers by these paths, each of at least ``minimum`` customers.

    Channels beyond the most frequent, and those of too few, are one. A flow of too few goes together
    with the smallest others from the same channel, step by step, so that no flow follows from the rest.
    """
    merged = _together(paths, minimum)
    if sum(merged.values()) < minimum:
        return {"customers": None, "flows": [], "starts": {}}
    found = channel_flow(merged, steps=STEPS)
    if any(flow.count < minimum for flow in found.flows):
        return {"customers": None, "flows": [], "starts": {}}
    return {
        "customers": found.customers,
        "starts": dict(found.starts),
        "flows": [vars(flow) for flow in found.flows],
    }


def _together(paths: Mapping[tuple[str, ...], int], minimum: int) -> Counter[tuple[str, ...]]:
    met: Counter[str] = Counter()
    for path, n in paths.items():
        for name in set(path):
            met[name] += n
    own = {name for name, n in met.most_common(_MOST) if n >= minimum}
    current: Counter[tuple[str, ...]] = Counter()
    for path, n in paths.items():
        named = [name if name in own else OTHER for name in path]
        visits = [name for at, name in enumerate(named) if at == 0 or named[at - 1] != name]
        current[(*visits[:STEPS], *([END] if len(visits) < STEPS else []))] += n
    for step in range(STEPS):
        current = _merged_at(current, step, minimum)
    return Counter(_without_end(current))


def _merged_at(
    paths: Mapping[tuple[str, ...], int], step: int, minimum: int
) -> Counter[tuple[str, ...]]:
    """The same where each pair of channels at this step and the one before has enough customers."""
    targets: dict[str, Counter[str]] = defaultdict(Counter)
    for path, n in paths.items():
        if len(path) > step:
            targets[path[step - 1] if step else ""][path[step]] += n
    renamed: dict[str, frozenset[str]] = {
        source: _few(into, minimum) for source, into in targets.items()
    }
    made: Counter[tuple[str, ...]] = Counter()
    for path, n in paths.items():
        few = (
            renamed.get(path[step - 1] if step else "", frozenset())
            if len(path) > step
            else frozenset()
        )
        if len(path) > step and path[step] in few:
            # What follows is not told: it would tell which of the few it was.
            if step and path[step - 1] == OTHER:
                path = (*path[:step], END)
            else:
                path = (*path[:step], OTHER, *([END] if step + 1 < STEPS else []))
        made[path] += n
    return made


def _few(into: Mapping[str, int], minimum: int) -> frozenset[str]:
    """The targets to be taken together: those of too few, and the smallest until together they are enough."""
    order: Sequence[tuple[str, int]] = sorted(into.items(), key=lambda each: (each[1], each[0]))
    few = [name for name, n in order if n < minimum]
    if not few:
        return frozenset()
    for name, _ in order[len(few) :]:
        if sum(into[each] for each in few) >= minimum:
            break
        few.append(name)
    return frozenset(few)


def _without_end(paths: Mapping[tuple[str, ...], int]) -> dict[tuple[str, ...], int]:
    """Paths as channels, where an end that is told is none; whether others go on is out of sight."""
    made: Counter[tuple[str, ...]] = Counter()
    for path, n in paths.items():
        ended = path[-1] == END
        visits = path[:-1] if ended else (*path, "(beyond)")
        if visits:
            made[visits] += n
    return dict(made)
