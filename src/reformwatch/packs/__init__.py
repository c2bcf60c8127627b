"""Porch: the packs that come with the program."""

from importlib.resources import files

from reformwatch.errors import NotFound


def builtin_names() -> list[str]:
    """The packs there are."""
    return sorted(p.name.removesuffix(".toml") for p in files(__name__).iterdir() if p.name.endswith(".toml"))


def builtin_text(name: str) -> str:
    """A pack's text. Raises NotFound."""
    if name not in builtin_names():
        raise NotFound(
            f"pack {name!r}: there is none (packs: {', '.join(builtin_names())}); a file is given as its path"
        )
    return (files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
