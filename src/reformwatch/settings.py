"""Porch: the configuration: defaults, a TOML file, ``REFORMWATCH_SECTION__KEY`` variables, secret files.

Each value is held against the type of its key by msgspec; an unknown key or variable is an error that names it.
# trust: D22
"""

import contextlib
import ipaddress
import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec
from msgspec import Meta, Struct, field
from platformdirs import user_config_path, user_data_path

from reformwatch.errors import ConfigError, NotPermitted
from reformwatch.text import shorten
from reformwatch.urls import without_password

ENV_PREFIX: Final = "REFORMWATCH_"
#: What owners of feeds ask for: one request an hour at most.
USUAL_MIN_INTERVAL_S: Final = 3600.0
ENV_CONFIG: Final = "REFORMWATCH_CONFIG"
#: Secrets handed over by systemd (LoadCredential=) stand here as files.
_ENV_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
_MASK: Final = "*" * 10

Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]


class Secret:
    """A text that is shown nowhere."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return _MASK if self._text else ""


def _default_database() -> str:
    return f"sqlite:///{user_data_path('reformwatch', appauthor=False) / 'reformwatch.sqlite'}"


class DatabaseSettings(Struct, frozen=True, kw_only=True):
    """Where everything is remembered."""

    url: str = field(default_factory=_default_database)


class HttpSettings(Struct, frozen=True, kw_only=True):
    """How feeds are asked, and webhooks reached."""

    contact: Annotated[str, Meta(max_length=200)] = ""
    deadline_s: Positive = 30.0
    max_bytes: Annotated[int, Meta(ge=1024)] = 10 * 1024 * 1024
    workers: Annotated[int, Meta(ge=1, le=256)] = 32
    per_host_gap_s: NotNegative = 2.0
    allow_private: tuple[str, ...] = ()


class PollSettings(Struct, frozen=True, kw_only=True):
    """How often."""

    tick_s: Positive = 10.0
    min_interval_s: Positive = USUAL_MIN_INTERVAL_S
    max_interval_s: Positive = 86400.0
    lease_s: Positive = 300.0


class AlertSettings(Struct, frozen=True, kw_only=True):
    """What brings an alert, and how many at once."""

    late_after_days: Positive = 7.0
    burst_limit: Annotated[int, Meta(ge=1)] = 10
    base_url: str = ""


class SmtpSettings(Struct, frozen=True, kw_only=True):
    """The mail server."""

    host: str = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    password: Secret = Secret("")
    password_file: Path | None = None
    sender: str = field(name="from", default="")
    ca_file: Path | None = None


class WebhookSettings(Struct, frozen=True, kw_only=True):
    """How long a receiver may take."""

    deadline_s: Positive = 30.0


class WebSettings(Struct, frozen=True, kw_only=True):
    """The daemon's own pages (unsubscribing, health)."""

    listen: str = ""


class ArchiveSettings(Struct, frozen=True, kw_only=True):
    """How long entries are kept."""

    keep_days: Positive = 730.0


class LogSettings(Struct, frozen=True, kw_only=True):
    """The log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(Struct, frozen=True, kw_only=True):
    """The whole configuration, checked."""

    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    poll: PollSettings = field(default_factory=PollSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    webhook: WebhookSettings = field(default_factory=WebhookSettings)
    web: WebSettings = field(default_factory=WebSettings)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    log: LogSettings = field(default_factory=LogSettings)

    def smtp_password(self) -> str:
        """The mail server's password: from the configuration, a file, a systemd credential. Raises ConfigError."""
        path = self.smtp.password_file
        credentials = os.environ.get(_ENV_CREDENTIALS)
        if path is None and credentials and _is_file(Path(credentials) / "smtp_password"):
            path = Path(credentials) / "smtp_password"
        if path is None:
            return self.smtp.password.reveal()
        try:
            return path.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeError) as no:
            raise ConfigError(f"[smtp] password_file: {path} can't be read ({no})") from None


def _sections() -> dict[str, type[Struct]]:
    return {info.name: info.type for info in msgspec.structs.fields(Settings)}


#: Section by section, key by key as written in the file: what holds its value.
_FIELDS: Final = {
    section: {info.encode_name: info for info in msgspec.structs.fields(kind)} for section, kind in _sections().items()
}


def all_keys() -> list[tuple[str, str]]:
    """Every (section, key) of the configuration, as written in the file."""
    return [(section, key) for section, keys in _FIELDS.items() for key in keys]


def find_config(given: Path | None) -> Path | None:
    """The file to read: the given one, ``$REFORMWATCH_CONFIG``, ``./config.toml``, the user's; None: defaults."""
    named = given or (Path(os.environ[ENV_CONFIG]) if os.environ.get(ENV_CONFIG) else None)
    if named is not None:
        if not _is_file(named):
            raise ConfigError(f"{named}: there is no such configuration file")
        return named
    for candidate in (Path("config.toml"), user_config_path("reformwatch", appauthor=False) / "config.toml"):
        with contextlib.suppress(NotPermitted):  # a home that this user may not look into is not asked for
            if _is_file(candidate):
                return candidate
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError as no:
        raise NotPermitted(f"{path}: no permission to look into its folder") from no


def load_settings(path: Path | None) -> Settings:
    """The settings from a file (None: defaults) and the environment. Raises ConfigError, one line, with the key."""
    return build_settings(_read_toml(path) if path is not None else {}, os.environ, source=str(path))


def build_settings(
    given: Mapping[str, Any], environ: Mapping[str, str] | None = None, *, source: str = "configuration"
) -> Settings:
    """The settings from the tables of a file and from variables, which come before it. Raises ConfigError.

    ``source`` names the file in errors.
    """
    variables = _variables(environ or {})
    for section, table in given.items():
        if section not in _FIELDS:
            raise ConfigError(f"{source}: [{section}]: there is no such key; see config.example.toml")
        if not isinstance(table, Mapping):
            raise ConfigError(f"{source}: [{section}]: a table of keys is wanted")
        for key in table:
            if key not in _FIELDS[section]:
                raise ConfigError(f"{source}: [{section}] {key}: there is no such key; see config.example.toml")
    built: dict[str, Any] = {}
    for section, kind in _sections().items():
        values, sources = {}, {}
        for key, info in _FIELDS[section].items():
            if (variable := variables.get((section, key))) is not None:
                sources[key] = f"environment variable {variable[0]}"
                values[info.name] = _converted(
                    variable[1], info.type, f"{sources[key]}: [{section}] {key}", is_text=True
                )
            elif key in (table := given.get(section, {})):
                sources[key] = source
                values[info.name] = _converted(table[key], info.type, f"{source}: [{section}] {key}", is_text=False)
            if key in sources and (check := _CHECKS.get((section, key))) is not None:
                check(values[info.name], f"{sources[key]}: [{section}] {key}")
        built[section] = kind(**values)
        _check_together(section, built[section], sources)
    return Settings(**built)


def _variables(environ: Mapping[str, str]) -> dict[tuple[str, str], tuple[str, str]]:
    """What variables say, by section and key: their names and texts. Raises ConfigError for one that is unknown."""
    known = {f"{ENV_PREFIX}{section}__{key}".upper(): (section, key) for section, key in all_keys()}
    found = {}
    for name, text in environ.items():
        if (key := known.get(name.upper())) is not None:
            found[key] = (name, text)
        elif name.upper().startswith(ENV_PREFIX) and name.upper() != ENV_CONFIG:
            raise ConfigError(f"environment variable {name}: there is no such setting; see config.example.toml")
    return found


def _converted(value: Any, kind: Any, where: str, *, is_text: bool) -> Any:
    """A value as the type of its key. ``is_text``: it came as a text, which says a number, a path or a list."""
    if is_text and get_origin(kind) is tuple:
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            raise ConfigError(f'{where}: a list is written as JSON: \'["a", "b"]\'') from None
    try:
        converted = msgspec.convert(value, kind, strict=not is_text, dec_hook=_from_text)
    except msgspec.ValidationError as bad:
        raise ConfigError(_in_words(bad, kind, where, value)) from None
    if isinstance(converted, float) and not math.isfinite(converted):
        raise ConfigError(f"{where}: a number with an end is wanted, not {converted}")
    return converted


def _from_text(kind: type, value: object) -> object:
    """msgspec's hook for what it does not know."""
    if isinstance(value, str) and kind in {Secret, Path}:
        return kind(value)
    raise TypeError("Expected `str`")


_NAMES: Final = {"int": "a whole number", "float": "a number", "str": "a text", "array": "a list"}
_EXPECTED: Final = re.compile(r"Expected `(\w+)(?: \| null)?`(?: ([<>]=? [-\d.]+))?(?: (of length .*))?")


def _in_words(bad: msgspec.ValidationError, kind: Any, where: str, value: object) -> str:
    """msgspec's error for a person; a secret is not shown."""
    said, _, place = str(bad).partition(" - at `$")
    index = "".join(f".{digits}" for digits in re.findall(r"\d+", place))
    if get_origin(kind) is Literal:
        said = f"one of {', '.join(get_args(kind))} is wanted"
    elif (found := _EXPECTED.match(said)) is not None:
        more = " ".join(part for part in found.groups()[1:] if part).removesuffix(".0")
        said = f"{_NAMES.get(found[1], found[1])}{' ' if more else ''}{more} is wanted"
    is_shown = kind is not Secret and isinstance(value, str | int | float)
    return f"{where}{index}: {said}{f', not {shorten(repr(value), limit=80)}' if is_shown else ''}"


def _check_reachable(given: tuple[str, ...], where: str) -> None:
    """What has a slash is meant as a network; anything else is the name of a host."""
    for place, one in enumerate(given):
        try:
            if "/" in one:
                ipaddress.ip_network(one, strict=False)
        except ValueError:
            raise ConfigError(
                f"{where}.{place}: neither a network such as 10.0.0.0/8 nor the name of a host, not {one!r}"
            ) from None


def _pattern(pattern: str, wanted: str) -> Callable[[str, str], None]:
    def check(given: str, where: str) -> None:
        if given and not re.fullmatch(pattern, given):
            raise ConfigError(f"{where}: {wanted} is wanted, not {given!r}")

    return check


_CHECKS: Final[Mapping[tuple[str, str], Callable[[Any, str], None]]] = {
    ("http", "allow_private"): _check_reachable,
    ("alerts", "base_url"): _pattern(r"https?://[^\s/]+[^\s]*", "an http or https address"),
    ("web", "listen"): _pattern(r".+:\d{1,5}", "host:port, such as 127.0.0.1:8080,"),
}


def _check_together(section: str, built: Any, sources: Mapping[str, str]) -> None:
    """What two keys of a section say of each other."""
    if isinstance(built, PollSettings) and built.max_interval_s < built.min_interval_s:
        keys, said = ("max_interval_s", "min_interval_s"), "max_interval_s is less than min_interval_s"
    elif isinstance(built, SmtpSettings) and built.password_file is not None and built.password.reveal():
        keys, said = ("password_file", "password"), "password and password_file are both given; give one"
    else:
        return
    blamed = sorted({sources[key] for key in keys if key in sources}, key=lambda one: not one.startswith("environment"))
    raise ConfigError(f"{blamed[0]}: [{section}]: {said}")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as bad:
        raise ConfigError(f"{path}: not valid TOML: {bad}") from None
    except (OSError, UnicodeError) as bad:
        raise ConfigError(f"{path}: can't be read ({bad})") from None


def shown(settings: Settings) -> dict[str, dict[str, Any]]:
    """The effective settings with secrets masked, keys as in the file."""
    sections: dict[str, dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(settings, enc_hook=_as_text))
    sections["database"]["url"] = without_password(settings.database.url)
    return sections


def _as_text(value: object) -> str:
    """msgspec's hook: a path as it is written, a secret as its mask."""
    return str(value)
