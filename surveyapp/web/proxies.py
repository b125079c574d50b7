"""What requests tell of the proxy in front, where the settings say otherwise: a line in the log, once."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, request

from surveyapp.settings import PREFIX, Settings, is_local
from surveyapp.web.log import UNTRACED, logger

UNTRUSTED = (
    f"a proxy is in front, and {PREFIX}TRUSTED_PROXIES is 0: all clients seem to share its address, so that"
    f" one who guesses passwords locks everybody out; set {PREFIX}TRUSTED_PROXIES to the number of proxies"
)
PLAIN = (
    f"{PREFIX}BASE_URL is https, and a request came by http: browsers do not return the session's cookie,"
    " so that nobody can sign in; let the proxy send X-Forwarded-Proto, and redirect http to https"
)
ELSEWHERE = (
    f"a request came for another host than that of {PREFIX}BASE_URL, which links lead to; let the proxy"
    " send X-Forwarded-Host, or correct the address"
)


def watch_proxies(app: Flask, settings: Settings) -> None:
    """Look at each request of staff until each mistake has been told. Anybody can send such headers and
    hosts, so a line is advice and changes nothing.
    """
    base = urlsplit(settings.base_url)
    if is_local(base.hostname or ""):
        return
    left = {UNTRUSTED, PLAIN, ELSEWHERE}
    if settings.trusted_proxies:
        left.discard(UNTRUSTED)
    if base.scheme != "https":
        left.discard(PLAIN)

    def look() -> None:
        if not left or request.endpoint in UNTRACED:
            return
        found = {
            UNTRUSTED: "X-Forwarded-For" in request.headers,
            PLAIN: request.scheme != "https",
            ELSEWHERE: request.host.partition(":")[0].lower() != base.hostname,
        }
        for each in [each for each in left if found[each]]:
            left.discard(each)
            logger(app).warning("settings and proxy disagree", found=each)

    app.before_request(look)
