"""Porch: polling and delivering together, for the daemon and the demo."""

import threading
from typing import TYPE_CHECKING

from reformwatch.pipeline.checkpoints import Hook, no_hook
from reformwatch.pipeline.deliver import OnDelivered
from reformwatch.pipeline.deliver import no_listener as no_listener_for_deliveries
from reformwatch.pipeline.poll import OnPolled
from reformwatch.pipeline.poll import no_listener as no_listener_for_polls
from reformwatch.store import Store
from reformwatch.wiring.delivery import DeliverTools
from reformwatch.wiring.polling import PollTools, build_hub_caller

if TYPE_CHECKING:
    from reformwatch.settings import Settings


class Tools:
    """The objects for polling and delivery, built from the settings and closed together."""

    def __init__(
        self,
        settings: "Settings",
        store: Store,
        *,
        owner: str,
        hook: Hook = no_hook,
        on_polled: OnPolled = no_listener_for_polls,
        on_delivered: OnDelivered = no_listener_for_deliveries,
    ) -> None:
        self.polling = PollTools(settings, store, owner=owner, hook=hook, on_polled=on_polled)
        self.delivery = DeliverTools(settings, store, owner=owner, hook=hook, on_delivered=on_delivered)
        self.poller, self.parser, self.deliverer = self.polling.poller, self.polling.parser, self.delivery.deliverer
        self.hubs = build_hub_caller(settings, store, self.delivery.client())

    def abort(self) -> None:
        """Abort running requests."""
        self.polling.client.close()
        self.delivery.close()

    def close(self) -> None:
        """Close all but the store."""
        self.abort()
        self.parser.close()


def run_once(tools: Tools, stop: threading.Event) -> None:
    """Poll the feeds and send the deliveries that are due, once."""
    tools.poller.poll_due(stop, is_once=True)
    tools.deliverer.deliver_due(stop)
