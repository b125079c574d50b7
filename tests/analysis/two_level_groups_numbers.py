"""Rows of branches in two regions, and what lavaan 0.6-14 (R 4.2) prints for two-level models of them.

The regions have as many rows and branches each: lavaan weighs groups by the squares of their shares of the rows,
and sums the scores of MLR over clusters as if each group had as many, which is right for such groups alone.
``with_gaps`` leaves out an answer by its row's number, counted from 0, for lavaan's missing = "ml".
"""

from __future__ import annotations

import numpy as np
import pandas as pd

LEVELS = """level: 1
sat =~ q1 + {a}q2 + {b}q3 + {c}q4
level: 2
place =~ q1 + {d}q2 + {e}q3 + {f}q4
{means}place ~ tenure
"""
MODEL = LEVELS.format(a="", b="", c="", d="", e="", f="", means="")
HELD = LEVELS.format(
    a="a*", b="b*", c="c*", d="d*", e="e*", f="f*", means="q1 ~ i*1\nq2 ~ j*1\nq3 ~ k*1\nq4 ~ l*1\n"
)
IN_LAVAAN = f"group: north\n{HELD}place ~ 0*1\ngroup: south\n{HELD}place ~ 1\n"
CFA = "level: 1\nsat =~ q1 + q2 + q3 + q4\nlevel: 2\nplace =~ q1 + q2 + q3 + q4\n"


def regions() -> pd.DataFrame:
    """300 rows of 50 branches of 4 to 8, 25 in each region."""
    rng = np.random.default_rng(181)
    sizes = np.tile([4, 5, 6, 7, 8], 10)
    b = np.repeat(np.arange(50), sizes)
    south = np.repeat(np.arange(50) >= 25, sizes)
    tenure = rng.normal(size=50)
    place = 0.4 * tenure + 0.6 * rng.normal(size=50) + 0.3 * (np.arange(50) >= 25)
    own = 0.45 * rng.normal(size=(50, 4))
    loadings = np.array([1, 0.8, 0.7, 0.9])
    sat = rng.normal(size=len(b)) * np.where(south, 1.2, 1.0) + place[b]
    y = loadings * sat[:, None] + own[b] + 0.6 * rng.normal(size=(len(b), 4)) + 5
    return pd.DataFrame(y.round(2), columns=["q1", "q2", "q3", "q4"]).assign(
        tenure=tenure.round(2)[b],
        branch=[f"b{k:02d}" for k in b],
        region=np.where(south, "south", "north"),
    )


def with_gaps() -> pd.DataFrame:
    """The same rows without q1 in every 7th, q2 in every 5th from 1, q3 in every 4th from 2."""
    found, row = regions(), np.arange(300)
    for item, every, first in (("q1", 7, 0), ("q2", 5, 1), ("q3", 4, 2)):
        found.loc[row % every == first, item] = np.nan
    return found


# fmt: off
FIT = {
    'held': {'npar': 33.0, 'df': 23.0, 'chisq': 29.2678764, 'baseline_chisq': 774.2284782, 'baseline_df': 32.0, 'logl': -1580.523752, 'unrestricted_logl': -1565.889814, 'aic': 3227.047504, 'bic': 3349.272325, 'cfi': 0.9915553275, 'tli': 0.9882508905, 'rmsea': 0.04262365268, 'rmsea_ci_upper': 0.08395209502, 'srmr_within': 0.01791798776, 'srmr_between': 0.07804778711},
    'heldr': {'chisq_scaled': 30.50841076, 'chisq_scaling_factor': 0.9593379554, 'baseline_chisq_scaled': 793.1603383, 'cfi_scaled': 0.9901355728, 'cfi_robust': 0.9903052783, 'rmsea_scaled': 0.04665137666, 'rmsea_robust': 0.04569306364, 'scaling_factor_h0': 0.7272244239},
    'fiml': {'npar': 20.0, 'df': 4.0, 'chisq': 4.344840626, 'baseline_chisq': 591.4932278, 'logl': -1392.788553, 'unrestricted_logl': -1390.616133, 'cfi': 0.9994049273, 'rmsea': 0.01695190811, 'srmr_within': 0.009188336504, 'srmr_between': 0.04339750263, 'bic': 2899.652755},
    'gfiml': {'logl': -1381.582592},
}
ESTIMATES = {
    'held': [('sat', '=~', 'q2', 1, 2, 0.826359389, 0.052858054),
        ('place', '=~', 'q3', 2, 1, 0.953692585, 0.153825103),
        ('place', '~', 'tenure', 2, 2, 0.692896595, 0.173907538),
        ('place', '~1', '', 2, 2, 0.0492753285, 0.202790123),
        ('q3', '~1', '', 2, 1, 5.02721072, 0.149128015),
        ('q3', '~~', 'q3', 1, 1, 0.320415606, 0.049927681),
        ('sat', '~~', 'sat', 1, 2, 1.30381643, 0.200867947),
        ('place', '~~', 'place', 2, 1, 0.343988727, 0.195931056)],
    'fiml': [('sat', '=~', 'q3', 1, 1, 0.752166669, 0.0556804464),
        ('q2', '~~', 'q2', 1, 1, 0.388552561, 0.054347936),
        ('sat', '~~', 'sat', 1, 1, 1.13492708, 0.14192511),
        ('place', '=~', 'q4', 2, 1, 0.664122697, 0.149619902),
        ('q3', '~~', 'q3', 2, 1, 0.153819412, 0.0640245523),
        ('place', '~~', 'place', 2, 1, 0.578461725, 0.204915375),
        ('q1', '~1', '', 2, 1, 5.21897327, 0.138192011)],
    'gfiml': [('sat', '=~', 'q2', 1, 1, 0.956239743, 0.101132518),
        ('place', '=~', 'q4', 2, 2, 0.602364564, 0.220322449),
        ('q1', '~1', '', 2, 2, 5.41734179, 0.176497354),
        ('sat', '~~', 'sat', 1, 2, 1.376072, 0.231298798)],
    'heldr': [('sat', '=~', 'q2', 1, 2, 0.826359389, 0.0500685227),
        ('place', '=~', 'q3', 2, 1, 0.953692585, 0.141236881),
        ('place', '~', 'tenure', 2, 2, 0.692896595, 0.173015652),
        ('place', '~1', '', 2, 2, 0.0492753285, 0.197019695),
        ('q3', '~1', '', 2, 1, 5.02721072, 0.143720949),
        ('q3', '~~', 'q3', 1, 1, 0.320415606, 0.0475309047),
        ('sat', '~~', 'sat', 1, 2, 1.30381643, 0.173764263),
        ('place', '~~', 'place', 2, 1, 0.343988727, 0.19761677)],
}
# fmt: on
