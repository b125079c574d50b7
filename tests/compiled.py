"""What each new application would compile again, its routes, templates and statements, is compiled once here.

The tests make an application and an engine each, thousands in all, so that none finds what another left;
compiling was half of what they cost. A process that serves makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple

import flask.templating
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect, Engine
from sqlalchemy.orm import Mapper
from werkzeug.routing import BaseConverter, Rule
from werkzeug.routing.rules import RulePart

from surveyapp.store.encrypted_columns import BlindIndex, Encrypted

Written = Callable[..., tuple[str, str]]
_as_it_is = Rule.compile


class Compiled(NamedTuple):
    """What a rule is read and written by."""

    parts: list[RulePart]
    trace: list[tuple[bool, str]]
    converters: dict[str, BaseConverter]
    arguments: set[str]
    build: Written
    build_unknown: Written


_rules: dict[tuple[object, ...], Compiled] = {}


def _compile(rule: Any) -> None:
    """``Rule.compile``, once for all rules of the same text, defaults and converters."""
    kinds = tuple(rule.map.converters.items()), rule.map.host_matching, rule.map.merge_slashes
    places = type(rule), rule.rule, rule.host, rule.subdomain, rule.merge_slashes
    same = *places, *kinds, tuple((rule.defaults or {}).items())
    kept = _rules.get(same)
    if kept is None:
        _as_it_is(rule)
        build, build_unknown = rule._build.__func__, rule._build_unknown.__func__
        read = rule._parts, rule._trace, rule._converters, rule.arguments
        _rules[same] = Compiled(*read, build, build_unknown)
        return
    rule._parts, rule._trace, rule._converters, rule.arguments = kept[:4]
    rule._build = kept.build.__get__(rule, None)  # type: ignore[attr-defined]
    rule._build_unknown = kept.build_unknown.__get__(rule, None)  # type: ignore[attr-defined]


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


class KeptStatements:
    """Compiled statements of all engines: one database of a kind and version takes what another does.

    Not those of encrypted columns, which hold the keys of their engine.
    """

    def __init__(self) -> None:
        self._for_all: dict[tuple[Any, ...], Any] = {}

    def get(self, key: tuple[Any, ...]) -> Any:
        found = self._for_all.get(_of_any_engine(key))
        return _of_this_engine(key[0]).get(key[1:]) if found is _OF_ONE_ENGINE else found

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        types = [bound.type for bound in compiled.binds.values()]
        types += [column.type for column in getattr(compiled, "_result_columns", ())]
        if any(isinstance(each, (Encrypted, BlindIndex)) for each in types):
            _of_this_engine(key[0])[key[1:]] = compiled
            compiled = _OF_ONE_ENGINE
        self._for_all[_of_any_engine(key)] = compiled

    def clear(self) -> None:
        """An engine that is closed or replaced would let go of its own statements."""


def _of_any_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect = key[0]
    documents = dialect._json_serializer, dialect._json_deserializer
    return (type(dialect), dialect.server_version_info, documents, *key[1:])


def _of_this_engine(dialect: Dialect) -> dict[Any, Any]:
    """Kept by the engine's dialect, as its statements hold it and would keep it alive."""
    kept: dict[Any, Any] = vars(dialect).setdefault("statements of this engine", {})
    return kept


_OF_ONE_ENGINE = object()
_statements = KeptStatements()


def keep_compiled() -> None:
    """Let every application of this process keep what it compiles for the next one."""
    Rule.compile = _compile  # type: ignore[method-assign]
    Flask.jinja_environment = KeptEnvironment


def keep_statements() -> None:
    """Let every engine of this process keep what it compiles for the next one.

    An engine has a cache, and each mapped class has one for its inserts and updates.
    """
    for kind in (Engine, Mapper):
        kind._compiled_cache = property(lambda _: _statements, lambda _, its_own: None)  # type: ignore[assignment,method-assign]
