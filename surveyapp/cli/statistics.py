"""Commands that analyse a file: no database needed, JSON for the next program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pandas as pd

from analysis.scale.validation import validate_scale
from instruments.loader import load
from instruments.schema import Instrument
from surveyapp.cli.models import factors, listed, model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.errors import Invalid
from surveyapp.reports.pdf import pdf
from surveyapp.reports.validation import Study, content
from surveyapp.results.tables import matching_columns, read_table
from surveyapp.settings import read
from surveyapp.store.columns import utc_now

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
    "--instrument", "code", default=None, help="Its scoring key says which items measure what."
)
@click.option("--key", default=None, help="Scoring key; the instrument's default when left out.")
@click.option(
    "--model",
    default=None,
    help="Instead of an instrument: a file or text of lines 'factor =~ a + b + c'.",
)
@click.option(
    "--group", "groups", multiple=True, help="Column to test invariance over; may be repeated."
)
@click.option("--marker", default="", help="Columns of a marker scale, by commas.")
@click.option("--seconds", default=None, help="Column with the seconds that each person took.")
@click.option("--estimator", default="ML", show_default=True, help="ML, MLR, MLM or WLSMV.")
@click.option("--missing", default="listwise", show_default=True, help="listwise or fiml.")
@click.option(
    "--likelihood", type=click.Choice(["normal", "wishart"]), default="normal", show_default=True
)
@click.option("--seed", default=1, show_default=True, help="Of parallel analysis and bootstraps.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the whole result here."
)
@click.option(
    "--pdf", "pdf_path", type=click.Path(path_type=Path), help="Write the validation report here."
)
def validate(
    file: Path,
    code: str | None,
    key: str | None,
    model: str | None,
    groups: tuple[str, ...],
    marker: str,
    seconds: str | None,
    estimator: str,
    missing: str,
    likelihood: str,
    seed: int,
    json_path: Path | None,
    pdf_path: Path | None,
) -> None:
    """Validate a scale on the answers in FILE (.csv or .sav): the items of an instrument or a model."""
    if (code is None) == (model is None):
        raise Invalid("say either --instrument or --model: which items measure what?")
    roots = read().instrument_roots
    data = read_table(file)
    instrument = load(code, roots=roots) if code else None
    if instrument is not None:
        data = _named_by_item(data, instrument, file)
    with progress_bar("Validating") as progress:
        document: dict[str, Any] = dict(
            validate_scale(
                data,
                instrument,
                key=key,
                model=factors(model_text(model)) if model else None,
                group=groups,
                marker=listed(marker) or None,
                seconds=seconds,
                estimator=estimator.upper(),
                missing=missing,
                likelihood=likelihood,
                seed=seed,
                progress=progress,
            ).to_dict()
        )
    show(_summary(document))
    for warning in document["warnings"]:
        click.echo(f"Warning ({warning['step']}): {warning['message']}")
    if json_path is not None:
        write_json(json_path, document)
    if pdf_path is not None:
        study = Study(document, "", "", None, None, utc_now().date(), roots, file=file.name)
        pdf_path.write_bytes(pdf(content(study, made=utc_now().date())))
        click.echo(f"\nWritten: {pdf_path}")


def _named_by_item(data: pd.DataFrame, instrument: Instrument, file: Path) -> pd.DataFrame:
    """The data with the instrument's items under their own codes, beside all its other columns."""
    items = tuple(item.code for item in instrument.items)
    found = matching_columns(data, instrument.code, items)
    if found.empty:
        raise Invalid(
            f"{file}: no column is an item of {instrument.code} ({', '.join(items[:4])}, ...)"
        )
    return pd.concat(
        [found, data.drop(columns=[c for c in data.columns if c in found.columns])], axis=1
    )


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
