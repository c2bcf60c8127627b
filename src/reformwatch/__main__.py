"""Porch: the command ``reformwatch``, and ``python -m reformwatch``.

Imports nothing of the program by itself: each worker process begins by importing what was started (multiprocessing's
way), and the command line is four fifths of the program's memory.
"""

import gc


def main() -> None:
    """Run a command, without garbage collection until all is imported: a fifth of a command's time (decision 0007)."""
    gc.disable()
    from reformwatch.cli import main as run

    run()


if __name__ == "__main__":
    main()
