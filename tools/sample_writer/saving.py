"""From a built model to the files of a sample, and back again."""

import io
import json
import zipfile

import numpy as np

from .data import Rows

ENDS = ".row_splits_0"
"""Behind the name of ragged values: where their rows end."""
NOT_LAYERS = ("_initializer", "_regularizer", "_constraint", "dtype")
SUFFIX = {"full": ".h5", "keras": ".keras", "weights": ".h5", "weights.h5": ".weights.h5"}
WRITERS_OF_KIND = {
    "full": "keras1>=1.0.7 keras tf keras3",
    "keras": "tf>=2.12 keras3",
    "weights": "keras1 keras tf",
    "weights.h5": "keras3",
}


def known_kinds(F, kinds):
    """Those of the kinds that this release can write; before Keras 1.0.7 a model was two files."""
    known = [kind for kind in kinds if F.since(WRITERS_OF_KIND[kind])]
    return known or (["weights"] if "full" in kinds else [])


def save(F, model, kind, folder, name):
    """Write the model; returns the file name and, where it lies apart, the architecture's."""
    path = folder / (name + SUFFIX[kind])
    if kind == "full":
        model.save(str(path))
        return name + ".h5", None
    if kind == "keras":
        model.save(str(path), **F.given("tf", save_format="keras"))
        return name + ".keras", None
    model.save_weights(str(path))
    with (folder / (name + ".json")).open("w") as stream:
        stream.write(model.to_json())
    return path.name, name + ".json"


def load(F, folder, entry, custom_objects, compiled):
    """The model as its own framework reads it back."""
    path = str(folder / entry["file"])
    if entry["kind"] in ("full", "keras"):
        more = F.given("tf>=2.13 keras3", safe_mode=False)
        more.update(F.given("keras tf keras3", compile=compiled))
        return F.keras.models.load_model(path, custom_objects=custom_objects, **more)
    with (folder / entry["architecture_file"]).open() as stream:
        model = F.keras.models.model_from_json(stream.read(), custom_objects=custom_objects)
    model.load_weights(path)
    return model


def _is_text(value):
    return isinstance(value, np.ndarray) and value.dtype.kind == "U"


def _given(F, model, inputs):
    """The inputs as the model wants them: by name where it was made so, strings as tensors."""
    if F.flavor == "keras3":
        inputs = [F.tf.constant(v) if _is_text(v) else v for v in inputs]
    structure = "_inputs_struct" if F.flavor == "keras3" else "_nested_inputs"
    names = getattr(model, structure, None)
    if isinstance(names, dict):
        return dict(zip(sorted(names), inputs))
    return inputs if len(inputs) > 1 else inputs[0]


def _tensors(F, model, inputs):
    """The inputs as tensors of the form that the model takes."""
    return [_tensor(F, F.form(each), value) for each, value in zip(model.inputs, inputs)]


def _tensor(F, form, value):
    if isinstance(value, Rows):
        return F.tf.RaggedTensor.from_row_splits(value.values, value.ends)
    return F.tf.sparse.from_dense(value) if form == "sparse" else F.tf.constant(value)


def predict(F, model, inputs):
    """The outputs as a flat list in the order of ``model.outputs``."""
    count = len(inputs[0])
    if any(F.form(each) != "dense" for each in model.inputs):
        inputs = _tensors(F, model, inputs)
    return _texts(_flat(model.predict(_given(F, model, inputs), batch_size=count)))


def call(F, model, inputs):
    """The same without a compiled graph where that can be: many times faster for one batch."""
    if not F.since("tf>=2.0 keras3"):
        return predict(F, model, inputs)
    tensors = _tensors(F, model, inputs)
    found = _flat(model(_given(F, model, tensors), training=False))
    return _texts([np.asarray(value) for value in found])


def predict_by_xla(F, model, inputs):
    """The same by XLA, which knows the layouts of a GPU."""

    def run(*tensors):
        return model(_given(F, model, list(tensors)), training=False)

    option = "experimental_compile" if F.since("tf<2.5") else "jit_compile"
    compiled = F.tf.function(run, **{option: True})
    found = compiled(*[F.tf.constant(value) for value in inputs])
    return [np.asarray(value) for value in _flat(found)]


def _texts(values):
    """The arrays, those of bytes as text."""
    return [
        np.array([each.decode() for each in value.ravel()]).reshape(value.shape)
        if value.dtype.kind == "O"
        else value
        for value in values
    ]


def _flat(found):
    if isinstance(found, dict):
        found = [found[key] for key in sorted(found)]
    return list(found) if isinstance(found, (list, tuple)) else [found]


def write_arrays(path, arrays):
    """An .npz with no time stamps."""
    for name in [name for name in arrays if isinstance(arrays[name], Rows)]:
        rows = arrays[name]
        arrays = dict(arrays, **{name: rows.values, name + ENDS: rows.ends})
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(arrays):
            stream = io.BytesIO()
            value = np.asarray(arrays[name], order="C")
            np.lib.format.write_array(stream, value, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(name + ".npy"), stream.getvalue())


def read_arrays(path):
    """The recorded inputs and outputs, each in order."""
    with np.load(path) as stored:
        found = dict(stored)
    for name in [name for name in found if name.endswith(ENDS)]:
        plain = name[: -len(ENDS)]
        found[plain] = Rows(found[plain], found.pop(name))
    return [
        [found[f"{side}_{i}"] for i in range(sum(name.startswith(side) for name in found))]
        for side in ("input", "output")
    ]


def _walk(config, known, found):
    if isinstance(config, list):
        for item in config:
            _walk(item, known, found)
    elif isinstance(config, dict):
        name = config.get("class_name")
        if isinstance(name, str) and "config" in config and name in known:
            found.add(name)
        for key, value in config.items():
            if not key.endswith(NOT_LAYERS):
                _walk(value, known, found)


def op_names(F, model):
    """The nodes of Keras 3 that are operations, not layers; an .h5 says nothing of where from."""
    found = []
    for operation in getattr(model, "operations", ()) if F.flavor == "keras3" else ():
        if not isinstance(operation, F.keras.layers.Layer):
            found.append(type(operation).__name__)
        found += op_names(F, operation)
    return sorted(set(found))


def layer_names(F, model):
    """The class names of all layers as the file has them, those inside wrappers included."""
    config = json.loads(model.to_json())
    known = set(F.layer_classes()) | {"Model", "Functional", "Sequential"}
    known |= {type(layer).__name__ for layer in model.layers}
    known |= set(op_names(F, model))
    found = set()
    _walk(config, known, found)
    return sorted(found)
