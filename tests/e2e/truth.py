"""What all truth tests share: converting a sample, and holding what Keras computes against the
record."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock
from zlib import crc32

import ml_dtypes
import numpy as np
import pytest

from converter import convert, join
from converter.engines.ragged import Ragged, separated
from converter.errors import ExitCode, KfixError
from tests.e2e.owners_code import InThisProcess, objects_of
from tests.sample_store import Sample, samples

BETTER_THAN_EXPECTED = frozenset(
    {"op-layer", "mask-op", "hard-sigmoid-state", "custom", "lambda", "masked-lambda"}
)
"""Reasons for which a sample may be refused, where some of its kind do convert; then the numbers
have to be right."""

OTHERWISE_IN_GRAPHS = frozenset({"Discretization", "Resizing"})
"""Layers that Keras's own ``predict`` computes otherwise than a call; the record is predict's."""


def parameters(config: pytest.Config, of: Sequence[Sample], to: str) -> list[Any]:
    """The given samples as test parameters; every sample where the command line says so.

    Those of one architecture stay in one process, which remembers what it has computed.
    """
    everything = samples() if config.getoption("--every-sample") else of
    # What comes with code for Keras 1 and 2 has tests of its own (test_old_code.py).
    chosen = [sample for sample in everything if sample.reason != "old-code"]
    by_name = sorted(chosen, key=lambda sample: sample.name)
    return [
        pytest.param(
            sample,
            id=f"{sample.id}-{sample.kind}",
            marks=pytest.mark.xdist_group(f"{to}-{sample.name}"),
        )
        for sample in by_name
    ]


def complete(sample: Sample, folder: Path) -> Path:
    """The sample as one file: weights that have their architecture beside them are joined to it."""
    if sample.architecture_path is None:
        return sample.path
    joined = folder / ("joined.keras" if sample.kind == "weights.h5" else "joined.h5")
    join(sample.architecture_path, sample.path, joined)
    return joined


Record = Callable[[str, object], None]
"""pytest's ``record_property``."""


def truth_holds(sample: Sample, folder: Path, to: str, record: Record) -> None:
    """Converts a sample and compares what plain Keras computes from the result, or has it refused.

    What became of it is recorded for the table in the README.
    """
    output = converted(sample, folder, to)
    record("truth", (sample.writer, to, "refused" if output is None else "same"))
    if output is not None:
        assert_same(_computed_by_keras(output, sample), sample)


_RESULTS: dict[str, list[np.ndarray]] = {}
"""What Keras computed, by what it was given: neighbouring releases write many models alike."""


def _computed_by_keras(output: Path, sample: Sample) -> list[np.ndarray]:
    """Outputs of the converted model; those of an archive are computed once for each content."""
    if output.suffix != ".keras":
        return _loaded_and_computed(output, sample)
    key = content_of(output, sample.inputs)
    if key not in _RESULTS:
        _RESULTS[key] = _loaded_and_computed(output, sample)
    return _RESULTS[key]


def content_of(archive: Path, inputs: Sequence[np.ndarray]) -> str:
    """A digest of all that decides what an archive computes from the inputs."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(archive) as members:
        for name in sorted(set(members.namelist()) - {"metadata.json"}):
            digest.update(name.encode() + members.read(name))
    for each in separated({str(index): each for index, each in enumerate(inputs)}).values():
        digest.update(f"{each.dtype} {each.shape}".encode() + each.tobytes())
    return digest.hexdigest()


def _loaded_and_computed(output: Path, sample: Sample) -> list[np.ndarray]:
    """As the model's owner does: with stock Keras, and his own modules where there are any."""
    import keras

    keras.backend.clear_session(free_memory=False)
    own = objects_of(sample.options.get("custom", ()))
    with keras.utils.custom_object_scope(own):
        return computed(keras.models.load_model(output), sample.inputs)


def converted(sample: Sample, folder: Path, to: str) -> Path | None:
    """The sample converted without verification; None where kfix refuses, as the sample says it
    has to.

    A refusal names its reason and leaves nothing behind.
    """
    output = folder / f"model.{to}"
    source = complete(sample, folder)
    if sample.options:
        _asks(sample, source, output, to)
    try:
        with serving(sample):
            convert(source, output, to=to, verify=False, **sample.options)
    except KfixError as refusal:
        assert sample.expect == "refused", f"{sample.id}: {refusal}"
        assert refusal.exit_code in (ExitCode.NOT_EXACT, ExitCode.MISSING, ExitCode.UNSAFE)
        assert str(refusal)
        assert not output.exists()
        return None
    assert sample.expect == "same" or sample.reason in BETTER_THAN_EXPECTED
    return output


def serving(sample: Sample) -> AbstractContextManager[object]:
    """Keras is here already, so the owner's code needs no process of its own."""
    if "custom" not in sample.options:
        return nullcontext()
    return mock.patch("converter.engines.Engine", InThisProcess)


def _asks(sample: Sample, source: Path, output: Path, to: str) -> None:
    """Without the facts that the file lacks it is refused, and the options for them are named."""
    with pytest.raises(KfixError) as refused:
        convert(source, output, to=to, verify=False)
    lacks_code = "custom" in sample.options
    assert refused.value.exit_code == (ExitCode.MISSING if lacks_code else ExitCode.NOT_EXACT)
    for name in sample.options:
        assert f"--{name.replace('_', '-')}" in refused.value.hint
    assert not output.exists()


def computed(model: Any, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a Keras model computes at inference, outputs in the model's order."""
    import keras
    import tensorflow as tf

    if any(type(layer).__name__ in OTHERWISE_IN_GRAPHS for layer in model.layers):
        return _arrays(keras, model.predict(inputs[0], verbose=0))
    # A plain call is several times faster than predict, which traces the model first.
    # A model of the user's own class does not say what it takes.
    takes = getattr(model, "inputs", None) or [None] * len(inputs)
    tensors = [
        _tensor(tf, array, getattr(given, "sparse", False))
        for array, given in zip(plain(inputs), takes, strict=True)
    ]
    names = getattr(model, "_inputs_struct", None)
    if isinstance(names, dict):
        return _arrays(keras, model(dict(zip(sorted(names), tensors, strict=True)), training=False))
    return _arrays(keras, model(tensors[0] if len(tensors) == 1 else tensors, training=False))


def _tensor(tf: Any, array: Any, sparse: bool) -> Any:
    if isinstance(array, Ragged):
        return tf.RaggedTensor.from_nested_row_splits(array.values, array.row_splits)
    tensor = tf.constant(array.tolist() if array.dtype.kind in "US" else array)
    return tf.sparse.from_dense(tensor) if sparse else tensor


def _arrays(keras: Any, outputs: Any) -> list[np.ndarray]:
    return [np.asarray(each) for each in keras.tree.flatten(outputs)]


def plain(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The arrays with their types: NumPy stores bfloat16 as two raw bytes."""
    return [each.view(ml_dtypes.bfloat16) if each.dtype.kind == "V" else each for each in arrays]


def assert_same(found: Sequence[np.ndarray], sample: Sample) -> None:
    """Compares with what the framework that wrote the sample recorded."""
    recorded = plain(sample.outputs)
    assert len(found) == len(recorded)
    for index, (new, old) in enumerate(zip(found, recorded, strict=True)):
        assert new.shape == old.shape, f"output {index}"
        if old.dtype.kind in "US":
            # TensorFlow gives bytes, an .npz text.
            texts = [each.decode() if isinstance(each, bytes) else each for each in new.ravel()]
            assert texts == old.ravel().tolist(), f"output {index}"
        else:
            np.testing.assert_allclose(
                new.astype(np.float64),
                old.astype(np.float64),
                sample.rtol,
                sample.atol,
                err_msg=f"output {index}",
            )


def oldest_and_newest() -> list[Sample]:
    """Each architecture and kind of file from the oldest and the newest writer of a generation.

    Releases between them write a model as one of the two does, or as a sample of their own shows.
    """
    by_generation: dict[tuple[str, str, str], list[Sample]] = {}
    for sample in samples():
        family = sample.writer.split(".")[0]
        by_generation.setdefault((family, sample.name, sample.kind), []).append(sample)
    ends = [(min(same, key=_release), max(same, key=_release)) for same in by_generation.values()]
    return [sample for pair in ends for sample in dict.fromkeys(pair)]


def ends_and_some_between() -> list[Sample]:
    """Those, and every third of the other samples; which ones is told by their names."""
    ends = oldest_and_newest()
    known = {each.id for each in ends}
    others = (each for each in samples() if each.id not in known)
    return [*ends, *(each for each in others if crc32(each.id.encode()) % 3 == 0)]


def newest() -> list[Sample]:
    """Each architecture and kind of file from the newest writer of a generation.

    What differs between output formats is how a model is written, and that depends on the upgraded
    model alone, which the test of the archives looks at.
    """
    chosen: dict[tuple[str, str, str], Sample] = {}
    for sample in samples():
        key = (sample.writer.split(".")[0], sample.name, sample.kind)
        chosen[key] = max(sample, chosen.get(key, sample), key=_release)
    return list(chosen.values())


COMPILED = ("compiled_", "goes_on_", "losses_", "metrics_", "optimizer_")
"""Architectures that differ in their compile state, which no SavedModel has."""


def newest_of_each_architecture() -> list[Sample]:
    """One complete file of each architecture, of those that convert, from its newest writer."""
    chosen: dict[str, Sample] = {}
    for sample in samples():
        if sample.name.startswith(COMPILED):
            continue
        if sample.kind == "full" and sample.expect == "same":
            chosen[sample.name] = max(sample, chosen.get(sample.name, sample), key=_release)
    return list(chosen.values())


def _release(sample: Sample) -> tuple[int, ...]:
    """Releases of Keras 2 before those of TensorFlow, before those of Keras 3."""
    family, version = sample.writer.split("-")[:2]
    numbers = tuple(int(number) for number in version.split("."))
    return (numbers[0] if family == "keras" and numbers[0] > 2 else 0, family == "tf", *numbers)
