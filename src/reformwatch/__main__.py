"""Porch: the command ``reformwatch``, and ``python -m reformwatch``.

Imports nothing by itself: each worker process begins by importing what was started (multiprocessing's way), and the
command line is four fifths of the program's memory.
"""


def main() -> None:
    """Run a command."""
    from reformwatch.cli import main as run

    run()


if __name__ == "__main__":
    main()
