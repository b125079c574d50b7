"""The SJQ nomological study in one call: how journey quality, service quality and loyalty go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.higher_order import HigherOrder
from analysis.composite.importance import ImportancePerformance, importance_performance
from analysis.composite.layout import CompositeOptions
from analysis.composite.marker import MarkerCorrection, marker_correction
from analysis.composite.mediation import Mediation, mediation
from analysis.composite.model import Construct, Path, PlsModel
from analysis.composite.pls import fit_pls
from analysis.composite.predict import Prediction, predict_pls
from analysis.composite.result import PlsResult
from analysis.composite.sjq_discriminant import HtmtPair, htmt_pairs, htmt_sentences
from analysis.composite.sjq_hypotheses import Hypothesis, hypotheses
from analysis.composite.sjq_published import CAUTION, PUBLISHED, SOURCE
from analysis.composite.sjq_robustness import Robustness, robustness
from analysis.errors import DataError, ModelError
from analysis.json_values import to_json
from analysis.scale.method_variance import Harman, MarkerTest, harman, marker_test

JOURNEY: Mapping[str, Sequence[str]] = {
    "seamlessness": tuple(f"sea{i}" for i in range(1, 7)),
    "coherence": tuple(f"coh{i}" for i in range(1, 7)),
    "personalization": tuple(f"per{i}" for i in range(3, 7)),
}
SERVICE: Mapping[str, Sequence[str]] = {
    "tangibles": tuple(f"tan{i}" for i in range(1, 5)),
    "reliability": tuple(f"rel{i}" for i in range(1, 6)),
    "responsiveness": tuple(f"res{i}" for i in range(1, 5)),
    "assurance": tuple(f"ass{i}" for i in range(1, 5)),
    "empathy": tuple(f"emp{i}" for i in range(1, 6)),
}
LOYALTY: Sequence[str] = tuple(f"loy{i}" for i in range(1, 6))
MARKER: Sequence[str] = tuple(f"mar{i}" for i in range(1, 5))
# Names of the constructs above the dimensions, as they stand in every table of the study.
SJQ, QUALITY, LOYAL = "sjq", "service_quality", "loyalty"
STATISTICS_WANTED = (
    "paths", "weights", "loadings", "total_effects", "indirect_effects", "specific_effects",
    "r_squared", "vif", "alpha", "rho_a", "cr", "ave", "htmt",
)  # fmt: skip


@dataclass(frozen=True)
class SjqStudy:
    """Everything the nomological study computes.

    ``baseline`` is SJQ -> loyalty, ``full`` adds service quality between them; both are
    bootstrapped fits. ``weights``: model, dimension, weight, lower, upper, p of SJQ's dimensions.
    ``largest_vif`` over dimensions and antecedents, ``largest_item_vif`` over the items of each
    construct. ``htmt``: every pair of first-order constructs; ``discriminant``: sentences on those that
    reach the cut-off. ``published``: key, label, published, ours
    (printed figures of another population, see ``caution``). Marker results are None without
    marker items.
    """

    n: int
    baseline: PlsResult
    full: PlsResult
    weights: pd.DataFrame
    largest_vif: float
    largest_item_vif: float
    htmt: tuple[HtmtPair, ...]
    discriminant: tuple[str, ...]
    harman: Harman
    marker: MarkerTest | None
    marker_correction: MarkerCorrection | None
    mediation: Mediation
    hypotheses: tuple[Hypothesis, ...]
    importance: ImportancePerformance
    prediction: Prediction
    robustness: Robustness
    published: pd.DataFrame
    source: str
    caution: str
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The study as JSON values."""
        out = {
            "n": self.n,
            "baseline": self.baseline.to_dict(),
            "full": self.full.to_dict(),
            "weights": self.weights.to_dict("records"),
            "largest_vif": self.largest_vif,
            "largest_item_vif": self.largest_item_vif,
            "htmt": self.htmt,
            "discriminant": self.discriminant,
            "harman": self.harman,
            "marker": self.marker,
            "mediation": self.mediation,
            "hypotheses": self.hypotheses,
            "importance": {
                name: getattr(self.importance, name).reset_index().to_dict("records")
                for name in ("constructs", "dimensions", "items")
            },
            "target_performance": self.importance.target_performance,
            "prediction": self.prediction.items.reset_index().to_dict("records"),
            "robustness": self.robustness.table.to_dict("records"),
            "why_they_differ": self.robustness.why,
            "published": self.published.to_dict("records"),
            "source": self.source,
            "caution": self.caution,
            "warnings": self.warnings,
        }
        if self.marker_correction is not None:
            out["marker_correction"] = self.marker_correction.paths.to_dict("records")
        return dict(to_json(out))


def study_models(
    journey: Mapping[str, Sequence[str]],
    service: Mapping[str, Sequence[str]],
    loyalty: Sequence[str],
) -> tuple[PlsModel, PlsModel]:
    """Baseline and full model: reflective dimensions, formed second-order constructs.

    Raises ModelError as ``PlsModel``.
    """
    sjq = (
        *(Construct(name, tuple(items), "A", factor=True) for name, items in journey.items()),
        Construct(SJQ, tuple(journey), "B"),
    )
    quality = (
        *(Construct(name, tuple(items), "A", factor=True) for name, items in service.items()),
        Construct(QUALITY, tuple(service), "B"),
    )
    loyal = Construct(LOYAL, tuple(loyalty), "A", factor=True)
    direct = Path(SJQ, LOYAL)
    return (
        PlsModel((*sjq, loyal), (direct,)),
        PlsModel((*sjq, *quality, loyal), (Path(SJQ, QUALITY), direct, Path(QUALITY, LOYAL))),
    )


def sjq_study(
    data: pd.DataFrame,
    *,
    journey: Mapping[str, Sequence[str]] = JOURNEY,
    service: Mapping[str, Sequence[str]] = SERVICE,
    loyalty: Sequence[str] = LOYALTY,
    marker: Sequence[str] = MARKER,
    scale: tuple[float, float] = (1, 7),
    higher_order: HigherOrder = "repeated",
    bootstrap: int = 5_000,
    seed: int | None = None,
    missing: Missing = "mean",
    ml: bool = True,
) -> SjqStudy:
    """SJQ -> service quality -> loyalty, estimated and checked as in the SJQ article.

    data: items in columns. journey, service: dimension -> items; loyalty, marker: items (the codes
    of the instruments sjq, servqual-p, loyalty and marker by default; a marker that is wholly
    absent from the data is left out with a warning). PLS with path scheme, Mode B second-order
    constructs by ``higher_order`` ("repeated" as in the article: SJQ leads to each dimension of
    service quality, these compose it), ``bootstrap`` resamples. ``ml=False`` leaves out the
    covariance-based counterpart.

    Steps: baseline model; full model; VIF; Harman's test; marker correlation (Lindell & Whitney
    2001) and measured latent marker (Chin et al. 2013); mediation; hypotheses H1 to H3 in words;
    importance-performance map; cross-validated prediction; the same effects estimated in other
    ways; the article's figures beside ours.

    Raises as ``fit_pls``; DataError below two resamples.
    Jaakkola & Terho (2021), Journal of Service Management 32(6), doi 10.1108/JOSM-06-2020-0233.
    """
    if bootstrap < 2:
        raise DataError(f"the study tests by bootstrap; {bootstrap} resamples are too few")
    base_model, full_model = study_models(journey, service, loyalty)
    markers, notes = _fielded_marker(data, journey, marker)
    baseline, full = (
        fit_pls(
            data,
            model,
            higher_order=higher_order,
            missing=missing,
            bootstrap=bootstrap,
            seed=seed,
            statistics=STATISTICS_WANTED,
            fit_test=False,
        )
        for model in (base_model, full_model)
    )
    settings = CompositeOptions(higher_order=higher_order)
    predicting = settings if higher_order != "three-stage" else CompositeOptions()
    measures = {**journey, **service, LOYAL: loyalty}
    found = mediation(full, SJQ, LOYAL)
    blocks = {SJQ: tuple(journey), QUALITY: tuple(service)}
    pairs = htmt_pairs(full, [*journey, *service, LOYAL], blocks)
    corrected = None
    if markers:
        corrected = marker_correction(
            data,
            full_model,
            markers,
            settings=settings,
            missing=missing,
            bootstrap=min(bootstrap, 1_000),
            seed=seed,
        )
    return SjqStudy(
        n=full.n,
        baseline=baseline,
        full=full,
        weights=_weights({"baseline": baseline, "full": full}, journey),
        largest_vif=_largest_vif((baseline, full)),
        largest_item_vif=_largest_item_vif((baseline, full), blocks),
        htmt=pairs,
        discriminant=htmt_sentences(pairs),
        harman=harman(data, list(full_model.items)),
        marker=marker_test(data, measures, markers) if markers else None,
        marker_correction=corrected,
        mediation=found,
        hypotheses=hypotheses(full, found),
        importance=importance_performance(
            data,
            full_model,
            LOYAL,
            scale=dict.fromkeys(full_model.items, scale),
            settings=settings,
            missing=missing,
            bootstrap=min(bootstrap, 1_000),
            seed=seed,
        ),
        prediction=predict_pls(
            data, full_model, settings=predicting, missing=missing, repetitions=3, seed=seed
        ),
        robustness=robustness(data, full_model, full, missing=missing, ml=ml),
        published=_published(baseline, full, journey),
        source=SOURCE,
        caution=CAUTION,
        warnings=(
            *notes,
            *htmt_sentences(pairs),
            *dict.fromkeys((*baseline.warnings, *full.warnings)),
        ),
    )


def _fielded_marker(
    data: pd.DataFrame, journey: Mapping[str, Sequence[str]], marker: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The marker items to use, and what to say about them and about absent dimensions."""
    notes = []
    absent = set(JOURNEY) - set(journey)
    if absent:
        notes.append(f"without {', '.join(sorted(absent))} this is not SJQ as published")
    markers = [item for item in marker if item in data.columns]
    if marker and not markers:
        notes.append("the data has no marker items, so that the marker tests are left out")
    elif len(markers) < len(marker):
        raise ModelError(
            f"marker items {', '.join(sorted(set(marker) - set(markers)))} are no columns of the "
            "data; give the marker that was fielded"
        )
    return markers, notes


def _weights(fits: Mapping[str, PlsResult], journey: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """What each dimension contributes to SJQ, with percentile intervals.

    With repeated items that is the path from the dimension, else its outer weight.
    """
    rows = []
    for model, fit in fits.items():
        if fit.bootstrap is None:
            continue
        repeated = fit.settings.higher_order == "repeated"
        table = fit.bootstrap.tables["paths" if repeated else "weights"].to_dict("index")
        for dimension in journey:
            row = table[(dimension, SJQ) if repeated else (SJQ, dimension)]
            values = [float(row[c]) for c in ("estimate", "lower", "upper", "p")]
            rows.append((model, dimension, *values))
    return pd.DataFrame(rows, columns=["model", "dimension", "weight", "lower", "upper", "p"])


def _largest_vif(fits: Sequence[PlsResult]) -> float:
    """Largest VIF of dimensions among each other and of antecedents; items are not formative."""
    values = []
    for fit in fits:
        values += fit.paths["vif"].dropna().tolist()
        for construct in fit.model.higher:
            at = [fit.estimates.constructs.index(part) for part in construct.parts]
            values += np.diag(np.linalg.inv(fit.estimates.scores[0][np.ix_(at, at)])).tolist()
    return float(max(values))


def _largest_item_vif(fits: Sequence[PlsResult], blocks: Mapping[str, Sequence[str]]) -> float:
    """Largest VIF of a first-order construct's items among each other."""
    found = [fit.vif[~fit.vif["construct"].isin(list(blocks))]["vif"].max() for fit in fits]
    return float(max(found))


def _published(
    baseline: PlsResult, full: PlsResult, journey: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    weights = _weights({"baseline": baseline, "full": full}, journey)
    ours: dict[str, float] = {
        f"{model} weight {dimension}": float(weight)
        for model, dimension, weight in zip(
            weights["model"], weights["dimension"], weights["weight"], strict=True
        )
    }
    direct, total = full.path(SJQ, LOYAL), full.total(SJQ, LOYAL)
    ours |= {
        "baseline total": baseline.total(SJQ, LOYAL),
        "baseline r_squared loyalty": _explained(baseline, LOYAL),
        "full direct": direct,
        "full indirect": total - direct,
        "full total": total,
        "full service quality loyalty": full.path(QUALITY, LOYAL),
        "full r_squared service quality": _explained(full, QUALITY),
    }
    if full.settings.higher_order == "repeated":
        for dimension in full.model[QUALITY].parts:
            ours[f"full path {dimension}"] = full.total(SJQ, dimension)
    return pd.DataFrame(
        [(p.key, p.label, p.value, ours.get(p.key, float("nan"))) for p in PUBLISHED],
        columns=["key", "label", "published", "ours"],
    )


def _explained(fit: PlsResult, construct: str) -> float:
    return float(fit.r_squared["r_squared"].to_dict()[construct])
