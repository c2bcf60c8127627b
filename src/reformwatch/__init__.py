"""reformwatch: watches news feeds for the follow-ups of announced reforms, and tells its subscribers once."""

__version__ = "0.1.0"
