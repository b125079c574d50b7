"""Commands that analyse a file: no database needed, JSON for the next program."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from analysis.scale.document import ScaleValidation
from analysis.scale.sections.cfa import robust
from analysis.scale.sections.esem import EsemSection
from analysis.scale.sections.htmt import HtmtSection
from analysis.scale.sections.missing_comparison import MissingComparisonSection
from analysis.scale.sections.reliability import ReliabilitySection
from analysis.scale.sections.rivals import RivalsSection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.validation import validate_scale
from instruments.loader import Library
from instruments.schema import Instrument
from surveyapp.cli.document_files import DocumentFiles, document_files
from surveyapp.cli.models import factors, listed, model_text, reverse_option, reversed_by
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, probability
from surveyapp.cli.report_language import report_language, words_of
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.errors import Invalid
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.typesetting.pdf import pdf
from surveyapp.reports.validation.content import KIND, content
from surveyapp.results.analyses.lonely_values import refuse_lonely
from surveyapp.results.analyses.losses import left_out
from surveyapp.results.analyses.tables import AnswerFile, item_columns, read_table
from surveyapp.results.analyses.validation_steps import step_named
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.tables.options import ReadOptions


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--instrument",
    "code",
    default=None,
    help="The instrument; its scoring key assigns items to factors.",
)
@click.option("--key", default=None, help="Scoring key; defaults to the instrument's default key.")
@click.option(
    "--model",
    default=None,
    help="A file or text with lines 'factor =~ a + b + c', instead of an instrument.",
)
@reverse_option
@click.option(
    "--group", "groups", multiple=True, help="Column to test invariance over; can be repeated."
)
@click.option("--marker", default="", help="Columns of a marker scale, separated by commas.")
@click.option(
    "--seconds", default=None, help="Column with each respondent's completion time in seconds."
)
@click.option("--estimator", default="ML", show_default=True, help="ML, MLR, MLM, MLMV or WLSMV.")
@click.option(
    "--likelihood", type=click.Choice(["normal", "wishart"]), default="normal", show_default=True
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Seed of parallel analysis, bootstraps and cut-offs.",
)
@click.option(
    "--cutoffs",
    type=click.IntRange(0, 100_000),
    default=0,
    show_default=True,
    help="Simulated samples for each level of dynamic cut-offs, such as 2000; 0 for none.",
)
@click.option(
    "--esem",
    is_flag=True,
    help="Compare the model with one whose cross-loadings are all free (ESEM), rotated to it.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path),
    help="Write the full result to this file.",
)
@click.option(
    "--pdf",
    "pdf_path",
    type=click.Path(path_type=Path),
    help="Write the validation report to this file.",
)
@report_language
@document_files
@values_ok
@table_and_treatment(("listwise", "fiml"))
def validate(
    file: Path,
    code: str | None,
    key: str | None,
    model: str | None,
    reverse: tuple[str, ...],
    groups: tuple[str, ...],
    marker: str,
    seconds: str | None,
    estimator: str,
    missing: str,
    likelihood: str,
    seed: int,
    cutoffs: int,
    esem: bool,
    json_path: Path | None,
    pdf_path: Path | None,
    report_language: str,
    beside: DocumentFiles,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Validate a scale on the answers in FILE: the items of an instrument or a model."""
    if (code is None) == (model is None):
        raise Invalid("give --instrument or --model to say which items measure which factor")
    if key is not None and model is not None:
        raise Invalid("--key selects a scoring key of --instrument; a --model has none")
    words = words_of("validation", report_language, named=KIND)
    library = Library(read().instrument_roots)
    instrument = library.load(code) if code else None
    answers = read_table(file, reading, instruments=[instrument] if instrument else [])
    answers = answers.named([*groups, *listed(marker), *filter(None, [seconds])])
    measured, reversed_items = factors(model_text(model)) if model else (None, ())
    if instrument is not None:
        data = _named_by_item(answers, instrument)
    else:
        items = [item for each in (measured or {}).values() for item in each]
        answers = answers.named(items)
        data = answers.frame
        if not values_ok:
            refuse_lonely(answers, [item for item in items if item in data.columns])
    with progress_bar("Validating") as progress:
        found = validate_scale(
            data,
            instrument,
            key=key,
            model=measured,
            reverse=(*reversed_items, *reversed_by(reverse)),
            group=groups,
            marker=listed(marker) or None,
            seconds=seconds,
            estimator=estimator.upper(),
            missing=missing,
            likelihood=likelihood,
            seed=seed,
            cutoffs=cutoffs,
            esem=esem,
            progress=progress,
        )
    files = json_file(json_path, found.to_dict())
    if pdf_path is not None or beside:
        made = utc_now().date()
        study = Study(found, "", "", None, None, made, library, file=file.name)
        document = content(study, made=made, words=words)
        if pdf_path is not None:
            files.append((pdf_path, pdf(document)))
        files += beside.of(document)
    said = [f"Warning ({step_named(w.step)}): {w.message}" for w in found.warned]
    said += [f"Note: {note}" for note in answers.notes]
    finish(_summary(found), said, files)


def _named_by_item(answers: AnswerFile, instrument: Instrument) -> pd.DataFrame:
    """The data with the instrument's items under their own codes, beside all its other columns."""
    items = tuple(item.code for item in instrument.items)
    found, data = item_columns(answers, instrument, items), answers.frame
    if found.empty:
        raise Invalid(
            f"{answers.path}: no column is an item of {instrument.code}"
            f" ({', '.join(items[:4])}, ...)"
        )
    return pd.concat(
        [found, data.drop(columns=[c for c in data.columns if c in found.columns])], axis=1
    )


def _summary(found: ScaleValidation) -> list[Table]:
    sample = found[SampleSection]
    tables: list[Table] = [
        (
            f"Sample: {left_out(sample.dropped or 0, sample.n_rows)}",
            ("rows", "complete", "items", "factors"),
            [list(map(str, (sample.n_rows, sample.n_complete, sample.n_items, sample.n_factors)))],
        ),
        (
            "Reliability and convergent validity",
            ("factor", "items", "alpha", "low", "high", "omega", "CR", "AVE"),
            [
                [
                    row.factor,
                    str(row.n_items),
                    *map(
                        number,
                        (row.alpha, row.alpha_lower, row.alpha_upper, row.omega, row.cr, row.ave),
                    ),
                ]
                for row in found[ReliabilitySection].rows
            ],
        ),
    ]
    compared = found.get(MissingComparisonSection)
    if compared is not None:
        tables.insert(1, _treatments(compared))
    rivals, htmt = found.get(RivalsSection), found.get(HtmtSection)
    if rivals is not None:
        tables.append(
            (
                "Confirmatory factor analysis, hypothesised model first"
                + (_SCALED if rivals.rows[0].fit.get("chisq_scaled") is not None else ""),
                ("model", *_FIT, "d_chisq", "d_df", "p"),
                [
                    [
                        r.name,
                        *(number(robust(r.fit, k), 0 if k == "df" else 3) for k in _FIT),
                        number(r.delta_chisq),
                        number(r.delta_df, 0),
                        probability(r.delta_pvalue),
                    ]
                    for r in rivals.rows
                ],
            )
        )
    if (esem := found.get(EsemSection)) is not None:
        tables.append(_beside_esem(esem))
    if htmt is not None:
        tables.append(
            (
                "HTMT",
                ("factor", *htmt.factors),
                [
                    [name, *(number(v) for v in row)]
                    for name, row in zip(htmt.factors, htmt.htmt, strict=True)
                ],
            )
        )
    return tables


def _beside_esem(found: EsemSection) -> Table:
    models = (
        ("confirmatory", found.cfa_fit),
        ("ESEM", found.fit),
        ("ESEM with a general factor", found.bifactor_fit),
    )
    said = f"; not admissible: {found.inadmissible}" if found.inadmissible else ""
    return (
        f"All cross-loadings free (ESEM) beside the model{said}",
        ("model", *_FIT),
        [
            [name, *(number(robust(fit, k), 0 if k == "df" else 3) for k in _FIT)]
            for name, fit in models
            if fit is not None
        ],
    )


def _treatments(found: MissingComparisonSection) -> Table:
    return (
        f"Listwise deletion and FIML; loadings differ by up to {found.largest_difference:.3f} ({found.of})",
        ("missing answers", "n", *_FIT),
        [
            [name, str(one.n), *(number(found.of_both(k)[at], 0 if k == "df" else 3) for k in _FIT)]
            for at, (name, one) in enumerate((("listwise", found.listwise), ("fiml", found.fiml)))
        ],
    )


_FIT = ("chisq", "df", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr", "gfi")
_SCALED = " (scaled statistics; robust CFI, TLI and RMSEA)"
