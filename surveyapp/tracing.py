"""Traces for OpenTelemetry where the settings name a collector; else nothing of it is loaded.

A span says which route, statement or kind of job took how long, and whether it failed. It holds no
address of a client or page, no header, no value of a statement and no text of an error: any of these may
be somebody's data. What clients say of a trace is not believed, or strangers could have all of theirs kept.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from surveyapp.errors import SettingsError
from surveyapp.settings import PREFIX, Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

Value = str | int | bool
_LONGEST_STATEMENT = 2000
_LITERALS = re.compile(r"'(?:[^']|'')*'|(?<![\w.:$%])\d+(?:\.\d+)?\b")
_SUBJECT = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?(\w+)", re.IGNORECASE)
_PARENTHESES = re.compile(r"\([^()]*\)")


class _Kept:
    """The provider of this process; None while nothing is traced."""

    provider: TracerProvider | None = None
    tracer: Tracer | None = None


class Traced:
    """A piece of work under way; ``None`` inside where it is not traced."""

    __slots__ = ("_span",)

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def tell(self, name: str, attributes: Mapping[str, Value]) -> None:
        """Call it by this name, and note what is known of it by now."""
        if self._span is not None:
            self._span.update_name(name)
            self._span.set_attributes(attributes)

    def fail(self, kind: str) -> None:
        """Note that it failed, and by what kind of error: its text may hold somebody's data."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            self._span.set_status(StatusCode.ERROR)
            self._span.set_attribute("error.type", kind)


_NOT_TRACED = Traced(None)
_NOTHING: AbstractContextManager[Traced] = nullcontext(_NOT_TRACED)


def check(settings: Settings) -> None:
    """Raise SettingsError where traces are wanted and the library for them is not installed."""
    if settings.otel_endpoint and find_spec("opentelemetry.sdk") is None:
        raise SettingsError(
            f"{PREFIX}OTEL_ENDPOINT={settings.otel_endpoint!r} needs a library that is not installed:"
            " pip install 'surveyapp[otel]'"
        )


def start(settings: Settings, role: str) -> None:
    """Send spans of this process, a "web" or a "worker", to the collector of the settings, if they name
    one. They leave in a thread of their own; where the collector is away, they are dropped.
    """
    if not settings.otel_endpoint or _Kept.provider is not None:
        return
    check(settings)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    about = {
        "service.name": "surveyapp",
        "service.version": version("surveyapp"),
        "service.instance.id": secrets.token_hex(8),  # a host's name would say where it stands
        "surveyapp.role": role,
    }
    provider = TracerProvider(
        resource=Resource.create(about),
        sampler=ParentBasedTraceIdRatio(settings.otel_percent / 100),
    )
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otel_endpoint, timeout=5))
    )
    _Kept.provider, _Kept.tracer = provider, provider.get_tracer("surveyapp")


def stop() -> None:
    """Send what waits, and trace nothing more."""
    provider, _Kept.provider, _Kept.tracer = _Kept.provider, None, None
    if provider is not None:
        provider.shutdown()


def is_on() -> bool:
    """Whether this process sends traces."""
    return _Kept.tracer is not None


def ids() -> Mapping[str, str]:
    """The ids of the span under way, as logs name them; empty where nothing is traced."""
    if _Kept.tracer is None:
        return {}
    from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

    found = get_current_span().get_span_context()
    if not found.is_valid:
        return {}
    return {"trace_id": format_trace_id(found.trace_id), "span_id": format_span_id(found.span_id)}


def request_span() -> AbstractContextManager[Traced]:
    """The whole of one request; a trace begins with it."""
    if _Kept.tracer is None:
        return _NOTHING
    return _span(_Kept.tracer, "request", "SERVER", {})


def job_span(kind: str, number: int) -> AbstractContextManager[Traced]:
    """The whole of one job; a trace begins with it."""
    if _Kept.tracer is None:
        return _NOTHING
    about: dict[str, Value] = {"surveyapp.job": number, "surveyapp.job.kind": kind}
    return _span(_Kept.tracer, f"job {kind}", "CONSUMER", about)


def statement_span(database: str, text: str) -> AbstractContextManager[Traced]:
    """One statement, inside of a request or job that is traced; others are those of the clock's duties,
    several in a second.
    """
    if _Kept.tracer is None:
        return _NOTHING
    from opentelemetry.trace import get_current_span

    if not get_current_span().is_recording():
        return _NOTHING
    name, bare = without_values(text)
    about: dict[str, Value] = {"db.system.name": database, "db.query.text": bare}
    return _span(_Kept.tracer, name, "CLIENT", about)


@contextmanager
def _span(
    tracer: Tracer, name: str, kind: str, attributes: Mapping[str, Value]
) -> Iterator[Traced]:
    from opentelemetry.trace import SpanKind

    with tracer.start_as_current_span(
        name,
        kind=SpanKind[kind],
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        traced = Traced(span)
        try:
            yield traced
        except BaseException as error:
            traced.fail(type(error).__name__)
            raise


@lru_cache(maxsize=2000)
def without_values(text: str) -> tuple[str, str]:
    """(what it does to which table, the statement with ? for every text and number in it)."""
    bare = " ".join(_LITERALS.sub("?", text).split())
    outside, inner = bare, ""
    while outside != inner:  # a table of a subquery is not what it is about
        inner, outside = outside, _PARENTHESES.sub("", outside)
    subject = _SUBJECT.search(outside)
    verb = bare.partition(" ")[0].upper()
    return f"{verb} {subject[1]}" if subject else verb, bare[:_LONGEST_STATEMENT]
