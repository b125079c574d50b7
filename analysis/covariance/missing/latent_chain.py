"""Rows with ordinal answers completed under a joint normal of what lies behind them, by a Markov chain.

Behind each ordinal answer stands a normal variable cut at thresholds, as WLSMV has it; other columns are
normal as they are. Given the others, each column's latent values are drawn between the thresholds of
its answers, freely where an answer is missing; thresholds by Metropolis steps with the latent values
integrated out (Cowles 1996); covariances from an inverse Wishart, after which latent variables have unit
variances again (parameter expansion: Liu & Wu 1999; Talhouk, Doucet & Murphy 2012). A missing answer is
the category that its latent value falls into, so that categories stay categories.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special
from scipy.linalg import solve_triangular

from analysis.covariance.matrices import Array, positive_inverse
from analysis.covariance.ordinal.polychoric import MAX_CATEGORIES
from analysis.errors import DataError, NotPositiveDefinite, NoVariance, TooFewCases

WANTED = 0.44  # share of accepted steps of one threshold
REACH = 1.5  # of a threshold's first steps, in its sampling errors


class LatentChain:
    """The chain for rows (n, p) with NaN where an answer is missing; ``ordinal`` are the columns (q,)
    of ordered answers.

    Raises NoVariance for an item with one category, DataError for one of more than 20, TooFewCases for
    fewer rows than columns and categories, NotPositiveDefinite for columns that determine one another.
    """

    def __init__(
        self,
        values: Array,
        names: tuple[str, ...],
        ordinal: tuple[int, ...],
        rng: np.random.Generator,
    ) -> None:
        self.rng, self.holes = rng, np.isnan(values)
        self.numbers = [j for j in range(len(names)) if j not in ordinal]
        self.items = [
            _Item(values[:, j], names[j], j, rng) if j in ordinal else None
            for j in range(len(names))
        ]
        n, p = values.shape
        self.categories = np.array(
            [0 if item is None else len(item.answers) for item in self.items]
        )
        # The prior's power of the determinant, which the scales of the latent variables ask for.
        self.power = float(self.categories[list(ordinal)].mean())
        if n <= p + self.power:
            raise TooFewCases(math.floor(p + self.power) + 1, n, what="rows to impute from")
        self.rows = rng.normal(size=values.shape)
        self.centre, self.scale = np.zeros(p), np.ones(p)
        for j in self.numbers:
            own = values[~self.holes[:, j], j]
            self.centre[j], self.scale[j] = own.mean(), own.std() or 1.0
            self.rows[~self.holes[:, j], j] = (own - self.centre[j]) / self.scale[j]
        for item in self.items:
            if item is not None:
                item.draw(self.rows[:, item.column], np.zeros(n), 1.0, rng)
        self.mean, self.cov = np.zeros(p), np.eye(p)
        self._round(0.0)

    def settled(self, rounds: int) -> Array:
        """The rows (n, p) completed after the first rounds, in which the thresholds' steps are adapted."""
        for number in range(rounds):
            self._round(1 / (1 + number) ** 0.6)
        return self._completed()

    def after(self, rounds: int) -> Array:
        """The rows (n, p) completed, after as many rounds more."""
        for _ in range(rounds):
            self._round(0.0)
        return self._completed()

    def _round(self, gain: float) -> None:
        try:
            self._draw_columns(gain)
            self._draw_moments()
        except np.linalg.LinAlgError as error:
            raise NotPositiveDefinite(
                "some columns determine one another, so that answers cannot be imputed from them; leave out"
                " duplicate items"
            ) from error

    def _completed(self) -> Array:
        completed = self.rows * self.scale + self.centre
        for item in self.items:
            if item is not None:
                completed[:, item.column] = item.completed(self.rows[:, item.column])
        return np.asarray(completed)

    def _draw_columns(self, gain: float) -> None:
        found = positive_inverse(self.cov)
        if found is None:
            raise np.linalg.LinAlgError("the covariance is singular")
        precision = found[0]
        for j, item in enumerate(self.items):
            spread = 1 / math.sqrt(precision[j, j])
            away = (self.rows - self.mean) @ precision[:, j]
            about = self.rows[:, j] - away * spread**2
            if item is not None:
                item.move(about, spread, gain, self.rng)
                item.draw(self.rows[:, j], about, spread, self.rng)
            holes = self.holes[:, j]
            self.rows[holes, j] = about[holes] + spread * self.rng.normal(size=int(holes.sum()))

    def _draw_moments(self) -> None:
        self._draw_mean()
        n, p = self.rows.shape
        away = self.rows - self.mean
        root = np.linalg.cholesky(away.T @ away)
        # Bartlett's decomposition of a Wishart, inverted.
        triangle = np.tril(self.rng.normal(size=(p, p)), -1)
        freedom = n + self.power - 1 - np.arange(p)
        triangle[np.diag_indices(p)] = np.sqrt(self.rng.chisquare(freedom))
        half = solve_triangular(triangle, root.T, lower=True)
        cov = half.T @ half
        scale = np.sqrt(cov.diagonal())
        scale[self.numbers] = 1.0
        # Items of more or fewer categories than on average: the prior is not quite an inverse Wishart's.
        odds = float(((self.power - self.categories) * np.log(scale)).sum())
        if math.log(self.rng.random()) > odds:
            return
        self.cov = cov / np.outer(scale, scale)
        self.rows /= scale
        for item in self.items:
            if item is not None:
                item.cuts /= scale[item.column]

    def _draw_mean(self) -> None:
        """Of the columns that are numbers, given latent means of 0."""
        if not self.numbers:
            return
        at, others = self.numbers, [j for j in range(len(self.mean)) if j not in self.numbers]
        average = self.rows.mean(axis=0)
        slopes = np.linalg.solve(self.cov[np.ix_(others, others)], self.cov[np.ix_(others, at)])
        left = self.cov[np.ix_(at, at)] - self.cov[np.ix_(at, others)] @ slopes
        root = np.linalg.cholesky(left / len(self.rows))
        self.mean[at] = (
            average[at] - average[others] @ slopes + root @ self.rng.normal(size=len(at))
        )


class _Item:
    """An ordinal column: its answers' codes and the thresholds, -inf and inf at the ends."""

    def __init__(self, values: Array, name: str, column: int, rng: np.random.Generator) -> None:
        self.column = column
        self.seen = np.flatnonzero(~np.isnan(values))
        known = values[self.seen]
        self.answers, self.codes = np.unique(known, return_inverse=True)
        if len(self.answers) < 2:
            given = (
                f"all {len(known)} answers are {self.answers[0]:g}" if len(known) else "no answers"
            )
            raise NoVariance(f"{name}: {given}; leave the item out")
        if len(self.answers) > MAX_CATEGORIES:
            raise DataError(
                f"{name} has {len(self.answers)} different values; ordinal items have at most "
                f"{MAX_CATEGORIES}: leave it out of ordered, and it is imputed as a number"
            )
        share = np.cumsum(np.bincount(self.codes))[:-1] / len(known)
        inner = special.ndtri(share)
        self.cuts = np.concatenate([[-np.inf], inner, [np.inf]])
        density = np.exp(-(inner**2) / 2) / math.sqrt(2 * math.pi)
        self.reach = REACH * np.sqrt(share * (1 - share) / len(known)) / density

    def draw(self, latent: Array, about: Array, spread: float, rng: np.random.Generator) -> None:
        """Latent values of the rows with an answer, between its thresholds, in place."""
        own = about[self.seen]
        lower = (self.cuts[self.codes] - own) / spread
        upper = (self.cuts[self.codes + 1] - own) / spread
        # In the lower tail, where probabilities keep their digits.
        turned = lower + upper > 0
        lower, upper = np.where(turned, -upper, lower), np.where(turned, -lower, upper)
        first = special.ndtr(lower)
        within = first + (special.ndtr(upper) - first) * rng.random(len(own))
        found = np.clip(special.ndtri(within), np.maximum(lower, -37), upper)
        latent[self.seen] = own + spread * np.where(turned, -found, found)

    def move(self, about: Array, spread: float, gain: float, rng: np.random.Generator) -> None:
        """A Metropolis step of every second threshold, which are independent of one another given those
        between them, then of the others.
        """
        own = about[self.seen]
        for start in (1, 2):
            at = np.arange(start, len(self.cuts) - 1, 2)
            if not len(at):
                continue
            there = self.cuts.copy()
            there[at] += self.reach[at - 1] * rng.normal(size=len(at))
            inside = (there[at] > self.cuts[at - 1]) & (there[at] < self.cuts[at + 1])
            there[at] = np.where(inside, there[at], self.cuts[at])
            gained = self._logs(there, own, spread) - self._logs(self.cuts, own, spread)
            total = np.bincount(self.codes, gained, minlength=len(self.answers))
            odds = total[at - 1] + total[at]
            accepted = inside & (np.log(rng.random(len(at))) < odds)
            self.cuts[at] = np.where(accepted, there[at], self.cuts[at])
            if gain:
                chance = np.where(inside, np.exp(np.minimum(odds, 0.0)), 0.0)
                self.reach[at - 1] *= np.exp(gain * (chance - WANTED))

    def _logs(self, cuts: Array, about: Array, spread: float) -> Array:
        """Log-probability of each answer."""
        lower = (cuts[self.codes] - about) / spread
        upper = (cuts[self.codes + 1] - about) / spread
        turned = lower + upper > 0
        lower, upper = np.where(turned, -upper, lower), np.where(turned, -lower, upper)
        found = np.maximum(special.ndtr(upper) - special.ndtr(lower), 1e-300)
        return np.asarray(np.log(found))

    def completed(self, latent: Array) -> Array:
        """All rows' answers: those given, else the category of the latent value."""
        found = self.answers[np.searchsorted(self.cuts[1:-1], latent)]
        found[self.seen] = self.answers[self.codes]
        return np.asarray(found)
