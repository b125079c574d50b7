"""Values that programs stumble over, as bytes for forms and addresses, and as JSON."""

from __future__ import annotations

import json
from random import Random

LONG = b"a" * 100_000
TEXTS = (
    *(b"", b" ", b"\x00", b"a\x00b", LONG, b"\xf0\x9f\x98\x80" * 20_000, b"\n" * 5_000),
    *(b"\xed\xa0\x80", b"\xff\xfe", b"\xc3\x28", b"\xf8\x88\x80\x80\x80", b"\xef\xbf\xbf"),
    *(b"{{7*7}}", b"{{config}}", b"{% for %}", b"${7*7}", b"{attribute:", b"{0.__class__}", b"%s%n"),
    *(b"'\"><script>alert(1)</script>", b"' OR 1=1 --", b"=cmd|' /C calc'!A0", b"@SUM(1)"),
    *(b"a\r\nSet-Cookie: b=1", b"=?utf-8?q?a=0d=0ab?=", b"\xe2\x80\xae\xd7\x90\x00b", b"\x1b[31m"),
    *("\u202eevil\u2066".encode(), b"a\xcc\x81" * 3_000, "\u2028\u2029\u0085".encode()),
    *("\u0130\u0131\u1e9e".encode(), "\u0661\u0662".encode(), "\u00b2".encode(), "\uff11".encode()),
    *(b"../../etc/passwd", b"..\\..\\boot.ini", b"/", b"//", b"%2e%2e%2f", b"\\", b"file:///etc/passwd"),
    *(b"a" * 40 + b"!", b"(a+)+$", b"((((((((((((a*)*)*)*)*)*)*)*)*)*)*)*", b"[" * 5_000, b"(" * 5_000),
    *(b"not " * 3_000 + b"a = b", b"a = b and " * 2_000, b"(" * 900 + b"a = b" + b")" * 900),
    *(b"region in (" + b"a, " * 20_000 + b"b)", b"a" * 60 + b"@" + b"b" * 60 + b"." * 300),
    *(b"http://[::1", b"http://127.0.0.1:99999/", b"https://a:b@c/", b"javascript:alert(1)", b"//[", b"data:,"),
    *(b"#" * 300, b"#12", b"#gggggg", b"rgb(1,2,3)", b"en-", b"xx", b"zz_ZZ", b"a,b;c|d", b"Q1=", b"=nps", b"=" * 999),
)  # fmt: skip
NUMBERS = (
    *(b"0", b"-1", b"-0", b"1.5", b"1e400", b"-1e400", b"NaN", b"Infinity", b"-inf", b"0x10", b"1_000"),
    *(b"2147483647", b"2147483648", b"-2147483649", b"9223372036854775807", b"9223372036854775808"),
    *(b"9" * 400, b"9" * 5_000, b"1" + b"0" * 400, b"1e999999999", b"0." + b"0" * 400 + b"1", b"+1", b" 1 ", b"1,5"),
)  # fmt: skip
DATES = (
    *(b"9999-99-99", b"0000-00-00", b"0001-01-01", b"9999-12-31", b"2026-02-30", b"-2026-01-01"),
    *(b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"2026-01-01T25:61:61Z", b"24:00", b"25:99"),
    *(b"Europe/Nowhere", b"../etc/localtime", b"UTC+99", b"2026-W60-9", b"99999-01-01", b"2026-01", b"2026-13"),
)  # fmt: skip
ALL = (*TEXTS, *NUMBERS, *DATES)
NAMES = (
    *("page", "q", "journey", "segment", "from", "to", "compare", "next", "lang", "format", "sort"),
    *("after", "limit", "id", "name", "value", "step", "score", "draft", "code", "state"),
)
DEEP = 3_000
BODIES = (
    *(b"", b"null", b"0", b'""', b"[]", b"{}", b"{", b"NaN", b"1e400", b'{"a":NaN}', b"\xff", b"\xef\xbb\xbf{}"),
    *(b"[" * 100_000, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b'"\\ud800"', b'{"\\ud800":1}'),
    *(b'{"a":1,"a":2}', b"9" * 5_000, b"1" + b"0" * 5_000, b'"' + LONG + b'"', b"[" + b"{}," * 50_000 + b"{}]"),
)  # fmt: skip
JSON_VALUES = (
    *(None, True, 0, -1, 1.5, 2**31, 2**63, 10**400, float("nan"), float("inf"), [], {}, [[]], [None]),
    *([1] * 5_000, {"a": {"a": {"a": {}}}}, {"": ""}, {"\x00": "\x00"}, "\ud800", "a\ud800b", "\x00"),
    *(value.decode("utf-8", "replace") for value in ALL),
)  # fmt: skip


def value(random: Random) -> bytes:
    """One hostile value for a field, an argument or a part of an address."""
    return random.choice(random.choice((TEXTS, TEXTS, NUMBERS, DATES)))


def document(random: Random, valid: object) -> bytes:
    """A JSON body: the valid one with some of its parts replaced, or one that fits nothing."""
    if random.random() < 0.2:
        return random.choice(BODIES)
    made = valid
    for _ in range(random.randint(1, 2)):
        made = _spoilt(random, made)
    return json.dumps(made).encode()


def _spoilt(random: Random, part: object) -> object:
    """The document with one part of it lost, repeated, added or replaced."""
    if not isinstance(part, dict | list) or not part or random.random() < 0.1:
        return random.choice(JSON_VALUES)
    if isinstance(part, list):
        place = random.randrange(len(part))
        if random.random() < 0.1:
            return part * random.choice((2, 300))
        return [*part[:place], _spoilt(random, part[place]), *part[place + 1 :]]
    name = random.choice(sorted(part))
    chance = random.random()
    if chance < 0.1:
        return {key: kept for key, kept in part.items() if key != name}
    if chance < 0.2:
        return {**part, random.choice(("x", "", "__class__", "\ud800")): part[name]}
    return {**part, name: _spoilt(random, part[name])}
