"""Porch: the daemon's own pages, and the web server that serves them."""
