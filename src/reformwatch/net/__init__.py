"""Net: the only way to the network: the HTTP client, its address policy and limits, politeness towards hosts."""
