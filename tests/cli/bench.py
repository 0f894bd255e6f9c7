"""How fast the commands start and work, as ratios measured side by side: ``make bench``."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

RUNS = 9
SAMPLE = ("tf-2.8.0", "application_mobilenet")
STOCK = "import sys, keras; keras.models.load_model(sys.argv[1], compile=False).save(sys.argv[2])"


def main() -> None:
    """Prints one line for each measured command: median, its yardstick's median, the ratio."""
    from tests import sample_store

    writer, name = SAMPLE
    model = next(each.path for each in sample_store.samples(writer) if each.name == name)
    with tempfile.TemporaryDirectory() as folder:
        mended, output = f"{folder}/mended.h5", f"{folder}/model.keras"
        kfix("repair", str(model), "-o", mended)
        typer, h5py = ["-c", "import typer"], ["-c", "import h5py, typer"]
        convert = ("convert", mended, "--to", "keras", "--no-verify", "--force", "-o", output)
        compare("--help", ("--help",), typer, "import typer", 2.0)
        compare("inspect", ("inspect", str(model)), h5py, "import h5py, typer", 2.0)
        compare("check", ("check", str(model)), h5py, "import h5py, typer", 2.0)
        compare("convert --no-verify", convert, h5py, "import h5py, typer", 2.5)
        stock = ["-c", STOCK, mended, output]
        compare("convert --no-verify", convert, stock, "load_model + save", 0.1)


def compare(
    name: str, command: tuple[str, ...], yardstick: list[str], what: str, goal: float
) -> None:
    """Measures a command and its yardstick by turns, so that both see the same machine."""
    measured: tuple[list[float], list[float]] = ([], [])
    # Fewer runs of what takes seconds; the first of each only warms the caches.
    runs = RUNS if goal > 1 else 3
    for turn in range(runs + 1):
        for times, start in zip(measured, (["-m", "converter", *command], yardstick), strict=True):
            seconds = run(start)
            times += [seconds] if turn else []
    own, other = (statistics.median(times) for times in measured)
    ratio = own / other
    line = f"{name:<20} {own * 1000:7.0f} ms  {what:<20} {other * 1000:7.0f} ms"
    print(f"{line}  ratio {ratio:5.2f}  goal {goal:g}")


def kfix(*arguments: str) -> None:
    """Runs the command line once."""
    run(["-m", "converter", *arguments])


def run(arguments: list[str]) -> float:
    """Seconds that a Python process takes, with compiled modules cached as in an installation."""
    environment = {
        key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
    }
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
