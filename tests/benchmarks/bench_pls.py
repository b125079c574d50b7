"""Composite models against PyPI seminr, in one run; memory and how the cost grows."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.composite.pls import fit_pls
from analysis.composite.text import read_model
from analysis.moments import moments
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import ECSI

WANTED = ("paths", "weights", "loadings", "total_effects", "htmt")
PEER_RESAMPLES = 40  # the peer's cost is one fit after another, so a few tell its rate


def best(run: Callable[[], object], times: int = 3) -> float:
    """Smallest wall time in seconds."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        spent.append(time.perf_counter() - start)
    return min(spent)


def peer_model() -> object:
    from seminr import composite, constructs, estimate_pls, mode_A, paths, relationships

    model = read_model(ECSI)
    measures = constructs(*(composite(c.name, list(c.parts), mode_A) for c in model.constructs))
    sources = dict.fromkeys(path.source for path in model.paths)
    structure = relationships(*(paths(s, list(model.targets(s))) for s in sources))
    return estimate_pls(mobi(), measures, structure)


def test_bootstrap_of_ecsi_is_a_hundred_times_faster() -> None:
    from seminr import bootstrap_model

    peer = peer_model()
    data = mobi()

    def ours(**options: object) -> float:
        return best(lambda: fit_pls(data, ECSI, bootstrap=5_000, seed=1, **options))  # type: ignore[arg-type]

    tables = ours(statistics=WANTED, bca=False, fit_test=False)
    everything = ours()
    theirs = best(lambda: bootstrap_model(peer, PEER_RESAMPLES, seed=1), 2) * 5_000 / PEER_RESAMPLES
    both = best(lambda: bootstrap_model(peer, PEER_RESAMPLES, seed=1, cores=2), 1)
    print(
        f"\nECSI on mobi, 5,000 resamples: paths, weights, loadings, total effects, HTMT {tables:.2f} s; "
        f"all 19 tables, BCa and fit test {everything:.2f} s; seminr {theirs:.0f} s on one core "
        f"(from {PEER_RESAMPLES} resamples; {both:.1f} s for these on two cores, workers' start "
        f"included): {theirs / tables:.0f} and {theirs / everything:.0f} times faster"
    )
    assert theirs / tables > 100


def test_a_point_fit_takes_under_five_milliseconds() -> None:
    data = mobi()
    sums = moments(data, read_model(ECSI).items)
    model = read_model(ECSI)
    rows = best(lambda: fit_pls(data, model), 20)
    given = best(lambda: fit_pls(sums, model), 20)
    print(f"\nPoint fit: {rows * 1e3:.1f} ms from rows, {given * 1e3:.1f} ms from moments")
    assert given < 0.005


def big(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    factors = rng.normal(size=(n, 8)) @ np.linalg.cholesky(0.5 + 0.5 * np.eye(8)).T
    answers = np.repeat(factors, 5, axis=1) * 0.8 + 0.6 * rng.normal(size=(n, 40))
    return pd.DataFrame(answers, columns=[f"i{k}" for k in range(40)])


FORTY = "\n".join(
    [f"F{j} =~ " + " + ".join(f"i{k}" for k in range(5 * j, 5 * j + 5)) for j in range(8)]
    + ["F5 ~ F0 + F1 + F2", "F6 ~ F3 + F4 + F5", "F7 ~ F5 + F6"]
)

CHILD = """
import resource
from analysis.composite.pls import fit_pls
from tests.benchmarks.bench_pls import FORTY, big
data = big(500)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
fit_pls(data, FORTY, bootstrap=10_000, seed=1)
print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_ten_thousand_resamples_of_forty_items_stay_below_one_gigabyte() -> None:
    out = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    before, peak = (int(word) / 1024 for word in out.stdout.split())
    print(f"\n40 items, 10,000 resamples, every table: peak {peak:.0f} MB ({before:.0f} at start)")
    assert peak < 1_000


def test_cost_is_linear_in_resamples_and_nearly_free_of_rows() -> None:
    def spent(n: int, resamples: int) -> float:
        data = big(n)
        return best(
            lambda: fit_pls(
                data,
                FORTY,
                bootstrap=resamples,
                seed=1,
                statistics=WANTED,
                bca=False,
                fit_test=False,
            ),
            2,
        )

    small, more, rows = spent(500, 1_000), spent(500, 4_000), spent(5_000, 1_000)
    print(
        f"\n40 items: 1,000 resamples {small:.2f} s, 4,000 {more:.2f} s; with ten times the rows "
        f"{rows:.2f} s"
    )
    assert more < 6 * small
    assert rows < 10 * small


def test_weights_cost_the_bootstrap_nothing_and_clusters_less_than_rows() -> None:
    data = mobi()
    at = np.arange(len(data))
    drawn = data.assign(w=1 + at % 5 / 2, k=at % 40)

    def spent(**options: object) -> float:
        return best(
            lambda: fit_pls(
                drawn, ECSI, bootstrap=5_000, seed=1, bca=False, fit_test=False, **options
            ),  # type: ignore[arg-type]
        )

    plain, weighted = spent(), spent(sampling_weights="w")
    nested = spent(sampling_weights="w", cluster="k")
    print(
        f"\nECSI on mobi, 5,000 resamples: plain {plain:.2f} s, weighted {weighted:.2f} s "
        f"({weighted / plain:.2f} times), with clusters and design effects {nested:.2f} s"
    )
    assert weighted < 1.25 * plain
    assert nested < 2.5 * plain
