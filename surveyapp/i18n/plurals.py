"""A phrase that depends on a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from gettext import NullTranslations

Chooser = Callable[[str, str, int], str]  # English singular and plural, number -> what to say


@dataclass(frozen=True)
class Plural:
    """A phrase with as many forms as its language has (Arabic has six); filled as a text is.

    ``one`` and ``many`` are the English pair and the message id. ``counted`` names the value that
    decides on the form. A form for one number only may leave that number out ("One question").
    """

    one: str
    many: str
    counted: str = "count"
    choose: Chooser = NullTranslations().ngettext

    def format(self, **values: object) -> str:
        """The form for the counted value, with every value in its place; as ``str.format``.

        >>> Plural("One day", "{count} days").format(count=3)
        '3 days'
        """
        number = values[self.counted]
        if not isinstance(number, int):
            raise TypeError(f"{self.counted} decides on the form and must be a whole number")
        return self.choose(self.one, self.many, number).format(**values)
