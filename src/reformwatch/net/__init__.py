"""Net: the one door to the network: HTTP requests, the address policy, politeness towards hosts."""
