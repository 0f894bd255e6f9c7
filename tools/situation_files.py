"""Makes the model files of docs/situations, with the code that stands on those pages.

Each is saved by the framework itself, with weights that are not the initial ones, and beside it lie
the outputs that the framework computed (tests/e2e/situations).

    python tools/situation_files.py            # the files
    python tools/situation_files.py --pages    # what kfix says on the pages
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.frameworks import process_environment, python_of  # noqa: E402 (the path first)

PAGES = ROOT / "docs" / "situations"
FILES = ROOT / "tests" / "e2e" / "situations"
WRITERS = ("tf-2.8.0", "tf-2.10.0")
CODE = {"custom-objects": "my_layers", "build-logic": "my_layers", "not-saved-as-h5": "my_model"}
"""The module that a page shows, as its first Python block of more than a few lines."""

# Runs inside the framework, Python 3.9 and newer.
WRITING = """
import os, sys, numpy, tensorflow as tf
from tensorflow import keras
page, folder = sys.argv[1:]
sys.path.insert(0, ".")
L = keras.layers
numpy.random.seed(7)

if page == "custom-objects":
    import my_layers as own
    x = keras.Input((8, 8, 3))
    y = own.ResidualBlock(6)(L.Conv2D(4, 3, activation=own.swash)(x))
    model = keras.Model(x, L.Dense(2, activation="sigmoid")(L.GlobalAveragePooling2D()(y)))
    model.compile("adam", loss=own.dice_loss, metrics=["accuracy"])
elif page == "build-logic":
    import my_layers as own
    x = keras.Input((7, 6))
    y = own.AttentionPooling(4)(own.Gated()(own.Gated()(x)))
    y = own.AttentionPooling(2, name="again")(L.Reshape((2, 3))(y))
    model = keras.Model(x, L.Dense(3)(y))
elif page == "not-saved-as-h5":
    import my_model
    model = my_model.build_model()
else:
    import tensorflow_addons as tfa
    A = tfa.layers
    x = keras.Input((8, 8, 3))
    y = A.InstanceNormalization()(L.Conv2D(4, 3)(x))
    y = L.Activation(tfa.activations.mish)(y)
    y = A.WeightNormalization(L.Conv2D(6, 3, activation="relu"))(y)
    y = L.GlobalAveragePooling2D()(A.GroupNormalization(3)(y))
    model = keras.Model(x, L.Dense(2)(y))
    model.compile(tfa.optimizers.AdamW(1e-4), "mse")

given = numpy.random.normal(size=(4,) + model.input_shape[1:]).astype("float32")
if model.optimizer:
    model.fit(given, numpy.random.uniform(size=(4, 2)), verbose=0)
for weight in model.weights:
    if weight.dtype.is_floating:
        noise = numpy.random.uniform(0.05, 0.25, weight.shape)
        weight.assign(weight + noise.astype("float32"))
try:
    model.save(folder + "/model.h5")
except NotImplementedError as error:
    assert page == "not-saved-as-h5", error
    # TensorFlow leaves a file behind that holds nothing.
    os.remove(folder + "/model.h5")
    model.save_weights(folder + "/weights.h5")
numpy.savez(folder + "/recorded.npz", input=given, output=model.predict(given))
"""


def code_of(page: str) -> str:
    """The module that a page shows."""
    blocks = re.findall(r"^```python\n(.*?)^```", (PAGES / f"{page}.md").read_text(), re.M | re.S)
    return next(block for block in blocks if block.startswith("import tensorflow as tf\nfrom"))


def situate(page: str, writer: str, folder: Path) -> None:
    """Lays out what the reader of a page has: the file, and his code."""
    for path in (FILES / writer / page).glob("*.h5"):
        shutil.copy(path, folder)
    if page in CODE:
        (folder / f"{CODE[page]}.py").write_text(code_of(page))


def commands_of(page: str) -> list[str]:
    """What a page tells to type."""
    blocks = re.findall(r"^```console\n(.*?)^```", (PAGES / f"{page}.md").read_text(), re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ kfix ")]


def said(command: str, folder: Path) -> str:
    """What kfix writes on a terminal of 80 columns, both streams in one."""
    arguments = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-m", "converter", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def fill(page: str) -> None:
    """Puts what kfix says below each command of a page."""
    path = PAGES / f"{page}.md"
    text = re.sub(
        r"^```console\n(.*?)^```",
        lambda block: "```console\n" + "".join(re.findall(r"^\$ .*\n", block[1], re.M)) + "```",
        path.read_text(),
        flags=re.M | re.S,
    )
    with tempfile.TemporaryDirectory() as place:
        situate(page, WRITERS[0], Path(place))
        for command in commands_of(page):
            line = f"$ {command}\n"
            text = text.replace(line, line + said(command, Path(place)), 1)
    path.write_text(text)


def main() -> None:
    if sys.argv[1:] == ["--pages"]:
        for page in (*CODE, "addons"):
            fill(page)
        return
    for writer in WRITERS:
        for page in (*CODE, "addons"):
            folder = FILES / writer / page
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as place:
                if page in CODE:
                    Path(place, f"{CODE[page]}.py").write_text(code_of(page))
                subprocess.run(
                    [str(python_of(writer)), "-c", WRITING, page, str(folder)],
                    cwd=place,
                    env=process_environment(writer),
                    check=True,
                )
            print(writer, page, *sorted(each.name for each in folder.iterdir()))


if __name__ == "__main__":
    main()
