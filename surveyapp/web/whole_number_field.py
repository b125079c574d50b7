"""The field of every form that asks for a whole number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import IntegerField

from surveyapp.web.ids import LARGEST


class WholeNumberField(IntegerField):  # type: ignore[misc]
    """Takes no number beyond a column's: validators, which count with floats, raise on long ones."""

    data: Any  # a number once the form is valid and the field required, as WTForms has it

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and abs(self.data) > LARGEST:
            self.data = None
            raise ValueError(f"Enter a number of at most {LARGEST:,}.")
