"""The jobs of an engine, as its parent asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from converter.engines.child import Child
from converter.engines.results import (
    SIZES,
    Comparison,
    Endpoint,
    Export,
    InputSpec,
    Prediction,
    Rebuild,
    Tolerance,
    Verification,
    to_json,
)


class Engine(Child):
    """One child process that runs the heavy libraries; a context manager.

    Args:
        timeout: seconds that each request may take, the start included; None waits for ever.
        preload: what to import before the first request: ``keras``, ``tensorflow`` (without Keras)
            or nothing.
        scratch: folder for the arrays that travel between the processes; by default a temporary one
            that is removed on closing.
        environment: further variables for the child.
    """

    def __init__(
        self,
        *,
        timeout: float | None = None,
        preload: str = "",
        scratch: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts the child."""
        super().__init__(
            main="converter.engines.worker",
            timeout=timeout,
            preload=preload,
            scratch=scratch,
            environment=environment,
        )
        self._count = 0

    def _path(self, kind: str) -> str:
        self._count += 1
        return str(self.scratch / f"{self._count:03d}-{kind}.npz")

    def _test_arguments(
        self,
        inputs: Sequence[InputSpec] | Path | str | None,
        seed: int,
        batch: int,
        sizes: Sequence[int],
    ) -> dict[str, Any]:
        is_file = isinstance(inputs, str | Path)
        specs = None if isinstance(inputs, str | Path) or inputs is None else map(to_json, inputs)
        return {
            "specs": None if specs is None else list(specs),
            "arrays": str(inputs) if is_file else None,
            "inputs_path": self._path("inputs"),
            "outputs_path": self._path("outputs"),
            "seed": seed,
            "batch": batch,
            "sizes": list(sizes),
        }

    def verify_keras(
        self,
        output: Path | str,
        *,
        reference: Path | str | None = None,
        reference_kind: str = "",
        inputs: Sequence[InputSpec] | Path | str | None = None,
        custom: Sequence[str] = (),
        tolerance: Tolerance | None = None,
        build_input_shape: Sequence[int | None] | None = None,
        compile: bool = True,
        seed: int = 0,
        batch: int = 2,
        sizes: Sequence[int] = SIZES,
    ) -> Verification:
        """Loads a written file with stock Keras, as its user would, and compares its outputs.

        Args:
            output: the written ``.keras`` or ``.h5``.
            reference: the source file, or an ``.npz`` of expected outputs; None compares nothing.
            reference_kind: who reads the reference: ``tf_keras``, ``keras``, or ``arrays`` for an
                ``.npz``.
            inputs: what to feed: specs in the model's input order, an ``.npz``, or None to derive
                them from the model.
            custom: the user's modules.
            tolerance: how far the outputs may lie apart.
            build_input_shape: shape to build a Sequential with that was saved without one.
            compile: whether to load with the compile state, as ``load_model`` does by default.
            seed: seed of the test arrays.
            batch: batch size where the model leaves it open.
            sizes: tried in this order for other open axes.
        """
        data = self.request(
            "verify_keras",
            output=str(output),
            reference=None if reference is None else str(reference),
            reference_kind=reference_kind,
            custom=_absolute(custom),
            tolerance=to_json(tolerance or Tolerance()),
            build_input_shape=_shape(build_input_shape),
            compile=compile,
            test=self._test_arguments(inputs, seed, batch, sizes),
        )
        return Verification.of(data)

    def verify_inner(
        self,
        output: Path | str,
        *,
        layers: Sequence[str],
        reference: Path | str,
        reference_kind: str,
        inputs: Path | str,
        custom: Sequence[str] = (),
        tolerance: Tolerance | None = None,
        build_input_shape: Sequence[int | None] | None = None,
    ) -> tuple[Comparison, ...]:
        """Compares what inner layers give in a written file and in its source.

        Args:
            output: the written file.
            layers: the layers, by the paths of their names; those unknown to the source are left
                out.
            reference: the source file.
            reference_kind: who reads it: ``tf_keras`` or ``keras``.
            inputs: ``.npz`` of what to feed.
            custom: the user's modules.
            tolerance: how far the outputs may lie apart.
            build_input_shape: as in `verify_keras`.
        """
        data = self.request(
            "verify_inner",
            output=str(output),
            layers=list(layers),
            reference=str(reference),
            reference_kind=reference_kind,
            inputs=str(inputs),
            custom=_absolute(custom),
            tolerance=to_json(tolerance or Tolerance()),
            build_input_shape=_shape(build_input_shape),
        )
        return tuple(map(Comparison.of, data))

    def rebuild(
        self,
        source: Path | str,
        *,
        keras: Path | str | None = None,
        h5: Path | str | None = None,
        custom: Sequence[str] = (),
        compile: bool = True,
        build_input_shape: Sequence[int | None] | None = None,
        predict: bool = False,
        inputs: Sequence[InputSpec] | Path | str | None = None,
        seed: int = 0,
        batch: int = 2,
        sizes: Sequence[int] = SIZES,
    ) -> Rebuild:
        """Loads a file in Keras 3's words with the user's classes, and has Keras save it.

        Args:
            source: the file that kfix wrote.
            keras: where to write a ``.keras``.
            h5: where to write a legacy ``.h5``.
            custom: the user's modules.
            compile: try to carry the compile state over; falls back to none, and says so.
            build_input_shape: shape to build a Sequential with that was saved without one.
            predict: also run the rebuilt model, for verifying the files later.
            inputs: as in `verify_keras`.
            seed: as in `verify_keras`.
            batch: as in `verify_keras`.
            sizes: as in `verify_keras`.
        """
        data = self.request(
            "rebuild",
            source=str(source),
            keras=None if keras is None else str(keras),
            h5=None if h5 is None else str(h5),
            custom=_absolute(custom),
            compile=compile,
            build_input_shape=_shape(build_input_shape),
            test=self._test_arguments(inputs, seed, batch, sizes) if predict else None,
        )
        return Rebuild.of(data)

    def export_savedmodel(
        self,
        source: Path | str,
        destination: Path | str,
        *,
        custom: Sequence[str] = (),
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        endpoints: Sequence[Endpoint] = (),
        build_input_shape: Sequence[int | None] | None = None,
        predict: bool = False,
        inputs: Sequence[InputSpec] | Path | str | None = None,
        seed: int = 0,
        batch: int = 2,
        sizes: Sequence[int] = SIZES,
    ) -> Export:
        """Loads a file in Keras 3's words and writes a SavedModel that runs without Keras.

        Args:
            source: the ``.keras`` or ``.h5``.
            destination: the folder to write.
            custom: the user's modules.
            input_names: inputs of ``serving_default`` in the model's order; by default its input
                layers' names.
            output_names: keys of its results in the model's order; by default its output layers'
                names.
            endpoints: further signatures, or what ``serving_default`` shall be.
            build_input_shape: shape to build a Sequential with that was saved without one.
            predict: also run the signatures in Keras, for `verify_savedmodel`.
            inputs: as in `verify_keras`.
            seed: as in `verify_keras`.
            batch: as in `verify_keras`.
            sizes: as in `verify_keras`.
        """
        data = self.request(
            "export_savedmodel",
            source=str(source),
            destination=str(destination),
            custom=_absolute(custom),
            input_names=None if input_names is None else list(input_names),
            output_names=None if output_names is None else list(output_names),
            endpoints=[to_json(each) for each in endpoints],
            build_input_shape=_shape(build_input_shape),
            test=self._test_arguments(inputs, seed, batch, sizes) if predict else None,
        )
        return Export.of(data)

    def trace_function(
        self,
        function: str,
        *,
        custom: Sequence[str] = (),
        inputs: Sequence[Mapping[str, Any]],
        as_list: bool,
        arguments: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Has a function of the user's called on symbols.

        Args:
            function: ``FILE.py:FUNCTION``, or the name of a custom object.
            custom: the user's modules.
            inputs: shape and dtype of each input.
            as_list: whether it gets them as a list.
            arguments: what it gets by name.

        Returns:
            The ``config`` of the graph that it makes, and shape and dtype of its ``outputs``.
        """
        return dict(
            self.request(
                "trace_function",
                function=function,
                custom=_absolute(custom),
                inputs=[dict(each) for each in inputs],
                as_list=as_list,
                arguments=dict(arguments),
            )
        )

    def verify_savedmodel(
        self,
        path: Path | str,
        *,
        inputs: Path | str,
        reference: Path | str | None,
        signature: str = "serving_default",
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        tolerance: Tolerance | None = None,
    ) -> Verification:
        """Runs a SavedModel with TensorFlow alone and compares; needs an engine without Keras.

        Args:
            path: the SavedModel's folder.
            inputs: ``.npz`` of the arrays to feed.
            reference: ``.npz`` of the expected outputs; None compares nothing.
            signature: what is run.
            input_names: the signature's inputs in the order of the arrays; by default the
                ``.npz`` keys.
            output_names: its results in the order of the reference; by default the reference's
                keys.
            tolerance: how far the outputs may lie apart.
        """
        data = self.request(
            "verify_savedmodel",
            path=str(path),
            signature=signature,
            inputs=str(inputs),
            reference=None if reference is None else str(reference),
            input_names=None if input_names is None else list(input_names),
            output_names=None if output_names is None else list(output_names),
            tolerance=to_json(tolerance or Tolerance()),
            outputs_path=self._path("outputs"),
        )
        return Verification.of(data)

    def predict(
        self,
        source: Path | str,
        *,
        reader: str = "keras",
        inputs: Sequence[InputSpec] | Path | str | None = None,
        custom: Sequence[str] = (),
        build_input_shape: Sequence[int | None] | None = None,
        seed: int = 0,
        batch: int = 2,
        sizes: Sequence[int] = SIZES,
    ) -> Prediction:
        """Loads a file and runs it; the arrays lie in `scratch` until the engine is closed.

        Args:
            source: the file.
            reader: who loads it: ``keras`` or ``tf_keras``; both refuse files that carry code.
            inputs: as in `verify_keras`.
            custom: the user's modules.
            build_input_shape: shape to build a Sequential with that was saved without one.
            seed: as in `verify_keras`.
            batch: as in `verify_keras`.
            sizes: as in `verify_keras`.
        """
        data = self.request(
            "predict",
            source=str(source),
            reader=reader,
            custom=_absolute(custom),
            build_input_shape=_shape(build_input_shape),
            test=self._test_arguments(inputs, seed, batch, sizes),
        )
        return Prediction.of(data)


def _shape(shape: Sequence[int | None] | None) -> list[int | None] | None:
    return None if shape is None else list(shape)


def _absolute(custom: Sequence[str]) -> list[str]:
    is_path = [item.endswith(".py") or Path(item).exists() for item in custom]
    return [
        str(Path(item).resolve()) if known else item
        for item, known in zip(custom, is_path, strict=True)
    ]
