"""The same validation as an R script, for whoever wants the numbers from lavaan and psych."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.scale.cfa import Model, merged_pairs, model_text, one_factor


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
) -> str:
    """R code that computes what ``validate_scale`` does, from a file ``answers.csv``.

    model: factor -> items. reverse: item -> the sum of its scale's ends, for items to be turned.
    Random numbers differ between the programs: parallel analysis agrees up to its draws.
    """
    items = [item for members in model.values() for item in members]
    multi = {factor: members for factor, members in model.items() if len(members) > 1}
    fm = {"principal_axis": "pa", "principal": "pca"}.get(efa_method, efa_method)
    how = _fitted_how(estimator, missing, likelihood)
    lines = [
        "library(lavaan); library(semTools); library(psych)",
        'answers <- read.csv("answers.csv")',
        *(f"answers${item} <- {total:g} - answers${item}" for item, total in (reverse or {}).items()),
        f"items <- {_vector(items)}",
        "complete <- na.omit(answers[items])",
        "",
        "# items, adequacy, number of factors",
        "describe(answers[items])",
        "mardia(complete, plot = FALSE)",
        "KMO(complete)",
        "cortest.bartlett(cor(complete), n = nrow(complete))",
        f"fa.parallel(complete, SMC = TRUE, n.iter = {draws}, quant = .95, plot = FALSE)",
        f'fa(complete, nfactors = {len(model)}, fm = "{fm}", rotate = "{efa_rotation}")',
        "",
        "# confirmatory factor analysis",
        f"model <- '\n{_indented(model)}'",
        f"fit <- cfa(model, {how})",
        "summary(fit, fit.measures = TRUE, standardized = TRUE)",
        *_rivals(model, how),
        "",
        "# reliability and validity",
        *(f"alpha(na.omit(answers[{_vector(members)}]))" for members in multi.values()),
        *(f"alpha.ci(alpha(complete[{_vector(m)}])$total$raw_alpha, nrow(complete), {len(m)})" for m in multi.values()),
        "compRelSEM(fit); AVE(fit)",
        "htmt(model, data = complete, htmt2 = FALSE)",
        "htmt(model, data = complete, htmt2 = TRUE)",
        *([f"omega(complete, nfactors = {len(model)}, plot = FALSE)"] if len(model) > 1 else []),
        *(line for column in group for line in _invariance(column)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _vector(names: Sequence[str]) -> str:
    return "c(" + ", ".join(f'"{name}"' for name in names) + ")"


def _indented(model: Model) -> str:
    return "".join(f"  {line}\n" for line in model_text(model).splitlines())


def _fitted_how(estimator: str, missing: str, likelihood: str) -> str:
    data = "answers" if missing == "fiml" else "complete"
    parts = [f"data = {data}", f'estimator = "{estimator}"']
    if missing == "fiml":
        parts.append('missing = "fiml"')
    if estimator == "WLSMV":
        parts.append("ordered = TRUE")
    elif likelihood != "normal":
        parts.append(f'likelihood = "{likelihood}"')
    return ", ".join(parts)


def _rivals(model: Model, how: str) -> list[str]:
    if len(model) < 2:
        return []
    others = [one_factor(model)] + (merged_pairs(model) if len(model) > 2 else [])
    lines = []
    for i, rival in enumerate(others, start=1):
        named = {factor.replace("+", "_"): items for factor, items in rival.items()}
        lines += [
            f"rival{i} <- cfa('\n{_indented(named)}', {how})",
            f"anova(fit, rival{i})",
        ]
    return lines


def _invariance(column: str) -> list[str]:
    steps: tuple[tuple[str, list[str]], ...] = (
        ("configural", []),
        ("metric", ["loadings"]),
        ("scalar", ["loadings", "intercepts"]),
        ("strict", ["loadings", "intercepts", "residuals"]),
    )
    lines = ["", f"# invariance over {column}"]
    for name, equal in steps:
        constraint = f", group.equal = {_vector(equal)}" if equal else ""
        lines.append(f'{name} <- cfa(model, data = answers, group = "{column}"{constraint})')
    return [*lines, "anova(configural, metric, scalar, strict)"]
