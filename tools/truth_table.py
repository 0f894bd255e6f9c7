"""Puts what the truth tests found into the README: for each writer, how many samples convert.

    make truth

runs every sample in every format and then this with the outcomes.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- made by make truth -->\n", "<!-- end -->\n"
FORMATS = {"keras": "`.keras`", "h5": "`.h5`", "savedmodel": "SavedModel"}


def table(rows: list[tuple[str, str, str, int]]) -> str:
    """Writer by format that was run, samples that compute the same and those that are refused."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for writer, output, outcome, count in rows:
        counts[writer, output, outcome] += count
        counts["together", output, outcome] += count
    writers = sorted({row[0] for row in rows}, key=_order)
    formats = [each for each in FORMATS if any(row[1] == each for row in rows)]
    lines = [
        "| written by | " + " | ".join(FORMATS[each] for each in formats) + " |",
        "|---|" + "---|" * len(formats),
    ]
    for writer in [*writers, "together"]:
        cells = [_cell(counts, writer, output) for output in formats]
        lines.append(f"| {_title(writer)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(counts: Counter[tuple[str, str, str]], writer: str, output: str) -> str:
    if failed := counts[writer, output, "failed"]:
        raise SystemExit(f"{writer}: {failed} samples fail as {output}; there is nothing to show")
    return f"{counts[writer, output, 'same']:,} / {counts[writer, output, 'refused']:,}"


def _order(writer: str) -> tuple[bool, bool, list[int], str]:
    """Keras 1 and 2, then TensorFlow, then Keras 3."""
    family, version, *backend = writer.split("-")
    numbers = [int(number) for number in version.split(".")]
    return (family == "keras" and numbers[0] > 2, family == "tf", numbers, "".join(backend))


def _title(writer: str) -> str:
    family, _, rest = writer.partition("-")
    version, _, backend = rest.partition("-")
    name = {"keras": "Keras", "tf": "tf.keras"}.get(family, writer)
    return f"{name} {version} on {backend.title()}" if backend else f"{name} {version}".strip()


def main() -> None:
    rows = json.loads(Path(sys.argv[1]).read_text())
    text = README.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END, 1)[1]
    README.write_text(before + BEGIN + table(rows) + END + after)


if __name__ == "__main__":
    main()
