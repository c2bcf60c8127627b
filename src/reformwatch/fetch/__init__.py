"""Fetch: brings bytes in: conditional requests, manners towards hosts, a pool of threads."""
