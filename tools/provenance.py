"""What samples/README.md says: where each archive comes from and what it leaves out.

python tools/provenance.py      # write it again from the archives that are there
"""

from __future__ import annotations

import json
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import frameworks

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
BASE = "a base class; no model has a layer of it"
ELSEWHERE = "wraps a program of another library, which no Keras file holds"
TABLE = "this release keeps the vocabulary in a table, which no .h5 holds"
NOT_COVERED = {
    "AbstractRNNCell": BASE,
    "AdditiveAttention": "this release has no config of it to write",
    "Attention": "this release has no config of it to write",
    "BaseDenseAttention": BASE,
    "BatchNormalizationBase": BASE,
    "CombinerPreprocessingLayer": BASE,
    "ConvRecurrent2D": BASE,
    "CuDNNGRU": "TensorFlow only",
    "CuDNNLSTM": "TensorFlow only",
    "DenseFeatures": "this release can't write the columns",
    "Equalization": "on a symbolic input this release finds a cycle: no graph can hold it",
    "FlaxLayer": ELSEWHERE,
    "FunctionalPreprocessingStage": "a pipeline to adapt with, not a layer of models",
    "IntegerLookup": TABLE,
    "JaxLayer": ELSEWHERE,
    "Layer": BASE,
    "LinearModel": "a subclassed model",
    "PreprocessingLayer": BASE,
    "PreprocessingStage": "a pipeline to adapt with, not a layer of models",
    "RandomGrayscale": "on a symbolic input this release loses the graph",
    "Recurrent": BASE,
    "RNN": "no cells in this release to put in it",
    "SeparableConv2D": "Theano has none",
    "SeparableConvolution2D": "Theano has none",
    "StringLookup": TABLE,
    "TextVectorization": TABLE,
    "TFSMLayer": "holds the path of a SavedModel, not weights",
    "TorchModuleWrapper": ELSEWHERE,
    "Wrapper": BASE,
}
"""Exported layer classes that no sample has, and why; other gaps are shown as unexplained."""

PLAIN = {
    "transfer_learning": (
        "tf-2.8.0",
        "a small MobileNet-like base with DepthwiseConv2D and names with slashes, under a new head",
    ),
    "sentiment_lstm": (
        "keras-2.2.4",
        "Embedding, LSTM with its hard_sigmoid gates, Dense; compiled, not trained",
    ),
    "trained_classifier": (
        "tf-2.15.0",
        "convolutions trained for two steps with Adam, whose state is in the file",
    ),
}
"""Samples that also lie beside the archives as plain files, for the demo and the manual."""

HEAD = """\
# Samples

Small model files, each written by the framework that it is named after, with the inputs that were
fed to it and the outputs that **this very framework** computed. They are what kfix is measured
against: a repaired or converted model must compute the same numbers.

## How they were made

`python tools/frameworks.py` builds each original framework as a virtual environment of its own
(needs `uv` on the PATH and the interpreters of the table below), and
`python tools/make_samples.py` runs the architectures of `tools/sample_writer/` inside it: build,
give every float weight a value of its own (fresh weights hide mistakes: zero biases, unit
gammas), train for two steps where that is the subject, predict, save. Then a fresh process of the
same framework reloads every file and compares; a file whose numbers differ is left out. A file
that its own framework can't reload stays, with that said in its `note`: the recording is of the
model that was saved.

All models are ours, made of random weights; nothing is downloaded and nothing was trained on
anybody's data. They are under the licence of kfix (Apache-2.0).

## What is in an archive

`WRITER.tar.xz` holds `manifest.json`, and for each sample its file (`.h5`, `.keras`, or
`.h5`/`.weights.h5` with the architecture in a `.json` beside it) and an `.npz` with `input_0`…
and `output_0`… in the model's order; the inputs of models that name them (dictionaries) are in the
order of the sorted names. Strings are NumPy strings. `tests/sample_store.py` reads all this.

A manifest entry says the `kind` of file, the `layers` in it, and what to `expect`: `same`, or
`refused` with a `reason`:

| reason | what it is |
|---|---|
| lambda, masked-lambda | a Lambda layer |
| op-layer | TensorFlow operations in the graph, or operations of Keras 3 in an `.h5` |
| mask-op | an `.h5` of Keras 3 that keeps the computation of a mask as operations |
| addons | a layer of TensorFlow Addons that Keras 3 has nothing for |
| custom | the owner's own layers or functions (no `options`: only the compile state has them) |
| old-code | such layers in the words of Keras 1 or 2, which Keras 3 does not import |
| removed-layer | a class that Keras 3 no longer has |
| cudnn | CuDNNLSTM, CuDNNGRU; the numbers are of the same framework's own CPU conversion |
| bilinear | bilinear UpSampling2D of TensorFlow 1 |
| hard-sigmoid-state | hard_sigmoid where scaling the weights can't mend it |
| time-major | recurrent layers over the first axis |
| batch-norm-mode, merge-cosine | modes of Keras 1 that nothing has today |
| no-backend | numbers that depend on the backend, which nothing in the file shows (`options`) |
| theano-release | padding that depends on the release of Theano, which no file names (`options`) |
| two-releases | releases that give the same version computed different things (`options`) |
| ragged | rows of different lengths, where Keras 3 would have to make them ragged again |
| inner-masks | masks that are made inside a TimeDistributed |
| no-input-shape | the writer lost the shape of the input (`options`) |

`options` are what kfix has to be told because the file does not say it (`writer`, `input_shape`):
with them it converts to the `same` numbers, without them it is refused. `custom` names modules of
`tools/sample_writer/user_code`.

`rtol` and `atol` are given where they are not the default 1e-4 and 1e-5.
"""


def not_covered(classes: dict[str, str], entries: list[dict[str, Any]]) -> dict[str, str]:
    """The exported classes (export name → class name) in no sample, each with the reason."""
    used = {name for entry in entries for name in entry["layers"]}
    return {
        exported: NOT_COVERED.get(exported, "unexplained")
        for exported, name in sorted(classes.items())
        if exported not in used and name not in used
    }


def _manifests(folder: Path) -> dict[str, tuple[dict[str, Any], int]]:
    found = {}
    for name in frameworks.FRAMEWORKS:
        path = folder / f"{name}.tar.xz"
        if path.exists():
            with tarfile.open(path) as archive:
                stream = archive.extractfile("manifest.json")
                assert stream is not None
                found[name] = (json.load(stream), path.stat().st_size)
    return found


def _provenance(manifests: dict[str, tuple[dict[str, Any], int]]) -> list[str]:
    lines = ["## Provenance", "", "| writer | Python | installed | samples | refused | KB |"]
    lines.append("|---|---|---|---|---|---|")
    for name, (manifest, size) in manifests.items():
        framework = frameworks.FRAMEWORKS[name]
        installed = (*framework.requirements, *framework.libraries)
        requirements = " ".join(installed).replace("<", "\\<")
        samples = manifest["samples"]
        refused = sum(sample["expect"] == "refused" for sample in samples)
        python = manifest["versions"]["python"]
        counts = f"{len(samples)} | {refused} | {size // 1024}"
        lines.append(f"| {name} | {python} | {requirements} | {counts} |")
    total = sum(size for _, size in manifests.values())
    count = sum(len(manifest["samples"]) for manifest, _ in manifests.values())
    return [*lines, "", f"Together {count} samples in {total / 2**20:.1f} MB.", ""]


def _plain() -> list[str]:
    lines = ["## Plain files", "", "The same samples as in the archives, to try things on:", ""]
    for name, (writer, what) in PLAIN.items():
        lines.append(f"- `{name}.h5`, `{name}.npz` ({writer}): {what}.")
    return [*lines, ""]


def _grouped(manifests: dict[str, tuple[dict[str, Any], int]], key: str) -> list[str]:
    """One line for each name and reason, with the writers it goes for."""
    writers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for writer, (manifest, _) in manifests.items():
        for name, why in manifest[key].items():
            writers[name, why].append(writer)
    lines = ["", "| name | why | writers |", "|---|---|---|"]
    for (name, why), those in sorted(writers.items()):
        text = why.replace("|", "\\|").replace("<", "\\<")
        which = "all" if len(those) == len(manifests) else ", ".join(those)
        lines.append(f"| {name} | {text} | {which} |")
    return [*lines, ""]


def write_readme(folder: Path = SAMPLES) -> None:
    manifests = _manifests(folder)
    lines = [HEAD, *_provenance(manifests), *_plain()]
    lines += ["## Layer classes in no sample", "", "Of what each layers module exports:"]
    lines += _grouped(manifests, "not_covered")
    lines += ["## Architectures left out", "", "What failed in the framework itself:"]
    lines += _grouped(manifests, "failed")
    (folder / "README.md").write_text("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    write_readme()
