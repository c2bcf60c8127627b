"""Matching: the query language: text to tree (:mod:`grammar`), tree against document (:mod:`evaluate`)."""

from reformwatch.matching.query.document import Document
from reformwatch.matching.query.evaluate import evaluate
from reformwatch.matching.query.grammar import parse_query
from reformwatch.matching.query.tree import Node

__all__ = ["Document", "Node", "evaluate", "parse_query"]
