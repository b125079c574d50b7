"""The same validation as an R script, which compares lavaan's numbers with the report's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from analysis.scale.cfa import Model, merged_pairs, model_text, one_factor, sem_names
from analysis.scale.method_factor import unused

_STEPS_BEGIN = "# ---- data ----"
TOLERANCE = 1e-4  # of a difference, relative for numbers above 1
_STEPS: Mapping[str, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
_ORDINAL_STEPS: Mapping[str, tuple[str, ...]] = {
    "configural": (),
    "thresholds": ("thresholds",),
    "loadings": ("thresholds", "loadings"),
    "intercepts": ("thresholds", "loadings", "intercepts"),
    "residuals": ("thresholds", "loadings", "intercepts", "residuals"),
}


def validation_script(
    model: Model,
    *,
    reverse: Mapping[str, float] | None = None,
    estimator: str = "ML",
    missing: str = "listwise",
    likelihood: str = "normal",
    group: Sequence[str] = (),
    draws: int = 500,
    efa_method: str = "minres",
    efa_rotation: str = "oblimin",
    instrument: str = "",
    read: Sequence[str] = ('answers <- read.csv("answers.csv", check.names = FALSE)',),
    report: str = "results.json",
) -> str:
    """R code that computes what ``validate_scale`` does and compares it with the JSON in ``report``.

    model: factor -> items. reverse: item -> the sum of its scale's ends, for items to be turned.
    instrument: its code, which stands before the items in the columns of an export. read: lines that
    make the data frame ``answers``. The script runs on lavaan 0.6 and 0.7, ends with an error when a
    number differs by more than TOLERANCE, and prints what psych and semTools say where they are
    installed, unless it is called with ``--brief``. Random numbers differ between the programs:
    parallel analysis agrees up to its draws.
    """
    items = [item for members in model.values() for item in members]
    how = _fitted_how(estimator, missing, likelihood)
    prefixes = "|".join(filter(None, [instrument, "attribute"]))
    lines = [
        "# Computes a scale validation with lavaan 0.6 or 0.7 and compares the numbers with a report.",
        f"# Run it in the folder of the data and of {report}; it ends with an error where they differ.",
        "suppressPackageStartupMessages(library(lavaan))",
        f"report <- {_text(report)}",
        f"tolerance <- {TOLERANCE:g}  # largest difference, relative for numbers above 1",
        f"factors <- list({', '.join(f'{_name(f)} = {_vector(m)}' for f, m in model.items())})",
        f"latent <- c({', '.join(f'{_name(f)} = {_text(n)}' for f, n in sem_names(model).items())})",
        f"items <- {_vector(items)}",
        "",
        _functions(),
        _STEPS_BEGIN,
        *read,
        f'names(answers) <- sub("^({prefixes})[.]", "", names(answers))',
        "answers <- answers[rowSums(!is.na(answers[items])) > 0, ]  # who was asked the scale",
        "answers[items] <- lapply(answers[items], as.numeric)",
        *(f"answers${item} <- {total:g} - answers${item}" for item, total in (reverse or {}).items()),
        "complete <- na.omit(answers[items])",
        'compare("rows", nrow(complete), results$sample$n_complete)',
        'if (wanted("items")) compare_items(answers, results$items)',
        'if (wanted("normality")) compare_normality(complete, results$normality)',
        'if (wanted("adequacy")) compare_adequacy(complete, results$adequacy)',
        "",
        "# ---- confirmatory factor analysis ----",
        f"model <- '\n{_indented(model_text(model))}'",
        'if (wanted("cfa")) {',
        f"fit <- cfa(model, {how})",
        'do.call("summary", c(list(fit), named(fit.measures = TRUE, standardized = TRUE)))',
        'if (usable("cfa", fit, results$cfa$converged)) compare_cfa(fit, results$cfa)',
        *_rivals(model, how),
        *_fornell_larcker(model),
        *_second_order(model, how),
        *_bifactor(model, how),
        "}",
        "",
        "# ---- reliability and validity ----",
        'compare_reliability("reliability", answers, if (wanted("cfa")) fit, results$reliability)',
        *_htmt(model),
        *(line for column in group for line in _invariance(column, estimator, missing)),
        *_without_flagged(how),
        *_others(model, draws, efa_method, efa_rotation),
        "",
        "conclude()",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def steps_of(script: str) -> str:
    """What a script computes, without the functions before it; all of one from an earlier version."""
    _, begin, steps = script.partition(f"{_STEPS_BEGIN}\n")
    return steps if begin else script


@cache
def _functions() -> str:
    return Path(__file__).with_name("r_functions.R").read_text(encoding="utf-8")


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _name(name: str) -> str:
    return f"`{name}`"


def _vector(names: Sequence[str]) -> str:
    return "c(" + ", ".join(map(_text, names)) + ")"


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def _fitted_how(estimator: str, missing: str, likelihood: str) -> str:
    data = "answers" if missing == "fiml" else "complete"
    return f"data = {data}, {_estimation(estimator, missing, likelihood)}"


def _estimation(estimator: str, missing: str, likelihood: str = "normal") -> str:
    parts = [f'estimator = "{estimator}"']
    if missing == "fiml":
        parts.append('missing = "fiml"')
    if estimator == "WLSMV":
        parts.append("ordered = items")
    elif likelihood != "normal":
        parts.append(f'likelihood = "{likelihood}"')
    return ", ".join(parts)


def _rivals(model: Model, how: str) -> Iterator[str]:
    yield 'if (wanted("rivals")) compare_null(fit)'
    if len(model) < 2:
        return
    others = [("one factor", one_factor(model))]
    if len(model) > 2:
        others += [(next(iter(each)).replace("+", " + "), each) for each in merged_pairs(model)]
    for i, (name, rival) in enumerate(others, start=1):
        named = {factor.replace("+", "_"): members for factor, members in rival.items()}
        yield f"rival{i} <- cfa('\n{_indented(model_text(named))}', {how})"
        general = "fit"
        if "ordered" in how and (same := _in_order_of(rival, model)) != list(model):
            # lavaan's test of ordinal items takes both models' items to be in one order.
            general = f"same{i}"
            reordered = model_text({factor: model[factor] for factor in same})
            yield f"{general} <- cfa('\n{_indented(reordered)}', {how})"
        yield f"compare_rival({_text(name)}, rival{i}, {general})"


def _in_order_of(rival: Model, model: Model) -> list[str]:
    """The model's factors in the order in which the rival has their items."""
    place = {item: i for i, item in enumerate(i for items in rival.values() for i in items)}
    return sorted(model, key=lambda factor: place[model[factor][0]])


def _fornell_larcker(model: Model) -> Iterator[str]:
    if len(model) > 1:
        yield 'if (wanted("fornell_larcker"))'
        yield '  compare_matrix("Fornell-Larcker", fornell_larcker_of(fit), names(factors),'
        yield "    results$fornell_larcker$matrix)"


def _htmt(model: Model) -> Iterator[str]:
    if len(model) < 2:
        return
    yield 'if (wanted("htmt")) {'
    yield "  r <- cor(complete)"
    yield '  compare_matrix("HTMT", htmt_of(r, factors, mean), names(factors), results$htmt$htmt)'
    yield "  geometric <- function(x) exp(mean(log(x)))"
    yield '  compare_matrix("HTMT2", htmt_of(r, factors, geometric), names(factors), results$htmt$htmt2)'
    yield "}"


def _second_order(model: Model, how: str) -> Iterator[str]:
    if len(model) < 3:
        return
    names = tuple(sem_names(model).values())
    general = unused("general", {**model, "": names})
    above = f"{general} =~ NA*{' + '.join(names)}\n{general} ~~ 1*{general}"
    yield from ("", "# ---- second order ----", 'if (wanted("second_order")) {')
    yield f"second <- cfa(paste(model, '\n{_indented(above)}', sep = \"\\n\"), {how})"
    yield f"compare_second_order(second, {_text(general)}, results$second_order)"
    yield "}"


def _bifactor(model: Model, how: str) -> Iterator[str]:
    if len(model) < 3 or min(map(len, model.values())) < 3:
        return
    general = unused("general", model)
    measured = {general: [item for members in model.values() for item in members]}
    measured |= {unused(f"group{j}", model): list(m) for j, m in enumerate(model.values(), 1)}
    yield from ("", "# ---- bifactor ----", 'if (wanted("bifactor")) {')
    yield f"both <- do.call(\"cfa\", named(model = '\n{_indented(model_text(measured))}', {how},"
    yield "  std.lv = TRUE, orthogonal = TRUE))"
    yield f"compare_bifactor(both, {_text(general)}, results$bifactor)"
    yield "}"


def _invariance(column: str, estimator: str, missing: str) -> Iterator[str]:
    yield from ("", f"# ---- invariance over {column} ----")
    complete = str(missing != "fiml").upper()
    yield f"compared_groups <- grouped(answers, {_text(column)}, complete = {complete})"
    if estimator == "WLSMV":
        yield from _ordinal_ladder(column)
        return
    for step, equal in _STEPS.items():
        held = f", group.equal = {_vector(equal)}" if equal else ""
        yield (
            f'{step} <- do.call("cfa", named(model = model, data = compared_groups,'
            f" group = {_text(column)}, {_estimation(estimator, missing)}{held}))"
        )
    steps = ", ".join(f"{step} = {step}" for step in _STEPS)
    yield f"compare_ladder({_text(column)}, list({steps}))"


def _ordinal_ladder(column: str) -> Iterator[str]:
    """Steps as Wu and Estabrook (2016) identify them, which semTools writes for lavaan."""
    yield 'if (requireNamespace("semTools", quietly = TRUE)) {'
    yield f"compared_groups <- joined(compared_groups, {_text(column)})"
    yield "step <- function(...) semTools::measEq.syntax(configural.model = model, data = compared_groups,"
    yield f'  estimator = "WLSMV", ordered = items, group = {_text(column)}, parameterization = "theta",'
    yield '  ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", return.fit = TRUE, ...)'
    steps = []
    for name, equal in _ORDINAL_STEPS.items():
        held = f"group.equal = {_vector(equal)}" if equal else ""
        steps.append(f"  {name} = step({held})")
    yield f"tryCatch(compare_ladder({_text(column)}, list(\n" + ",\n".join(steps) + ")),"
    yield f'  error = function(problem) skip("invariance over {column}", conditionMessage(problem)))'
    yield f'}} else skip("invariance over {column}", "steps of ordinal items need semTools")'


def _without_flagged(how: str) -> Iterator[str]:
    """The headline results once more, as the report has them without careless answers."""
    yield from ("", "# ---- without the rows that the column careless flags ----")
    yield "everybody <- answers"
    yield 'if (wanted("cfa") && "careless" %in% names(answers) && any(answers$careless %in% 1)) {'
    yield "answers <- everybody[!(everybody$careless %in% 1), ]"
    yield "complete <- na.omit(answers[items])"
    yield "without <- results$careless$without"
    yield 'compare("rows without the flagged", nrow(complete), without$n_complete)'
    yield f"again <- cfa(model, {how})"
    yield 'if (usable("cfa without the flagged", again)) {'
    yield '  compare_fit("without the flagged", again, without$fit)'
    yield '  compare_reliability("without the flagged", answers, again, without$reliability)'
    yield "}"
    yield "answers <- everybody"
    yield "complete <- na.omit(answers[items])"
    yield "}"


def _others(model: Model, draws: int, efa_method: str, efa_rotation: str) -> Iterator[str]:
    """What psych and semTools say of the same data."""
    multi = [members for members in model.values() if len(members) > 1]
    fm = {"principal_axis": "pa", "principal": "pca"}.get(efa_method, efa_method)
    yield from ("", "# ---- what psych and semTools say ----")
    yield 'more <- !("--brief" %in% commandArgs(TRUE))'
    yield 'if (more && requireNamespace("psych", quietly = TRUE)) with(asNamespace("psych"), {'
    yield "print(describe(answers[items]))"
    yield "print(mardia(complete, plot = FALSE))"
    yield "print(KMO(complete))"
    yield "print(cortest.bartlett(cor(complete), n = nrow(complete)))"
    yield f"print(fa.parallel(complete, SMC = TRUE, n.iter = {draws}, quant = .95, plot = FALSE))"
    yield f'print(fa(complete, nfactors = {len(model)}, fm = "{fm}", rotate = "{efa_rotation}"))'
    for members in multi:
        own = _vector(members)
        yield f"print(alpha(na.omit(answers[{own}])))"
        yield f"print(alpha.ci(alpha(complete[{own}])$total$raw_alpha, nrow(complete), {len(members)}))"
    if len(model) > 1:
        yield f"print(omega(complete, nfactors = {len(model)}, plot = FALSE))"
    yield "})"
    yield 'if (more && exists("fit") && requireNamespace("semTools", quietly = TRUE)) with(asNamespace("semTools"), {'
    yield "print(compRelSEM(fit))"
    yield "print(AVE(fit))  # of items weighted by their variance"
    if len(model) > 1:
        yield "print(htmt(model, data = complete, htmt2 = FALSE))"
        yield "print(htmt(model, data = complete, htmt2 = TRUE))"
    yield "})"
