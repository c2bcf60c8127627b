"""Documents: bytes to entries: feeds, sitemaps, pages, OPML lists, robots.txt. Pure functions."""
