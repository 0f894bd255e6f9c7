"""What an output says about its making: kfix's release, the source, the rules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from converter import __version__
from converter.containers.closing import Closing
from converter.model.description import Json

PROVENANCE = "kfix"
"""The key in an archive's metadata and the attribute of an HDF5 file that say what kfix did."""


class Provenance(Closing):
    """The note for one output, to be asked for when the output is written.

    Until then a second thread reads the source and computes its SHA-256.
    """

    def __init__(self, source: Path, rules: Iterable[str] = ()) -> None:
        self._known = {"version": __version__, "source": source.name, "rules": list(rules)}
        self._pool = ThreadPoolExecutor(1)
        self._digest = self._pool.submit(sha256, source)

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)

    def metadata(self) -> dict[str, Json]:
        """The keys for an archive's ``metadata.json``; waits for the digest."""
        return {PROVENANCE: self._known | {"sha256": self._digest.result()}}

    def attributes(self) -> dict[str, str]:
        """The attributes for an HDF5 file; waits for the digest."""
        return {name: json.dumps(note) for name, note in self.metadata().items()}


def sha256(source: Path) -> str:
    """The SHA-256 of a file, in hex; read once as long as the file does not change."""
    found = source.stat()
    return _sha256(source, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=8)
def _sha256(source: Path, size: int, changed: int) -> str:
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
