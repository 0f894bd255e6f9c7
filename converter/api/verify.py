"""Whether two models compute the same on the same inputs, and from which layer on they do not."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api.mending import mended
from converter.api.probe import build_input_shape, input_specs
from converter.api.told import InputShapes, open_told
from converter.api.tracing import first_difference
from converter.api.verification import reference_of
from converter.api.writing import write_archive, write_h5
from converter.containers import ModelFile, open_model
from converter.containers.sniff import Kind, sniff
from converter.engines import Comparison, Engine, Prediction, Tolerance
from converter.engines.arrays import load
from converter.engines.compare import compare_outputs
from converter.errors import KfixError, UsageError
from converter.rules.apply import Upgrade


@dataclass(frozen=True)
class VerifyReport:
    """How the outputs of two models compare.

    Attributes:
        a: the first file, the reference.
        b: the second file.
        reader_a: who ran the first: ``tf_keras``, ``keras``, or ``keras, repaired`` where no
            library reads the file itself.
        reader_b: who ran the second; ``tensorflow`` for a SavedModel.
        same: all outputs agree within the tolerance.
        outputs: one comparison for each output, in the models' order.
        first_difference: the first layer, in the order of computing, whose output differs; empty
            when it could not be told.
    """

    a: Path
    b: Path
    reader_a: str
    reader_b: str
    same: bool
    outputs: tuple[Comparison, ...]
    first_difference: str = ""


@dataclass(frozen=True)
class _Side:
    """One of the two, ready to be run: ``file`` is the model itself or a repaired copy."""

    file: Path
    reader: str
    label: str
    result: Upgrade | None = None
    source: ModelFile | None = None


@dataclass(frozen=True)
class _Run:
    """What one comparison needs besides the two sides."""

    scratch: Path
    custom: tuple[str, ...]
    timeout: float | None
    tolerance: Tolerance


def verify(
    a: str | PathLike[str],
    b: str | PathLike[str],
    *,
    custom: Sequence[str] = (),
    writer: str | None = None,
    input_shape: InputShapes | None = None,
    timeout: float | None = None,
    rtol: float = 1e-4,
    atol: float = 1e-5,
) -> VerifyReport:
    """Runs two models on the same made-up inputs and compares their outputs.

    Files of Keras 2 are run by tf_keras, files of Keras 3 by Keras, SavedModels by TensorFlow;
    where no library reads a file, a repaired copy stands for it, and the report says so.

    Args:
        a: the reference, a model file.
        b: a model file or a SavedModel directory.
        custom: the user's Python files and modules.
        writer: who wrote the reference, where it does not say it: ``keras-1.2.2-theano``.
        input_shape: the shape of its input without the batch, where it does not say it; a mapping
            of names to shapes where there are several inputs.
        timeout: seconds that each request to a child process may take.
        rtol: relative tolerance.
        atol: absolute tolerance.

    Raises:
        NotAModelError: a file is no model.
        VerificationError: a model does not load, or does not run.
        MissingObjectError: a custom object is needed.
        UsageError: no such file, or the reference is a SavedModel or contradicts what is told.
    """
    if sniff(Path(a)).kind is Kind.SAVED_MODEL:
        raise UsageError(f"{a} is a SavedModel, which can't be the reference", "give it second")
    with ExitStack() as opened:
        scratch = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="kfix-")))
        run = _Run(scratch, tuple(custom), timeout, Tolerance(rtol, atol))
        reference = opened.enter_context(open_told(Path(a), writer, input_shape))
        left = _side(reference, scratch / "a", run.custom)
        if sniff(Path(b)).kind is Kind.SAVED_MODEL:
            right = _Side(Path(b), "tensorflow", "tensorflow")
        else:
            right = _side(opened.enter_context(open_model(Path(b))), scratch / "b", run.custom)
        outputs, layer = _compared(left, right, run)
    same = all(each.ok for each in outputs)
    return VerifyReport(Path(a), Path(b), left.label, right.label, same, outputs, layer)


def _side(source: ModelFile, copy: Path, custom: tuple[str, ...]) -> _Side:
    contents = source.contents
    try:
        result = mended(source, custom)
    except KfixError:
        if custom or contents.writer.generation != 2:
            raise
        # tf_keras may still know what Keras 3 has lost; it refuses files with code by itself.
        return _Side(contents.path, "tf_keras", "tf_keras")
    reader, _ = reference_of(contents, result)
    if reader == "keras" or (reader and not custom):
        return _Side(contents.path, reader, reader, result, source)
    file = copy.with_suffix(".h5" if custom else ".keras")
    (write_h5 if custom else write_archive)(file, result, source)
    return _Side(file, "keras", "keras, repaired", result, source)


def _compared(left: _Side, right: _Side, run: _Run) -> tuple[tuple[Comparison, ...], str]:
    with Engine(timeout=run.timeout, preload="keras", scratch=run.scratch) as engine:
        expected = _predict(engine, left, run)
        if right.reader != "tensorflow":
            found = load(_predict(engine, right, run, expected.inputs_path).outputs_path)
            wanted = list(load(expected.outputs_path).values())
            outputs = compare_outputs(found, wanted, run.tolerance)
            differ = not all(each.ok for each in outputs)
            return outputs, _trace(engine, expected, left, right, run) if differ else ""
    with Engine(timeout=run.timeout, preload="tensorflow", scratch=run.scratch) as engine:
        report = engine.verify_savedmodel(
            right.file,
            inputs=expected.inputs_path,
            reference=expected.outputs_path,
            tolerance=run.tolerance,
        )
    return report.comparisons, ""


def _predict(engine: Engine, side: _Side, run: _Run, inputs: str | None = None) -> Prediction:
    model = side.result.model if side.result else None
    return engine.predict(
        side.file,
        reader=side.reader,
        inputs=inputs or (input_specs(model) if model else None) or None,
        custom=run.custom,
        build_input_shape=build_input_shape(model) if model else None,
    )


def _trace(engine: Engine, expected: Prediction, left: _Side, right: _Side, run: _Run) -> str:
    if run.custom or not (left.result and left.source and right.result and right.source):
        return ""
    sides = ((left.result, left.source), (right.result, right.source))
    return first_difference(engine, run.scratch, expected.inputs_path, sides, run.tolerance)
