"""Entries of the audit log in words: what happened, to what, with which values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from surveyapp.web.words_for_values import name_of, words_of

# Actions whose words are not simply their verb in the past.
_SAID = {
    "ask report": "Requested a report",
    "ask study": "Requested a study",
    "ask validation": "Requested a validation",
    "declare pair": "Declared a pair of scores",
    "test segment invariance": "Requested a test between segments",
    "test invariance over time": "Requested a test over time",
    "test invariance": "Requested a test between journeys",
    "ask for password reset": "Asked for a password reset",
    "ask again for case": "Sent a follow-up survey for a case",
    "make backup": "Made a backup",
    "restore backup": "Restored a backup",
    "move database": "Moved the database to PostgreSQL",
    "adopt key": "Adopted the server's secret key",
    "plan model": "Planned a model",
    "leave out planned model": "Took a planned model out of a draft",
    "register plan": "Registered the plan of a project",
    "give reason for deviation": "Gave the reason for a deviation from the plan",
    "announce retention": "Announced that old answers will go",
    "carry out retention": "Let old answers go",
    "clear retention": "Removed the retention rule",
    "open report link": "Downloaded a report by a link",
    "leave schedule": "Unsubscribed from a scheduled report",
    "set retention": "Set the retention rule",
    "clear stop rule": "Removed the stop rule",
    "set stop rule": "Set the stop rule",
    "bring in interactions": "Imported events",
    "analyse outcomes": "Asked for an analysis of customers' outcomes",
    "bring in outcomes": "Imported outcomes of customers",
    "contact on case": "Recorded a contact on a case",
    "end share link": "Ended a share link: its maker may no longer share",
    "end all sessions": "Signed out everywhere",
    "forget a customer": "Erased a customer",
    "link identity": "Tied an account to the identity provider",
    "import inventory": "Imported touchpoints",
    "import map": "Imported a map",
    "invite": "Invited customers",
    "note on case": "Added a note to a case",
    "note bounces": "Recorded bounced emails",
    "open survey": "Published a survey",
    "review journey": "Reviewed a journey",
    "comment on map": "Commented on a map",
    "resolve map comment": "Resolved comments on a map",
    "reopen map comment": "Reopened comments on a map",
    "remove map comment": "Removed a comment on a map",
    "refuse share link": "Refused a share link for a wrong password",
    "set persona picture": "Set the picture of a persona",
    "remove persona picture": "Removed the picture of a persona",
    "add map evidence": "Added evidence to a map",
    "remove map evidence": "Removed evidence from a map",
    "restore map evidence": "Put evidence back on a map",
    "delete map evidence": "Deleted evidence of a map for good",
    "download map evidence": "Downloaded evidence of a map",
    "add sub-journey": "Let a journey lead to another one",
    "remove sub-journey": "Removed a link to another journey",
    "set kind of journey": "Changed the kind of a journey",
    "set target journey": "Changed the target state of a journey",
    "save map version": "Saved a version of a map",
    "remove map version": "Removed a version of a map",
    "restore map version": "Restored a version of a map",
    "opt a customer out": "Unsubscribed a customer",
    "sign in": "Signed in",
    "sign out": "Signed out",
    "start alert": "Started an alert",
    "translate": "Changed translations",
    "decide scale item": "Decided on a scale item",
    "use mail key": "Began to use a mail key",
}
_PAST = {
    "read": "read",
    "begin": "began",
    "bring": "brought",
    "draw": "drew",
    "drop": "dropped",
    "forget": "forgot",
    "keep": "kept",
    "plan": "planned",
    "freeze": "froze",
    "give": "gave",
    "make": "made",
    "reset": "reset",
    "send": "sent",
    "set": "set",
    "stop": "stopped",
    "submit": "submitted",
    "take": "took",
    "withdraw": "withdrew",
    "write": "wrote",
}
# Nouns of which an action changes one.
_SINGLE = frozenset(
    [
        "account",
        "action",
        "alert",
        "analysis",
        "benchmark set",
        "case",
        "change",
        "codebook",
        "construct",
        "customer",
        "delivery",
        "import",
        "import preview",
        "interview finding",
        "item translation",
        "journey",
        "judge",
        "judgement",
        "judging round",
        "key",
        "package",
        "passkey",
        "pilot",
        "report",
        "schedule",
        "response",
        "saved view",
        "scale",
        "scale item",
        "scale version",
        "segment",
        "session",
        "share link",
        "stage",
        "survey",
        "target",
        "touchpoint",
        "user",
        "webhook",
    ]
)


def happened(action: str) -> str:
    """An action as something that was done: "Removed a stage"."""
    if action in _SAID:
        return _SAID[action]
    verb, *rest = action.split()
    noun = " ".join(rest)
    if noun in _SINGLE:
        noun = f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
    return f"{_past(verb).capitalize()} {noun}".strip()


def _past(verb: str) -> str:
    if verb in _PAST:
        return _PAST[verb]
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}ed"


def values(detail: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Names and values of an entry's details, both in words."""
    return list(_values(detail))


def _values(detail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in detail.items():
        if name in {"before", "after"} and isinstance(value, Mapping):
            inside = ", ".join(f"{name_of(each)} {words_of(what)}" for each, what in value.items())
            yield name.capitalize(), inside or "nothing"
            continue
        if name == "by" and isinstance(value, int):
            places = f"{abs(value)} place{'' if abs(value) == 1 else 's'}"
            yield "Moved", f"{places} {'earlier' if value < 0 else 'later'}"
            continue
        label = name_of(name)
        yield label[:1].upper() + label[1:], words_of(value)
