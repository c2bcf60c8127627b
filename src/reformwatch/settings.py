"""Porch: the configuration: defaults, a TOML file, ``REFORMWATCH_SECTION__KEY`` variables, secret files.

pydantic-settings ignores variables it does not know; here an unknown key or variable is an error that names it.
# trust: D22
"""

import contextlib
import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from platformdirs import user_config_path, user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from reformwatch.errors import ConfigError, NotPermitted
from reformwatch.urls import without_password

ENV_PREFIX: Final = "REFORMWATCH_"
#: What owners of feeds ask for: one request an hour at most.
USUAL_MIN_INTERVAL_S: Final = 3600.0
ENV_CONFIG: Final = "REFORMWATCH_CONFIG"
#: Secrets handed over by systemd (LoadCredential=) stand here as files.
_ENV_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is wanted")  # noqa: TRY004 - pydantic takes ValueError only
    return value


def _network_or_host(given: str) -> str:
    """What has a slash is meant as a network; anything else is the name of a host."""
    if "/" in given:
        try:
            ipaddress.ip_network(given, strict=False)
        except ValueError:
            raise ValueError("neither a network such as 10.0.0.0/8 nor the name of a host") from None
    return given


_NoTruth = BeforeValidator(_no_truth)
Positive = Annotated[float, _NoTruth, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, _NoTruth, Field(ge=0, allow_inf_nan=False)]
Whole = Annotated[int, _NoTruth]
Reachable = Annotated[str, AfterValidator(_network_or_host)]


class _Section(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


def _default_database() -> str:
    return f"sqlite:///{user_data_path('reformwatch', appauthor=False) / 'reformwatch.sqlite'}"


class DatabaseSettings(_Section):
    """Where everything is remembered."""

    url: str = Field(default_factory=_default_database)


class HttpSettings(_Section):
    """How feeds are asked, and webhooks reached."""

    contact: str = Field(default="", max_length=200)
    deadline_s: Positive = 30.0
    max_bytes: Whole = Field(default=10 * 1024 * 1024, ge=1024)
    workers: Whole = Field(default=32, ge=1, le=256)
    per_host_gap_s: NotNegative = 2.0
    allow_private: tuple[Reachable, ...] = ()


class PollSettings(_Section):
    """How often."""

    tick_s: Positive = 10.0
    min_interval_s: Positive = USUAL_MIN_INTERVAL_S
    max_interval_s: Positive = 86400.0
    lease_s: Positive = 300.0

    @model_validator(mode="after")
    def _bounds(self) -> "PollSettings":
        if self.max_interval_s < self.min_interval_s:
            raise ValueError("max_interval_s is less than min_interval_s")
        return self


class AlertSettings(_Section):
    """What is told."""

    late_after_days: Positive = 7.0
    burst_limit: Whole = Field(default=10, ge=1)
    base_url: str = Field(default="", pattern=r"^(https?://[^\s/]+[^\s]*)?$")


class SmtpSettings(_Section):
    """The mail server."""

    host: str = ""
    port: Whole = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    sender: str = Field(default="", alias="from")
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _one_password(self) -> "SmtpSettings":
        if self.password_file is not None and self.password.get_secret_value():
            raise ValueError("password and password_file are both given; give one")
        return self


class WebhookSettings(_Section):
    """How long a receiver may take."""

    deadline_s: Positive = 30.0


class WebSettings(_Section):
    """The daemon's own pages (unsubscribing, health)."""

    listen: str = Field(default="", pattern=r"^(.+:\d{1,5})?$")


class ArchiveSettings(_Section):
    """How long entries are kept."""

    keep_days: Positive = 730.0


class LogSettings(_Section):
    """The log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(BaseSettings):
    """The whole configuration, checked."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__")

    database: DatabaseSettings = DatabaseSettings()
    http: HttpSettings = HttpSettings()
    poll: PollSettings = PollSettings()
    alerts: AlertSettings = AlertSettings()
    smtp: SmtpSettings = SmtpSettings()
    webhook: WebhookSettings = WebhookSettings()
    web: WebSettings = WebSettings()
    archive: ArchiveSettings = ArchiveSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings' own
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no .env files: a daemon's configuration has one place
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - password_file says where a secret is
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables come before the file."""
        return env_settings, init_settings

    def smtp_password(self) -> str:
        """The mail server's password: from the configuration, a file, a systemd credential. Raises ConfigError."""
        path = self.smtp.password_file
        credentials = os.environ.get(_ENV_CREDENTIALS)
        if path is None and credentials and _is_file(Path(credentials) / "smtp_password"):
            path = Path(credentials) / "smtp_password"
        if path is None:
            return self.smtp.password.get_secret_value()
        try:
            return path.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeError) as no:
            raise ConfigError(f"[smtp] password_file: {path} can't be read ({no})") from None


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
    given = _read_toml(path) if path is not None else {}
    _refuse_unknown_variables()
    try:
        return Settings(**given)
    except ValidationError as bad:
        raise ConfigError(_first_error(bad, path)) from None
    except Exception as bad:
        if type(bad).__name__ != "SettingsError":
            raise
        raise ConfigError(f'environment: {bad}; a list is written as JSON: \'["a", "b"]\'') from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as bad:
        raise ConfigError(f"{path}: not valid TOML: {bad}") from None
    except (OSError, UnicodeError) as bad:
        raise ConfigError(f"{path}: can't be read ({bad})") from None


def _refuse_unknown_variables() -> None:
    known = {f"{ENV_PREFIX}{section}__{key}".upper() for section, key in all_keys()} | {ENV_CONFIG}
    sections = {f"{ENV_PREFIX}{section}".upper() for section in Settings.model_fields}
    for name in os.environ:
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known | sections:
            raise ConfigError(f"environment variable {name}: there is no such setting; see config.example.toml")


def all_keys() -> list[tuple[str, str]]:
    """Every (section, key) of the configuration, as written in the file."""
    found = []
    for section, field in Settings.model_fields.items():
        assert isinstance(field.annotation, type)  # noqa: S101 - every field is a section, the type checker can't know
        assert issubclass(field.annotation, BaseModel)  # noqa: S101
        found += [(section, inner.alias or name) for name, inner in field.annotation.model_fields.items()]
    return found


def _first_error(bad: ValidationError, path: Path | None) -> str:
    error = bad.errors()[0]
    where = [str(part) for part in error["loc"]]
    name = f"[{where[0]}] {'.'.join(where[1:])}" if len(where) > 1 else f"[{where[0]}]"
    source = _source(where, path)
    if error["type"] == "extra_forbidden":
        return f"{source}: {name}: there is no such key; see config.example.toml"
    return f"{source}: {name}: {error['msg'].removeprefix('Value error, ')}{_shown_input(error, where)}"


def _source(where: list[str], path: Path | None) -> str:
    """Who said what is wrong: a variable, which comes before the file; the file; else the two together."""
    set_names = {name.upper(): name for name in os.environ}
    for depth in (2, 1):
        if (variable := f"{ENV_PREFIX}{'__'.join(where[:depth])}".upper()) in set_names:
            return f"environment variable {set_names[variable]}"
    return str(path) if path and _stands_in(path, where) else "configuration"


def _stands_in(path: Path, where: list[str]) -> bool:
    node: Any = _read_toml(path)
    for part in where:
        if isinstance(node, list) and part.isdecimal():
            node = dict(enumerate(node)).get(int(part))
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            return False
    return True


def _shown_input(error: Any, where: list[str]) -> str:
    """What was given, if it is one value of one key and no secret."""
    given = error.get("input")
    is_secret = "password" in where or len(where) < 2
    return f", not {given!r}" if isinstance(given, str | int | float) and not is_secret else ""


def shown(settings: Settings) -> dict[str, dict[str, Any]]:
    """The effective settings with secrets masked, keys as in the file."""
    told = settings.model_dump(mode="json", by_alias=True)
    told["database"]["url"] = without_password(settings.database.url)
    return told
