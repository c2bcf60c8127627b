"""reformwatch: watches news feeds for the follow-ups of announced reforms, and tells its subscribers once."""

from importlib.metadata import version

__version__ = version("reformwatch")
