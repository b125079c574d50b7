"""A finished scale validation, and its JSON.

The JSON holds each section under its name, in the order of a scale-validation article, and beside
them ``format``, ``conclusions``, ``warnings``, ``settings``, ``r_script``, ``versions``, ``fingerprint``
and ``rules_version``. No NaN, no infinity (null instead), numbers at full precision. A section that could
not be computed is null, and ``warnings`` says why under the section's name.

``FORMAT`` changes when a reader of the old shape would fail. Sections and fields have been added
under the same format: what the result of an earlier version lacks is read as not computed, or as
the one choice that there was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.errors import UnreadableDocument
from analysis.json_values import from_json, to_json
from analysis.rules import RULES
from analysis.scale.conclusions import Conclusion
from analysis.scale.plan import Factor
from analysis.scale.registry import sections
from analysis.scale.study import S, Sections, Warned

FORMAT = "scale-validation/1"


@dataclass(frozen=True)
class Settings:
    """What was asked for; with the data of ``fingerprint`` it gives the same numbers again."""

    instrument: str | None
    instrument_version: str | None
    key: str | None
    model: tuple[Factor, ...]
    reversed: tuple[str, ...]
    likelihood: str
    efa_method: str
    efa_rotation: str
    seed: int
    draws: int
    estimator: str = "ML"
    missing: str = "listwise"
    reps: int = 2000
    group: tuple[str, ...] = ()
    marker: tuple[str, ...] = ()
    seconds: str | None = None
    cutoffs: int = 0
    esem: bool = False


@dataclass(frozen=True)
class _Around:
    """What stands in the JSON beside the sections."""

    warnings: tuple[Warned, ...]
    settings: Settings
    versions: Mapping[str, str]
    fingerprint: str
    format: str
    conclusions: tuple[Conclusion, ...] = ()
    r_script: str | None = None
    rules_version: int | None = None


@dataclass(frozen=True)
class ScaleValidation:
    """A finished validation. ``r_script`` gives the same numbers from lavaan, semTools and psych,
    for "answers.csv". ``rules_version``: None where it was computed before versions were kept."""

    sections: Sections
    conclusions: tuple[Conclusion, ...]
    warned: tuple[Warned, ...]
    settings: Settings
    r_script: str | None
    versions: Mapping[str, str]
    fingerprint: str
    format: str = FORMAT
    rules_version: int | None = RULES

    def get(self, kind: type[S]) -> S | None:
        """A section; None where it was not computed."""
        return self.sections.get(kind)

    def __getitem__(self, kind: type[S]) -> S:
        """A section. Raises DataError where it was not computed."""
        return self.sections[kind]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every warning as "step: sentence"."""
        return tuple(map(str, self.warned))

    def to_dict(self) -> dict[str, Any]:
        """The validation as JSON values."""
        return {
            "format": self.format,
            **{kind.name: to_json(found) for kind, found in self.sections.by_class.items()},
            "conclusions": to_json(self.conclusions),
            "warnings": to_json(self.warned),
            "settings": to_json(self.settings),
            "r_script": self.r_script,
            "versions": to_json(self.versions),
            "fingerprint": self.fingerprint,
            "rules_version": self.rules_version,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> ScaleValidation:
        """The validation that ``to_dict`` wrote, by this version or an earlier one.

        Raises UnreadableDocument for another format and for what is not of the documented shape.
        """
        if document.get("format") != FORMAT:
            raise UnreadableDocument("format", repr(FORMAT), document.get("format"))
        kinds = {kind.name: kind for kind in sections()}
        around = from_json(_Around, {k: v for k, v in document.items() if k not in kinds})
        found = {
            kind: from_json(kind, document[name], name) if document.get(name) is not None else None
            for name, kind in kinds.items()
        }
        return cls(
            sections=Sections(found),
            conclusions=around.conclusions,
            warned=around.warnings,
            settings=around.settings,
            r_script=around.r_script,
            versions=around.versions,
            fingerprint=around.fingerprint,
            format=around.format,
            rules_version=around.rules_version,
        )
