"""Measures batches: what a file costs, what workers that stay are worth, and how they scale."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from measure import Command, side_by_side
from models import dense_stack

CHECKOUT = Path(__file__).parents[1]
KFIX = [sys.executable, "-m", "converter", "-q"]


def models(folder: Path, count: int) -> Path:
    """A folder of so many copies of a small model."""
    folder.mkdir()
    first = folder / "0000.h5"
    dense_stack(first, 5, 16)
    for index in range(1, count):
        shutil.copy(first, folder / f"{index:04}.h5")
    return folder


def batch(folder: Path, output: Path, jobs: int, *options: str) -> Command:
    """One call for the whole folder."""
    told = ["--jobs", str(jobs), "--output-dir", str(output), "--force", "--fresh", *options]
    return Command([*KFIX, "convert", str(folder), "--to", "keras", *told])


def loop(folder: Path, output: Path) -> Command:
    """A shell loop of single conversions with verification."""
    output.mkdir(exist_ok=True)
    one = [*KFIX, "convert", "$f", "--to", "keras", "--force", "-o", f"{output}/$(basename $f)"]
    quoted = " ".join(f'"{each}"' for each in one)
    return Command(["sh", "-ec", f"for f in {folder}/*.h5; do {quoted}; done"])


def main() -> None:
    """Runs all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="small models without verification")
    parser.add_argument("--verified", type=int, default=24, help="models with verification")
    parser.add_argument("--repeat", type=int, default=3, help="counted rounds")
    options = parser.parse_args()
    print("| batch | against | times | result | aim | |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=CHECKOUT, prefix=".bench-") as name:
        small = models(Path(name, "small"), options.count)
        output = Path(name, "output")
        commands = [batch(small, output, jobs, "--no-verify") for jobs in (1, 2)]
        one, two = side_by_side(commands, options.repeat)
        each = one.seconds / options.count * 1000
        row(f"{options.count:,} models, 1 worker", "", f"{one.seconds:.1f} s", each, 30, "ms each")
        ratio = one.seconds / two.seconds
        times = f"{two.seconds:.1f} s : {one.seconds:.1f} s"
        row(f"{options.count:,} models, 2 workers", "1 worker", times, ratio, 1.7, "× faster")
        few = models(Path(name, "few"), options.verified)
        commands = [batch(few, output, 2), loop(few, Path(name, "looped"))]
        ours, theirs = side_by_side(commands, 1)
        ratio = theirs.seconds / ours.seconds
        times = f"{ours.seconds:.1f} s : {theirs.seconds:.1f} s"
        row(f"{options.verified} models, verified", "shell loop", times, ratio, 8, "× faster")


def row(case: str, against: str, times: str, result: float, aim: float, unit: str) -> None:
    """One line of the table."""
    fewer_is_better = unit == "ms each"
    met = result <= aim if fewer_is_better else result >= aim
    sign = "≤" if fewer_is_better else "≥"
    verdict = "met" if met else "MISSED"
    print(f"| {case} | {against} | {times} | {result:.3g} {unit} | {sign} {aim:g} | {verdict} |")


if __name__ == "__main__":
    main()
