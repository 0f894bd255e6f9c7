"""What the releases of TensorFlow, Keras and h5py ask for, out of their own packages' metadata.

Reads the metadata that lies in the environments which tools/frameworks.py and
tools/faulty_environments.py have built, and writes converter/knowledge/environment.json.

    python tools/environment_table.py
"""

from __future__ import annotations

import json
import re
import sys
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.frameworks import cache_folder  # noqa: E402 (the path first)

TABLE = ROOT / "converter" / "knowledge" / "environment.json"
DESCRIBED = ("tensorflow", "keras", "tf-keras", "tensorflow-addons", "h5py")
NEEDED = (*DESCRIBED, "numpy", "protobuf", "ml-dtypes", "typeguard")


def plain(name: str) -> str:
    """The name of a package; the builds of TensorFlow for certain machines are TensorFlow."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    return "tensorflow" if name in ("tensorflow-cpu", "tensorflow-gpu") else name


def needs(requirements: list[str]) -> list[list[str]]:
    """Each as name, versions, and the Pythons for which it holds."""
    found = []
    for text in requirements:
        requirement = Requirement(text)
        marker = str(requirement.marker or "")
        condition = re.fullmatch(r'python_version ([<>=!]+) "([\d.]+)"', marker)
        is_extra = marker == 'extra == "tensorflow"'
        if plain(requirement.name) in NEEDED and (condition or is_extra or not marker):
            python = "".join(condition.groups()) if condition else ""
            found.append([plain(requirement.name), str(requirement.specifier), python])
    return sorted(found)


def describe(metadata: Path) -> tuple[str, str, list[list[str]]]:
    headers = HeaderParser().parsestr(metadata.read_text())
    return plain(headers["Name"]), headers["Version"], needs(headers.get_all("Requires-Dist", []))


def main() -> None:
    table: dict[str, dict[str, object]] = {name: {} for name in DESCRIBED}
    for metadata in cache_folder().glob("f*/*/lib/python3*/site-packages/*.dist-info/METADATA"):
        if plain(metadata.parent.name.rsplit("-", 2)[0]) in DESCRIBED:
            name, version, told = describe(metadata)
            table[name][version] = told
    ordered = {
        name: {version: table[name][version] for version in sorted(table[name], key=Version)}
        for name in DESCRIBED
    }
    text = json.dumps(ordered, indent=1)
    # One line for each list.
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    TABLE.write_text(text + "\n")
    print(", ".join(f"{name} {len(releases)}" for name, releases in ordered.items()))


if __name__ == "__main__":
    main()
