"""What each new application would compile again, its routes and templates, is compiled once here.

The tests make an application each, hundreds in all, so that none finds what another left; compiling was
half of what they cost. A process that serves makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

import flask.templating
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

_builders: dict[Any, Callable[..., tuple[str, str]]] = {}


class KeptRule(Rule):
    """Writes addresses by the function that was compiled for the same route before."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        same = (tuple(self._trace), tuple((self.defaults or {}).items()), append_unknown)
        if same not in _builders:
            _builders[same] = super()._compile_builder(append_unknown)
        return _builders[same]


class KeptCode(BytecodeCache):
    """Templates' code in memory; the bucket's checksum is that of the template's text."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str, bool], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(_same(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[_same(bucket)] = bucket.code


def _same(bucket: Bucket) -> tuple[str, str, bool]:
    return bucket.key, bucket.checksum, bucket.environment.trim_blocks


_codes = KeptCode()


class KeptEnvironment(flask.templating.Environment):
    """Templates as every application has them, but for the cache."""

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, bytecode_cache=_codes, **options)


def keep_compiled() -> None:
    """Let every application of this process keep what it compiles for the next one."""
    Flask.url_rule_class = KeptRule
    Flask.jinja_environment = KeptEnvironment
