"""Writes converter/knowledge/*.json: what every release of Keras takes, by which names.

    python tools/knowledge_of_releases.py           # anew, from the published packages
    python tools/knowledge_of_releases.py --check   # against the frameworks that are installed

The packages are downloaded by pip (some 1.5 GB, once), unpacked as far as they are source text of
Keras, and read without being run. The text is kept in the cache folder of tools/frameworks.py.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import frameworks
from release_knowledge import encoding
from release_knowledge.exports import KINDS
from release_knowledge.fetching import source_folder
from release_knowledge.live import differences
from release_knowledge.newest import newest
from release_knowledge.releases import NEWEST, RELEASES
from release_knowledge.tables import Table, table

TARGET = Path(__file__).parents[1] / "converter/knowledge"


def tables_of_all() -> dict[str, Table]:
    """What is known of each release, by its name."""
    found = {}
    for release in RELEASES:
        found[release.name] = table(release, source_folder(release, frameworks.cache_folder()))
        print(release.name, flush=True)
    return found


def write() -> None:
    """Reads all releases and replaces the tables."""
    tables = tables_of_all()
    _put("releases", encoding.releases())
    for kind in KINDS:
        _put(f"releases_{kind}", encoding.encoded(tables, kind))
    _put("keras3_layers", newest(source_folder(NEWEST, frameworks.cache_folder())))


def _put(name: str, content: Any) -> None:
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    (TARGET / f"{name}.json").write_text(text + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("writers", nargs="*", metavar="WRITER", help="default: all that are built")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    if not options.check:
        write()
        return 0
    tables = tables_of_all()
    writers = options.writers or frameworks.built()
    found = [line for name in writers for line in differences(name, tables)]
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
