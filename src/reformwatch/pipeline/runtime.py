"""Pipeline: what polls take from outside the program, so that tests can choose it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from reformwatch.pipeline.checkpoints import Hook, no_hook


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The clock (aware times), random numbers from 0 up to 1, tokens of leases, secrets for hubs, and the hook."""

    clock: Callable[[], datetime]
    random: Callable[[], float]
    new_token: Callable[[], str]
    new_secret: Callable[[], str]
    hook: Hook = no_hook
