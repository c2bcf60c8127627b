"""Porch: the daemon's own pages, and the server that answers with them."""
