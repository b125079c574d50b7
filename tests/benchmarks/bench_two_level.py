"""A two-level factor model of 100 clusters of 20 rows against lavaan where R has it, in one run."""

from __future__ import annotations

import json
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.two_level.fit import fit_two_level
from tests.benchmarks.bench_sem import best, lavaan_seconds

MODEL = """level: 1
A =~ y1 + y2 + y3
B =~ y4 + y5 + y6
C =~ y7 + y8 + y9
level: 2
Ab =~ y1 + y2 + y3
Bb =~ y4 + y5 + y6
Cb =~ y7 + y8 + y9
"""
R_SCRIPT = """
suppressMessages(library(lavaan))
args <- commandArgs(trailingOnly = TRUE)
data <- read.csv(args[1]); model <- readLines(args[2])
best <- function(f) min(sapply(1:3, function(i) system.time(f())["elapsed"]))
fit <- function(estimator) {
  f <- cfa(model, data, cluster = "b", estimator = estimator); fitMeasures(f); parameterEstimates(f)
}
cat(sprintf('{"ML": %f, "MLR": %f}', best(function() fit("ML")), best(function() fit("MLR"))))
"""
TIMES = 20  # lavaan's time over ours


@lru_cache(maxsize=1)
def data() -> pd.DataFrame:
    """2,000 rows with three factors at each level."""
    rng = np.random.default_rng(20)
    b = np.repeat(np.arange(100), 20)
    among = np.linalg.cholesky(0.5 + 0.5 * np.eye(3)).T
    factors = rng.normal(size=(2000, 3)) @ among + 0.6 * (rng.normal(size=(100, 3)) @ among)[b]
    y = 0.8 * np.repeat(factors, 3, axis=1) + 0.6 * rng.normal(size=(2000, 9))
    y += 0.2 * rng.normal(size=(100, 9))[b]
    return pd.DataFrame(y.round(3), columns=[f"y{j}" for j in range(1, 10)]).assign(b=b)


@lru_cache(maxsize=1)
def lavaan() -> dict[str, float]:
    """lavaan's seconds by estimator; empty where R or lavaan is not installed."""
    if not lavaan_seconds():
        return {}
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / name for name in ("data.csv", "model.txt", "run.R")]
        data().to_csv(files[0], index=False)
        files[1].write_text(MODEL)
        files[2].write_text(R_SCRIPT)
        done = subprocess.run(
            ["Rscript", str(files[2]), *map(str, files[:2])],
            capture_output=True,
            text=True,
            check=True,
        )
    return dict(json.loads(done.stdout))


def test_every_measure_and_estimate_of_two_levels() -> None:
    for estimator in ("ML", "MLR"):
        ours = best(
            lambda e=estimator: fit_two_level(data(), MODEL, "b", estimator=e).estimates, 15
        )
        line = f"\n{estimator} at two levels, 100 clusters of 20: {ours * 1e3:.1f} ms"
        theirs = lavaan().get(estimator)
        if theirs is not None:
            line += f"; lavaan {theirs * 1e3:.0f} ms, {theirs / ours:.0f} times (goal {TIMES})"
            assert theirs / ours >= TIMES, line
        print(line)


def test_the_cost_is_in_the_sizes_not_in_the_clusters() -> None:
    """Ten times the clusters, of the same sizes, take less than three times the time."""
    few = data()
    many = pd.concat([few.assign(b=few["b"] + 100 * k) for k in range(10)])
    rng = np.random.default_rng(1)
    for j in range(1, 10):
        many[f"y{j}"] += 0.1 * rng.normal(size=len(many))
    small = best(lambda: fit_two_level(few, MODEL, "b"), 10)
    large = best(lambda: fit_two_level(many, MODEL, "b"), 5)
    print(f"\n100 clusters {small * 1e3:.1f} ms, 1,000 clusters {large * 1e3:.1f} ms")
    assert large < 3 * small
