"""Porch: the packs that come with the program."""

from importlib.resources import files

from reformwatch.errors import NotFound


def builtin_names() -> list[str]:
    """The names of the packs that come with the program, sorted."""
    return sorted(path.name.removesuffix(".toml") for path in files(__name__).iterdir() if path.name.endswith(".toml"))


def builtin_text(name: str) -> str:
    """A pack's TOML text. Raises NotFound for any other name."""
    if name not in builtin_names():
        raise NotFound(
            f"pack {name!r}: there is none (packs: {', '.join(builtin_names())}); a file is given as its path"
        )
    return (files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
