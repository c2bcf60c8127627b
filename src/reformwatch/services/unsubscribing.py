"""Services: subscribers who unsubscribe by the link in a mail."""

from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.reasons import why_paused
from reformwatch.model.subscriber import Pause, PauseCode, Subscriber, SubscriberState
from reformwatch.services.views import UnsubscribeView
from reformwatch.store import Store
from reformwatch.store.subscribers import find_by_unsubscribe_token, pause


def find(store: Store, token: str) -> UnsubscribeView | None:
    """The subscriber whose mails have this token; None where there is none."""
    with store.read() as tx:
        return _view(find_by_unsubscribe_token(tx, token))


def unsubscribe(store: Store, token: str) -> UnsubscribeView | None:
    """Pause the subscriber whose mails have this token; returns the subscriber as before, None where there is none.

    A subscriber who is paused already keeps that pause.
    """
    with store.write() as tx:
        subscriber = find_by_unsubscribe_token(tx, token)
        if subscriber is not None and subscriber.state is not SubscriberState.PAUSED:
            pause(tx, subscriber.id, because=Pause(code=PauseCode.UNSUBSCRIBED))
    return _view(subscriber)


def _view(subscriber: Subscriber | None) -> UnsubscribeView | None:
    if subscriber is None:
        return None
    return UnsubscribeView(
        name=subscriber.name,
        language=subscriber.language,
        paused_because=why_paused(subscriber.pause, ENGLISH),
    )
