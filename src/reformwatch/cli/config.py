"""Porch: the configuration."""

import json

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, facts, json_option, say
from reformwatch.settings import USUAL_MIN_INTERVAL_S, shown
from reformwatch.wiring.basics import host_and_port
from reformwatch.wiring.delivery import smtp_account


@click.group()
def config() -> None:
    """The configuration."""


@config.command("check")
@json_option
@click.pass_obj
def check(invocation: Invocation, as_json: bool) -> None:
    """Check the configuration and show the effective settings, secrets masked.

    Example: reformwatch --config config.toml config check
    """
    settings = invocation.settings
    if settings.smtp.host:
        smtp_account(settings)
    if settings.web.listen:
        host_and_port(settings.web.listen)
    sections = shown(settings)
    path = invocation.config_path
    if as_json:
        emit_json({"file": str(path) if path else None, "settings": sections})
        return
    if settings.poll.min_interval_s < USUAL_MIN_INTERVAL_S:
        say(
            f"[poll] min_interval_s is {settings.poll.min_interval_s:g}: every feed may be asked more than once an "
            "hour, which owners of feeds mind; `reformwatch feed edit FEED --interval` does it for one feed"
        )
    facts([("file", path or "none: defaults and environment")])
    for section, values in sections.items():
        facts([(f"[{section}]", ""), *((f"  {key}", _as_toml(value)) for key, value in values.items())])


def _as_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else json.dumps("" if value is None else value)
