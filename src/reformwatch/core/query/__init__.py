"""Core: the query language: text to tree (:mod:`grammar`), tree against document (:mod:`evaluate`)."""

from reformwatch.core.query.document import Document
from reformwatch.core.query.evaluate import evaluate
from reformwatch.core.query.grammar import parse_query
from reformwatch.core.query.tree import Node

__all__ = ["Document", "Node", "evaluate", "parse_query"]
