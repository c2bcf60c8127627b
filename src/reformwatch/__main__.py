"""Porch: the command ``reformwatch``, and ``python -m reformwatch``.

It imports nothing of the program at the top: multiprocessing imports this module in every worker process, and the
command line takes four fifths of the program's memory.
"""

import gc


def main() -> None:
    """Run a command. No garbage collection during imports: it takes a fifth of a command's time (decision 0007)."""
    gc.disable()
    from reformwatch.cli import main as run

    run()


if __name__ == "__main__":
    main()
