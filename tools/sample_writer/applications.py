"""``python -m sample_writer.applications WRITER FOLDER NAME...``, started by tools/applications.py.

Keras's own models at their full depth, with perturbed weights, what was put in and what came out.
"""

import sys
from pathlib import Path

import numpy as np

from .data import between, perturb
from .framework import Framework
from .saving import predict, save, write_arrays

SIDE = 64
"""Pixels along a side of the pictures: the graph is that of every size, the work is not."""
SMALL = {"MobileNetV3Large": {"alpha": 0.75}, "MobileNetV3Small": {"alpha": 0.75}}


def built(F, name):
    """The model as its function makes it, with logits as outputs, which nothing saturates."""
    given = {"weights": None, "input_shape": (SIDE, SIDE, 3), "classes": 5}
    given.update(SMALL.get(name, {}))
    if name != "DenseNet121":
        given["classifier_activation"] = None
    return getattr(F.keras.applications, name)(**given)


def write(F, name, folder):
    """One model, its inputs and outputs."""
    F.clear()
    model = built(F, name)
    before = [weight.copy() for weight in model.get_weights()]
    perturb(F, model, name)
    # Weights as they were made, moved: hundreds of layers of plain noise overflow.
    moved = [
        old + 0.25 * (new - old) if "float" in str(old.dtype) else new
        for old, new in zip(before, model.get_weights())
    ]
    model.set_weights(moved)
    picture = between(0, 255)(np.random.RandomState(7), (2, SIDE, SIDE, 3)).astype("float32")
    outputs = predict(F, model, [picture])
    if not all(np.isfinite(each).all() and np.ptp(each) > 1e-3 for each in outputs):
        raise ValueError("its outputs say nothing")
    save(F, model, "full", folder, name)
    stored = {f"output_{i}": value for i, value in enumerate(outputs)}
    write_arrays(folder / (name + ".npz"), dict(stored, input_0=picture))


def main(writer, folder, *names):
    F = Framework(writer)
    for name in names:
        if hasattr(F.keras.applications, name):
            write(F, name, Path(folder))
            print("WRITTEN " + name, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
