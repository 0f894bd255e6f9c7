"""The functions of ``corpus/sources.txt``, as each Python compiled them."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
SOURCES = tuple((FOLDER / "sources.txt").read_text().strip().split("\n\n"))
RELEASES = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


@cache
def compiled(release: str) -> dict[str, bytes]:
    """The marshalled code of each source that a release can parse."""
    codes = json.loads(gzip.decompress((FOLDER / f"{release}.json.gz").read_bytes()))
    return {
        source: base64.b64decode(code) for source, code in zip(SOURCES, codes, strict=True) if code
    }
