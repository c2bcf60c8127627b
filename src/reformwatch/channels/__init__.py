"""Channels: send messages. One module a kind of channel; none imports another."""
