"""Porch: ``python -m reformwatch`` is the command ``reformwatch``."""

from reformwatch.cli import main

if __name__ == "__main__":
    main()
