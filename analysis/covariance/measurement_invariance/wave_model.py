"""The text of a measurement model at several waves, with what each step of the ladder holds equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from analysis.covariance.measurement_invariance.waves import Waves
from analysis.covariance.text.model import Model, Modifier, Path
from analysis.errors import ModelError

EQUAL = {
    "configural": (),
    "metric": ("=~",),
    "scalar": ("=~", "~1"),
    "strict": ("=~", "~1", "~~"),
}


@dataclass(frozen=True)
class WaveModel:
    """A model of one wave (``x =~ items`` and covariances of residuals) repeated at every wave.

    Factors have variance 1 and mean 0 at the first wave, and at the others where loadings or
    intercepts do not make them known; so every item can be tested and released, and a mean is in
    standard deviations of the first wave.
    """

    model: Model
    waves: Waves

    @classmethod
    def of(cls, model: Model, waves: Waves) -> WaveModel:
        """The model at the waves. Raises ModelError for anything but items of factors and covariances
        of their residuals.
        """
        latent = set(model.latent)
        items = {path.rhs for path in model.paths if path.op == "=~"} - latent
        for path in model.paths:
            measured = path.op == "=~" and path.rhs in items
            residual = path.op == "~~" and {path.lhs, path.rhs} <= items and path.lhs != path.rhs
            if not (measured or residual):
                raise ModelError(
                    f"{path.name}: a model at several waves has only lines 'factor =~ items' and"
                    " covariances of two items' residuals; the rest is added at every wave"
                )
            if path.modifiers != (Modifier(),):
                raise ModelError(
                    f"{path.name} has a fixed value, label or start value; write the item alone: the"
                    " steps say what is held equal"
                )
        if model.definitions or model.constraints:
            raise ModelError("definitions and constraints do not go with a model at several waves")
        return cls(model, waves)

    def text(self, step: str, free: Sequence[str] = ()) -> str:
        """The model of a step in lavaan's syntax, without the equalities named in ``free``."""
        lines = [*self._measured(step, free), *self._residuals(step, free), *self._factors(step)]
        if step in ("scalar", "strict"):
            lines += self._changes(free)
        return "\n".join(lines)

    def ordinal_text(self, *, loadings: bool, free: Sequence[str] = ()) -> str:
        """The model without means, for ordinal items; with ``loadings`` held equal, factors of later
        waves have variances of their own.
        """
        step = "metric" if loadings else "configural"
        lines = [*self._measured(step, free), *self._covarying()]
        first, *later = self.waves.names
        for factor in self.model.latent:
            lines.append(f"{factor}_{first} ~~ 1*{factor}_{first}")
            lines += [
                f"{factor}_{wave} ~~ {'NA' if loadings else '1'}*{factor}_{wave}" for wave in later
            ]
        return "\n".join(lines)

    def mixed_text(
        self, equal: Sequence[str], thresholds: Mapping[str, int], free: Sequence[str] = ()
    ) -> str:
        """The model with ordinal items beside numbers, in the theta parametrisation.

        ``equal``: what a step of the ordinal ladder holds. ``thresholds``: how many each ordinal item has.
        Where these are equal, the responses behind a later wave's answers have an intercept and a residual
        variance of their own, until a step holds them too.
        """
        loadings, intercepts = "loadings" in equal, "intercepts" in equal
        apart = [
            path.name for path in self._loadings if f"{path.rhs}|" in free
        ]  # their scale is each wave's own
        step = "metric" if loadings else "configural"
        lines = [*self._measured(step, (*free, *apart)), *self._covarying()]
        for item in self.waves.items:
            lines += self._mixed_item(item, thresholds.get(item, 0), equal, free)
        first, *later = self.waves.names
        for factor in self.model.latent:
            lines += [f"{factor}_{first} ~~ 1*{factor}_{first}", f"{factor}_{first} ~ 0*1"]
            for wave in later:
                variance = f"v.{factor}.{wave}" if loadings else "1"
                mean = f"m.{factor}.{wave}" if intercepts else "0"
                lines.append(f"{factor}_{wave} ~~ {variance}*{factor}_{wave}")
                lines.append(f"{factor}_{wave} ~ {mean}*1")
        if intercepts:
            lines += self._changes((), points=False)
        return "\n".join(lines)

    def _mixed_item(
        self, item: str, count: int, equal: Sequence[str], free: Sequence[str]
    ) -> Iterator[str]:
        """An item's thresholds, intercepts and residual variances; ``count`` thresholds, 0 of a number."""
        let_go = "intercepts" not in equal or f"{item}~1" in free
        shared = "thresholds" in equal and f"{item}|" not in free
        for wave in self.waves.names:
            column, later = f"{item}_{wave}", wave != self.waves.names[0]
            if not count:
                yield f"{column} ~ {'' if let_go else f'i.{item}*'}1"
                if "residuals" in equal:
                    yield f"{column} ~~ r.{item}*{column}"
                continue
            labels = [f"t.{item}.{k}*" if shared else "" for k in range(1, count + 1)]
            own = " + ".join(f"{label}t{k}" for k, label in enumerate(labels, start=1))
            yield f"{column} | {own}"
            scaled = later and shared and "residuals" not in equal
            yield f"{column} ~~ {'NA' if scaled else '1'}*{column}"
            yield f"{column} ~ {'NA' if later and shared and let_go else '0'}*1"

    def base_name(self, name: str) -> str:
        """What a parameter is at every wave: ``visual_2=~x3_2`` is ``visual=~x3``."""
        return self._base[name][0]

    def wave_of(self, name: str) -> str:
        """The wave, as the data name it, of a parameter: that of ``visual_2=~x3_2``."""
        return self._base[name][1]

    @property
    def names(self) -> tuple[str, ...]:
        """Every parameter that a step may hold equal: loadings, intercepts, residual variances."""
        items = self.waves.items
        return (
            *(path.name for path in self._loadings),
            *(f"{item}~1" for item in items),
            *(f"{item}~~{item}" for item in items),
        )

    def anchors(self, factor: str, free: Sequence[str] = ()) -> tuple[str, ...]:
        """Items of this factor alone whose loading and intercept are held equal."""
        measured: dict[str, int] = {}
        for path in self._loadings:
            measured[path.rhs] = measured.get(path.rhs, 0) + 1
        return tuple(
            item
            for item in self.model.indicators(factor)
            if measured[item] == 1 and f"{factor}=~{item}" not in free and f"{item}~1" not in free
        )

    @property
    def _loadings(self) -> list[Path]:
        return [path for path in self.model.paths if path.op == "=~"]

    @cached_property
    def _base(self) -> dict[str, tuple[str, str]]:
        found = {}
        for wave, label in zip(self.waves.names, self.waves.labels, strict=True):
            for path in self._loadings:
                found[f"{path.lhs}_{wave}=~{path.rhs}_{wave}"] = (path.name, label)
            for item in self.waves.items:
                found[f"{item}_{wave}~1"] = (f"{item}~1", label)
                found[f"{item}_{wave}~~{item}_{wave}"] = (f"{item}~~{item}", label)
        return found

    def _measured(self, step: str, free: Sequence[str]) -> Iterator[str]:
        for wave in self.waves.names:
            for factor in self.model.latent:
                terms = []
                for item in self.model.indicators(factor):
                    held = "=~" in EQUAL[step] and f"{factor}=~{item}" not in free
                    label = f"l.{factor}.{item}*" if held else ""
                    terms.append(f"NA*{label}{item}_{wave}")
                yield f"{factor}_{wave} =~ " + " + ".join(terms)

    def _residuals(self, step: str, free: Sequence[str]) -> Iterator[str]:
        for item in self.waves.items:
            for wave in self.waves.names:
                held = "~1" in EQUAL[step] and f"{item}~1" not in free
                yield f"{item}_{wave} ~ {f'i.{item}*' if held else ''}1"
                if "~~" in EQUAL[step] and f"{item}~~{item}" not in free:
                    yield f"{item}_{wave} ~~ r.{item}*{item}_{wave}"
        yield from self._covarying()

    def _covarying(self) -> Iterator[str]:
        """Residuals of one item between waves, and those that the author lets covary at each."""
        for item in self.waves.items:
            for one, other in combinations(self.waves.names, 2):
                yield f"{item}_{one} ~~ {item}_{other}"
        for path in self.model.paths:
            if path.op == "~~":
                for wave in self.waves.names:
                    yield f"{path.lhs}_{wave} ~~ {path.rhs}_{wave}"

    def _factors(self, step: str) -> Iterator[str]:
        first, *later = self.waves.names
        for factor in self.model.latent:
            yield f"{factor}_{first} ~~ 1*{factor}_{first}"
            yield f"{factor}_{first} ~ 0*1"
            for wave in later:
                variance = "1" if step == "configural" else f"v.{factor}.{wave}"
                mean = f"m.{factor}.{wave}" if "~1" in EQUAL[step] else "0"
                yield f"{factor}_{wave} ~~ {variance}*{factor}_{wave}"
                yield f"{factor}_{wave} ~ {mean}*1"

    def _changes(self, free: Sequence[str], *, points: bool = True) -> Iterator[str]:
        for factor in self.model.latent:
            for one, other in self.pairs:
                difference = self._difference(factor, one, other)
                yield f"{self.defined('change', factor, one, other)} := {difference}"
                spread = " + ".join(self._variance(factor, wave) for wave in (one, other))
                yield f"{self.defined('d', factor, one, other)} := ({difference})/sqrt(({spread})/2)"
                anchors = self.anchors(factor, free) if points else ()
                if anchors:
                    loading = " + ".join(f"l.{factor}.{item}" for item in anchors)
                    yield (
                        f"{self.defined('points', factor, one, other)} := "
                        f"({difference})*({loading})/{len(anchors)}"
                    )

    def _difference(self, factor: str, one: str, other: str) -> str:
        after = f"m.{factor}.{other}"
        return after if one == self.waves.names[0] else f"{after} - m.{factor}.{one}"

    def _variance(self, factor: str, wave: str) -> str:
        return "1" if wave == self.waves.names[0] else f"v.{factor}.{wave}"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each wave after each earlier one."""
        return list(combinations(self.waves.names, 2))

    @staticmethod
    def defined(kind: str, factor: str, one: str, other: str) -> str:
        """The name of a defined change between two waves."""
        return f"{kind}.{factor}.{one}.{other}"
