"""A loaded model, of Keras 3 or tf_keras, behind one small face: its inputs and its outputs."""

from __future__ import annotations

import gc
import os
import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from converter.engines import arrays, libraries
from converter.engines.custom import CustomObjects
from converter.engines.explain import explain, one_line, require_own_objects
from converter.engines.followed import running_no_code
from converter.engines.gate import read_config, refuse_code
from converter.engines.keras_repairs import frugal_memory
from converter.engines.ragged import Ragged
from converter.engines.results import InputSpec
from converter.errors import KfixError, NotAModelError, NotExactError

Array = np.ndarray[Any, Any]

_ID_READERS = frozenset({"Embedding", "CategoryEncoding", "IntegerLookup", "Hashing"})
_LARGE = 10_000_000
"""Parameters from which on a graph is worth tracing: a plain call keeps all layers' outputs."""

_PASSING = frozenset(
    {"Masking", "Flatten", "Reshape", "Dropout", "SpatialDropout1D", "Permute", "RepeatVector"}
)
"""Layers that hand whole numbers on, so that ids may still reach an Embedding behind them."""


@dataclass
class LoadedModel:
    """A model in memory.

    Attributes:
        model: the Keras object.
        tree: the library's functions on nested structures (flatten, pack_sequence_as).
        specs: its inputs in the model's order.
        warnings: what the reader warned of.
        custom: names of the user's objects that the file refers to.
        traced: always run it by Keras's ``predict``, which traces a graph first and can fail where
            a plain call does not.
    """

    model: Any
    tree: Any
    specs: list[InputSpec]
    warnings: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    traced: bool = False

    def __post_init__(self) -> None:
        """Finds the structure of the inputs."""
        structure = _first_attribute(self.model, "_inputs_struct", "_nested_inputs")
        self._structure = structure
        self.by_name = isinstance(structure, dict)

    @property
    def compiled(self) -> bool:
        """It came with an optimizer and a loss."""
        return bool(
            getattr(self.model, "compiled", False) or getattr(self.model, "_is_compiled", False)
        )

    def output_names(self, count: int) -> list[str]:
        """Names of ``count`` outputs: the output layers', made distinct."""
        names = list(getattr(self.model, "output_names", None) or [])
        if len(names) != count:
            layers = getattr(self.model, "layers", [])
            last = layers[-1].name if layers and count == 1 else "output"
            names = [last] * count
        return arrays.distinct(names)

    def pack(self, tensors: Sequence[Any]) -> Any:
        """The arguments in the model's own structure: single, list or dictionary."""
        if self._structure is None:
            return tensors[0] if len(tensors) == 1 else list(tensors)
        return self.tree.pack_sequence_as(self._structure, list(tensors))

    def named(self, outputs: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
        """Outputs by name: as told, by the keys of a dictionary, else as the output layers are."""
        values = list(self.tree.flatten(outputs))
        if names is None and isinstance(outputs, dict) and len(outputs) == len(values):
            names = sorted(outputs)
        chosen = list(names or self.output_names(len(values)))
        if len(chosen) != len(values):
            raise NotExactError(f"The model has {len(values)} outputs, not {len(chosen)}.")
        return dict(zip(arrays.distinct(chosen), values, strict=True))

    def call(self, tensors: Sequence[Any]) -> list[Any]:
        """The model's inference itself; its outputs flattened in the model's order."""
        outputs = self.model(self.pack(tensors), training=False)
        return list(self.tree.flatten(outputs))

    def predict(self, tensors: Sequence[Any]) -> list[Any]:
        """What `call` gives; as the user would run it, where that was asked for or saves memory."""
        if not self.traced and self.model.count_params() < _LARGE:
            return self.call(tensors)
        return list(self.tree.flatten(self.model.predict_on_batch(self.pack(tensors))))

    def run(self, inputs: Sequence[Array | Ragged]) -> dict[str, Array]:
        """Outputs by name for NumPy inputs in the model's order."""
        pairs = zip(inputs, self._given(len(inputs)), strict=True)
        outputs = self.predict([to_tensor(array, spec) for array, spec in pairs])
        values = [to_numpy(output) for output in outputs]
        return dict(zip(self.output_names(len(values)), values, strict=True))

    def _given(self, count: int) -> list[InputSpec | None]:
        return list(self.specs) if len(self.specs) == count else [None] * count

    def order(self, names: Sequence[str]) -> list[int]:
        """Positions of the named arrays in this model's input order.

        By position; by name only when the model takes a dictionary, whose order means nothing.
        """
        own = [spec.name for spec in self.specs]
        if self.by_name and sorted(own) == sorted(names):
            return [list(names).index(name) for name in own]
        return list(range(len(names)))

    def reset(self) -> None:
        """Forgets what stateful layers remember."""
        for layer in getattr(self.model, "layers", []):
            reset = getattr(layer, "reset_states", None) or getattr(layer, "reset_state", None)
            if getattr(layer, "stateful", False) and reset is not None:
                reset()


def load_keras(
    path: str | Path,
    custom: CustomObjects,
    *,
    compile: bool,
    build_input_shape: Sequence[int | None] | None,
    traced: bool = False,
    failure: type[KfixError] = NotExactError,
) -> LoadedModel:
    """Loads a file with Keras 3 as its user would: ``load_model`` in its safe mode."""
    keras = libraries.keras()
    config = read_config(path, compile=compile)
    refuse_code(config, Path(path).name, stock_only=False)
    objects = custom.for_config(config)
    require_own_objects(config, objects)
    keras.utils.set_random_seed(0)
    # Bidirectional copies the layer that it wraps, and knows no other custom objects in an .h5.
    known = keras.utils.custom_object_scope(objects)
    with warnings.catch_warnings(record=True) as caught, frugal_memory(), known:
        warnings.simplefilter("always")
        try:
            model = keras.models.load_model(
                named_after_content(path), custom_objects=objects or None, compile=compile
            )
            if build_input_shape is not None and not model.built:
                model.build(tuple(build_input_shape))
        except Exception as error:
            what = f"{libraries.label('keras')} cannot load {Path(path).name}"
            raise explain(error, config, objects, what, failure) from error
    specs = input_specs_of(model, build_input_shape)
    texts = tuple(warning_texts(caught))
    return LoadedModel(model, keras.tree, specs, texts, custom.used_by(config), traced)


def warning_texts(caught: Sequence[warnings.WarningMessage]) -> list[str]:
    """What a user should hear of, once; not the libraries' talk among themselves."""
    told = [item for item in caught if not issubclass(item.category, DeprecationWarning)]
    return list(dict.fromkeys(" ".join(str(item.message).split()) for item in told))


def load_tf_keras(path: str | Path, build_input_shape: Sequence[int | None] | None) -> LoadedModel:
    """Loads a file with tf_keras, which runs what it finds: only after the gate.

    Functions of Lambda layers are followed, and their code is not run.
    """
    refuse_code(read_config(path), Path(path).name, followed=True)
    library, tensorflow = libraries.tf_keras(), libraries.tensorflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with running_no_code() as own:
                file = named_after_content(path)
                model = library.models.load_model(file, compile=False, custom_objects=own)
            if build_input_shape is not None and not model.built:
                model.build(tuple(build_input_shape))
        except Exception as error:
            what = f"{libraries.label('tf_keras')} cannot load {Path(path).name}"
            raise NotExactError(f"{what}: {one_line(error)}") from error
    return LoadedModel(model, tensorflow.nest, input_specs_of(model, build_input_shape))


def named_after_content(path: str | Path) -> str:
    """A link in the engine's own folder, with the suffix that Keras wants to see for such content.

    The folder is removed with the engine, and so is what Keras may unpack beside the file that it
    reads.
    """
    path = Path(path).resolve()
    if zipfile.is_zipfile(path):
        suffix = ".keras"
    elif h5py.is_hdf5(path):
        suffix = ".h5"
    else:
        raise NotAModelError(f"{path.name} is neither a .keras archive nor HDF5.")
    return linked(path, suffix)


def linked(path: Path, suffix: str) -> str:
    """A link to the path in a new folder of the engine's own."""
    folder = Path(os.environ["KERAS_HOME"])
    folder.mkdir(parents=True, exist_ok=True)
    link = Path(tempfile.mkdtemp(dir=folder)) / f"{path.stem}{suffix}"
    link.symlink_to(path)
    return str(link)


def input_specs_of(model: Any, build_input_shape: Sequence[int | None] | None) -> list[InputSpec]:
    """The inputs as the model declares them, with ranges for ids where an Embedding reads them."""
    inputs = getattr(model, "inputs", None)
    if not inputs:
        if build_input_shape is None:
            return []
        return [InputSpec("input", tuple(build_input_shape))]
    names = getattr(model, "input_names", None) or [tensor.name for tensor in inputs]
    limit = id_limit(model)
    return [_spec(name, tensor, limit) for name, tensor in zip(names, inputs, strict=True)]


def _spec(name: str, tensor: Any, limit: int | None) -> InputSpec:
    dtype = getattr(tensor.dtype, "name", tensor.dtype)
    shape = tuple(None if extent is None else int(extent) for extent in tensor.shape)
    spec = InputSpec(name, shape, dtype, form=_form(tensor))
    if limit is not None and dtype.startswith(("int", "uint")):
        return replace(spec, low=0, high=limit)
    if limit is not None and _feeds_ids(tensor):
        return replace(spec, low=0, high=limit, integral=True)
    return spec


def _form(tensor: Any) -> str:
    """Keras 3 says it on the tensor, tf_keras by TensorFlow's class of it."""
    kind = type(getattr(tensor, "type_spec", None)).__name__
    if getattr(tensor, "sparse", False) or kind == "SparseTensorSpec":
        return "sparse"
    return "ragged" if getattr(tensor, "ragged", False) or kind == "RaggedTensorSpec" else "dense"


def id_limit(model: Any) -> int | None:
    """The smallest vocabulary among the layers that read ids."""
    layers = model._flatten_layers()
    sizes = [
        getattr(layer, "input_dim", None) or getattr(layer, "num_tokens", None)
        for layer in layers
        if type(layer).__name__ in _ID_READERS
    ]
    known = [int(size) for size in sizes if size]
    if known:
        return min(known)
    return 2 if sizes else None


def _feeds_ids(tensor: Any) -> bool:
    """Whether an Embedding reads a float input, directly or through layers that hand it on."""
    history = getattr(tensor, "_keras_history", None)
    operation = getattr(history, "operation", None) or getattr(history, "layer", None)
    nodes = getattr(operation, "_outbound_nodes", ())
    return any(_reads_ids(_operation(node)) for node in nodes)


def _operation(node: Any) -> Any:
    return getattr(node, "operation", None) or getattr(node, "outbound_node", None) or node.layer


def _reads_ids(layer: Any) -> bool:
    name = type(layer).__name__
    if name in _ID_READERS:
        return True
    if name in _PASSING:
        return any(_reads_ids(_operation(node)) for node in getattr(layer, "_outbound_nodes", ()))
    if name == "TimeDistributed":
        return _reads_ids(layer.layer)
    if getattr(layer, "layers", None) and getattr(layer, "inputs", None):
        return any(_feeds_ids(tensor) for tensor in layer.inputs)
    return False


def to_tensor(array: Array | Ragged, spec: InputSpec | None = None) -> Any:
    """An input array as a tensor of the dtype and form that the model asks for."""
    tensorflow = libraries.tensorflow()
    if isinstance(array, Ragged):
        values = to_tensor(array.values, spec)
        return tensorflow.RaggedTensor.from_nested_row_splits(values, array.row_splits)
    tensor = tensorflow.constant(array.astype(object) if array.dtype.kind == "U" else array)
    if spec is not None and spec.dtype == "bfloat16":
        tensor = tensorflow.cast(tensor, "bfloat16")
    return tensorflow.sparse.from_dense(tensor) if spec and spec.form == "sparse" else tensor


def to_numpy(tensor: Any) -> Array:
    """An output as a NumPy array: sparse and ragged ones densely, bfloat16 as float32."""
    tensorflow = libraries.tensorflow()
    if isinstance(tensor, tensorflow.RaggedTensor):
        tensor = tensor.to_tensor()
    elif isinstance(tensor, tensorflow.SparseTensor):
        tensor = tensorflow.sparse.to_dense(tensor)
    value = np.asarray(tensor)
    return value.astype(np.float32) if value.dtype.name == "bfloat16" else value


def _first_attribute(item: Any, *names: str) -> Any:
    for owner in (item, getattr(item, "_functional", None)):
        for name in names:
            value = getattr(owner, name, None)
            if value is not None:
                return value
    return None


def release() -> None:
    """Frees the models that went out of use before the next one is loaded."""
    libraries.keras().backend.clear_session(free_memory=False)
    gc.collect()
