"""The parent's side of building: a model from the user's code, and weights put into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from converter.engines import arrays
from converter.engines.client import Engine
from converter.engines.libraries import LEGACY
from converter.engines.old_engine import absolute
from converter.engines.results import SIZES, Endpoint, Export, Rebuild, to_json
from converter.porting.dialect import Dialect

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class BuiltLayer:
    """A layer of the built model that has variables of its own.

    Attributes:
        class_name: of the layer.
        stock: whether the class is Keras's own.
        config: its functions and sizes, as far as they say what its weights mean.
        path: name and class name of the layers around it and its own, from the model down.
        saved: where its variables would be saved: by ``keras`` 3, in the same layout by
            ``tensorflow`` 2.15, and in a ``checkpoint``.
        variables: name and shape of each, in order.
    """

    class_name: str
    stock: bool
    config: Mapping[str, Any]
    path: tuple[tuple[str, str], ...]
    saved: Mapping[str, str]
    variables: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Built:
    """The model as it was built.

    Attributes:
        class_name: of the model.
        subclassed: whether that is a class of the user's.
        layers: those with variables, in the order in which Keras saves them.
        reader: ``keras 3.15.1``.
        bare: layers without weights that are a hard_sigmoid.
        own: whether the model or a layer in it is of a class of the user's.
    """

    class_name: str
    subclassed: bool
    layers: tuple[BuiltLayer, ...]
    reader: str
    bare: tuple[str, ...] = ()
    own: bool = False


class BuildingEngine(Engine):
    """A child process that holds the model between building and saving it."""

    @classmethod
    def of_keras2(cls, *, timeout: float | None, scratch: Path) -> BuildingEngine:
        """One in which Keras is tf_keras, for a builder that was written for Keras 1 or 2."""
        return cls(timeout=timeout, scratch=scratch, environment={LEGACY: "1"})

    def __enter__(self) -> BuildingEngine:
        """The engine itself."""
        return self

    def build(
        self,
        builder: str,
        arguments: Mapping[str, Any],
        custom: Sequence[str] = (),
        input_shapes: Mapping[str, Sequence[int | None]] | None = None,
        dialect: Dialect | None = None,
    ) -> Built:
        """Calls the user's function and lists the variables of what it returns.

        With a dialect the code is old, and the engine one of ``of_keras2``.
        """
        where, _, name = builder.rpartition(":")
        data = self.request(
            "build_model",
            builder=f"{absolute([where])[0]}:{name}" if where else builder,
            arguments=dict(arguments),
            custom=absolute(custom),
            input_shapes={key: list(shape) for key, shape in (input_shapes or {}).items()},
            dialect=dialect.to_json() if dialect is not None else None,
        )
        layers = tuple(map(_layer, data["units"]))
        bare = tuple(data["bare"])
        kind, subclassed = data["class_name"], data["subclassed"]
        return Built(kind, subclassed, layers, data["keras"], bare, data["own"])

    def fill(
        self,
        weights: Mapping[int, Array],
        *,
        keras: Path | None = None,
        h5: Path | None = None,
        predict: bool = False,
    ) -> Rebuild:
        """Puts arrays into variables, by their places in the list, and saves the model."""
        return Rebuild.of(self._fill(weights, predict, keras=keras, h5=h5))

    def fill_and_export(
        self,
        weights: Mapping[int, Array],
        destination: Path,
        *,
        endpoints: Sequence[Endpoint] = (),
        predict: bool = False,
    ) -> Export:
        """The same, with a SavedModel written."""
        requests = [to_json(each) for each in endpoints]
        data = self._fill(weights, predict, savedmodel=destination, endpoints=requests)
        return Export.of(data)

    def _fill(self, weights: Mapping[int, Array], predict: bool, **more: Any) -> Any:
        path = self._path("weights")
        arrays.save(path, {str(place): array for place, array in weights.items()})
        asked = {"keras": None, "h5": None, "savedmodel": None, "endpoints": []} | more
        paths = {
            key: str(value) if isinstance(value, Path) else value for key, value in asked.items()
        }
        test = self._test_arguments(None, 0, 2, SIZES) if predict else None
        return self.request("fill_model", weights=path, places=list(weights), test=test, **paths)

    def read_checkpoint(self, prefix: Path, destination: Path) -> Path:
        """Has TensorFlow write the variables of a checkpoint into an ``.h5`` of arrays."""
        self.request("read_checkpoint", prefix=str(prefix), destination=str(destination))
        return destination


def _layer(data: Mapping[str, Any]) -> BuiltLayer:
    return BuiltLayer(
        data["class_name"],
        data["stock"],
        data["config"],
        tuple((name, kind) for name, kind in data["path"]),
        data["saved"],
        tuple((each["name"], tuple(each["shape"])) for each in data["variables"]),
    )
