"""How a composite model is estimated, as options of the commands that fit one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, get_args

import click

from analysis.composite.higher_order import HigherOrder
from analysis.composite.layout import CompositeOptions
from analysis.composite.weights import Scheme

Command = Callable[..., Any]


def composite_options(command: Command) -> Command:
    """The options, given to the command as ``settings``."""

    @click.option(
        "--scheme", type=click.Choice(get_args(Scheme)), default="path", show_default=True
    )
    @click.option(
        "--higher-order",
        type=click.Choice(get_args(HigherOrder)),
        default="two-stage",
        show_default=True,
    )
    @click.option(
        "--consistent",
        is_flag=True,
        help="Use consistent PLS (PLSc) for reflective constructs.",
    )
    @wraps(command)
    def run(
        *args: Any, scheme: Scheme, higher_order: HigherOrder, consistent: bool, **rest: Any
    ) -> Any:
        settings = CompositeOptions(scheme=scheme, higher_order=higher_order, consistent=consistent)
        return command(*args, settings=settings, **rest)

    return run


def seed_option(what: str) -> Callable[[Command], Command]:
    """``--seed`` of what is drawn at random."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=1,
        show_default=True,
        help=f"Seed of the {what}.",
    )
