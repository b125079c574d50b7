"""Which attribution models may be shown together, so that no few customers' outcomes follow from them.

A model's credits are sums of outcomes over paths, each with its weights. Whoever knows by which path
customers came can add and subtract the credits of all models shown: the outcomes of a group of paths are
told exactly when the group, each path counted once or not at all, lies in the span of the weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.attribution import Path, sharing_rules
from surveyapp.results.outcomes.cells import tells_of_few

# The most telling first: where not all may be shown, the later ones are hidden.
ORDER = ("linear", "markov", "shapley", "time_decay", "first", "last")


def shown_models(paths: Sequence[Path], *, minimum: int) -> frozenset[str]:
    """The models whose credits, all together, tell of no group of fewer than ``minimum`` customers.

    Markov's effects follow from the outcomes by last touchpoint, and these from them: they are taken to
    tell as much. That all outcomes together are known is taken for granted.
    """
    rules = sharing_rules(paths)
    rules["markov"] = rules["last"]
    sizes = np.array([path.customers for path in paths])
    weights = np.ones((len(paths), 1))
    shown = set()
    for model in ORDER:
        with_it = np.column_stack([weights, rules[model]])
        if not tells_of_few(with_it, sizes, minimum=minimum):
            weights = with_it
            shown.add(model)
    return frozenset(shown)
