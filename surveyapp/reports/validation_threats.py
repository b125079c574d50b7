"""The report's chapter on threats to validity: common method variance and careless answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports import validation_tables as tables
from surveyapp.reports.document import Block, Heading, Look, Paragraph, Styled, Table, Text, italic
from surveyapp.results import phrases

Section = Mapping[str, Any]

SIGNIFICANT = 0.05
_SIGNS = {
    "longstring": "Long run of one answer",
    "irv": "Little spread of answers",
    "mahalanobis": "Unusual pattern",
    "speed": "Speed",
}
_MODELS = {
    "CFA": "Factors and marker correlate",
    "Baseline": "Baseline: marker apart from the factors",
    "Method-C": "Method-C: marker on all items, equally",
    "Method-U": "Method-U: marker on all items, freely",
    "Method-R": "Method-R: factor correlations as in baseline",
    "without": "Without a method factor",
    "with": "With a method factor",
}


def threats(document: Section, number: tables.Numbers) -> Iterator[Block]:
    method, careless = document.get("method_variance"), document.get("careless")
    if not method and not careless:
        return
    yield Heading("Threats to validity")
    if method:
        yield Heading("Common method variance", level=2)
        yield from _method(method, number)
    if careless:
        yield Heading("Careless answers", level=2)
        yield _signs(careless, number.next())
        yield Paragraph(_flagged(careless))
        if careless["without"] is not None:
            yield _without(document, careless["without"], number.next())


def _method(method: Section, number: tables.Numbers) -> Iterator[Block]:
    harman, collinear = method["harman"], method["full_collinearity"]
    if harman:
        said = "more" if harman["dominated"] else "not more"
        yield Paragraph(
            "Harman's first component accounts for"
            f" {apa.percent(harman['first_share'])} of the variance, {said} than half;"
            " dimensions of one concept share variance by nature, so this test alone"
            " is not conclusive."
        )
    if collinear:
        values = [f"{tables.name(row['factor'])} {apa.number(row['vif'])}" for row in collinear]
        yield Paragraph(
            f"Full-collinearity variance inflation factors: {', '.join(values)}."
            " Values above 3.3 indicate common method variance (Kock, 2015)."
        )
    if method["marker"]:
        yield from _marker(method["marker"], number)
    if method["marker_sequence"]:
        sequence = method["marker_sequence"]
        yield Paragraph(_sequence(sequence))
        yield _models(
            "Marker Variable in the Confirmatory Model", sequence, sequence["comparisons"], number.next()
        )  # fmt: skip
    latent = method["latent_method_factor"]
    if latent:
        yield Paragraph(
            "An unmeasured latent method factor explains "
            f"{apa.percent(latent['method_share'])} of the items' variance on average, their own factors "
            f"{apa.percent(latent['substantive_share'])} (Podsakoff et al., 2003). It takes up real "
            "variance too where the factors are closely related."
        )
        yield _models(
            "Unmeasured Latent Method Factor", latent, [latent["comparison"]], number.next()
        )


def _marker(marker: Section, number: tables.Numbers) -> Iterator[Block]:
    pvalues = [row["pvalue"] for row in marker["correlations"] if row["pvalue"] is not None]
    kept = kept_significant(marker["still_significant"], pvalues)
    yield Paragraph(
        f"With the marker variable ({', '.join(marker['items'])}; r = "
        f"{apa.bounded(marker['r_marker'])}) partialled out, {kept} (Lindell & Whitney, 2001)."
    )
    yield Table(
        number=number.next(),
        title="Correlations Before and After the Marker Variable",
        head=["Scores", italic("r"), apa.P, "Adjusted", apa.P],
        rows=[
            [
                f"{tables.name(row['first'])} and {row['second'].replace('_', ' ')}",
                apa.bounded(row["r"]),
                apa.pvalue(row["pvalue"]),
                apa.bounded(row["r_adjusted"]),
                apa.pvalue(row["pvalue_adjusted"]),
            ]
            for row in marker["correlations"]
        ],
        align="lrrrr",
        widths=[0.48, 0.12, 0.13, 0.14, 0.13],
        note=(Styled("n", "italic"), f" = {marker['n']:,}; marker correlation: {marker['rule']}."),
        look=Look.APA,
    )


def kept_significant(stay: bool, pvalues: Sequence[float]) -> str:
    """What became of the significant correlations; none can stay where there was none."""
    if not any(p < SIGNIFICANT for p in pvalues):
        return "no correlation of the scores was significant before either"
    which = (
        "all correlations of the scores"
        if all(p < SIGNIFICANT for p in pvalues)
        else ("the significant correlations of the scores")
    )
    return f"{which} {'stay' if stay else 'do not all stay'} significant"


def _sequence(found: Section) -> str:
    if not found["method_variance"]:
        return "The marker's factor does not explain the answers significantly (Williams et al., 2010)."
    how = "unequally" if found["unequal"] else "all alike"
    bias = (
        "and it biases the correlations of the factors"
        if found["biased"]
        else "but it does not bias the correlations of the factors"
    )
    return (
        f"The marker's factor explains answers, {how} ({apa.percent(found['share'])} of an item's "
        f"variance on average), {bias} (Williams et al., 2010)."
    )


def _models(title: str, found: Section, tests: Sequence[Section], number: int) -> Table:
    # Each model stands against the one before it; Method-R constrains a later one.
    tested = {
        row["constrained" if row["constrained"] == "Method-R" else "free"]: row for row in tests
    }
    rows: list[list[Text]] = []
    for model in found["models"]:
        test = tested.get(model["name"])
        against = ""
        if test:
            against = test["constrained"] if test["free"] == model["name"] else test["free"]
        rows.append(
            [
                _MODELS.get(model["name"], model["name"]),
                apa.number(model["chisq"], 1),
                apa.count(model["df"]),
                apa.bounded(model["cfi"], 3),
                apa.bounded(model["rmsea"], 3),
                apa.bounded(model["srmr"], 3),
                against[:1].upper() + against[1:],
                apa.number(test["delta_chisq"], 1) if test else "",
                apa.count(test["delta_df"]) if test else "",
                apa.pvalue(test["pvalue"]) if test else "",
            ]
        )
    return Table(
        number=number,
        title=title,
        head=["Model", apa.CHI, apa.DF, "CFI", "RMSEA", "SRMR", "Against", apa.DELTA_CHI, ("Δ", *apa.DF), apa.P],
        rows=rows,
        align="lrrrrrlrrr",
        widths=[0.29, 0.085, 0.065, 0.07, 0.085, 0.08, 0.115, 0.085, 0.06, 0.075],
        note=(Styled("n", "italic"), f" = {found['n']:,}."),
        look=Look.APA,
    )  # fmt: skip


def _flagged(careless: Section) -> str:
    if not careless["n_flagged"]:
        return f"None of {careless['n']:,} respondents shows a sign of careless answering."
    return (
        f"{careless['n_flagged']:,} of {careless['n']:,} respondents"
        f" ({100 * careless['share_flagged']:.0f}%) show a sign of careless answering."
    )


def _signs(section: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Signs of Careless Answering",
        head=["Sign", "Cut-off", "Unit", "Source", "Flagged"],
        rows=[
            [
                _SIGNS.get(row["indicator"], row["indicator"]),
                apa.number(row["cut"], 2 if row["cut"] and row["cut"] % 1 else 0),
                row["unit"],
                row["source"],
                apa.count(row["n_flagged"]),
            ]
            for row in section["indicators"]
        ],
        align="lrllr",
        widths=[0.23, 0.1, 0.29, 0.27, 0.11],
        note="Flags are prompts to inspect a response, never a reason to delete it on their own.",
        look=Look.APA,
    )


def _without(document: Section, without: Section, number: int) -> Table:
    """The headline results of all respondents beside those of the unflagged ones."""
    cfa = document["cfa"]
    fits = (cfa["fit"] if cfa else {}), (without["fit"] or {})
    ns = document["sample"]["n_complete"], without["n_complete"]
    rows: list[list[Text]] = [["Complete respondents", *(apa.count(n) for n in ns)]]
    for key, label in (("cfi", "CFI"), ("tli", "TLI"), ("rmsea", "RMSEA"), ("srmr", "SRMR")):
        rows.append([label, *(apa.bounded(fit.get(key), 3) for fit in fits)])
    again = {row["factor"]: row for row in without["reliability"]}
    for row in document["reliability"]:
        other = again.get(row["factor"], {})
        for key, label in (("alpha", "alpha"), ("ave", "AVE")):
            if row[key] is not None:
                rows.append([f"{tables.name(row['factor'])}, {label}", apa.bounded(row[key], 3), apa.bounded(other.get(key), 3)])  # fmt: skip
    rows.append(["Criteria met", _met(_core(document, without)), _met(without["conclusions"])])
    return Table(
        number=number,
        title="Headline Results With and Without the Flagged Respondents",
        head=["Result", "All", "Without the flagged"],
        rows=rows,
        align="lrr",
        widths=[0.5, 0.22, 0.28],
        note="Only criteria that were judged both times are counted.",
        look=Look.APA,
    )


def _core(document: Section, without: Section) -> list[Section]:
    """The criteria that were asked again without the flagged rows."""
    again = {(row["measure"], row["subject"]) for row in without["conclusions"]}
    return [row for row in document["conclusions"] if (row["measure"], row["subject"]) in again]


def _met(conclusions: Sequence[Section]) -> str:
    known = [row for row in conclusions if row["holds"] is not None]
    return f"{sum(row['holds'] for row in known)} of {phrases.number(len(known))}"
