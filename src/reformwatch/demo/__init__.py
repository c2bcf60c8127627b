"""Porch: the demo: the program's own code on a newsroom, a mail server and a webhook receiver of its own."""

from reformwatch.demo.show import run_demo

__all__ = ["run_demo"]
