"""Porch: the demo: the program with a newsroom, a mail server and a webhook receiver on this machine."""

from reformwatch.demo.show import run_demo

__all__ = ["run_demo"]
