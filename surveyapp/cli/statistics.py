"""Commands that analyse a file: no database needed, JSON for the next program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from analysis.scale_validation import validate_scale
from instruments.loader import load
from surveyapp.cli.opened import progress_bar
from surveyapp.errors import Invalid
from surveyapp.results.tables import matching_columns, read_table
from surveyapp.settings import read

Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]


def number(value: float | None, digits: int = 3) -> str:
    """A number for reading; the JSON holds every digit."""
    return "-" if value is None else f"{value:.{digits}f}"


def show(tables: Sequence[Table]) -> None:
    """Print tables with right-aligned columns."""
    for title, head, rows in tables:
        cells = [list(head), *[list(row) for row in rows]]
        widths = [max(len(row[j]) for row in cells) for j in range(len(head))]
        click.echo(f"\n{title}")
        for row in cells:
            first, *rest = row
            click.echo(
                "  "
                + "  ".join(
                    [
                        first.ljust(widths[0]),
                        *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=True)),
                    ]
                ).rstrip()
            )


def write_json(path: Path, document: Any) -> None:
    """Every digit, for the next program."""
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    click.echo(f"\nWritten: {path}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--instrument", "code", required=True, help="Its scoring key says which items measure what."
)
@click.option("--key", default=None, help="Scoring key; the instrument's default when left out.")
@click.option(
    "--likelihood", type=click.Choice(["normal", "wishart"]), default="normal", show_default=True
)
@click.option("--seed", default=1, show_default=True, help="Of the parallel analysis.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the whole result here."
)
def validate(
    file: Path, code: str, key: str | None, likelihood: str, seed: int, json_path: Path | None
) -> None:
    """Validate the scale of an instrument on the answers in FILE (.csv or .sav)."""
    instrument = load(code, roots=read().instrument_roots)
    items = tuple(item.code for item in instrument.items)
    data = matching_columns(read_table(file), code, items)
    if data.empty:
        raise Invalid(f"{file}: no column is an item of {code} ({', '.join(items[:4])}, ...)")
    with progress_bar("Validating") as progress:
        document: dict[str, Any] = dict(
            validate_scale(
                data, instrument, key=key, likelihood=likelihood, seed=seed, progress=progress
            ).to_dict()
        )
    show(_summary(document))
    for warning in document["warnings"]:
        click.echo(f"Warning ({warning['step']}): {warning['message']}")
    if json_path is not None:
        write_json(json_path, document)


def _summary(document: dict[str, Any]) -> list[Table]:
    sample = document["sample"]
    tables: list[Table] = [
        (
            "Sample",
            ("rows", "complete", "items", "factors"),
            [[str(sample[k]) for k in ("n_rows", "n_complete", "n_items", "n_factors")]],
        ),
        (
            "Reliability and convergent validity",
            ("factor", "items", "alpha", "low", "high", "omega", "CR", "AVE"),
            [
                [
                    row["factor"],
                    str(row["n_items"]),
                    *(
                        number(row[k])
                        for k in ("alpha", "alpha_lower", "alpha_upper", "omega", "cr", "ave")
                    ),
                ]
                for row in document["reliability"]
            ],
        ),
    ]
    if document["rivals"]:
        shown = (
            "chisq",
            "df",
            "cfi",
            "tli",
            "rmsea",
            "rmsea_ci_lower",
            "rmsea_ci_upper",
            "srmr",
            "gfi",
        )
        tables.append(
            (
                "Confirmatory factor analysis, the hypothesised model first",
                ("model", *shown),
                [
                    [r["name"], *(number(r["fit"].get(k), 0 if k == "df" else 3) for k in shown)]
                    for r in document["rivals"]
                ],
            )
        )
    if document["htmt"]:
        factors = document["htmt"]["factors"]
        tables.append(
            (
                "HTMT",
                ("factor", *factors),
                [
                    [name, *(number(v) for v in row)]
                    for name, row in zip(factors, document["htmt"]["htmt"], strict=True)
                ],
            )
        )
    return tables
