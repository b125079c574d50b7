"""Every setting: one frozen table, read once from the environment, every fault told at once."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from surveyapp.errors import SettingsError
from surveyapp.key_strength import key_fault
from surveyapp.whole import whole_number

PREFIX = "SURVEYAPP_"
LONGEST_PERIOD = 120  # months
LONGEST_SHARE = 3650  # days
ROLES = ("administrator", "researcher", "manager")
_MOST_PORT = 65_535
_SERVER = "postgresql+psycopg://"
_LARGEST = 2**31 - 1
_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
_ADDRESS_AND_PORT = re.compile(r"(?:\[[0-9a-f:]+\]|[0-9.]+):[0-9]{1,5}")
_HOST_AND_PORT = re.compile(r"(?:\[[0-9a-f:]+\]|[a-z0-9._-]+):[0-9]{1,5}")


def _setting(
    help_text: str,
    *,
    default: Any = None,
    secret: bool = False,
    between: tuple[int, int] | None = None,
) -> Any:
    """``between``: the smallest and the largest number that may be set."""
    return field(
        default=default, metadata={"help": help_text, "secret": secret, "between": between}
    )


SHORTEST_TOKEN = 20
FOLDER = "folder"  # in the home folder, whatever the database is


@dataclass(frozen=True)
class Settings:
    """What may differ from one installation to the next."""

    home: Path = _setting(
        "Folder of the keys, and of database and files unless they are elsewhere.",
        default=Path("instance"),
    )
    database_url: str = _setting(
        "SQLAlchemy URL; empty means SQLite in the home folder. PostgreSQL: postgresql+psycopg://...",
        default="",
    )
    read_database_url: str = _setting(
        "URL of a hot standby of that PostgreSQL, which staff pages read from as long as it is not far"
        " behind; empty means that all read from the primary.",
        default="",
    )
    read_lag_seconds: int = _setting(
        "Seconds that the hot standby may be behind before pages read from the primary.",
        default=10,
        between=(1, 3600),
    )
    secret_key: str = _setting(
        "At least 32 characters, signs links and sessions; empty means one made once in the home folder.",
        default="",
        secret=True,
    )
    master_key: str = _setting(
        "At least 32 characters, another than the secret key; names and addresses are encrypted under"
        " it. Empty means one made once in the home folder.",
        default="",
        secret=True,
    )
    base_url: str = _setting(
        "Public address, used in survey links and QR codes; unless given, it follows the port.",
        default="http://127.0.0.1:8000",
    )
    host: str = _setting("Address that the web server listens on.", default="127.0.0.1")
    port: int = _setting(
        "Port that the web server listens on.",
        default=8000,
        between=(1, _MOST_PORT),
    )
    processes: int = _setting(
        "Web processes; on SQLite two serve no more customers than one.",
        default=1,
        between=(1, 64),
    )
    threads: int = _setting(
        "Threads for survey pages in each web process, and as many for all other pages.",
        default=4,
        between=(1, 64),
    )
    lock_seconds: int = _setting(
        "Seconds for which a page waits for somebody else's lock on the database; then it says so and"
        " keeps what was typed.",
        default=5,
        between=(1, 60),
    )
    workers: int = _setting(
        "Job worker threads in one process.",
        default=1,
        between=(1, 16),
    )
    job_minutes: int = _setting(
        "Longest that a job may take, in minutes.",
        default=240,
        between=(1, 10_080),
    )
    job_megabytes: int = _setting(
        "Memory, in megabytes, beyond which a worker stops its jobs and starts anew.",
        default=8192,
        between=(1024, 1_048_576),
    )
    trusted_proxies: int = _setting(
        "Number of proxies in front whose headers are believed.",
        default=0,
        between=(0, 5),
    )
    secure_cookies: bool = _setting(
        "Send cookies over HTTPS only; on whenever base_url is https.", default=False
    )
    session_hours: int = _setting(
        "Hours after which everybody has to sign in again, however busy they are.",
        default=12,
        between=(1, 720),
    )
    session_idle_minutes: int = _setting(
        "Minutes without a request after which a session ends.",
        default=240,
        between=(5, 43_200),
    )
    second_factor_roles: str = _setting(
        "Roles that must use a second factor, separated by commas: administrator, researcher, manager.",
        default="",
    )
    oidc_issuer: str = _setting(
        "Address of the identity provider (OpenID Connect) that staff sign in with; empty means none.",
        default="",
    )
    oidc_client_id: str = _setting(
        "What the identity provider calls this installation.", default=""
    )
    oidc_client_secret: str = _setting(
        "The secret that the identity provider gave it; empty for a client without one.",
        default="",
        secret=True,
    )
    oidc_name: str = _setting(
        "What the button on the sign-in page calls the identity provider.",
        default="your organization's account",
    )
    oidc_scopes: str = _setting(
        "Scopes that the identity provider is asked for, separated by spaces.",
        default="openid email profile",
    )
    oidc_groups_claim: str = _setting("Claim that holds a person's groups.", default="groups")
    oidc_roles: str = _setting(
        "Roles by group, as 'group=role; group=role'; once set, each sign-in follows the groups.",
        default="",
    )
    oidc_default_role: str = _setting(
        "Role of those whose groups give none; empty means that they are not let in.", default=""
    )
    oidc_domains: str = _setting(
        "Mail domains, separated by commas, whose people get an account at their first sign-in.",
        default="",
    )
    local_passwords: bool = _setting(
        "Let people sign in with a password; 0 leaves the identity provider alone.", default=True
    )
    minimum_cell: int = _setting(
        "Groups with fewer answers than this are suppressed.",
        default=5,
        between=(1, 1000),
    )
    period_months: int = _setting(
        "Pages and reports are about the last complete months, so many of them, unless the journey has"
        " a number of its own or others are chosen.",
        default=3,
        between=(1, LONGEST_PERIOD),
    )
    share_link_days: int = _setting(
        "Most days for which a link to results for people without an account holds; fewer ends older"
        " links too, 0 ends all of them.",
        default=90,
        between=(0, LONGEST_SHARE),
    )
    release_minutes: int = _setting(
        "Minutes, counted from midnight UTC, after which answers to anonymous surveys that wait are"
        " released, a minimum cell or more at a time.",
        default=60,
        between=(1, 1440),
    )
    epoch_keys: str = _setting(
        "Folder of the keys that waiting anonymous answers need until they are released, which hosts of"
        " one database must share. Empty means one in the home folder, and with PostgreSQL an unlogged"
        " table. No backup may hold either.",
        default="",
    )
    files: str = _setting(
        "Where reports, uploads and logos are kept: folder (in the home folder), or"
        " s3://bucket/prefix?endpoint_url=...&region_name=... Empty means in the database if that is"
        " PostgreSQL, else in the home folder.",
        default="",
    )
    import_megabytes: int = _setting(
        "Largest file that may be uploaded, in megabytes.",
        default=64,
        between=(1, 4096),
    )
    smtp_url: str = _setting(
        "Mail server: smtp://user:password@host:587 (STARTTLS) or smtps://...:465; empty means that no"
        " mail is sent.",
        default="",
        secret=True,
    )
    require_starttls: bool = _setting(
        "Hand mail to another machine encrypted or not at all; 0 allows a server without STARTTLS.",
        default=True,
    )
    mail_from: str = _setting("Sender of all mail, as 'Name <address>'.", default="")
    dkim_key_file: str = _setting(
        "PEM file of an RSA key that signs mail (DKIM), instead of those made under Connections.",
        default="",
    )
    dkim_selector: str = _setting("Selector of the key in that file.", default="")
    dns_server: str = _setting(
        "DNS server as address:port that the sender's records are looked up at; empty means the"
        " system's.",
        default="",
    )
    mails_a_minute: int = _setting(
        "Most mails sent in a minute.",
        default=120,
        between=(1, 100_000),
    )
    time_zone: str = _setting(
        "IANA time zone of customers whose own is not known, for quiet hours, of times in files"
        " that name none, and by whose days journeys are counted that have no zone of their own.",
        default="UTC",
    )
    rest_days: int = _setting(
        "Days for which a customer who was asked is left alone; 0 means no rest.",
        default=30,
        between=(0, 3650),
    )
    asks_a_year: int = _setting(
        "How often one customer is asked in 365 days at most; 0 means no limit.",
        default=6,
        between=(0, 1000),
    )
    keep_contacts_days: int = _setting(
        "Days after which addresses, interactions and outcomes of customers are deleted.",
        default=730,
        between=(1, 36_500),
    )
    keep_messages_days: int = _setting(
        "Days after which messages lose their words and whom they went to; they stay counted.",
        default=180,
        between=(1, 36_500),
    )
    remove_reports: bool = _setting(
        "Delete reports by themselves, within minutes, once answers are erased that they may hold;"
        " otherwise they are marked and offered for deletion.",
        default=False,
    )
    close_grace_minutes: int = _setting(
        "Minutes after the closing of a survey in which answers are taken from whoever had it open.",
        default=60,
        between=(0, 10_080),
    )
    end_hosts: str = _setting(
        "Hosts that a survey may lead to after its thanks, separated by commas.", default=""
    )
    private_hooks: str = _setting(
        "Places as host:port, separated by commas, that webhooks may reach although they are not"
        " public or not https.",
        default="",
    )
    instruments: str = _setting("Further folders of instruments, separated by colons.", default="")
    releases_url: str = _setting(
        "Address that tells the newest release as JSON, such as that of a package index or of a code host's"
        " latest release: a worker asks it once a day. Empty means that nobody is asked.",
        default="",
    )
    metrics_token: str = _setting(
        "Bearer token for /metrics (Prometheus), at least 20 characters; empty means that there is no"
        " such page.",
        default="",
        secret=True,
    )
    otel_endpoint: str = _setting(
        "Address of an OpenTelemetry collector that traces are sent to by OTLP over HTTP, such as"
        " http://localhost:4318/v1/traces; needs the extra [otel]. Empty means none.",
        default="",
    )
    otel_percent: int = _setting(
        "Share of requests and jobs that are traced.",
        default=100,
        between=(0, 100),
    )
    log_level: str = _setting("DEBUG, INFO, WARNING or ERROR.", default="INFO")

    @property
    def sqlalchemy_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'surveyapp.db').absolute()}"

    @property
    def files_path(self) -> Path:
        return self.home / "files"

    @property
    def epoch_keys_path(self) -> Path:
        return Path(self.epoch_keys).expanduser() if self.epoch_keys else self.home / "epochs"

    @property
    def end_hosts_allowed(self) -> tuple[str, ...]:
        return tuple(part.strip().lower() for part in self.end_hosts.split(",") if part.strip())

    @property
    def second_factors_required(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.second_factor_roles.split(",") if part.strip())

    @property
    def oidc_group_roles(self) -> tuple[tuple[str, str], ...]:
        """(group, role) of each entry; a group's name may hold = and commas, as those of LDAP do."""
        entries = (part.rpartition("=") for part in self.oidc_roles.split(";") if part.strip())
        return tuple((group.strip(), role.strip()) for group, _, role in entries)

    @property
    def oidc_domains_allowed(self) -> tuple[str, ...]:
        return tuple(part.strip().lower() for part in self.oidc_domains.split(",") if part.strip())

    @property
    def hook_places(self) -> tuple[str, ...]:
        return tuple(part.strip().lower() for part in self.private_hooks.split(",") if part.strip())

    @property
    def instrument_roots(self) -> tuple[Path, ...]:
        return tuple(Path(part) for part in self.instruments.split(":") if part)

    def shown(self) -> list[tuple[str, str, str]]:
        """(environment name, value with secrets hidden, help) of every setting."""
        rows = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            text = (
                "(hidden)" if entry.metadata["secret"] and value else _without_password(str(value))
            )
            said, between = entry.metadata["help"], entry.metadata["between"]
            if between is not None:
                said = f"{said} From {between[0]:,} to {between[1]:,}."
            rows.append((PREFIX + entry.name.upper(), text, said))
        return rows


def _without_password(text: str) -> str:
    """The text with the password of an address in it hidden, wherever one stands."""
    hidden = re.sub(r"(?<=://)([^/@:\s]*):[^/\s]*@", r"\1:(hidden)@", text)
    return re.sub(r"(?i)([?&](?:password|sslpassword|passfile)=)[^&\s]*", r"\1(hidden)", hidden)


def _parsed(name: str, default: Any, text: str) -> Any:
    if isinstance(default, bool):
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off", ""}:
            return False
        raise ValueError("use 1 or 0")
    if isinstance(default, int):
        number = whole_number(text, largest=_LARGEST)
        if number is None:
            raise ValueError(f"use a whole number from 0 to {_LARGEST:,}")
        return number
    if isinstance(default, Path):
        return Path(text).expanduser()
    return text


def read(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from the environment, then ``overrides``; SettingsError lists every fault."""
    settings, faults = examined(environ, **overrides)
    if faults:
        raise SettingsError(*faults)
    return settings


def examined(
    environ: Mapping[str, str] | None = None, **overrides: Any
) -> tuple[Settings, tuple[str, ...]]:
    """Settings from the environment, then ``overrides``, and each fault in them as a sentence with its
    cure. A setting that cannot be read has its default.
    """
    source = os.environ if environ is None else environ
    known = {PREFIX + entry.name.upper(): entry for entry in fields(Settings)}
    faults = [
        f"{name}: unknown setting; `surveyapp settings` lists them"
        for name in source
        if name.startswith(PREFIX) and name not in known
    ]
    values: dict[str, Any] = {}
    for name, entry in known.items():
        if name not in source:
            continue
        try:
            values[entry.name] = _parsed(name, entry.default, source[name])
        except ValueError as error:
            faults.append(
                f"{name}={source[name]!r}: {error}; expected {type(entry.default).__name__}"
            )
    settings = Settings(**{**values, **overrides})
    if "base_url" not in {**values, **overrides} and 0 < settings.port <= _MOST_PORT:
        settings = replace(settings, base_url=f"http://127.0.0.1:{settings.port}")
    faults += _faults(settings)
    return settings, tuple(faults)


def bucket_name(url: str) -> str | None:
    """The bucket of an address such as s3://bucket/prefix; None for what is no such address."""
    parts = urlsplit(url)
    known = set(parse_qs(parts.query)) <= {"endpoint_url", "region_name"}
    bare = parts.netloc and not ({"@", ":"} & set(parts.netloc))
    return parts.netloc if parts.scheme == "s3" and bare and known else None


def _sign_in_faults(settings: Settings) -> list[str]:
    faults = []
    named = (
        *(("SECOND_FACTOR_ROLES", role) for role in settings.second_factors_required),
        *(("OIDC_ROLES", role) for _, role in settings.oidc_group_roles),
        *(("OIDC_DEFAULT_ROLE", role) for role in [settings.oidc_default_role] if role),
    )
    for name, role in named:
        if role not in ROLES:
            faults.append(f"{PREFIX}{name}: {role!r} is no role; use {', '.join(ROLES)}")
    if any(not group for group, _ in settings.oidc_group_roles):
        faults.append(f"{PREFIX}OIDC_ROLES: write each entry as group=role, with ; between two")
    if settings.oidc_issuer:
        parts = urlsplit(settings.oidc_issuer)
        local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            faults.append(f"{PREFIX}OIDC_ISSUER={settings.oidc_issuer!r} is no https address")
        if not settings.oidc_client_id:
            faults.append(f"{PREFIX}OIDC_CLIENT_ID is missing; the identity provider gives it")
        if "openid" not in settings.oidc_scopes.split():
            faults.append(f"{PREFIX}OIDC_SCOPES={settings.oidc_scopes!r} lacks openid")
    elif not settings.local_passwords:
        faults.append(
            f"{PREFIX}LOCAL_PASSWORDS=0 leaves no way to sign in; set {PREFIX}OIDC_ISSUER too"
        )
    return faults


def is_local(host: str) -> bool:
    """Whether only this machine reaches the host by that name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address_faults(settings: Settings) -> list[str]:
    """Links, cookies and the checks of where a form comes from are made for the root of one host."""
    given = f"{PREFIX}BASE_URL={_without_password(settings.base_url)!r}"
    try:
        parts = urlsplit(settings.base_url)
    except ValueError:
        return [f"{given} is no address; use one such as https://ask.example.org"]
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return [f"{given} is no http(s) address; use one such as https://ask.example.org"]
    bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    faults = []
    if parts.path.strip("/"):
        faults.append(
            f"{given} has a path, and pages are served at the root of a host; give surveyapp a host name"
            f" of its own and use {bare}"
        )
    if parts.query or parts.fragment or "@" in parts.netloc:
        faults.append(f"{given} has more than scheme, host and port; use {bare}")
    if settings.secure_cookies and parts.scheme == "http" and not is_local(parts.hostname):
        faults.append(
            f"{PREFIX}SECURE_COOKIES=1 with {given}: no browser returns such a cookie over http, so that"
            f" nobody can sign in; set {PREFIX}BASE_URL to https"
        )
    return faults


def _faults(settings: Settings) -> list[str]:
    return [
        *_key_faults(settings),
        *_address_faults(settings),
        *_database_faults(settings),
        *_port_faults(settings),
        *_mail_faults(settings),
        *_files_faults(settings),
        *_sign_in_faults(settings),
        *_network_faults(settings),
        *_monitoring_faults(settings),
        *_time_zone_faults(settings),
        *_range_faults(settings),
    ]


def _key_faults(settings: Settings) -> Iterator[str]:
    for name, key in (("SECRET_KEY", settings.secret_key), ("MASTER_KEY", settings.master_key)):
        fault = key_fault(key) if key else None
        if fault:
            yield (
                f"{PREFIX}{name} {fault}; "
                'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
    if settings.master_key and settings.master_key == settings.secret_key:
        yield f"{PREFIX}MASTER_KEY is the secret key; use another: one theft would open both"


def _database_faults(settings: Settings) -> Iterator[str]:
    if settings.database_url and not settings.database_url.startswith(("sqlite:///", _SERVER)):
        yield f"{PREFIX}DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://"
    if settings.read_database_url and not (
        settings.database_url.startswith(_SERVER) and settings.read_database_url.startswith(_SERVER)
    ):
        yield (
            f"{PREFIX}READ_DATABASE_URL is that of a hot standby of {PREFIX}DATABASE_URL; both must begin"
            f" with {_SERVER}"
        )


def _port_faults(settings: Settings) -> Iterator[str]:
    for name in ("base_url", "database_url", "read_database_url", "smtp_url", "otel_endpoint"):
        try:
            _ = urlsplit(getattr(settings, name)).port
        except ValueError:
            yield (
                f"{PREFIX}{name.upper()}: its host and port cannot be read; a port is a number up to"
                f" {_MOST_PORT}, and signs such as / and @ in a password are written %2F and %40"
            )


def _mail_faults(settings: Settings) -> Iterator[str]:
    if settings.smtp_url:
        mail = urlsplit(settings.smtp_url)
        if mail.scheme not in {"smtp", "smtps"} or not mail.hostname:
            yield f"{PREFIX}SMTP_URL must look like smtp://user:password@host:587"
        if "@" not in settings.mail_from:
            yield (
                f"{PREFIX}MAIL_FROM={settings.mail_from!r}: mail needs a sender such as"
                " 'Northbank <survey@northbank.example>'"
            )
    if bool(settings.dkim_key_file) != bool(settings.dkim_selector):
        yield (
            f"{PREFIX}DKIM_KEY_FILE and {PREFIX}DKIM_SELECTOR belong together; set both or neither"
        )
    if settings.dkim_selector and not _SELECTOR.fullmatch(settings.dkim_selector):
        yield (
            f"{PREFIX}DKIM_SELECTOR={settings.dkim_selector!r}: use letters, digits, hyphens and dots"
        )


def _files_faults(settings: Settings) -> Iterator[str]:
    if settings.files and settings.files != FOLDER and bucket_name(settings.files) is None:
        yield (
            f"{PREFIX}FILES={settings.files!r}: use {FOLDER}, s3://bucket or s3://bucket/prefix, with"
            " endpoint_url and region_name as its only parameters"
        )


def _network_faults(settings: Settings) -> Iterator[str]:
    if settings.dns_server and not _ADDRESS_AND_PORT.fullmatch(settings.dns_server):
        yield (
            f"{PREFIX}DNS_SERVER={settings.dns_server!r}: use an IP address and a port, such as"
            " 192.0.2.53:53"
        )
    for place in settings.hook_places:
        if not _HOST_AND_PORT.fullmatch(place):
            yield f"{PREFIX}PRIVATE_HOOKS: {place!r} is no place such as localhost:9000"


def _monitoring_faults(settings: Settings) -> Iterator[str]:
    if settings.metrics_token and len(settings.metrics_token) < SHORTEST_TOKEN:
        yield f"{PREFIX}METRICS_TOKEN: needs at least {SHORTEST_TOKEN} characters"
    for name, example in (
        ("otel_endpoint", "http://localhost:4318/v1/traces"),
        ("releases_url", "https://pypi.example.org/pypi/surveyapp/json"),
    ):
        value = getattr(settings, name)
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            yield f"{PREFIX}{name.upper()}={value!r}: use an address such as {example}"
    if settings.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        yield f"{PREFIX}LOG_LEVEL={settings.log_level!r}: use DEBUG, INFO, WARNING or ERROR"


def _time_zone_faults(settings: Settings) -> Iterator[str]:
    try:
        ZoneInfo(settings.time_zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        yield f"{PREFIX}TIME_ZONE={settings.time_zone!r}: no IANA time zone"


def _range_faults(settings: Settings) -> Iterator[str]:
    for entry in fields(settings):
        if entry.metadata["between"] is not None:
            low, high = entry.metadata["between"]
            value = getattr(settings, entry.name)
            if not low <= value <= high:
                yield f"{PREFIX}{entry.name.upper()}={value}: must lie between {low} and {high}"
