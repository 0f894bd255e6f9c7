"""How many real models of the public stock Keras loads, before and after kfix.

Reads the folder of real files beside the checkout (``../shared/wild`` with its MANIFEST.tsv) and
prints, for the full models, what stock Keras makes of each as it is and after
``kfix convert --to keras``, with the reason for each one that is left. Needs the installed package:
``python tools/wild.py [FOLDER]``.
"""

from __future__ import annotations

import csv
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from converter import check, convert
from converter.errors import KfixError
from converter.model.findings import Severity

FOLDER = Path(__file__).resolve().parents[2] / "shared/wild"
KINDS = {"full model", "keras-zip"}
PATIENCE = 60
"""Seconds for one load; some files make older loaders run for ever."""

CODE = frozenset({Severity.UNSAFE})


def main() -> None:
    """Prints a line for each file and the sums."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    before: Counter[bool] = Counter()
    after: Counter[bool] = Counter()
    with tempfile.TemporaryDirectory() as scratch, Reader() as reader:
        for path in models(folder):
            stock = reader.loads(path)
            mended = after_kfix(path, Path(scratch) / "model.keras", reader)
            before[not stock] += 1
            after[not mended] += 1
            line = f"{path.name[:60]:60}  {'fails' if stock else 'loads'} → {mended or 'loads'}"
            print(line[:200], flush=True)
    total = sum(before.values())
    print(f"\nof {total} models stock Keras loads {before[True]} as they are")
    print(f"and {after[True]} after kfix")


def models(folder: Path) -> Iterator[Path]:
    """The full models."""
    with (folder / "MANIFEST.tsv").open() as manifest:
        for entry in csv.DictReader(manifest, delimiter="\t"):
            if entry["kind"] in KINDS:
                yield folder / entry["file"]


class Reader:
    """Stock Keras in a process of its own, which is replaced when a file hangs or crashes it."""

    def __enter__(self) -> Reader:
        self.pool = self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    @staticmethod
    def start() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

    def loads(self, path: Path) -> str:
        """Empty when stock Keras loads a file that carries no code, else the error."""
        if any(finding.severity in CODE for finding in check(path).findings):
            return "holds code, not tried"
        try:
            return self.pool.submit(load, path).result(PATIENCE)
        except (TookTooLong, BrokenProcessPool) as problem:
            for process in multiprocessing.active_children():
                process.kill()
            self.pool = self.start()
            return type(problem).__name__


def after_kfix(source: Path, output: Path, reader: Reader) -> str:
    """Empty when the converted model loads, else why not."""
    try:
        convert(source, output, to="keras", verify=False, force=True)
    except KfixError as refusal:
        return f"refused: {refusal}"
    return reader.loads(output)


def load(path: Path) -> str:
    """Runs in the child."""
    import keras

    try:
        keras.models.load_model(path)
    except Exception as error:  # whatever Keras raises is the answer
        return f"{type(error).__name__}: {str(error)[:100]}".replace("\n", " ")
    return ""


if __name__ == "__main__":
    main()
