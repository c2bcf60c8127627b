"""Net: the one client to the network: HTTP requests, the address policy, politeness towards hosts."""
