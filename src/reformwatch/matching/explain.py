"""Matching: the parts of a query: which of them occur in an entry, and which do not."""

from reformwatch.matching.query.evaluate import evaluate
from reformwatch.matching.query.match_text import MatchText
from reformwatch.matching.query.tree import And, Node, Or
from reformwatch.model.topic import Evidence
from reformwatch.model.value import Value


class Part(Value, frozen=True, kw_only=True):
    """A part of a query that must occur. ``text`` is as typed; ``evidence`` is empty where the part does not occur."""

    text: str
    is_met: bool
    evidence: tuple[Evidence, ...] = ()


def parts_of(tree: Node, query: str, text: MatchText) -> tuple[Part, ...]:
    """The parts that must all occur; of a list of alternatives (OR), those of the alternative with most parts met."""
    candidates = [_parts(child, query, text) for child in (tree.children if isinstance(tree, Or) else (tree,))]
    return max(candidates, key=lambda parts: sum(part.is_met for part in parts) / len(parts))


def _parts(node: Node, query: str, text: MatchText) -> tuple[Part, ...]:
    children = node.children if isinstance(node, And) else (node,)
    return tuple(_part(child, query, text) for child in children)


def _part(node: Node, query: str, text: MatchText) -> Part:
    evidence = evaluate(node, text)
    return Part(text=query[node.start : node.end], is_met=evidence is not None, evidence=evidence or ())
