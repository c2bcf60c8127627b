"""Matching: the query language: text to tree (:mod:`grammar`), tree against text (:mod:`evaluate`)."""

from reformwatch.matching.query.evaluate import evaluate
from reformwatch.matching.query.grammar import parse_query
from reformwatch.matching.query.match_text import MatchText
from reformwatch.matching.query.tree import Node

__all__ = ["MatchText", "Node", "evaluate", "parse_query"]
