"""``python -m sample_writer.built WRITER FOLDER``: weights of models that only code describes."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np

from .data import perturb, seeded
from .framework import Framework
from .saving import write_arrays

CODE = "builders.py"
CHECKPOINT = ".ATTRIBUTES/VARIABLE_VALUE"


def _models(F):
    """Name, builder, its arguments, the shapes of the inputs; what it is built with here."""
    if F.flavor == "keras1":
        yield "recurrent", "recurrent_model", {"gates": "hard_sigmoid"}, [(5, 4)], _recurrent(F)
        return
    own = F.own(CODE)
    old = {} if F.since("tf>=2.0 keras3") else {"gates": "hard_sigmoid"}
    yield "picture", "picture_model", {}, [(8, 8, 1)], own.picture_model
    if F.since("keras>=2.2 tf>=2.0 keras3"):
        yield "sequence", "sequence_model", old, [(5, 4)], lambda: own.sequence_model(**old)
        yield "siamese", "siamese_model", {}, [(4,), (4,)], own.siamese_model
    if F.since("tf>=2.0 keras3"):
        yield "network", "Network", {}, [(8, 8, 3)], own.Network


def _recurrent(F):
    """In the words of Keras 1; today's code says it in today's."""
    L = F.layers

    def build():
        x = F.Input(shape=(5, 4))
        y = L.LSTM(3, return_sequences=True)(x)
        y = L.Flatten()(L.GRU(4, return_sequences=True)(y))
        return F.Model(x, L.Dense(2)(y))

    return build


def _kinds(F, model, name, folder):
    if not F.since("keras3"):
        model.save_weights(str(folder / (name + ".h5")))
        yield name + ".h5"
    if F.since("tf>=2.13 keras3"):
        model.save_weights(str(folder / (name + ".weights.h5")))
        yield name + ".weights.h5"
    if F.since("tf>=2.0<2.16"):
        model.save_weights(str(folder / (name + ".ckpt")), save_format="tf")
        yield name + ".ckpt.index"
        yield _arrays(F, folder, name)


def _arrays(F, folder, name):
    """A checkpoint's variables under their names, as people copy them into an HDF5 file."""
    import h5py

    reader = F.tf.train.load_checkpoint(str(folder / (name + ".ckpt")))
    with h5py.File(str(folder / (name + "-arrays.h5")), "w") as file:
        for key in sorted(reader.get_variable_to_shape_map()):
            if key.endswith(CHECKPOINT):
                file[key] = reader.get_tensor(key)
    return name + "-arrays.h5"


def _write(F, name, build, shapes, folder):
    # Names that Keras counts are further on than in a process that builds it once.
    _ready(F, build(), shapes)
    model = _ready(F, build(), shapes)
    perturb(F, model, name)
    rng = seeded(name, "inputs")
    inputs = [
        (np.round(rng.normal(size=(3,) + shape) * 16) / 16).astype("float32") for shape in shapes
    ]
    given = inputs if len(inputs) > 1 else inputs[0]
    outputs = model.predict(given)
    stored = {f"input_{index}": value for index, value in enumerate(inputs)}
    stored["output_0"] = outputs
    write_arrays(folder / (name + ".npz"), stored)
    return list(_kinds(F, model, name, folder))


def _ready(F, model, shapes):
    if not model.built:
        model(F.tf.zeros((1,) + shapes[0]))
    return model


def main():
    writer, folder = sys.argv[1], Path(sys.argv[2])
    warnings.simplefilter("ignore")
    F = Framework(writer)
    entries = []
    for name, builder, arguments, shapes, build in _models(F):
        F.clear()
        files = _write(F, name, build, shapes, folder)
        entries.append(
            {
                "name": name,
                "builder": f"{CODE}:{builder}",
                "builder_args": arguments,
                "shapes": shapes,
                "files": files,
            }
        )
    (folder / "manifest.json").write_text(json.dumps(entries, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
