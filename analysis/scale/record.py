"""The sections of a validation as they come, and the reasons for those that could not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.errors import AnalysisError

Progress = Callable[[int, str], None]


@dataclass
class Record:
    """Grows while the steps run; ``tell`` hears percent and step."""

    tell: Progress | None = None
    sections: dict[str, Any] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)

    def announce(self, percent: int, step: str) -> None:
        """Say what comes next."""
        if self.tell is not None:
            self.tell(percent, step)

    def warn(self, step: str, messages: Sequence[str]) -> None:
        """Keep sentences under the step's name."""
        self.warnings += [{"step": step, "message": message} for message in messages]

    def attempt(self, step: str, compute: Callable[[], Any]) -> Any:
        """The computed value, or None with the reason among the warnings."""
        try:
            return compute()
        except AnalysisError as error:
            self.warn(step, [str(error)])
        except (np.linalg.LinAlgError, ArithmeticError) as error:
            self.warn(step, [f"a matrix of these data cannot be decomposed ({error})"])
        return None

    def attempt_warned(self, step: str, compute: Callable[[], tuple[Any, Sequence[str]]]) -> Any:
        """As ``attempt`` for a step that returns its own warnings beside its section."""
        found = self.attempt(step, compute)
        if found is None:
            return None
        self.warn(step, found[1])
        return found[0]
