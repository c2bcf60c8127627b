"""Porch: the configuration: defaults, a TOML file, ``REFORMWATCH_SECTION__KEY`` variables, secret files.

The models check each value; variables override the file (pydantic-settings). An unknown key or variable is an error
that names it. Commands import this module when they run, not for ``--help``: pydantic takes most of a command's start.
# trust: D22
"""

import contextlib
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, cast, get_args

from platformdirs import user_config_path, user_data_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from reformwatch.errors import ConfigError, NotPermitted
from reformwatch.model.value import Value
from reformwatch.text import shorten
from reformwatch.urls import without_password

ENV_PREFIX: Final = "REFORMWATCH_"
#: One request an hour: owners of feeds accept no more than that.
USUAL_MIN_INTERVAL_S: Final = 3600.0
ENV_CONFIG: Final = "REFORMWATCH_CONFIG"
#: The folder with the secrets that systemd passes as files (LoadCredential=).
_ENV_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
_CREDENTIAL: Final = "smtp_password"

#: The types of this module's errors; pydantic's are in its documentation ("Validation errors").
_UNEXPECTED: Final = "unexpected"
_CONTRADICTION: Final = "contradiction"


# -- the models


def _default_database() -> str:
    return f"sqlite:///{user_data_path('reformwatch', appauthor=False) / 'reformwatch.sqlite'}"


def _text_like(pattern: str, expected: str) -> AfterValidator:
    """A validator: a text is empty or matches ``pattern``, which ``expected`` describes in the error message."""

    def check(text: str) -> str:
        if text and not re.fullmatch(pattern, text):
            raise PydanticCustomError(_UNEXPECTED, "{expected}", {"expected": expected})
        return text

    return AfterValidator(check)


def _network_or_host(text: str) -> str:
    """A validator: a text with a slash must be a network; any other text is a host's name."""
    try:
        if "/" in text:
            ipaddress.ip_network(text, strict=False)
    except ValueError:
        expected = "a network such as 10.0.0.0/8, or the name of a host,"
        raise PydanticCustomError(_UNEXPECTED, "{expected}", {"expected": expected}) from None
    return text


def _contradiction(what: str, *keys: str) -> PydanticCustomError:
    """The error of two keys of a section whose values contradict each other; ``what`` is its message."""
    return PydanticCustomError(_CONTRADICTION, "{what}", {"what": what, "keys": keys})


Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
#: Not strict, since TOML and JSON have no paths and no tuples: texts and lists are converted.
FilePath = Annotated[Path, Field(strict=False)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_network_or_host)], ...], Field(strict=False)]


class _Section(BaseModel, frozen=True):
    """A table of the file. Strict: numbers are neither texts nor true or false, and they are finite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class DatabaseSettings(_Section, frozen=True):
    """The database."""

    url: str = Field(default_factory=_default_database)


class HttpSettings(_Section, frozen=True):
    """Requests to feeds and webhooks."""

    contact: Annotated[str, Field(max_length=200)] = ""
    deadline_s: Positive = 30.0
    max_bytes: Annotated[int, Field(ge=1024)] = 10 * 1024 * 1024
    workers: Annotated[int, Field(ge=1, le=256)] = 32
    per_host_gap_s: NotNegative = 2.0
    allow_private: Hosts = ()


class PollSettings(_Section, frozen=True):
    """When feeds are polled."""

    tick_s: Positive = 10.0
    min_interval_s: Positive = USUAL_MIN_INTERVAL_S
    max_interval_s: Positive = 86400.0
    lease_s: Positive = 300.0

    @model_validator(mode="after")
    def _check_intervals(self) -> Self:
        if self.max_interval_s < self.min_interval_s:
            values = f"{self.max_interval_s:g} < {self.min_interval_s:g}"
            raise _contradiction(
                f"max_interval_s is less than min_interval_s ({values})", "max_interval_s", "min_interval_s"
            )
        return self


class AlertSettings(_Section, frozen=True):
    """Which entries make alerts, and from how many on they are one message."""

    late_after_days: Positive = 7.0
    burst_limit: Annotated[int, Field(ge=1)] = 10
    base_url: Annotated[str, _text_like(r"https?://[^\s/]+[^\s]*", "an http or https address")] = ""


class SmtpSettings(_Section, frozen=True):
    """The mail server."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    password_file: FilePath | None = None
    sender: str = Field(default="", alias="from")
    ca_file: FilePath | None = None

    @model_validator(mode="after")
    def _check_one_password(self) -> Self:
        if self.password_file is not None and self.password.get_secret_value():
            raise _contradiction("password and password_file are both given; give one", "password_file", "password")
        return self


class WebhookSettings(_Section, frozen=True):
    """Requests to webhooks: the time limit."""

    deadline_s: Positive = 30.0


class WebSettings(_Section, frozen=True):
    """The daemon's own pages (unsubscribing, health)."""

    listen: Annotated[str, _text_like(r".+:\d{1,5}", "host:port, such as 127.0.0.1:8080,")] = ""


class ArchiveSettings(_Section, frozen=True):
    """How long entries are kept."""

    keep_days: Positive = 730.0


class LogSettings(_Section, frozen=True):
    """The log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(BaseModel, frozen=True):
    """The whole configuration, checked. The constructor reads no file and no variable: see :func:`load_settings`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    poll: PollSettings = Field(default_factory=PollSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    webhook: WebhookSettings = Field(default_factory=WebhookSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    archive: ArchiveSettings = Field(default_factory=ArchiveSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    def smtp_password_path(self) -> Path | None:
        """The file with the mail server's password: the configured one, or systemd's credential. None: no file."""
        credentials = os.environ.get(_ENV_CREDENTIALS)
        if self.smtp.password_file is None and credentials and _is_file(Path(credentials) / _CREDENTIAL):
            return Path(credentials) / _CREDENTIAL
        return self.smtp.password_file

    def smtp_password(self) -> str:
        """The mail server's password: from its file, else from the configuration. Raises ConfigError."""
        path = self.smtp_password_path()
        if path is None:
            return self.smtp.password.get_secret_value()
        try:
            return path.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeError) as error:
            raise ConfigError(f"[smtp] password_file: {path} can't be read ({error})") from None


class _Variables(EnvSettingsSource):
    """The variables. Their texts are converted to numbers and lists here, since the models are strict."""

    def field_is_complex(self, field: FieldInfo) -> bool:
        """Whether a variable's text has to be converted."""
        return field.annotation in {int, float} or super().field_is_complex(field)

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """The number, or the JSON list, of a text; any other text unchanged, which the model then refuses."""
        with contextlib.suppress(ValueError, RecursionError):
            if field.annotation in {int, float}:
                return field.annotation(value)
            return super().decode_complex_value(field_name, field, value)
        return value


class _LoadedSettings(Settings, BaseSettings, frozen=True):  # type: ignore[misc]  # BaseSettings is not frozen
    """Settings from the tables of a file as arguments; variables of the environment override them."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_nested_delimiter="__", env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' hook
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The sources, the first of which overrides the others."""
        return _Variables(settings_cls), init_settings


def _keys_of(section: FieldInfo) -> Iterator[tuple[str, str, FieldInfo]]:
    """Each key of a section as written in the file, with its attribute and field."""
    for attribute, field in cast("type[_Section]", section.annotation).model_fields.items():
        yield field.alias or attribute, attribute, field


#: The field of each key, by section and key as written in the file.
_FIELDS: Final = {
    section: {key: field for key, _, field in _keys_of(info)} for section, info in Settings.model_fields.items()
}


def all_keys() -> list[tuple[str, str]]:
    """Every (section, key) of the configuration, as written in the file."""
    return [(section, key) for section, keys in _FIELDS.items() for key in keys]


# -- reading


def find_config(option: Path | None) -> Path | None:
    """The file to read: of ``--config``, ``$REFORMWATCH_CONFIG``, ``./config.toml``, the user's. None: there is none.

    Raises ConfigError where the file of the option or the variable does not exist.
    """
    named = option or (Path(os.environ[ENV_CONFIG]) if os.environ.get(ENV_CONFIG) else None)
    if named is not None:
        if not _is_file(named):
            raise ConfigError(f"{named}: there is no such configuration file")
        return named
    for candidate in (Path("config.toml"), user_config_path("reformwatch", appauthor=False) / "config.toml"):
        with contextlib.suppress(NotPermitted):  # a home without permission is skipped
            if _is_file(candidate):
                return candidate
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError as error:
        raise NotPermitted(f"{path}: no permission to look into its folder") from error


def load_settings(path: Path | None) -> Settings:
    """The settings from a file (None: defaults) and the environment. Raises ConfigError, one line, with the key."""
    tables = _read_toml(path) if path is not None else {}
    variables = _variables(os.environ)
    with _config_errors(str(path), variables):
        return _LoadedSettings(**tables)


def build_settings(tables: Mapping[str, Any]) -> Settings:
    """The settings from tables as in a file; the environment is not read. Raises ConfigError."""
    with _config_errors("configuration", {}):
        return Settings.model_validate(tables)


def _read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file. Raises ConfigError.

    Other keys than sections are refused here: pydantic-settings ignores the case of names, takes some names as its own
    options, and a variable instead of a value that is not a table.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path}: can't be read ({error})") from None
    for section, table in tables.items():
        if section not in _FIELDS:
            raise ConfigError(f"{path}: [{section}]: {_UNKNOWN_KEY}")
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: [{section}]: {_EXPECTED['model_type']} is wanted")
    return tables


def _variables(environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """The names of the variables that are set, by section and key. Empty variables count as not set.

    Raises ConfigError for an unknown variable, also an empty one.
    """
    known = {f"{ENV_PREFIX}{section}__{key}".upper(): (section, key) for section, key in all_keys()}
    names = {}
    for name, text in environ.items():
        if not name.upper().startswith(ENV_PREFIX) or name.upper() == ENV_CONFIG:
            continue
        if name.upper() not in known:
            raise ConfigError(f"environment variable {name}: there is no such setting; see config.example.toml")
        if text:
            names[known[name.upper()]] = name
    return names


# -- errors


_UNKNOWN_KEY: Final = "there is no such key; see config.example.toml"
#: The expected value, by pydantic's type of error; in braces the error's context. ``number``: which kind of number.
_EXPECTED: Final[Mapping[str, str]] = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number with an end",
    "greater_than": "{number} > {gt:g}",
    "greater_than_equal": "{number} >= {ge:g}",
    "less_than_equal": "{number} <= {le:g}",
    "string_type": "a text",
    "string_unicode": "a text in UTF-8",
    "string_too_long": "a text of at most {max_length} characters",
    "literal_error": "one of {choices}",
    "tuple_type": "a list",
    "path_type": "a path",
    "model_type": "a table of keys",
    _UNEXPECTED: "{expected}",
}


@contextlib.contextmanager
def _config_errors(file: str, variables: Mapping[tuple[str, str], str]) -> Iterator[None]:
    """Raise the first of pydantic's errors as a ConfigError of one line, without the value of a secret."""
    try:
        yield
    except ValidationError as invalid:
        raise ConfigError(_error_text(invalid.errors(include_url=False)[0], file, variables)) from None


def _error_text(error: ErrorDetails, file: str, variables: Mapping[tuple[str, str], str]) -> str:
    """The text of an error: source, section and key, expected value, actual value."""
    kind, context = error["type"], error.get("ctx", {})
    section, *place = (str(part) for part in error["loc"])
    if kind == _CONTRADICTION:
        named = [variables[section, key] for key in context["keys"] if (section, key) in variables]
        return f"{_source(named[0] if named else None, file)}: [{section}]: {context['what']}"
    key = place[0] if place else ""
    variable = variables.get((section, key))
    where = f"{_source(variable, file)}: [{section}] {'.'.join(place)}".rstrip()
    if kind == "extra_forbidden":
        return f"{where}: {_UNKNOWN_KEY}"
    if kind not in _EXPECTED:
        return f"{where}: {error['msg']}"
    annotation = _FIELDS[section][key].annotation if place else None
    number = _EXPECTED["int_type" if annotation is int else "float_type"]
    choices = ", ".join(map(str, get_args(annotation)))
    expected = _EXPECTED[kind].format(number=number, choices=choices, **context)
    if kind == "tuple_type" and variable is not None:
        expected += ' in JSON, such as ["a", "b"],'
    value = error["input"]
    is_shown = place and annotation is not SecretStr and isinstance(value, str | int | float)
    return f"{where}: {expected} is wanted{f', not {shorten(repr(value), limit=80)}' if is_shown else ''}"


def _source(variable: str | None, file: str) -> str:
    return f"environment variable {variable}" if variable is not None else file


# -- showing


class SourceKind(StrEnum):
    """The kind of a value's source."""

    DEFAULT = "default"
    FILE = "file"
    VARIABLE = "variable"
    SECRET_FILE = "secret_file"  # noqa: S105 - a word of the output
    CREDENTIAL = "credential"


class ValueSource(Value, frozen=True, kw_only=True):
    """The source of a value.

    ``name``: the path of the file, the name of the variable or of systemd's credential; None for a default.
    """

    kind: SourceKind
    name: str | None = None


def value_sources(settings: Settings, path: Path | None) -> dict[str, dict[str, ValueSource]]:
    """The source of each value of :func:`load_settings`, by section and key as in the file.

    ``path``: the file that was loaded, or None. The mail server's password: the source from which it is read.
    """
    variables = _variables(os.environ)
    sources: dict[str, dict[str, ValueSource]] = {}
    for section, info in Settings.model_fields.items():
        set_attributes = getattr(settings, section).model_fields_set
        sources[section] = {}
        for key, attribute, _ in _keys_of(info):
            if (variable := variables.get((section, key))) is not None:
                source = ValueSource(kind=SourceKind.VARIABLE, name=variable)
            elif attribute in set_attributes:
                source = ValueSource(kind=SourceKind.FILE, name=str(path))
            else:
                source = ValueSource(kind=SourceKind.DEFAULT)
            sources[section][key] = source
    if settings.smtp.password_file is not None:
        sources["smtp"]["password"] = ValueSource(kind=SourceKind.SECRET_FILE, name=str(settings.smtp.password_file))
    elif settings.smtp_password_path() is not None:
        sources["smtp"]["password"] = ValueSource(kind=SourceKind.CREDENTIAL, name=_CREDENTIAL)
    return sources


def shown(settings: Settings) -> dict[str, dict[str, Any]]:
    """The effective settings with secrets masked, keys as in the file."""
    sections: dict[str, dict[str, Any]] = settings.model_dump(mode="json", by_alias=True)
    sections["database"]["url"] = without_password(settings.database.url)
    return sections
