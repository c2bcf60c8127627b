"""Porch: the only place where objects are built from settings.

A module for each kind of work, since a command imports only what it uses: :mod:`basics` for all commands,
:mod:`polling`, :mod:`delivery`, and :mod:`tools` for both together.
"""
