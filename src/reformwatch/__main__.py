"""Porch: the command ``reformwatch``, and ``python -m reformwatch``.

Imports nothing of the program by itself: each worker process begins by importing what was started (multiprocessing's
way), and the command line is four fifths of the program's memory.
"""

import gc


def main() -> None:
    """Run a command. Importing makes much and leaves no garbage, so nobody looks for any until it is done."""
    gc.disable()
    from reformwatch.cli import main as run

    run()


if __name__ == "__main__":
    main()
