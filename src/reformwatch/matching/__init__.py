"""Matching: queries against entries, with evidence. Pure functions."""
