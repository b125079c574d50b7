"""Measures of how well an implied covariance structure fits: chi-square, incremental, RMSEA, residual.

Names are those of lavaan's ``fitMeasures`` with underscores for dots. Every function is a
formula: it takes numbers, returns numbers, and knows nothing of how the model was estimated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

NAN = float("nan")
INCREMENTAL = ("cfi", "tli", "nnfi", "rfi", "nfi", "pnfi", "ifi", "rni")
LARGE = 1e4  # a chi-square from which on its non-central distribution is nearly normal in the root


@dataclass(frozen=True)
class Rmsea:
    """RMSEA with its interval and the tests of close fit and of not-close fit."""

    estimate: float
    ci_lower: float
    ci_upper: float
    pvalue: float
    notclose_pvalue: float


def noncentral_cdf(x: float, df: float, nc: float) -> float:
    """Probability that a non-central chi-square lies at or below ``x``.

    Its root is the length of a normal vector and lies within t of its mean with probability at least
    1 - 2 exp(-t^2 / 2): farther out no sum of thousands of terms is needed.
    """
    away = math.sqrt(max(x, 0.0)) - math.sqrt(nc + df)
    return float(away > 0) if abs(away) > 40 else float(special.chndtr(x, df, nc))


def noncentrality(chisq: float, df: float, probability: float) -> float:
    """The non-centrality at which a chi-square of ``df`` lies at or below ``chisq`` with the
    given probability; 0 when even the central distribution puts less there.
    """
    if not np.isfinite(chisq) or chisq <= 0 or special.chdtr(df, chisq) < probability:
        return 0.0
    if chisq < LARGE:
        return float(special.chndtrinc(chisq, df, probability))
    # The inverse above searches long where the distribution is far out. There its normal quantile is
    # almost linear in t = sqrt(nc + df), of slope -1 over the standard deviation of the root.
    target = float(special.ndtri(probability))
    spread = math.sqrt(1 - df / (2 * chisq))
    before, t = math.nan, math.sqrt(chisq) - target * spread
    slope, miss = -1 / spread, math.nan
    for _ in range(50):
        z = float(special.ndtri(noncentral_cdf(chisq, df, max(t * t - df, 0.0)))) - target
        if not math.isnan(before) and z != miss:
            slope = (z - miss) / (t - before)
        before, miss, t = t, z, t - z / slope
        if abs(t - before) < 1e-6 * t:
            break
    return max(t * t - df, 0.0)


def rmsea(
    chisq: float,
    df: float,
    n: float,
    *,
    n_groups: int = 1,
    scaling: float = 1.0,
    interval_chisq: float | None = None,
    interval_scaling: float | None = None,
    level: float = 0.90,
    close: float = 0.05,
    not_close: float = 0.08,
) -> Rmsea:
    """Root mean square error of approximation (Steiger & Lind 1980), interval of Browne & Cudeck 1993.

    ``n`` is N for normal-theory likelihood and N minus the number of groups for Wishart and least
    squares. The robust RMSEA of Brosseau-Liard, Savalei & Li (2012) passes the plain ``chisq``, its
    ``scaling`` factor and the scaled statistic as ``interval_chisq``, with an ``interval_scaling`` of its
    own where that is shifted too. Several groups: times
    the root of their number (Steiger 1998). A model without degrees of freedom has RMSEA 0; without
    a statistic or a positive ``scaling`` it is NaN.

    >>> sjq = rmsea(222.4, 101, 277)
    >>> round(sjq.estimate, 4), round(sjq.ci_lower, 4), round(sjq.ci_upper, 4)
    (0.0659, 0.0542, 0.0776)
    """
    if not (np.isfinite(chisq) and np.isfinite(df) and scaling > 0):
        return Rmsea(NAN, NAN, NAN, NAN, NAN)
    if df <= 0:
        return Rmsea(0.0, 0.0, 0.0, NAN, NAN)
    estimate = math.sqrt(max(chisq / n / df - scaling / n, 0.0) * n_groups)
    basis = chisq if interval_chisq is None else interval_chisq
    tail = (1 - level) / 2
    unit = (interval_scaling or scaling) * n_groups / (n * df)
    lower, upper = (math.sqrt(noncentrality(basis, df, p) * unit) for p in (1 - tail, tail))
    p_close = 1 - noncentral_cdf(basis, df, close**2 / unit)
    p_not_close = noncentral_cdf(basis, df, not_close**2 / unit)
    return Rmsea(estimate, lower, upper, p_close, p_not_close)


def incremental(
    chisq: float,
    df: float,
    baseline_chisq: float,
    baseline_df: float,
    *,
    scaling: float = 1.0,
    baseline_scaling: float = 1.0,
) -> dict[str, float]:
    """Fit relative to the independence model: cfi, tli (nnfi), nfi, pnfi, rfi, ifi, rni.

    CFI Bentler (1990), TLI Tucker & Lewis (1973), NFI Bentler & Bonett (1980), RFI and IFI
    Bollen (1986, 1989), RNI McDonald & Marsh (1990), PNFI James, Mulaik & Brett (1982). With
    scaling factors, cfi, tli and rni are the robust ones of Brosseau-Liard & Savalei (2014). All
    are NaN without both statistics or with a factor that is not positive.
    """
    if not (np.isfinite(chisq + baseline_chisq) and scaling > 0 and baseline_scaling > 0):
        return dict.fromkeys(INCREMENTAL, NAN)
    excess = chisq - scaling * df
    baseline_excess = baseline_chisq - baseline_scaling * baseline_df
    largest = max(excess, baseline_excess, 0.0)
    tli = 1.0
    if df > 0 and baseline_excess != 0:
        tli = 1 - excess * baseline_df / (baseline_excess * df)
    nested = df <= baseline_df and baseline_chisq > 0
    gain = baseline_chisq - chisq
    nfi = NAN if not nested else gain / baseline_chisq if df > 0 else 1.0
    if df > baseline_df:
        rfi = NAN
    elif df > 0 and baseline_chisq > 0:
        ratio = baseline_chisq / baseline_df
        rfi = (ratio - chisq / df) / ratio if ratio >= chisq / df else 1.0
    else:
        rfi = 1.0
    spread = baseline_chisq - df
    return {
        "cfi": 1.0 if largest <= 0 else 1 - max(excess, 0.0) / largest,
        "tli": tli,
        "nnfi": tli,
        "rfi": rfi,
        "nfi": nfi,
        "pnfi": df / baseline_df * gain / baseline_chisq
        if baseline_df > 0 and baseline_chisq > 0
        else NAN,
        "ifi": gain / spread if spread > 0 else 1.0 if spread < 0 else NAN,
        "rni": 1 - excess / baseline_excess if baseline_excess != 0 else NAN,
    }


Matrices = np.ndarray | Sequence[np.ndarray]


def srmr(
    sample: Matrices,
    implied: Matrices,
    *,
    sample_mean: Matrices | None = None,
    implied_mean: Matrices | None = None,
    group_n: Sequence[float] | None = None,
) -> float:
    """Standardised root mean square residual, Bentler's (1995): residuals over the sample's
    standard deviations, diagonal counted; with means also their standardised residuals.
    """
    return residual_measures(
        sample, implied, sample_mean=sample_mean, implied_mean=implied_mean, group_n=group_n
    )["srmr_bentler"]


def residual_measures(
    sample: Matrices,
    implied: Matrices,
    *,
    sample_mean: Matrices | None = None,
    implied_mean: Matrices | None = None,
    group_n: Sequence[float] | None = None,
    zero_moments: int = 0,
) -> dict[str, float]:
    """rmr, srmr_bentler, crmr and srmr_mplus, each with means and (``_nomean``) without.

    ``srmr_bentler`` divides residuals by the sample's standard deviations (Bentler 1995),
    ``crmr`` compares correlations and leaves the diagonal out (Bollen 1989), ``srmr_mplus``
    compares correlations and takes relative variances for the diagonal. Groups are weighted
    by their n. ``zero_moments`` counts moments reproduced exactly (thresholds) a group.
    """
    samples, implieds = _listed(sample), _listed(implied)
    means = None if sample_mean is None else _listed(sample_mean)
    implied_means = means if implied_mean is None else _listed(implied_mean)
    weight = np.ones(len(samples)) if group_n is None else np.asarray(group_n, dtype=float)
    total: dict[str, float] = {}
    for g, share in enumerate(weight / weight.sum()):
        mean = None if means is None else means[g]
        implied_m = None if implied_means is None else implied_means[g]
        one = _group_residuals(samples[g], implieds[g], mean, implied_m, zero_moments)
        for key, value in one.items():
            total[key] = total.get(key, 0.0) + share * value
    return total


def _listed(matrices: Matrices) -> list[np.ndarray]:
    return [matrices] if isinstance(matrices, np.ndarray) else list(matrices)


def _group_residuals(
    s: np.ndarray,
    sigma: np.ndarray,
    m: np.ndarray | None,
    mu: np.ndarray | None,
    zero_moments: int,
) -> dict[str, float]:
    p = len(s)
    variances, implied_variances = s.diagonal(), sigma.diagonal()
    sd = np.sqrt(variances)
    # An improper solution may imply a negative variance, and then no correlations.
    implied_sd = np.sqrt(np.where(implied_variances > 0, implied_variances, NAN))
    raw = s - sigma
    sds = sd[:, None] * sd
    bentler = raw / sds
    bollen = s / sds - sigma / (implied_sd[:, None] * implied_sd)

    def halves(matrix: np.ndarray) -> tuple[float, float]:
        own = matrix.diagonal()
        diagonal = float(own @ own)
        return (float(np.vdot(matrix, matrix)) - diagonal) / 2, diagonal

    (raw_off, raw_diag), (b_off, b_diag), (c_off, _) = halves(raw), halves(bentler), halves(bollen)
    off = 1 - implied_variances / variances
    relative = float(off @ off)
    count = p * (p + 1) / 2
    without = {
        "rmr": (raw_off + raw_diag, count),
        "srmr_bentler": (b_off + b_diag, count),
        "crmr": (c_off, count - p),
        "srmr_mplus": (c_off + relative, count),
    }
    extra = dict.fromkeys(without, 0.0)
    moments = zero_moments
    if m is not None and mu is not None:
        moments += p
        shift = m - mu
        standardised = float(np.sum((shift / sd) ** 2))
        extra = {
            "rmr": float(np.sum(shift**2)),
            "srmr_bentler": standardised,
            "crmr": standardised,
            "srmr_mplus": float(np.sum((m / sd - mu / implied_sd) ** 2)),
        }
    result: dict[str, float] = {}
    for key, (squares, number) in without.items():
        both = number + moments
        result[key] = math.sqrt((squares + extra[key]) / both) if both else 0.0
        result[f"{key}_nomean"] = math.sqrt(squares / number) if number else 0.0
    return result


def gfi(
    sample: Matrices,
    implied: Matrices,
    *,
    sample_mean: Matrices | None = None,
    implied_mean: Matrices | None = None,
    group_n: Sequence[float] | None = None,
    precision: Matrices | None = None,
    fixed: Sequence[int] = (),
) -> float:
    """Goodness-of-fit index of maximum likelihood in the trace form of Jöreskog & Sörbom (1984).

    1 - tr[(Sigma^-1 S - I)^2] / tr[(Sigma^-1 S)^2]; with means the weighted mean residual is
    added to both. Groups are weighted by their n. ``precision`` is the inverse of ``implied``, where
    it is known. The moments of ``fixed`` predictors, which no model explains, count for nothing, as
    in lavaan.
    """
    samples, implieds = _listed(sample), _listed(implied)
    means = None if sample_mean is None else _listed(sample_mean)
    implied_means = means if implied_mean is None else _listed(implied_mean)
    values = []
    for g, (s, sigma) in enumerate(zip(samples, implieds, strict=True)):
        inverse = np.linalg.inv(sigma) if precision is None else _listed(precision)[g]
        misfit = inverse @ s - np.eye(len(s))
        size = inverse @ without(s, fixed)
        top, bottom = 0.5 * (misfit * misfit.T).sum(), 0.5 * (size * size.T).sum()
        if means is not None and implied_means is not None:
            shift = means[g] - implied_means[g]
            top += shift @ inverse @ shift
            about = without(means[g], fixed)
            bottom += about @ inverse @ about
        values.append(1 - top / bottom)
    weight = np.ones(len(values)) if group_n is None else np.asarray(group_n, dtype=float)
    return float(weight @ values / weight.sum())


def without(moments: np.ndarray, fixed: Sequence[int]) -> np.ndarray:
    """Means (p,) or covariances (p, p) with those of the ``fixed`` variables alone set to 0."""
    if not len(fixed):
        return moments
    kept = moments.copy()
    kept[np.ix_(*[list(fixed)] * moments.ndim)] = 0.0
    return kept


def fit_measures(
    *,
    chisq: float,
    df: float,
    baseline_chisq: float,
    baseline_df: float,
    n: float,
    npar: int,
    logl: float | None = None,
    unrestricted_logl: float | None = None,
    n_groups: int = 1,
    group_n: Sequence[float] | None = None,
    sample: Matrices | None = None,
    implied: Matrices | None = None,
    sample_mean: Matrices | None = None,
    implied_mean: Matrices | None = None,
    n_moments: int | None = None,
    gfi_value: float | None = None,
    multiplier: float | None = None,
    fmin: float | None = None,
    zero_moments: int = 0,
) -> dict[str, float]:
    """Every fit measure that the given numbers determine, by lavaan's name with underscores.

    ``n`` is the number of rows; ``multiplier`` the number that the test statistic is a multiple
    of (N when None; N minus the groups for Wishart and least squares), which RMSEA, ECVI, CN and
    MFI divide by. Residual measures need ``sample`` and ``implied`` ((p, p), or one a group);
    AIC, BIC and sample-size adjusted BIC (``bic2``) need ``logl``. The GFI is maximum likelihood's
    unless ``gfi_value`` gives another; ``n_moments`` is the number of sample moments (AGFI).

    Notes: AGFI Jöreskog & Sörbom (1984); PGFI Mulaik et al. (1989); MFI McDonald (1989); CN
    Hoelter (1983); ECVI Browne & Cudeck (1989); ``bic2`` Sclove (1987).
    """
    size = n if multiplier is None else multiplier
    out: dict[str, float] = {"npar": npar}
    if fmin is not None:
        out["fmin"] = fmin
    out |= {"chisq": chisq, "df": df, "pvalue": chi_square_pvalue(chisq, df)}
    out |= {
        "baseline_chisq": baseline_chisq,
        "baseline_df": baseline_df,
        "baseline_pvalue": chi_square_pvalue(baseline_chisq, baseline_df),
    }
    out |= incremental(chisq, df, baseline_chisq, baseline_df)
    if logl is not None:
        out["logl"] = logl
        if unrestricted_logl is not None:
            out["unrestricted_logl"] = unrestricted_logl
        out["aic"] = -2 * logl + 2 * npar
        out["bic"] = -2 * logl + npar * np.log(n)
        out["bic2"] = -2 * logl + npar * np.log((n + 2) / 24)
    out["ntotal"] = n
    out |= _rmsea_entries(rmsea(chisq, df, size, n_groups=n_groups))
    out |= {"rmsea_ci_level": 0.90, "rmsea_close_h0": 0.05, "rmsea_notclose_h0": 0.08}
    if sample is not None and implied is not None:
        residual = residual_measures(
            sample,
            implied,
            sample_mean=sample_mean,
            implied_mean=implied_mean,
            group_n=group_n,
            zero_moments=zero_moments,
        )
        out |= residual
        out["srmr"] = residual["srmr_bentler_nomean" if zero_moments else "srmr_bentler"]
        if gfi_value is None:
            gfi_value = gfi(
                sample,
                implied,
                sample_mean=sample_mean,
                implied_mean=implied_mean,
                group_n=group_n,
            )
        if n_moments is None:
            n_moments = _count_moments(_listed(sample), sample_mean is not None)
    if gfi_value is not None and n_moments is not None:
        out["gfi"] = gfi_value
        out["agfi"] = 1 - n_moments / df * (1 - gfi_value) if df > 0 else 1.0
        out["pgfi"] = df / n_moments * gfi_value
    out["mfi"] = float(np.exp(-0.5 * (chisq - df) / size))
    out["ecvi"] = (chisq + 2 * npar) / size
    for name, alpha in (("cn_05", 0.05), ("cn_01", 0.01)):
        critical = special.chdtri(df, alpha) if df > 0 else NAN
        out[name] = float(critical / (chisq / size) + 1) if chisq > 0 else NAN
    return {key: float(value) for key, value in out.items()}


def _count_moments(samples: list[np.ndarray], with_means: bool) -> int:
    return sum(len(s) * (len(s) + 1) // 2 + (len(s) if with_means else 0) for s in samples)


def chi_square_pvalue(chisq: float, df: float) -> float:
    """Probability of a chi-square at least as large; NaN without degrees of freedom."""
    if df <= 0 or not np.isfinite(chisq):
        return NAN
    return float(special.chdtrc(df, max(chisq, 0.0)))


def _rmsea_entries(value: Rmsea, suffix: str = "") -> dict[str, float]:
    return {
        f"rmsea{suffix}": value.estimate,
        f"rmsea_ci_lower{suffix}": value.ci_lower,
        f"rmsea_ci_upper{suffix}": value.ci_upper,
        f"rmsea_pvalue{suffix}": value.pvalue,
        f"rmsea_notclose_pvalue{suffix}": value.notclose_pvalue,
    }
