"""Problems as people read them in English, for tests that hold the sentences to what happened."""

from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.problems import document_phrase, problem_sentence
from reformwatch.model.entry import Unreadable
from reformwatch.model.problem import Problem


def sentence(problem: Problem | None) -> str:
    """What is wrong; empty where nothing is."""
    return "" if problem is None else problem_sentence(problem, ENGLISH)


def what_came(unreadable: Unreadable) -> str:
    """What came instead of a document that can be read."""
    return document_phrase(unreadable.problem, ENGLISH)
