"""Composites (``C <~ x1 + x2 + x3``): weighted sums of observed items, said in paths that the engine has.

The items of a block covary freely among themselves, and with all else through their composite alone
(Schamberger, Schuberth, Henseler & Rosseel 2025). With the weight w1 of one item, the marker, fixed, C =
w1 x1 + N with N = w2 x2 + ... is x1 = (C - N) / w1 without a residual, while the other items load on C with
residuals that covary freely. Loadings, residuals and C's variance are the block's covariances in other
coordinates: the same parameters as in Henseler and Ogasawara's specification, and weights among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.covariance.text.model import Model, Path
from analysis.errors import ModelError

# Kinds of parameters that stand for a block's covariances too, which are not to be held equal.
_OF_ITEMS = ("loadings", "residuals", "residual_covariances")


@dataclass(frozen=True)
class Composite:
    """A composite's items in order; ``marker`` is the one by whose fixed weight it has its unit."""

    name: str
    items: tuple[str, ...]
    marker: str

    @property
    def others(self) -> tuple[str, ...]:
        """The items beside the marker."""
        return tuple(item for item in self.items if item != self.marker)

    @property
    def inner(self) -> tuple[tuple[str, str, str], ...]:
        """The free parameters that stand for the block's covariances: lhs, op, rhs."""
        others = self.others
        return (
            *((self.name, "=~", item) for item in others),
            *((a, "~~", b) for k, a in enumerate(others) for b in others[k:]),
        )


def composites_of(model: Model) -> tuple[Composite, ...]:
    """The model's composites.

    Raises ModelError for what is no composite of observed items of its own, or has no unit.
    """
    blocks: dict[str, list[Path]] = {}
    for path in model.paths:
        if path.op == "<~":
            blocks.setdefault(path.lhs, []).append(path)
    if not blocks:
        return ()
    _require_own_items(model, blocks)
    return tuple(
        Composite(name, tuple(path.rhs for path in paths), _marker(name, paths))
        for name, paths in blocks.items()
    )


def require_fitted_here(
    composites: tuple[Composite, ...],
    *,
    equal: Sequence[str],
    means: bool,
    ordered: bool,
    orthogonal: bool,
) -> None:
    """Raise ModelError naming the first choice that composites do not go with."""
    held = [word for word in equal if word in _OF_ITEMS]
    refused = {
        f"equal {''.join(held[:1])} over groups (label weights and loadings, as in c(1, 1)*x1 + c(a, a)*x2)": bool(
            held
        ),
        "ordinal items (use estimator ML or MLR)": ordered,
        "means or intercepts (leave them out)": means,
        "orthogonal latent variables (fix single covariances at 0 instead)": orthogonal,
    }
    _refuse(composites, [what for what, chosen in refused.items() if chosen])


def require_complete_likelihood(
    composites: tuple[Composite, ...],
    *,
    estimator: str,
    missing: str,
    likelihood: str,
    clustered: bool = False,
) -> None:
    """Raise ModelError for composites by anything but maximum likelihood on complete rows."""
    refused = {
        f"estimator {estimator} (use ML or MLR)": estimator not in ("ML", "MLR"),
        "missing='fiml' (use listwise)": missing != "listwise",
        "the Wishart likelihood (use normal)": likelihood != "normal",
        "cluster, which models the means (leave it out)": clustered,
    }
    _refuse(composites, [what for what, chosen in refused.items() if chosen])


def require_no_composites(composites: tuple[Composite, ...], what: str) -> None:
    """Raise ModelError saying that ``what`` is not computed for a model with composites."""
    if composites:
        raise ModelError(
            f"{composites[0].name}: {what} are not computed for a model with composites ('<~')"
        )


def _refuse(composites: tuple[Composite, ...], refused: list[str]) -> None:
    if composites and refused:
        raise ModelError(
            f"{composites[0].name}: composites ('<~') are estimated by ML or MLR from complete rows, "
            f"not with {refused[0]}"
        )


def _marker(name: str, paths: list[Path]) -> str:
    for k, path in enumerate(paths):
        said = path.modifiers[0]
        default = 1.0 if k == 0 and not said.free else None
        if (default if said.fixed is None else said.fixed) not in (None, 0.0):
            return path.rhs
    raise _at(
        paths[0],
        f"{name}: no weight is fixed at a value other than 0, so that the composite has no unit; fix one, "
        f"as in {name} <~ 1*{paths[0].rhs}",
    )


def _require_own_items(model: Model, blocks: dict[str, list[Path]]) -> None:
    owner: dict[str, str] = {}
    for name, paths in blocks.items():
        for path in paths:
            if path.rhs in model.latent:
                raise _at(
                    path,
                    f"{path.name}: {path.rhs} is a latent variable, and composites are formed of observed "
                    "items here; use PLS for composites of constructs",
                )
            if owner.setdefault(path.rhs, name) != name:
                raise _at(
                    path,
                    f"{path.rhs} is an item of {owner[path.rhs]} and of {name}; a composite has items of "
                    "its own",
                )
    for path in model.paths:
        if path.op == "<~":
            continue
        if path.op == "=~" and path.lhs in blocks:
            raise _at(path, f"{path.lhs} is a composite ('<~') and a factor ('=~'); choose one")
        if path.op == "~~" and path.lhs == path.rhs in blocks and _fixed(path):
            raise _at(
                path,
                f"{path.name}: a composite's variance follows from its weights and its items' covariances; "
                "leave the line out",
            )
        for item in (path.lhs, path.rhs):
            if item in owner:
                raise _at(
                    path,
                    f"{path.name}: {item} is an item of the composite {owner[item]}, which covaries freely "
                    f"with the composite's other items and with all else through {owner[item]} alone; leave "
                    "the line out",
                )


def _fixed(path: Path) -> bool:
    return any(modifier.fixed is not None for modifier in path.modifiers)


def _at(path: Path, message: str) -> ModelError:
    return ModelError(message, line=path.line or None, column=path.column or None)
