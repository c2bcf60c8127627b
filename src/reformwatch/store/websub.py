"""Store: WebSub: each feed's subscription at its hub, and the partings from hubs that are not wanted any more.

A feed that is removed takes its subscription along, and the hub must still be able to ask whether that is meant. What
is left of a subscription is therefore kept beside, as a line of ``meta``, until the hub has let go.
"""



