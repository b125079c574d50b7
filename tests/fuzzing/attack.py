"""Requests to every route and operation, spoilt by a seed: the same seed makes the same requests."""

from __future__ import annotations

import inspect
import io
import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from functools import cache, cached_property
from random import Random
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, quote_from_bytes, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule
from wtforms import FileField
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm

from surveyapp.web.respond.apart import BLUEPRINTS
from tests.fuzzing import values
from tests.fuzzing.files import files
from tests.fuzzing.page_forms import PageForm, forms_and_links
from tests.fuzzing.target import ANONYMOUS, Target

SECONDS = 5.0  # that an answer may take
ROUND = 500  # inputs, after which the database is looked at and begun again
_ROLES = ("administrator",) * 5 + ("researcher",) * 2 + ("manager",) * 2 + (ANONYMOUS,)
_IDS = (
    "0",
    "-1",
    "1.5",
    "2147483648",
    "9223372036854775807",
    "9" * 400,
    "٣",
    "²",
    "0x1",
    "1e9",
    "",
)
_HEADERS = (
    *("Accept", "Accept-Language", "Accept-Encoding", "User-Agent", "Referer", "Range", "Origin"),
    *("If-None-Match", "If-Modified-Since", "Cookie", "Authorization", "X-Forwarded-For"),
    *("Content-Type", "Host", "X-Requested-With", "If-Range", "Content-Encoding"),
)
_TYPES = (
    "application/json",
    "text/plain",
    "multipart/form-data",
    "application/xml",
    "a/b; c=\xff",
    "",
)
_BOUNDARY = b"bound"
_NAMELESS = PageForm("", "POST", [(name, "1") for name in values.NAMES])


@dataclass(frozen=True)
class Sent:
    """One request as it goes over the wire."""

    number: int
    who: str
    method: str
    path: bytes
    query: bytes = b""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        more = {name: value[:80] for name, value in self.headers.items()}
        return (
            f"input {self.number}: {self.who} {self.method} {self.path[:200]!r}"
            f"?{self.query[:300]!r} {more} {self.body[:600]!r}"
        )


@dataclass(frozen=True)
class Way:
    """A rule of the pages, or an operation of the API, with one method."""

    method: str
    rule: Rule | None = None
    operation: dict[str, Any] = field(default_factory=dict)
    path: str = ""


class Attack:
    """All requests of one seed against one installation."""

    def __init__(
        self,
        target: Target,
        seed: int,
        *,
        reads_staff_pages: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.target, self.seed, self._clock = target, seed, clock
        self.failures: list[str] = []
        self.slowest = (0.0, "")
        self._forms: dict[tuple[str, str], list[PageForm]] = {}
        self._arguments: dict[str, set[str]] = {}
        customers = Flask("customers", static_folder=None)
        for blueprint in BLUEPRINTS:
            customers.register_blueprint(blueprint)
        self._maps: tuple[Map, ...] = (target.app.url_map, customers.url_map)
        self._views = customers.view_functions | target.app.view_functions
        target.begin_again()
        self._read_pages(self._maps if reads_staff_pages else self._maps[1:])

    @cached_property
    def ways(self) -> list[Way]:
        """Every rule and every operation, with each of its methods."""
        seen: dict[tuple[str, str], Way] = {}
        for rule in (rule for each in self._maps for rule in each.iter_rules()):
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                seen[method, str(rule)] = Way(method, rule)
        self._document = self.target.app.test_client().get("/api/v1/openapi.json").get_json()
        for path, operations in self._document["paths"].items():
            for method, operation in operations.items():
                if method != "parameters":
                    seen[method, path] = Way(method.upper(), None, operation, path)
        return list(seen.values())

    def run(self, count: int, *, all_jobs: bool = False) -> None:
        """Send ``count`` inputs: each way as often as another, in an order of the seed."""
        order: list[Way] = []
        shuffle = Random(self.seed)
        for number in range(count):
            if not order:
                order = shuffle.sample(self.ways, len(self.ways))
            self.send(self.made(number, order.pop()))
            if (number + 1) % ROUND == 0 or number + 1 == count:
                self._end_round(number, all_jobs=all_jobs)

    def _end_round(self, number: int, *, all_jobs: bool) -> None:
        with heard() as said:
            kinds = {} if all_jobs else {"kinds": frozenset({"preview_import", "import_responses"})}
            faults = [*self.target.run_jobs(**kinds), *self.target.faults()]
        if faults:
            self.failures += [f"after input {number}: {fault}" for fault in faults]
            self.failures.append(said.getvalue()[-6_000:])
        self.target.begin_again()

    def made(self, number: int, way: Way) -> Sent:
        """The input of this number, whatever the others were."""
        random = Random(f"{self.seed} {number}")
        if way.rule is None:
            return self._call(random, number, way)
        who = random.choice(_ROLES)
        path = self._path(random, way.rule)
        query = self._query(random, way.rule.endpoint)
        body, kind = b"", ""
        if way.method not in {"GET", "HEAD"}:
            body, kind = self._body(random, way)
        headers = {"Content-Type": kind} if kind else {}
        return Sent(number, who, way.method, path, query, body, headers | _spoilt_headers(random))

    def send(self, sent: Sent) -> None:
        """Send one input and note an answer that is a failure, or late."""
        if sent.who not in self.target.clients:
            self.target.sign_in(sent.who)
        address = Random(sent.number)
        environ = {
            "PATH_INFO": sent.path.decode("latin-1"),
            "QUERY_STRING": sent.query.decode("latin-1"),
            "CONTENT_LENGTH": str(len(sent.body)),
            "REMOTE_ADDR": f"10.{address.randrange(256)}.{address.randrange(256)}.{address.randrange(256)}",
        }
        for name, value in sent.headers.items():
            name = name.upper().replace("-", "_")
            environ[name if name == "CONTENT_TYPE" else f"HTTP_{name}"] = value
        client = self.target.clients[sent.who]
        before = self._clock()
        status = 0
        with heard() as said:
            try:
                with client.open(
                    "/",
                    method=sent.method,
                    input_stream=io.BytesIO(sent.body),
                    environ_overrides=environ,
                ) as answer:
                    answer.get_data()
                    status = answer.status_code
            except Exception:
                traceback.print_exc()
        took = self._clock() - before
        self.slowest = max(self.slowest, (took, str(sent)))
        if not 0 < status < 500:
            self.failures.append(f"{status} for {sent}\n{said.getvalue()[-6_000:]}")
        if took > SECONDS:
            self.failures.append(f"{took:.1f} s for {sent}")
        if sent.method != "GET" and 0 < status < 400 and not self.target.is_signed_in(sent.who):
            self.target.sign_in(sent.who)
            if not self.target.is_signed_in(sent.who):
                self.target.begin_again()

    # What the pages themselves say of their forms and addresses.

    def _read_pages(self, maps: tuple[Map, ...]) -> None:
        """Open every page that is there, and note its forms and the arguments of its links."""
        for rule in (rule for each in maps for rule in each.iter_rules()):
            if "GET" not in (rule.methods or ()) or rule.endpoint in {"static", "bootstrap.static"}:
                continue
            path = self._path(Random(0), rule, spoil=False).decode("latin-1")
            role = (
                "administrator"
                if rule.map is self._maps[0] and "/sign-in" not in path
                else ANONYMOUS
            )
            with self.target.clients[role].get(
                path, query_string={"pass": self.target.passes[0]}
            ) as answer:
                if answer.mimetype == "text/html":
                    self._note(path, answer.text)
        self.target.begin_again()

    def _note(self, path: str, page: str) -> None:
        forms, links = forms_and_links(page)
        for form in forms:
            place = urlsplit(form.action)
            endpoint = self._endpoint(place.path or path, form.method)
            self._forms.setdefault((endpoint, form.method), []).append(form)
            names = {name for name, _ in form.fields} if form.method == "GET" else set()
            self._arguments.setdefault(endpoint, set()).update(names, dict(parse_qsl(place.query)))
        for link in map(urlsplit, links):
            names = set(dict(parse_qsl(link.query)))
            if names and not link.netloc:
                self._arguments.setdefault(self._endpoint(link.path, "GET"), set()).update(names)

    def _assumed(self, way: Way) -> list[PageForm]:
        """Where no page has shown a form: those that the view's module defines, and what it reads."""
        assert way.rule is not None
        view = self._views.get(way.rule.endpoint)
        module = sys.modules[view.__module__] if view else None
        if module is None:
            return []
        named = re.findall(
            r'request\.(?:form|files)(?:\.get(?:list)?\(|\[)"([^"]+)"', _source(module)
        )
        own = PageForm("", way.method, [(name, "1") for name in named])
        return [own, *(_written(each) for each in vars(module).values() if _is_form(each))]

    def _endpoint(self, path: str, method: str) -> str:
        for each in reversed(self._maps):
            try:
                return each.bind("localhost").match(path, method)[0]
            except (HTTPException, RequestRedirect):
                continue
        return ""

    # The parts of a request.

    def _path(self, random: Random, rule: Rule, *, spoil: bool = True) -> bytes:
        place = self.target.places[0]
        known: dict[str, str] = {name: str(number) for name, number in vars(place).items()}
        known |= {"link": self.target.links[0], "ticket": self.target.tickets[0], "number": "1"}
        known |= {
            "kind": "svg",
            "ending": "docx",
            "part": "mine",
            "name": "nps",
            "filename": "staff.css",
        }
        tokens = {"password_reset": 0, "unsubscribe": 1}
        token = tokens.get(rule.endpoint.partition(".")[0])
        known["token"] = self.target.tickets[0] if token is None else self.target.tokens[token]
        if spoil:
            known["user_id"] = str(random.choice(list(self.target.people.values())))
            known["ticket"] = random.choice(self.target.tickets)
        parts = {name: known.get(name, "1").encode() for name in rule.arguments}
        if spoil and parts and random.random() < 0.25:
            name = random.choice(sorted(parts))
            there = getattr(self.target.places[1], name, None)
            odd = [each.encode() for each in _IDS] + [values.value(random)]
            odd += [str(there).encode()] * 3 if there else []
            parts[name] = random.choice(odd)
        path = re.sub(
            r"<(?:[^:<>]*:)?(\w+)>", lambda found: parts[found[1]].decode("latin-1"), str(rule)
        )
        if spoil and random.random() < 0.02:
            path += random.choice(("/", "//", "/..", ".json", "%00", "\x00", ";a", "/%2e%2e/"))
        return path.encode("latin-1")

    def _query(self, random: Random, endpoint: str) -> bytes:
        if endpoint.startswith("draw.") and random.random() < 0.8:
            return b"pass=" + self.target.passes[0].encode()
        if random.random() < 0.4:
            return b""
        names = sorted(self._arguments.get(endpoint, set())) or list(values.NAMES)
        if random.random() < 0.15:
            names = [*names, *values.NAMES]
        chosen = [random.choice(names) for _ in range(random.randint(1, 4))]
        pairs = [(name, values.value(random)[:8_000]) for name in chosen]
        return b"&".join(
            name.encode() + b"=" + quote_from_bytes(value).encode() for name, value in pairs
        )

    def _body(self, random: Random, way: Way) -> tuple[bytes, str]:
        assert way.rule is not None
        chance = random.random()
        if chance < 0.06:
            return random.choice(values.BODIES), random.choice(_TYPES)
        known = self._forms.get((way.rule.endpoint, way.method), []) or self._assumed(way)
        form = random.choice(known) if known else _NAMELESS
        fields = _spoilt_fields(random, form)
        if chance < 0.14:
            valid = {name: value.decode("utf-8", "replace") for name, value in fields}
            return values.document(random, valid), "application/json"
        if form.files or chance < 0.2:
            names = form.files or ["file"]
            sent = [(name, *random.choice(files())) for name in names if random.random() < 0.95]
            return _multipart(fields, sent), f"multipart/form-data; boundary={_BOUNDARY.decode()}"
        body = b"&".join(
            quote_from_bytes(name).encode() + b"=" + quote_from_bytes(value).encode()
            for name, value in ((name.encode("utf-8", "replace"), value) for name, value in fields)
        )
        return body, "application/x-www-form-urlencoded"

    def _call(self, random: Random, number: int, way: Way) -> Sent:
        """An operation of the API, by what its document says."""
        path = way.path.replace("{code}", random.choice(("open", "move", "{code}")))
        path = re.sub(r"\{\w+\}", lambda _: values.value(random)[:2_000].decode("latin-1"), path)
        names = [each["name"] for each in way.operation.get("parameters", ()) if "name" in each]
        pairs = [("survey", b"after-the-form")] if "survey" in names else []
        for name in random.choices([*names, "x"], k=random.randint(0, 2)):
            plausible = (b"1", b"after-the-form", b"2026-01", b"true")
            value = random.choice((values.value(random)[:8_000], random.choice(plausible)))
            pairs = [*(pair for pair in pairs if pair[0] != name), (name, value)]
        query = b"&".join(n.encode() + b"=" + quote_from_bytes(v).encode() for n, v in pairs)
        headers = {"Authorization": f"Bearer {random.choice(self.target.keys)}"}
        body = b""
        for kind, content in way.operation.get("requestBody", {}).get("content", {}).items():
            headers["Content-Type"] = kind
            example = json.dumps(content.get("example", {})).replace("onboarding", "open")
            body = values.document(random, json.loads(example))
        headers |= _spoilt_headers(random)
        return Sent(number, ANONYMOUS, way.method, path.encode("latin-1"), query, body, headers)


@cache
def _source(module: ModuleType) -> str:
    return inspect.getsource(module)


def _is_form(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseForm)


def _written(form: type[BaseForm]) -> PageForm:
    """A form's class as its page would have it, with something in each field."""
    fields = {name: getattr(form, name) for name in dir(form) if not name.startswith("_")}
    unbound = {
        name: each.field_class for name, each in fields.items() if isinstance(each, UnboundField)
    }
    files = [name for name, kind in unbound.items() if issubclass(kind, FileField)]
    return PageForm("", "POST", [(name, "1") for name in unbound if name not in files], files)


def heard() -> Any:
    """What the application and its libraries write to their logs meanwhile."""
    return _Heard()


class _Heard(redirect_stderr):  # type: ignore[type-arg]
    def __init__(self) -> None:
        self._text = io.StringIO()
        super().__init__(self._text)
        self._handler = logging.StreamHandler(self._text)

    def __enter__(self) -> io.StringIO:
        logging.getLogger().addHandler(self._handler)
        return super().__enter__()

    def __exit__(self, *raised: Any) -> None:
        logging.getLogger().removeHandler(self._handler)
        super().__exit__(*raised)


def _spoilt_headers(random: Random) -> dict[str, str]:
    """At most one hostile header; none holds what no server lets through."""
    if random.random() > 0.12:
        return {}
    name = random.choice(_HEADERS)
    text = values.value(random)[:8_000].decode("latin-1")
    if name == "Authorization":
        text = random.choice(("Bearer ", "Basic ", "")) + text
    if name == "Content-Type" and random.random() < 0.5:
        text = random.choice(_TYPES)
    return {name: re.sub(r"[\r\n\x00]", " ", text)}


def _spoilt_fields(random: Random, form: PageForm) -> list[tuple[str, bytes]]:
    """The form's fields as a browser would send them, some of them spoilt, lost, repeated or new."""
    suggested = form.suggested if random.random() < 0.5 else {}
    filled = [(name, value or suggested.get(name, "")) for name, value in form.fields]
    fields = [(name, value.encode("utf-8", "replace")) for name, value in filled]
    for _ in range(random.randint(0, 3)):
        if not fields:
            break
        place = random.randrange(len(fields))
        name, _ = fields[place]
        chance = random.random()
        if chance < 0.12:
            del fields[place]
        elif chance < 0.22:
            fields += [(name, values.value(random))] * random.choice((1, 3, 300))
        elif chance < 0.27:
            fields.append((random.choice((*values.NAMES, name + "-0", "a\x00", "")), b"1"))
        else:
            fields[place] = (name, values.value(random))
    return fields


def _multipart(fields: list[tuple[str, bytes]], sent: list[tuple[str, bytes, bytes]]) -> bytes:
    parts = [(b'name="%s"' % name.encode("utf-8", "replace"), value) for name, value in fields]
    parts += [
        (b'name="%s"; filename="%s"' % (name.encode(), called.replace(b'"', b"")), content)
        for name, called, content in sent
    ]
    made = b"".join(
        b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (_BOUNDARY, head, content)
        for head, content in parts
    )
    return made + b"--%s--\r\n" % _BOUNDARY
