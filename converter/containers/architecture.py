"""Architecture JSON: what ``model.to_json()`` returns, and the ``config.json`` of an archive."""

from pathlib import Path

from converter.containers import json_text
from converter.containers.contents import Contents
from converter.containers.sniff import Kind
from converter.containers.writers import writer_of
from converter.errors import UnsafeContentError
from converter.model.description import Json


def parse(path: Path) -> Json:
    """The JSON in ``path``.

    A string that holds JSON again, as ``json.dump(model.to_json(), file)`` writes, is unwrapped.

    Raises:
        UnsafeContentError: too large or nested too deeply.
        NotAModelError: not JSON.
    """
    if path.stat().st_size > json_text.MAX_BYTES:
        raise UnsafeContentError(f"{path} is too large for an architecture")
    value = json_text.parse(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), str(path))
    return json_text.parse(value, str(path)) if isinstance(value, str) else value


def _unnamed(config: Json) -> str | None:
    """Keras 3's JSON names no version; it is told by the module that it gives for every class."""
    return "3" if "module" in config else None


def read(path: Path) -> Contents:
    """The contents of an architecture file: a config and no weights."""
    config = parse(path)
    return Contents(
        path=path,
        kind=Kind.ARCHITECTURE,
        size=path.stat().st_size,
        writer=writer_of(config.get("keras_version", _unnamed(config)), config.get("backend")),
        config=config,
    )
