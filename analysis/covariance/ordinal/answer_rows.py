"""What ordinal items add to a model's parameters: thresholds, response scales, residual variances."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.covariance.text.model import Model, Modifier, Path
from analysis.errors import ModelError

Outline = list[tuple[Path, tuple[Modifier, ...] | None, float | None, bool, bool]]


def require_no_answers(model: Model, *, ordered: bool) -> None:
    """Raise ModelError for thresholds and response scales in a model of numbers, and in one of ``ordered``
    correlations, whose steps over groups set them.
    """
    if ordered:
        cure = "the steps over groups set them; leave the line out, or fit the text by itself"
    else:
        cure = "they belong to ordinal items; choose WLSMV, or leave the line out"
    for path in model.paths:
        if path.op in ("|", "~*~"):
            what = "thresholds" if path.op == "|" else "response scales"
            raise _at(path, f"{what}: {cure}")


def with_answers(
    model: Model, outline: Outline, thresholds: Mapping[str, int], *, theta: bool
) -> Outline:
    """The outline with every ordinal item's thresholds (``thresholds`` says how many), its intercept 0
    unless said, and its residual variance: what follows (delta), or 1 unless said (theta).

    Raises ModelError for a threshold that the answers do not have, for thresholds and scales of numbers,
    for scales in the theta parametrisation and for residual variances in the other.
    """
    result: Outline = []
    for path, modifiers, default, exogenous, said in outline:
        own = path.lhs in thresholds
        if path.op in ("|", "~*~") and not own:
            raise _at(path, f"{path.lhs} is no ordinal item; leave the line out")
        if path.op == "|" and int(path.rhs[1:]) > thresholds[path.lhs]:
            raise _at(
                path,
                f"{path.lhs} has {thresholds[path.lhs] + 1} different answers and so no more than "
                f"{thresholds[path.lhs]} thresholds; leave {path.rhs} out",
            )
        if path.op == "~*~" and theta:
            raise _at(
                path,
                "response scales follow from residual variances in the theta parametrisation; say "
                f"'{path.lhs} ~~ {path.lhs}', or choose delta",
            )
        variance = path.op == "~~" and path.lhs == path.rhs and own
        if variance and not theta and said and any(m != Modifier() for m in modifiers or ()):
            raise _at(
                path,
                "the residual variance of an ordinal item follows from its unit variance; leave the line "
                "out, or choose the theta parametrisation",
            )
        if variance and not theta:
            modifiers, default, said = None, 0.0, False
        elif variance and not said:
            default = 1.0
        elif path.op == "~1" and own and not said:
            default = 0.0
        result.append((path, modifiers, default, exogenous, said))
    written = {(path.lhs, path.rhs) for path in model.paths if path.op == "|"}
    result += [
        (Path(name, "|", f"t{k}"), None, None, False, False)
        for name, count in thresholds.items()
        for k in range(1, count + 1)
        if (name, f"t{k}") not in written
    ]
    return result


def _at(path: Path, message: str) -> ModelError:
    return ModelError(f"{path.name}: {message}", line=path.line or None, column=path.column or None)
