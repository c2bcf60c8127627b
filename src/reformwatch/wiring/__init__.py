"""Porch: the only place where objects are built: settings in, tools out.

A part for each kind of work, since a command loads only what it works with: :mod:`basics` for all of them,
:mod:`polling`, :mod:`delivery`, and :mod:`tools` for whoever does both.
"""
