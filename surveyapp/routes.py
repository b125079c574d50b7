"""Routes of the staff's application and of the API."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from werkzeug.routing import Rule


class Route(Rule):
    """Compiles how its address is written when somebody first writes one: for all routes of the
    application that was five sixths of its start, and most are never written by a process.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))

        def write(route: Rule, /, **values: object) -> tuple[str, str]:
            return compiled()(route, **values)

        return write
