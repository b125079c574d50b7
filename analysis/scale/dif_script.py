"""A test of ordinal items for DIF as an R script that gives the same numbers with MASS."""

from __future__ import annotations

import json

from analysis.scale.ordinal_dif import OrdinalDif


def dif_script(found: OrdinalDif, *, file: str = "data.csv") -> str:
    """R code that reads ``file`` and fits each item's three models on its final matching score.

    The text names the numbers to expect.
    """
    items = [each.item for each in found.items]
    lines = [
        "library(MASS)",
        f"data <- read.csv({_quoted(file)}, check.names = FALSE)",
        f"data <- na.omit(data[c({', '.join(_quoted(name) for name in (*items, found.group))})])",
        f"data$group <- factor(data[[{_quoted(found.group)}]], levels = c("
        + ", ".join(_quoted(label) for label in found.groups)
        + "))",
        "data <- data[!is.na(data$group), ]",
    ]
    for item, point in found.turning_points.items():
        column = _quoted(item)
        lines.append(f"data[[{column}]] <- {point:.15g} - data[[{column}]]  # reversed")
    lines += [
        "tested <- function(item, matching) {",
        "  data$score <- rowMeans(data[unique(c(matching, item))])",
        "  data$y <- factor(data[[item]])",
        "  models <- list(y ~ 1, y ~ score, y ~ score + group, y ~ score * group)",
        "  ll <- sapply(models, function(f) as.numeric(logLik(polr(f, data))))",
        "  r2 <- (1 - exp(2 * (ll[1] - ll) / nrow(data))) / (1 - exp(2 * ll[1] / nrow(data)))",
        "  c(uniform = 2 * (ll[3] - ll[2]), nonuniform = 2 * (ll[4] - ll[3]),",
        "    total = 2 * (ll[4] - ll[2]), nagelkerke = r2[4] - r2[2])",
        "}",
    ]
    for each in found.items:
        matching = ", ".join(_quoted(name) for name in each.matching)
        lines += [
            f"tested({_quoted(each.item)}, c({matching}))",
            f"# expected: uniform = {each.uniform.chisq:.5g}, nonuniform = {each.nonuniform.chisq:.5g},"
            f" total = {each.total.chisq:.5g}, nagelkerke = {each.total.nagelkerke:.4g}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """An R string; JSON escapes the same characters."""
    return json.dumps(text, ensure_ascii=False)
