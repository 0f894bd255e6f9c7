"""The parent's side of an engine with tf_keras, for the user's old code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converter.engines.client import Engine
from converter.engines.libraries import LEGACY
from converter.engines.results import SIZES, Endpoint, Export, InputSpec, Prediction, to_json
from converter.porting.dialect import Dialect

BATCH = 8
"""Rows of the test inputs. The user's layers may treat most inputs alike, as behind a ReLU, so that
two rows can't tell one function from another."""


class OldEngine(Engine):
    """A child process in which Keras is tf_keras, and the user's old modules run as they are."""

    def __init__(self, *, timeout: float | None = None, scratch: Path | None = None) -> None:
        """Starts the child."""
        super().__init__(timeout=timeout, scratch=scratch, environment={LEGACY: "1"})

    def __enter__(self) -> OldEngine:
        """The engine itself."""
        return self

    def predict_old(
        self,
        source: Path | str,
        *,
        custom: Sequence[str],
        dialect: Dialect,
        inputs: Sequence[InputSpec] | Path | str | None = None,
        build_input_shape: Sequence[int | None] | None = None,
    ) -> Prediction:
        """Runs a file of Keras 2 with the user's code; see `Engine.predict`."""
        data = self.request(
            "predict_old",
            source=str(source),
            custom=absolute(custom),
            dialect=dialect.to_json(),
            build_input_shape=None if build_input_shape is None else list(build_input_shape),
            test=self._test_arguments(inputs, 0, BATCH, SIZES),
        )
        return Prediction.of(data)

    def export_old(
        self,
        source: Path | str,
        destination: Path | str,
        *,
        custom: Sequence[str],
        dialect: Dialect,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        endpoints: Sequence[Endpoint] = (),
        inputs: Sequence[InputSpec] | Path | str | None = None,
        build_input_shape: Sequence[int | None] | None = None,
        predict: bool = False,
    ) -> Export:
        """Writes the SavedModel of such a file; see `Engine.export_savedmodel`."""
        data = self.request(
            "export_old",
            source=str(source),
            destination=str(destination),
            custom=absolute(custom),
            dialect=dialect.to_json(),
            input_names=None if input_names is None else list(input_names),
            output_names=None if output_names is None else list(output_names),
            endpoints=[to_json(each) for each in endpoints],
            build_input_shape=None if build_input_shape is None else list(build_input_shape),
            test=self._test_arguments(inputs, 0, 2, SIZES) if predict else None,
        )
        return Export.of(data)


def absolute(custom: Sequence[str]) -> list[str]:
    """Paths that hold wherever the child works; names of modules as they are."""
    return [str(Path(each).resolve()) if Path(each).exists() else each for each in custom]
