"""Channels: carry messages out. One module a kind of address; none knows another."""
