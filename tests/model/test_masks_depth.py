"""Models in models that call each inner one twice: every model is followed once, not 2ⁿ times."""

from __future__ import annotations

from dataclasses import replace

from converter.model.description import Call, Layer, Model, TensorRef
from converter.model.masks import carried_masks, masked_calls

DEPTH = 40


def twice(inner: Layer | None, name: str) -> Model:
    """A graph that calls a layer on its input, and once more on what that gave."""
    first, second = (Call((TensorRef(source),)) for source in ("input", "body"))
    body = replace(inner or Layer("body", "Dropout", {}), name="body", calls=(first, second))
    layers = (Layer("input", "InputLayer", {}), body)
    output = (TensorRef("body", 1),)
    return Model(name, "functional", layers, inputs=(TensorRef("input"),), outputs=output)


def test_depth_costs_no_time():
    model = twice(None, "leaf")
    for level in range(DEPTH):
        model = twice(Layer("body", "Functional", {}, model=model), f"level{level}")
    embedding = Layer(
        "embedding", "Embedding", {"mask_zero": True}, calls=(Call((TensorRef("i"),)),)
    )
    whole = Layer("whole", "Functional", {}, model=model, calls=(Call((TensorRef("embedding"),)),))
    top = Model(
        "top",
        "functional",
        (Layer("i", "InputLayer", {}), embedding, whole),
        inputs=(TensorRef("i"),),
        outputs=(TensorRef("whole"),),
    )
    assert carried_masks(top)[TensorRef("whole")] is not None
    paths = {each.path for each in masked_calls(top)}
    assert len(paths) == DEPTH + 2
