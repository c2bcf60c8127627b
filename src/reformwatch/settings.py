"""Porch: the configuration: defaults, a TOML file, ``REFORMWATCH_SECTION__KEY`` variables, secret files.

The models say what a value must be; pydantic-settings puts the variables before the file. An unknown key or variable is
an error that names it. Imports pydantic, which costs a start more than all else here: commands load this module when
they run, not for ``--help``.
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
#: What owners of feeds ask for: one request an hour at most.
USUAL_MIN_INTERVAL_S: Final = 3600.0
ENV_CONFIG: Final = "REFORMWATCH_CONFIG"
#: Secrets handed over by systemd (LoadCredential=) are files in this folder.
_ENV_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
_CREDENTIAL: Final = "smtp_password"

#: The types of our own errors; pydantic's are in its documentation ("Validation errors").
_NOT_WANTED: Final = "not_wanted"
_NOT_TOGETHER: Final = "not_together"


# -- the models


def _default_database() -> str:
    return f"sqlite:///{user_data_path('reformwatch', appauthor=False) / 'reformwatch.sqlite'}"


def _text_like(pattern: str, wanted: str) -> AfterValidator:
    """A text is empty or like ``pattern``; ``wanted`` says to a person what that is."""

    def check(text: str) -> str:
        if text and not re.fullmatch(pattern, text):
            raise PydanticCustomError(_NOT_WANTED, "{wanted}", {"wanted": wanted})
        return text

    return AfterValidator(check)


def _network_or_host(text: str) -> str:
    """What has a slash is meant as a network; anything else is the name of a host."""
    try:
        if "/" in text:
            ipaddress.ip_network(text, strict=False)
    except ValueError:
        wanted = "a network such as 10.0.0.0/8, or the name of a host,"
        raise PydanticCustomError(_NOT_WANTED, "{wanted}", {"wanted": wanted}) from None
    return text


def _do_not_go_together(what: str, *keys: str) -> PydanticCustomError:
    """``what`` is wrong with the values of two keys of a section."""
    return PydanticCustomError(_NOT_TOGETHER, "{what}", {"what": what, "keys": keys})


Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
#: TOML and JSON have neither paths nor tuples; these are made of texts and lists.
FilePath = Annotated[Path, Field(strict=False)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_network_or_host)], ...], Field(strict=False)]


class _Section(BaseModel, frozen=True):
    """A table of the file. Strict: a text is no number, true is none, and none is infinite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class DatabaseSettings(_Section, frozen=True):
    """Where everything is remembered."""

    url: str = Field(default_factory=_default_database)


class HttpSettings(_Section, frozen=True):
    """How feeds are asked, and webhooks reached."""

    contact: Annotated[str, Field(max_length=200)] = ""
    deadline_s: Positive = 30.0
    max_bytes: Annotated[int, Field(ge=1024)] = 10 * 1024 * 1024
    workers: Annotated[int, Field(ge=1, le=256)] = 32
    per_host_gap_s: NotNegative = 2.0
    allow_private: Hosts = ()


class PollSettings(_Section, frozen=True):
    """How often."""

    tick_s: Positive = 10.0
    min_interval_s: Positive = USUAL_MIN_INTERVAL_S
    max_interval_s: Positive = 86400.0
    lease_s: Positive = 300.0

    @model_validator(mode="after")
    def _check_intervals(self) -> Self:
        if self.max_interval_s < self.min_interval_s:
            found = f"{self.max_interval_s:g} < {self.min_interval_s:g}"
            raise _do_not_go_together(
                f"max_interval_s is less than min_interval_s ({found})", "max_interval_s", "min_interval_s"
            )
        return self


class AlertSettings(_Section, frozen=True):
    """What brings an alert, and how many at once."""

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
            raise _do_not_go_together(
                "password and password_file are both given; give one", "password_file", "password"
            )
        return self


class WebhookSettings(_Section, frozen=True):
    """How long a receiver may take."""

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
    """The whole configuration, checked. Made by itself it has defaults and what it is given, and reads nothing."""

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
        except (OSError, UnicodeError) as no:
            raise ConfigError(f"[smtp] password_file: {path} can't be read ({no})") from None


class _Variables(EnvSettingsSource):
    """The variables. Their texts become numbers and lists here, since the models are strict."""

    def field_is_complex(self, field: FieldInfo) -> bool:
        """Whether a text has to be decoded."""
        return field.annotation in {int, float} or super().field_is_complex(field)

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """A number, or a list in JSON; any other text as it is: the model refuses it and says what is wanted."""
        with contextlib.suppress(ValueError, RecursionError):
            if field.annotation in {int, float}:
                return field.annotation(value)
            return super().decode_complex_value(field_name, field, value)
        return value


class _LoadedSettings(Settings, BaseSettings, frozen=True):  # type: ignore[misc]  # BaseSettings is not frozen
    """Settings whose arguments are the tables of a file; the environment comes before them."""

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
        """What comes first counts."""
        return _Variables(settings_cls), init_settings


def _keys_of(section: FieldInfo) -> Iterator[tuple[str, str, FieldInfo]]:
    """Key as written in the file, attribute, field."""
    for attribute, field in cast("type[_Section]", section.annotation).model_fields.items():
        yield field.alias or attribute, attribute, field


#: Section by section, key by key as written in the file: the field that holds its value.
_FIELDS: Final = {
    section: {key: field for key, _, field in _keys_of(info)} for section, info in Settings.model_fields.items()
}


def all_keys() -> list[tuple[str, str]]:
    """Every (section, key) of the configuration, as written in the file."""
    return [(section, key) for section, keys in _FIELDS.items() for key in keys]


# -- reading


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
    tables = _read_toml(path) if path is not None else {}
    variables = _variables(os.environ)
    with _refusing(str(path), variables):
        return _LoadedSettings(**tables)


def build_settings(given: Mapping[str, Any]) -> Settings:
    """The settings from tables as a file has them; the environment is not read. Raises ConfigError."""
    with _refusing("configuration", {}):
        return Settings.model_validate(given)


def _read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file.

    What is no section is refused here: pydantic-settings takes names without regard to case, some names as options of
    its own, and a variable in place of anything that is no table.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as bad:
        raise ConfigError(f"{path}: not valid TOML: {bad}") from None
    except (OSError, UnicodeError) as bad:
        raise ConfigError(f"{path}: can't be read ({bad})") from None
    for section, table in tables.items():
        if section not in _FIELDS:
            raise ConfigError(f"{path}: [{section}]: {_UNKNOWN_KEY}")
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: [{section}]: {_WANTED['model_type']} is wanted")
    return tables


def _variables(environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """The names of the variables that are set, by section and key. An empty one is not set.

    Raises ConfigError for one that is unknown, empty or not.
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
#: What is wanted, by pydantic's types of errors; in braces what pydantic says of the limit. ``number``: of which kind.
_WANTED: Final[Mapping[str, str]] = {
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
    _NOT_WANTED: "{wanted}",
}


@contextlib.contextmanager
def _refusing(file: str, variables: Mapping[tuple[str, str], str]) -> Iterator[None]:
    """pydantic's errors become the first of them in one line for the operator, without the value of a secret."""
    try:
        yield
    except ValidationError as bad:
        raise ConfigError(_in_words(bad.errors(include_url=False)[0], file, variables)) from None


def _in_words(error: ErrorDetails, file: str, variables: Mapping[tuple[str, str], str]) -> str:
    """The source, the key, what is wanted, what was given."""
    kind, context = error["type"], error.get("ctx", {})
    section, *place = (str(part) for part in error["loc"])
    if kind == _NOT_TOGETHER:
        named = [variables[section, key] for key in context["keys"] if (section, key) in variables]
        return f"{_source(named[0] if named else None, file)}: [{section}]: {context['what']}"
    key = place[0] if place else ""
    variable = variables.get((section, key))
    where = f"{_source(variable, file)}: [{section}] {'.'.join(place)}".rstrip()
    if kind == "extra_forbidden":
        return f"{where}: {_UNKNOWN_KEY}"
    if kind not in _WANTED:
        return f"{where}: {error['msg']}"
    annotation = _FIELDS[section][key].annotation if place else None
    number = _WANTED["int_type" if annotation is int else "float_type"]
    choices = ", ".join(map(str, get_args(annotation)))
    wanted = _WANTED[kind].format(number=number, choices=choices, **context)
    if kind == "tuple_type" and variable is not None:
        wanted += ' in JSON, such as ["a", "b"],'
    given = error["input"]
    is_shown = place and annotation is not SecretStr and isinstance(given, str | int | float)
    return f"{where}: {wanted} is wanted{f', not {shorten(repr(given), limit=80)}' if is_shown else ''}"


def _source(variable: str | None, file: str) -> str:
    return f"environment variable {variable}" if variable is not None else file


# -- showing


class SourceKind(StrEnum):
    """What a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    VARIABLE = "variable"
    SECRET_FILE = "secret_file"  # noqa: S105 - a word of the output
    CREDENTIAL = "credential"


class ValueSource(Value, frozen=True, kw_only=True):
    """Where a value comes from.

    ``name``: the path of the file, the name of the variable or of systemd's credential; None for a default.
    """

    kind: SourceKind
    name: str | None = None


def value_sources(settings: Settings, path: Path | None) -> dict[str, dict[str, ValueSource]]:
    """Where each value of :func:`load_settings` comes from, by section and key as in the file.

    ``path`` is the file that was loaded. The mail server's password is where it will be read from.
    """
    variables = _variables(os.environ)
    sources: dict[str, dict[str, ValueSource]] = {}
    for section, info in Settings.model_fields.items():
        given = getattr(settings, section).model_fields_set
        sources[section] = {}
        for key, attribute, _ in _keys_of(info):
            if (variable := variables.get((section, key))) is not None:
                source = ValueSource(kind=SourceKind.VARIABLE, name=variable)
            elif attribute in given:
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
