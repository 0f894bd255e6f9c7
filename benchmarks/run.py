"""Measures kfix against plain copies, bare imports and stock Keras, and prints ratios.

Copies are flushed to disk like kfix's own outputs are, so that both promise the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from measure import Command, Cost, side_by_side
from models import dense_stack

CHECKOUT = Path(__file__).parents[1]
KFIX = [sys.executable, "-m", "converter"]
UNITS = 2048
LAYER_MB = UNITS * UNITS * 4 / 1e6

STOCK = "import sys, keras; keras.models.load_model(sys.argv[1]).save(sys.argv[2])"
COPY = "import sys, shutil, os; os.fsync(os.open(shutil.copyfile(*sys.argv[1:]), os.O_RDWR))"


@dataclass(frozen=True)
class Case:
    """One comparison: what kfix does, what it is measured against, and the ratio that is aimed at.

    ``at_least`` turns the limit round: kfix has to be that many times faster. ``memory_mb`` is
    the limit for kfix's memory.
    """

    name: str
    kfix: Command
    against: Command
    label: str
    limit: float
    at_least: bool = False
    memory_mb: float | None = None


def python(code: str, *arguments: Path) -> list[str]:
    """A bare Python with one line of code."""
    return [sys.executable, "-c", code, *map(str, arguments)]


def small_cases(folder: Path) -> Iterator[Case]:
    """Start-up, and a model of a hundred layers."""
    model, output = folder / "small.h5", folder / "small.keras"
    dense_stack(model, 100, 16)
    imports = Command(python("import h5py, typer"))
    yield Case(
        "--help", Command([*KFIX, "--help"]), Command(python("import typer")), "import typer", 2
    )
    yield Case(
        "inspect, 100 layers",
        Command([*KFIX, "inspect", str(model)]),
        imports,
        "import h5py, typer",
        2,
    )
    yield Case(
        "check, 100 layers", Command([*KFIX, "check", str(model)]), imports, "import h5py, typer", 2
    )
    convert = Command([*KFIX, "convert", str(model), "--to", "keras", "--no-verify"], [output])
    yield Case("convert, 100 layers", convert, imports, "import h5py, typer", 2.5)
    stock = Command(python(STOCK, model, folder / "stock.keras"))
    yield Case("convert, 100 layers", convert, stock, "stock load_model + save", 10, at_least=True)


def large_cases(folder: Path, megabytes: int) -> Iterator[Case]:
    """A model that is mostly weights, and one that is mostly optimizer state."""
    model, output = folder / "large.h5", folder / "large.keras"
    dense_stack(model, max(1, round(megabytes / LAYER_MB)), UNITS)
    convert = Command([*KFIX, "convert", str(model), "--to", "keras", "--no-verify"], [output])
    copied = folder / "copied"
    copy = Command(python(COPY, model, copied), [copied])
    yield Case(f"convert, {megabytes} MB", convert, copy, "copy of its weights", 1.5, memory_mb=150)
    stock = Command(python(STOCK, model, folder / "stock.keras"), [folder / "stock.keras"])
    yield Case(
        f"convert, {megabytes} MB", convert, stock, "stock load_model + save", 10, at_least=True
    )
    output.unlink(missing_ok=True)
    trained, stripped, kept = (
        folder / "trained.h5",
        folder / "trained.stripped.h5",
        folder / "kept.h5",
    )
    layers = max(1, round(megabytes / 3 / LAYER_MB))
    dense_stack(trained, layers, UNITS, optimizer=True)
    dense_stack(kept, layers, UNITS)
    strip = Command([*KFIX, "strip-optimizer", str(trained)], [stripped])
    copy = Command(python(COPY, kept, copied), [copied])
    yield Case(f"strip, {megabytes} MB", strip, copy, "copy of the kept bytes", 1.3, memory_mb=100)
    stock = Command(python(STOCK, trained, folder / "stock.h5"), [folder / "stock.h5"])
    yield Case(f"strip, {megabytes} MB", strip, stock, "stock load_model + save", 10, at_least=True)


def row(case: Case, ours: Cost, theirs: Cost) -> str:
    """One line of the table."""
    ratio = theirs.seconds / ours.seconds if case.at_least else ours.seconds / theirs.seconds
    met = ratio >= case.limit if case.at_least else ratio <= case.limit
    memory_met = case.memory_mb is None or ours.megabytes <= case.memory_mb
    aim = f"≥ {case.limit:g}× faster" if case.at_least else f"≤ {case.limit:g}×"
    memory = f"{ours.megabytes:.0f} MB" + (f" (≤ {case.memory_mb:g})" if case.memory_mb else "")
    verdict = "met" if met and memory_met else "MISSED"
    times = f"{ours.seconds:.2f} s : {theirs.seconds:.2f} s"
    return f"| {case.name} | {case.label} | {times} | {ratio:.2f}× | {aim} | {memory} | {verdict} |"


def main() -> None:
    """Runs all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="megabytes of the large models")
    parser.add_argument("--repeat", type=int, default=5, help="counted rounds")
    options = parser.parse_args()
    print("| kfix | against | times | ratio | aim | memory | |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=CHECKOUT, prefix=".bench-") as name:
        for cases in (small_cases(Path(name)), large_cases(Path(name), options.size)):
            for case in cases:
                ours, theirs = side_by_side([case.kfix, case.against], options.repeat)
                print(row(case, ours, theirs), flush=True)


if __name__ == "__main__":
    main()
