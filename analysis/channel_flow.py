"""How customers pass from channel to channel: counts of each step, for a flow diagram."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

END = "(end)"


@dataclass(frozen=True)
class Flow:
    """``count`` customers went from ``source`` at step ``step`` (1 up) to ``target`` at the next one."""

    step: int
    source: str
    target: str
    count: int


@dataclass(frozen=True)
class ChannelFlow:
    """Flows in order of step, source and target; ``starts`` counts customers by their first channel."""

    flows: tuple[Flow, ...]
    starts: Mapping[str, int]
    customers: int
    steps: int


def channel_flow(
    paths: Mapping[tuple[str, ...], int] | Sequence[tuple[str, ...]], *, steps: int = 5
) -> ChannelFlow:
    """Counts of customers by step from one channel to the next; repeats of a channel are one visit.

    ``paths``: channels in the order of visits, a path a customer or with how many took it. Who goes no
    farther flows to ``END``; what comes after ``steps`` channels is cut off, and flows to nothing.

    >>> [(f.source, f.target, f.count) for f in channel_flow([("web", "web", "shop"), ("web",)]).flows]
    [('web', '(end)', 1), ('web', 'shop', 1), ('shop', '(end)', 1)]
    """
    counted = paths if isinstance(paths, Mapping) else Counter(paths)
    flows: Counter[tuple[int, str, str]] = Counter()
    starts: Counter[str] = Counter()
    for path, customers in counted.items():
        visits = [name for at, name in enumerate(path) if at == 0 or path[at - 1] != name]
        if not visits or not customers:
            continue
        starts[visits[0]] += customers
        ends = [*visits, END]
        for step, (source, target) in enumerate(itertools.pairwise(ends), start=1):
            if step > steps or (step == steps and target != END):
                break
            flows[step, source, target] += customers
    found = tuple(Flow(*key, count) for key, count in sorted(flows.items()))
    return ChannelFlow(found, dict(sorted(starts.items())), sum(starts.values()), steps)
