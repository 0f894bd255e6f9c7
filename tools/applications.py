"""Keras's own models at full depth: written by their frameworks, converted, compared.

    python tools/applications.py                                # those with functions in the graph
    python tools/applications.py tf-2.15.0 --only ResNetRS50    # one of one writer

Their weights are too large for samples/, which hold the same blocks at the least depth
(ops_mobilenet_v3, ops_efficientnet and so on). Each model is written with perturbed weights and the
outputs that its framework computed, converted to .keras and .h5, and what today's Keras computes
from those is held against the record. Nothing is kept.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import frameworks
import numpy as np

from converter import convert
from converter.errors import KfixError

TOOLS = Path(__file__).resolve().parent
MODELS = (
    *("MobileNetV3Small", "MobileNetV3Large", "EfficientNetB0", "EfficientNetV2B0"),
    *("ConvNeXtTiny", "RegNetX002", "RegNetY002", "ResNetRS50"),
)
WRITERS = ("tf-2.4.0", "tf-2.8.0", "tf-2.10.0", "tf-2.15.0")
RTOL = 1e-4


def main() -> None:
    """Prints a line for each model, and ends with 1 where one differs."""
    parser = argparse.ArgumentParser(description="Convert Keras's own models at full depth.")
    parser.add_argument("writers", nargs="*", default=WRITERS)
    parser.add_argument("--only", nargs="*", default=MODELS, metavar="MODEL")
    options = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    warnings.simplefilter("ignore")
    lines = [line for writer in options.writers for line in _of_writer(writer, options.only)]
    if not lines or not all(line.endswith("same") for line in lines):
        raise SystemExit(1)


def _of_writer(writer: str, names: list[str]) -> Iterator[str]:
    for name in names:
        with tempfile.TemporaryDirectory(prefix="kfix-") as scratch:
            if not _write(writer, Path(scratch), name):
                continue
            for to in ("keras", "h5"):
                line = f"{writer:10} {name:18} .{to:6} {_compared(Path(scratch), name, to)}"
                print(line, flush=True)
                yield line


def _write(writer: str, folder: Path, name: str) -> bool:
    """Whether the release has this model."""
    done = subprocess.run(
        [str(frameworks.python_of(writer)), "-m", "sample_writer.applications", writer]
        + [str(folder), name],
        cwd=TOOLS,
        env=frameworks.process_environment(writer),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{writer}: {name}: {done.stderr.strip().splitlines()[-1]}")
    return f"WRITTEN {name}" in done.stdout


def _compared(folder: Path, name: str, to: str) -> str:
    import keras

    output = folder / f"converted.{to}"
    try:
        convert(folder / f"{name}.h5", output, to=to, verify=False)
    except KfixError as refusal:
        return str(refusal)
    keras.backend.clear_session()
    model = keras.models.load_model(output)
    stored = np.load(folder / f"{name}.npz")
    found = np.asarray(model.predict(stored["input_0"], verbose=0))
    recorded = stored["output_0"]
    # Behind so many layers a single number may end near zero: the largest sets the measure.
    greatest = float(np.abs(found - recorded).max() / np.abs(recorded).max())
    is_same = greatest <= RTOL
    return (
        f"{model.count_params():>11,} parameters, {greatest:.0e}  {'same' if is_same else 'OTHER'}"
    )


if __name__ == "__main__":
    main()
