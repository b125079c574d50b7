"""The document of a project's model: its drawing, and its tables in APA style, from the stored result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any

from analysis.two_level.model import LEVEL_NAMES, WITHIN
from surveyapp.errors import Conflict
from surveyapp.reports import apa
from surveyapp.reports.charts.path_diagram import path_diagrams
from surveyapp.reports.document import (
    Block,
    Callout,
    Cell,
    Chart,
    Column,
    Cover,
    Document,
    Heading,
    Interval,
    Look,
    Paragraph,
    Table,
    Text,
    Tone,
    italic,
)
from surveyapp.reports.projects.analysis import analysis_charts, analysis_tables
from surveyapp.reports.projects.hypotheses import deviation_table, hypothesis_table
from surveyapp.reports.projects.measured_models import composite_diagram, sem_diagram
from surveyapp.reports.projects.samples import (
    cluster_effects,
    level_fits,
    level_reliabilities,
    level_shares,
    path_effects,
    weighted_paths,
    weights_said,
)
from surveyapp.results.preregistrations.departures import ToldOfPlan
from surveyapp.results.projects.analyses import analysis_title
from surveyapp.results.projects.model_texts import COMPOSITE
from surveyapp.results.projects.options import options_in_words
from surveyapp.store.models import Journey, ProjectAnalysis, ProjectModel

KIND = "Model of a project"
_MOST_DRAWN = 60  # items; more are a page of hairs
_MOST_INDICES = 25
Section = Mapping[str, Any]
_MEASURES: Mapping[str, tuple[Text, Callable[[Any], Text]]] = {
    "chisq": (apa.CHI, apa.number),
    "df": (apa.DF, apa.count),
    "pvalue": (apa.P, apa.pvalue),
    "cfi": ("CFI", apa.BOUNDED_3),
    "tli": ("TLI", apa.BOUNDED_3),
    "rmsea": ("RMSEA", apa.BOUNDED_3),
    "srmr": ("SRMR", apa.BOUNDED_3),
    "gfi": ("GFI", apa.BOUNDED_3),
    "aic": ("AIC", apa.NUMBER_1),
    "bic": ("BIC", apa.NUMBER_1),
}
_OPERATORS = {
    "=~": "Loadings",
    "<~": "Weights of composites",
    "~": "Regressions",
    "~~": "Variances and covariances",
    "~1": "Intercepts and means",
    "|": "Thresholds",
    "~*~": "Response scales",
    ":=": "Defined parameters",
}


def content(
    model: ProjectModel,
    journey: Journey,
    *,
    made: date,
    analyses: Sequence[ProjectAnalysis] = (),
    registered: ToldOfPlan | None = None,
) -> Document:
    """Everything about the model and its finished ``analyses`` that a paper or an appendix takes;
    ``registered``: what it has to say of the project's registered plan.

    Raises Conflict without a result.
    """
    if model.result is None:
        raise Conflict("This model has no result; see its page for the reason.")
    result = model.result
    return Document(
        cover=Cover(
            KIND,
            model.name,
            f"{journey.provider}, {journey.name}",
            [
                ("Project", model.project.name),
                ("Respondents", apa.count(result["n"])),
                ("Method", options_in_words(model.kind, model.options, model.text)),
                ("Computed on", f"{model.created_at:%-d %B %Y}"),
            ],
        ),
        blocks=list(_blocks(model, result, analyses, registered)),
        subject=f"{KIND}: {model.name}",
        author=journey.provider,
        running=f"{KIND}  ·  {model.name}",
        made=made,
        keywords=("structural equation model",),
    )


def _blocks(
    model: ProjectModel,
    result: Section,
    analyses: Sequence[ProjectAnalysis],
    registered: ToldOfPlan | None,
) -> Iterator[Block]:
    number = count(1)
    yield Heading("Model")
    yield Paragraph(model.text, Tone.QUOTE)
    if result["steps"]:
        yield steps_table(result, next(number))
    if result["warnings"]:
        for warning in result["warnings"]:
            yield Callout("Warning", _sentence(str(warning)))
    if registered is not None:
        yield Heading("Preregistration")
        yield deviation_table(registered, next(number))
        if registered.tests:
            yield hypothesis_table(registered.tests, next(number))
    yield Heading("Results")
    yield from drawing(model, result)
    if model.kind == COMPOSITE:
        yield from _composite(result, number)
    else:
        yield from _covariance(result, number)
    for analysis in analyses:
        yield Heading(analysis_title(analysis))
        yield from analysis_charts(analysis)
        yield from analysis_tables(analysis, number)
        if (analysis.result or {}).get("r_script"):
            yield Heading("Program for R", 2)
            yield Paragraph(str((analysis.result or {})["r_script"]), Tone.QUOTE)
    if result.get("r_script"):
        yield Heading("Program for R")
        yield Paragraph(str(result["r_script"]), Tone.QUOTE)


def tables_of(model: ProjectModel) -> list[Table]:
    """The result's tables without the steps, numbered from 1; none before there is a result."""
    if model.result is None:
        return []
    made = _composite if model.kind == COMPOSITE else _covariance
    return list(made(model.result, count(1)))


def drawing(model: ProjectModel, result: Section) -> Iterator[Chart]:
    """The model with its standardised estimates, group by group; none of too many items."""
    if not result["converged"]:
        return
    if model.kind == COMPOSITE:
        diagrams = {
            "": composite_diagram(result, result["formed"], shown=result["shown"], items=True)
        }
        items = len(result["loadings"])
    else:
        diagrams = _diagrams(result)
        items = len({row["rhs"] for row in result["estimates"] if row["op"] == "=~"})
    if items > _MOST_DRAWN:
        return
    yield Chart(
        f"{model.name}, standardised estimates",
        path_diagrams(diagrams),
        f"n = {result['n']:,}. {options_in_words(model.kind, model.options, model.text)}. Dashed arrows: not"
        " significant at 5%.",
    )


def _diagrams(result: Section) -> dict[str, Any]:
    """A diagram of each group, and of each level where there are two, by title."""
    names = list(result["groups"]) or [""]
    if "level_fit" not in result:
        return {name: sem_diagram(result, group=at) for at, name in enumerate(names, start=1)}
    return {
        ", ".join(filter(None, (name, LEVEL_NAMES[level]))): sem_diagram(
            {"estimates": [row for row in result["estimates"] if row["level"] == level]}, group=at
        )
        for at, name in enumerate(names, start=1)
        for level in LEVEL_NAMES
    }


def steps_table(result: Section, number: int) -> Table:
    """What was done to the answers before the fit."""
    return Table(
        number=number,
        title="Steps Before the Fit",
        columns=[
            Column("Step", 0.6),
            Column("Rows before", 0.2, apa.count),
            Column("Rows after", 0.2, apa.count),
        ],
        cells=[[row["text"], row["before"], row["after"]] for row in result["steps"]],
        look=Look.APA,
    )


def _covariance(result: Section, number: Iterator[int]) -> Iterator[Table]:
    yield fit_table(result, next(number))
    if "level_fit" in result:
        yield level_fits(result, next(number))
    elif result.get("clusters"):
        yield cluster_effects(result, next(number))
    yield estimates_table(result, next(number))
    if result["r_squared"]:
        yield explained_table(result, next(number))
    if "level_fit" in result:
        yield level_shares(result, next(number))
        yield level_reliabilities(result, next(number))
    if result["modification_indices"]:
        yield indices_table(result, next(number))


def fit_table(result: Section, number: int) -> Table:
    """Fit measures; of a robust estimator the scaled test and robust indices beside the plain ones."""
    fit = result["fit"]
    kinds = [("Plain", "")]
    if fit.get("chisq_scaled") is not None:
        kinds.append(("Scaled", "_scaled"))
    if fit.get("cfi_robust") is not None:
        kinds.append(("Robust", "_robust"))
    rows: list[list[Cell]] = []
    for name, (head, write) in _MEASURES.items():
        values = [fit.get(f"{name}{suffix}") for _, suffix in kinds]
        if any(value is not None for value in values):
            rows.append([head, *("" if value is None else write(value) for value in values)])
    ends = [
        (fit.get(f"rmsea_ci_lower{suffix}"), fit.get(f"rmsea_ci_upper{suffix}"))
        for _, suffix in kinds
    ]
    rows.append(
        ["RMSEA 90% CI", *("" if low is None else apa.between(low, up, 3) for low, up in ends)]
    )
    return Table(
        number=number,
        title="Fit of the Model",
        columns=[
            Column("Measure", 0.4),
            *(Column(head, 0.6 / len(kinds), align="r") for head, _ in kinds),
        ],
        cells=rows,
        note=("" if result["converged"] else "The estimation did not converge. ")
        + f"n = {result['n']:,}.{_left_out(result)}{weights_said(result)}",
        look=Look.APA,
    )


def _left_out(result: Section) -> str:
    """How many respondents have a missing answer that keeps them out; nothing where none has."""
    left = result["n_rows"] - result["n"]
    return (
        f" {left:,} of {result['n_rows']:,} respondents are left out for missing answers."
        if left
        else ""
    )


def estimates_table(result: Section, number: int) -> Table:
    """Every parameter under the head of its kind."""
    cells: list[list[Cell]] = []
    heads = set()
    blank: list[Cell] = [""] * 5
    for title, rows in _by_kind(result):
        heads.add(len(cells))
        cells.append([title, *blank])
        cells += [
            [
                _parameter(row),
                row["est"],
                row["se"],
                Interval(row["ci_lower"], row["ci_upper"]),
                row["pvalue"],
                row["std_all"],
            ]
            for row in rows
        ]
    return Table(
        number=number,
        title="Parameter Estimates",
        columns=[
            Column("Parameter", 0.34),
            Column("Estimate", 0.13, apa.number, "r"),
            Column(italic("SE"), 0.11, apa.number, "r"),
            Column("95% CI", 0.2, apa.free_interval, "r"),
            Column(apa.P, 0.1, apa.pvalue, "r"),
            Column("Standardised", 0.12, apa.bounded, "r"),
        ],
        cells=cells,
        groups=frozenset(heads),
        note="" if result["converged"] else "Where the estimation stopped; these are no estimates.",
        look=Look.APA,
    )


def _by_kind(result: Section) -> Iterator[tuple[str, Sequence[Section]]]:
    """The parameters of each group by kind, under a title; last those that are of no group."""
    groups = list(result["groups"])
    of_no_group = [(0, "")] if groups else []
    levels = {**LEVEL_NAMES, 0: ""} if "level_fit" in result else {0: ""}
    for at, group in [*enumerate(groups or [""], start=1), *of_no_group]:
        for level, name in levels.items():
            for operator, title in _OPERATORS.items():
                rows = [
                    row
                    for row in result["estimates"]
                    if row["op"] == operator
                    and (row["group"] == at or not groups)
                    and row.get("level", 0) == level
                    and (operator != "~1" or level != WITHIN or row["se"])
                ]
                if rows:
                    where = ", ".join(filter(None, (group, name)))
                    yield f"{where}: {title}" if where else title, rows


def explained_table(result: Section, number: int) -> Table:
    """Explained variance of each dependent variable."""
    grouped = bool(result["groups"])
    names = list(result["groups"])
    return Table(
        number=number,
        title="Explained Variance",
        columns=[
            Column("Variable", 0.5),
            *([Column("Group", 0.25)] if grouped else []),
            Column((*italic("R"), "²"), 0.25, apa.bounded),
        ],
        cells=[
            [
                _at_level(row["name"], row),
                *([names[row["group"] - 1]] if grouped else []),
                row["r_squared"],
            ]
            for row in result["r_squared"]
        ],
        look=Look.APA,
    )


def indices_table(result: Section, number: int) -> Table:
    """The largest modification indices."""
    every: Sequence[Section] = result["modification_indices"]
    shown = every[:_MOST_INDICES]
    more = (
        f" The largest {len(shown)} of {len(every)} above 3.84."
        if len(every) > len(shown)
        else " Those above 3.84."
    )
    return Table(
        number=number,
        title="Modification Indices",
        columns=[
            Column("Parameter", 0.4),
            Column("Index", 0.2, apa.number),
            Column("Expected change", 0.2, apa.number),
            Column("Standardised", 0.2, apa.number),
        ],
        cells=[
            [_at_level(_parameter(row), row), row["mi"], row["epc"], row["sepc_all"]]
            for row in shown
        ],
        note="An index is the drop in χ² to expect when the parameter is freed. A change that the"
        " data alone suggest capitalises on chance; confirm it on other data." + more,
        look=Look.APA,
    )


def _composite(result: Section, number: Iterator[int]) -> Iterator[Table]:
    if result["paths"]:
        yield _paths(result, next(number))
    yield _constructs(result, next(number))
    yield _outer(result, next(number))
    if result.get("weighted_paths"):
        yield weighted_paths(result, next(number))
    if result.get("clusters"):
        yield cluster_effects(result, next(number))
    if result.get("design_effects"):
        yield path_effects(result, next(number))


def _paths(result: Section, number: int) -> Table:
    intervals = {
        tuple(row["label"]): row
        for row in ((result["bootstrap"] or {}).get("tables") or {}).get("paths", ())
    }
    resampled = bool(intervals)
    cells: list[list[Cell]] = []
    for row in result["paths"]:
        found = intervals.get((row["source"], row["target"]), {})
        cells.append(
            [
                f"{row['source']} → {row['target']}",
                row["estimate"],
                *(
                    [Interval(found.get("lower"), found.get("upper")), found.get("p")]
                    if resampled
                    else []
                ),
                row.get("f_squared"),
            ]
        )
    return Table(
        number=number,
        title="Paths",
        columns=[
            Column("Path", 0.4),
            Column("Estimate", 0.15, apa.bounded),
            *(
                [Column("95% CI", 0.2, apa.interval), Column(apa.P, 0.1, apa.pvalue)]
                if resampled
                else []
            ),
            Column((*italic("f"), "²"), 0.15, apa.number),
        ],
        cells=cells,
        note=f"Percentile intervals of the bootstrap{' of whole clusters' if result.get('clusters') else ''}."
        if resampled
        else "Without a bootstrap there are no intervals.",
        look=Look.APA,
    )


def _constructs(result: Section, number: int) -> Table:
    rows = result["reliability"]
    # Of a construct that its items form rhoA is one by definition, and so it is of a single item.
    formed = [name for name, row in rows.items() if row.get("rho_a") == 1 > (row.get("alpha") or 1)]
    return Table(
        number=number,
        title="Constructs",
        columns=[
            Column("Construct", 0.3),
            Column((*italic("R"), "²"), 0.14, apa.bounded),
            Column(apa.ALPHA, 0.14, apa.bounded),
            Column((*italic("ρ"), "A"), 0.14, apa.bounded),
            Column("CR", 0.14, apa.bounded),
            Column("AVE", 0.14, apa.bounded),
        ],
        cells=[
            [
                name,
                (result["r_squared"].get(name) or {}).get("r_squared"),
                *(row.get(key) for key in ("alpha", "rho_a", "cr", "ave")),
            ]
            for name, row in rows.items()
        ],
        note="CR = composite reliability; AVE = average variance extracted."
        f"{_formed_said(formed)} n = {result['n']:,}.{_left_out(result)}{weights_said(result)}",
        look=Look.APA,
    )


def _formed_said(names: Sequence[str]) -> str:
    said = f" Formed by items, so that α, ρA, CR and AVE are no criteria: {', '.join(names)}."
    return said if names else ""


def _outer(result: Section, number: int) -> Table:
    weights = {(row["construct"], row["item"]): row["estimate"] for row in result["weights"]}
    return Table(
        number=number,
        title="Loadings and Weights",
        columns=[
            Column("Construct", 0.35),
            Column("Item", 0.25),
            Column("Loading", 0.2, apa.bounded),
            Column("Weight", 0.2, apa.bounded),
        ],
        cells=[
            [
                row["construct"],
                row["item"],
                row["estimate"],
                weights.get((row["construct"], row["item"])),
            ]
            for row in result["loadings"]
        ],
        look=Look.APA,
    )


def _parameter(row: Section) -> str:
    return f"{row['lhs']} {row['op']} {row['rhs']}".strip()


def _at_level(name: str, row: Section) -> str:
    """The name with the row's level, where it has one."""
    return f"{name} ({LEVEL_NAMES[row['level']]})" if row.get("level") else name


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
