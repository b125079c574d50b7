"""Every estimator with every handling of missing answers, groups and kind of data: a command ends
with strict JSON and code 0, or with one line that names the option or the culprit and code 2.

Warnings are errors here, so that a number out of nowhere (a division by zero, say) fails too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.data_sets import simulated

ESTIMATORS = ("ML", "MLR", "MLM", "ULS", "GLS", "WLS", "DWLS", "WLSMV")
MISSING = ("listwise", "fiml")
FOUR = {"A": ("a1", "a2", "a3", "a4"), "B": ("b1", "b2", "b3", "b4")}
TWO = {"A": ("a1", "a2"), "B": ("b1", "b2")}


def made(model: dict[str, tuple[str, ...]], loadings: Sequence[float], **how: Any) -> pd.DataFrame:
    by_factor = {factor: loadings[: len(items)] for factor, items in model.items()}
    return simulated(how.pop("n", 160), model=model, loadings=by_factor, **how)


# name -> model and data: a weak item to leave out, an improper solution, hardly any rows, ...
SHAPES: dict[str, Callable[[], tuple[dict[str, tuple[str, ...]], pd.DataFrame]]] = {
    "a weak item": lambda: (FOUR, made(FOUR, (0.8, 0.8, 0.8, 0.3))),
    "two items a factor": lambda: (TWO, made(TWO, (0.6, 0.5), n=100, seed=44)),
    "nothing in common": lambda: (TWO, made(TWO, (0.0, 0.0), n=100, seed=2)),
    "no minimum in a group": lambda: (TWO, made(TWO, (0.6, 0.5), n=100, seed=23)),
    "yes and no": lambda: (FOUR, made(FOUR, (0.8, 0.7, 0.8, 0.7), points=2)),
    "hardly any rows": lambda: (TWO, made(TWO, (0.8, 0.8), n=12, seed=6)),
    "measured, not counted": lambda: (TWO, made(TWO, (0.9, 0.8), points=0)),
    "a constant item": lambda: (TWO, made(TWO, (0.8, 0.8)).assign(a2=4.0)),
    "an item twice": lambda: (TWO, made(TWO, (0.8, 0.8)).assign(a2=lambda d: d["a1"])),
}
# Where nothing converges a fit takes its 500 iterations: a few of them are enough.
LONG = ("nothing in common", "no minimum in a group")
VALIDATED = ("two items a factor", "hardly any rows")


@pytest.fixture
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path, Path]:
    """The model's text, the file of all rows and the same with gaps in it."""
    model, data = SHAPES[request.param]()
    gaps = np.random.default_rng(5).random(data.shape) < 0.04
    files = tmp_path / "whole.csv", tmp_path / "gaps.csv"
    for file, answers in zip(files, (data, data.mask(gaps)), strict=True):
        answers.assign(g=np.resize(["x", "y"], len(answers))).to_csv(file, index=False)
    text = "\n".join(f"{factor} =~ {' + '.join(items)}" for factor, items in model.items())
    return text, *files


def no_constant(word: str) -> float:
    raise AssertionError(f"{word} is no JSON")


def ends_well(run: Any, out: Path, *arguments: object) -> int:
    out.unlink(missing_ok=True)
    made = run(*arguments, "--json", out)
    if made.code == 0:
        assert made.err == "", arguments
        json.loads(out.read_text(), parse_constant=no_constant)
    else:
        assert (made.code, made.out, made.err.count("\n")) == (2, "", 1), arguments
        assert not out.exists()
    if "fiml" in arguments and not {"ML", "MLR"} & set(arguments):
        assert made.code == 2 and "estimator" in made.err
    return int(made.code)


@pytest.mark.parametrize("sample", [name for name in SHAPES if name not in LONG], indirect=True)
def test_sem_ends_well(run, sample: tuple[str, Path, Path], tmp_path: Path):
    text, *files = sample
    for file, estimator, missing, group in product(files, ESTIMATORS, MISSING, ((), ("g",))):
        options = ["--model", text, "--estimator", estimator, "--missing", missing]
        options += [word for name in group for word in ("--group", name)]
        drawn = tmp_path / "o.svg"
        ends_well(run, tmp_path / "o.json", "sem", file, *options, "--diagram", drawn)


@pytest.mark.parametrize("sample", [name for name in SHAPES if name not in LONG], indirect=True)
def test_invariance_ends_well(run, sample: tuple[str, Path, Path], tmp_path: Path):
    text, *files = sample
    for file, estimator, missing in product(files, ESTIMATORS, MISSING):
        options = ["--model", text, "--estimator", estimator, "--missing", missing, "--group", "g"]
        ends_well(run, tmp_path / "o.json", "invariance", file, *options)


@pytest.mark.parametrize("sample", ["no minimum in a group"], indirect=True)
def test_where_nothing_converges_every_estimator_says_so(
    run, sample: tuple[str, Path, Path], tmp_path: Path
):
    text, whole, gaps = sample
    out, drawn = tmp_path / "o.json", tmp_path / "o.svg"
    for file, estimator, missing in (
        *((whole, each, "listwise") for each in ESTIMATORS),
        *((gaps, each, "fiml") for each in ("ML", "MLR")),
    ):
        options = ["--model", text, "--estimator", estimator, "--missing", missing, "--group", "g"]
        assert ends_well(run, out, "sem", file, *options, "--diagram", drawn) == 0
        assert json.loads(out.read_text())["converged"] is False, (estimator, missing)
    for estimator in ESTIMATORS:
        options = ["--model", text, "--estimator", estimator, "--group", "g"]
        ends_well(run, out, "invariance", whole, *options)
        ends_well(run, out, "validate", whole, *options)


@pytest.mark.parametrize("sample", ["nothing in common"], indirect=True)
@pytest.mark.parametrize("estimator", ["ML", "MLR", "WLSMV"])
def test_data_that_no_model_fits_end_well(
    run, sample: tuple[str, Path, Path], estimator: str, tmp_path: Path
):
    text, _, gaps = sample
    for command, group in (("sem", ()), ("validate", ()), ("invariance", ("--group", "g"))):
        options = ["--model", text, "--estimator", estimator, *group]
        ends_well(run, tmp_path / "o.json", command, gaps, *options)


@pytest.mark.parametrize("sample", ["a weak item"], indirect=True)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_good_data_are_fitted_by_every_estimator(
    run, sample: tuple[str, Path, Path], estimator: str, tmp_path: Path
):
    text, whole, gaps = sample
    for missing in MISSING if estimator in ("ML", "MLR") else MISSING[:1]:
        options = ["--model", text, "--estimator", estimator, "--missing", missing]
        for command, file in (("sem", whole), ("sem", gaps), ("validate", gaps)):
            assert ends_well(run, tmp_path / "o.json", command, file, *options) == 0


@pytest.mark.parametrize("sample", VALIDATED, indirect=True)
def test_validate_ends_well(run, sample: tuple[str, Path, Path], tmp_path: Path):
    text, *files = sample
    for at, (estimator, missing) in enumerate(product(ESTIMATORS, MISSING)):
        options = ["--model", text, "--estimator", estimator, "--missing", missing]
        options += ["--group", "g"] if at % 4 < 2 else []
        ends_well(run, tmp_path / "o.json", "validate", files[at % 3 == 0], *options)


@pytest.mark.parametrize(
    "sample", [name for name in SHAPES if name != "no minimum in a group"], indirect=True
)
def test_pls_ends_well(run, sample: tuple[str, Path, Path], tmp_path: Path):
    text, *files = sample
    model = f"{text}\nB ~ A"
    for file, missing, consistent, resamples in product(
        files, ("mean", "listwise"), ((), ("--consistent",)), (0, 10)
    ):
        options = ["--model", model, "--missing", missing, *consistent, "--bootstrap", resamples]
        drawn = tmp_path / "o.svg"
        ends_well(run, tmp_path / "o.json", "pls", file, *options, "--diagram", drawn)


LACKS = {
    "validate": {"--higher-order", "--scheme", "--bootstrap", "--equal", "--difference"}
    | {"--diagram"},
    "sem": {"--scheme", "--higher-order", "--bootstrap", "--difference", "--pdf"},
    "invariance": {"--likelihood", "--scheme", "--higher-order", "--bootstrap", "--seed"}
    | {"--equal", "--pdf", "--diagram"},
    "pls": {"--estimator", "--likelihood", "--equal", "--difference", "--group", "--pdf"},
}


@pytest.mark.parametrize("command", ["validate", "sem", "invariance", "pls"])
@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("--estimator", "MAGIC", "estimator"),
        ("--missing", "magic", "missing"),
        ("--likelihood", "magic", "likelihood"),
        ("--scheme", "magic", "scheme"),
        ("--higher-order", "magic", "higher order"),
        ("--bootstrap", "-5", "bootstrap"),
        ("--bootstrap", "many", "--bootstrap"),
        ("--seed", "-1", "--seed"),
        ("--equal", "loadings", "--equal"),
        ("--difference", "2000", "--difference"),
        ("--difference", "1999", "--difference"),
        ("--group", "nowhere", "nowhere"),
        ("--magic", "1", "--magic"),
        ("--json", "/nowhere/o.json", "/nowhere/o.json"),
        ("--pdf", "/nowhere/o.pdf", "/nowhere/o.pdf"),
        ("--diagram", "/nowhere/o.svg", "/nowhere/o.svg"),
        ("--diagram", "o.png", "--diagram"),
    ],
)
def test_a_value_that_cannot_be_is_one_line_with_the_options_name_before_anything_is_printed(
    run, tmp_path: Path, command: str, option: str, value: str, named: str
):
    file = tmp_path / "d.csv"
    made(TWO, (0.8, 0.7)).assign(g=np.resize(["x", "y"], 160)).to_csv(file, index=False)
    text = "A =~ a1 + a2\nB =~ b1 + b2" + ("\nB ~ A" if command == "pls" else "")
    groups = ["--group", "g"] if command == "invariance" and option != "--group" else []
    ended = run(command, file, "--model", text, *groups, option, value)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    unknown = f"Error: No such option '{option}'"
    assert ended.err.startswith(unknown) == (option in LACKS[command] or option == "--magic")
    assert ended.err.startswith(unknown) or named in ended.err
