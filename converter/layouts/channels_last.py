"""Graphs with channels-first convolutions, written with the channels last between Permute layers.

The walk goes from the inputs to the outputs and knows of each tensor in which order it exists. A
convolution is given its inputs with the channels last; what follows it stays in that order as long
as its layers can (``channels.moved``), and a Permute brings the stored order back where it is
asked for: by another layer, or as an output. So two Permutes never stand behind each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from converter.layouts import channels
from converter.layouts.channels import Layout
from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.rewriting import free_name, rename_layers
from converter.model.structures import call_refs, calls_in_order, map_call, map_refs, refs

_OUTSIDE = ""
"""What stands for the input layer of a Sequential that has none; no layer is called so."""


def with_channels_last(model: Model, *, keep_output_names: bool = False) -> Model:
    """The model with its channels-first convolutions turned; one without any stays as it is.

    A Sequential stays one. ``obstacle`` says for which layers of a Sequential that can't be.

    Args:
        model: a graph; what is nested in it stays.
        keep_output_names: give the Permute at an output the name of the layer that it follows.
    """
    model = replace(model, layers=tuple(map(_turned_inside, model.layers)))
    if not any(map(channels.convolution_layout, model.layers)):
        return model
    new = _walked(model if model.kind != "sequential" else _chain(model))
    if model.kind == "sequential":
        new = _unchained(new, model)
    return _with_output_names(new, model) if keep_output_names else new


def has_channels_first(layer: Layer) -> bool:
    """Whether a layer, or the one that a TimeDistributed holds, is a channels-first convolution."""
    if channels.convolution_layout(layer) is not None:
        return True
    return layer.class_name == "TimeDistributed" and any(
        map(has_channels_first, layer.inner.values())
    )


def needs_graph(layer: Layer) -> bool:
    """Whether a layer becomes more than a chain: both directions, joined along an axis."""
    if layer.class_name != "Bidirectional" or layer.config.get("merge_mode", "concat") != "concat":
        return False
    return channels.convolution_layout(layer) is not None


def _turned_inside(layer: Layer) -> Layer:
    """A TimeDistributed whose layer is a channels-first convolution holds a Sequential instead."""
    if layer.class_name != "TimeDistributed" or not has_channels_first(layer):
        return layer
    inner = layer.inner["layer"]
    model = with_channels_last(Model(inner.name, "sequential", (inner,)))
    if len(model.layers) == 1:
        return replace(layer, inner={"layer": model.layers[0]})
    inside = Layer(inner.name, "Sequential", model=model, module="keras")
    return replace(layer, inner={"layer": inside}, build_config=None)


# A Sequential as a graph


def _chain(model: Model) -> Model:
    layers, last = [], TensorRef(_OUTSIDE)
    for layer in model.layers:
        is_input = layer.class_name == "InputLayer"
        layers.append(layer if is_input else replace(layer, calls=(Call((last,)),)))
        last = TensorRef(layer.name)
    if not layers or layers[0].class_name != "InputLayer":
        layers.insert(0, Layer(_OUTSIDE, "InputLayer"))
    return replace(model, kind="functional", layers=tuple(layers), outputs=last)


def _unchained(chain: Model, model: Model) -> Model:
    """Back to the Sequential; the walk has left the layers in the order of the chain."""
    layers = chain.layers if model.layers[0].class_name == "InputLayer" else chain.layers[1:]
    bare = tuple(replace(layer, calls=()) for layer in layers)
    return replace(model, layers=bare)


# The walk


def _walked(model: Model) -> Model:
    """Walks again without those layers that can't be moved in all of their calls."""
    fixed: set[str] = set()
    while True:
        walk = _Walk(model, fixed)
        new = walk.run()
        if walk.fixed == fixed:
            return new
        fixed = walk.fixed


class _Walk:
    """One walk; ``fixed`` names the layers that keep their order of axes, and grows."""

    def __init__(self, model: Model, fixed: Iterable[str]) -> None:
        self.model = model
        self.fixed = set(fixed)
        self.names = {layer.name for layer in model.layers} | {_OUTSIDE}
        self.layers: dict[str, Layer] = {}
        self.calls: dict[str, dict[int, Call]] = {}
        self.turned: dict[TensorRef, tuple[TensorRef, Layout, Json]] = {}
        """Tensors of the model that now have the channels last, with the dtype of their layer."""
        self.stored: dict[TensorRef, TensorRef] = {}
        """What stands for a tensor of the model, in the order of axes that it had."""
        self.permuted: dict[tuple[TensorRef, str], TensorRef] = {}

    def run(self) -> Model:
        """The model after the walk."""
        for layer, index in calls_in_order(self.model):
            if not layer.calls:
                self.layers[layer.name] = layer
                continue
            layout = channels.convolution_layout(layer)
            if layout is None:
                self._other(layer, index)
            elif layout.leading:
                self._recurrent(layer, index, layout)
            else:
                self._convolution(layer, index, layout)
        outputs = map_refs(self.in_stored_order, self.model.outputs)
        layers = tuple(
            replace(layer, calls=tuple(call for _, call in sorted(self.calls[name].items())))
            if name in self.calls
            else layer
            for name, layer in self.layers.items()
        )
        return replace(self.model, layers=layers, outputs=outputs)

    # -- tensors --------------------------------------------------------------------------------

    def in_stored_order(self, tensor: TensorRef) -> TensorRef:
        """The tensor as the model had it."""
        if tensor not in self.turned:
            return self.stored.get(tensor, tensor)
        new, layout, dtype = self.turned[tensor]
        return self._permute(new, layout.to_first, f"{tensor.layer}_to_channels_first", dtype)

    def with_channels_last(self, tensor: TensorRef, layout: Layout, user: Layer) -> TensorRef:
        """The tensor with the channels last, for a layer that takes it so."""
        if tensor in self.turned and self.turned[tensor][1] == layout:
            return self.turned[tensor][0]
        source, dtype = self.in_stored_order(tensor), channels.options(user).get("dtype")
        return self._permute(source, layout.to_last, f"{user.name}_to_channels_last", dtype)

    def _permute(self, tensor: TensorRef, dims: list[int], name: str, dtype: Json) -> TensorRef:
        """A Permute in the precision of the layer that it serves: there is one for each."""
        key = tensor, json.dumps([dims, dtype], sort_keys=True)
        if key not in self.permuted:
            config = {"dims": dims} if dtype is None else {"dtype": dtype, "dims": dims}
            self.permuted[key] = self._add(Layer(name, "Permute", config), Call((tensor,)))
        return self.permuted[key]

    # -- layers ---------------------------------------------------------------------------------

    def _add(self, layer: Layer, call: Call) -> TensorRef:
        """A layer that the model did not have."""
        name = free_name(layer.name, self.names)
        self.names.add(name)
        return self._call(replace(layer, name=name), 0, call)

    def _call(self, layer: Layer, index: int, call: Call) -> TensorRef:
        self.layers.setdefault(layer.name, layer)
        self.calls.setdefault(layer.name, {})[index] = call
        return TensorRef(layer.name, index)

    def _convolution(self, layer: Layer, index: int, layout: Layout) -> None:
        plain, activation = channels.split_activation(layer)
        call = map_call(lambda ref: self.with_channels_last(ref, layout, layer), layer.calls[index])
        self._call(channels.with_channels_last(plain), index, call)
        output, dtype = TensorRef(layer.name, index), layer.config.get("dtype")
        self.turned[output] = output, layout, dtype
        if activation is not None:
            applied = self._add(activation, Call((self.in_stored_order(output),)))
            del self.turned[output]
            self.stored[output] = applied

    def _recurrent(self, layer: Layer, index: int, steps: Layout) -> None:
        """A ConvLSTM: steps go in, states too, and states may come out behind its output."""
        state = Layout(0, steps.spatial)
        call = layer.calls[index]
        sequence = next(refs(call.args))

        def turned(ref: TensorRef) -> TensorRef:
            return self.with_channels_last(ref, steps if ref == sequence else state, layer)

        kwargs = {
            key: map_refs(self.in_stored_order if key == "mask" else turned, value)
            for key, value in call.kwargs.items()
        }
        self._call(self._last(layer), index, Call(map_refs(turned, call.args), kwargs))
        options, dtype = channels.options(layer), channels.options(layer).get("dtype")
        first = steps if options.get("return_sequences") else state
        joins, both = needs_graph(layer), layer.class_name == "Bidirectional"
        outputs = 2 if both and layer.config.get("merge_mode", "") is None else 1
        states = (4 if both else 2) if options.get("return_state") else 0
        for number in range(outputs + states):
            layout = first if number < outputs else state
            new = TensorRef(layer.name, index, number + joins)
            self.turned[TensorRef(layer.name, index, number)] = new, layout, dtype
        if joins:
            pair = [TensorRef(layer.name, index, number) for number in (0, 1)]
            config = {"axis": first.moved_axis(-1)} | ({} if dtype is None else {"dtype": dtype})
            whole = self._add(Layer(f"{layer.name}_concat", "Concatenate", config), Call((pair,)))
            self.turned[pair[0]] = whole, first, dtype

    @staticmethod
    def _last(layer: Layer) -> Layer:
        new = channels.with_channels_last(layer)
        return new.with_config(merge_mode=None) if needs_graph(layer) else new

    def _other(self, layer: Layer, index: int) -> None:
        """A layer that takes any order of axes: it is moved where all that it gets is turned."""
        call = layer.calls[index]
        new, layout = self._moved(layer, call)
        before = self.layers.get(layer.name)
        if new is None or layout is None or (before is not None and before.config != new.config):
            self.fixed.add(layer.name)
            self._call(layer, index, map_call(self.in_stored_order, call))
            return
        output = TensorRef(layer.name, index)
        turned = map_call(lambda ref: self.turned[ref][0], call)
        self._call(new, index, turned)
        if not channels.ends_layout(layer):
            self.turned[output] = output, layout, layer.config.get("dtype")

    def _moved(self, layer: Layer, call: Call) -> tuple[Layer | None, Layout | None]:
        given = list(call_refs(call))
        layouts = {self.turned[ref][1] if ref in self.turned else None for ref in given}
        layout = layouts.pop() if len(layouts) == 1 else None
        in_args = len(list(refs(call.args))) == len(given)
        if layout is None or not in_args or layer.name in self.fixed:
            return None, None
        return channels.moved(layer, layout), layout


# Names


def _with_output_names(new: Model, old: Model) -> Model:
    """Gives what follows a layer at an output the layer's name: it names the output for callers."""
    names: dict[str, str] = {}
    for before, after in _outputs(new, old):
        taken = {layer.name for layer in new.layers} | set(names.values())
        if before != after and before not in names and after not in names:
            names |= {after: before, before: free_name(f"{before}_channels_last", taken)}
    return rename_layers(new, names)


def _outputs(new: Model, old: Model) -> list[tuple[str, str]]:
    """The layers of the outputs, before and after."""
    if old.kind == "sequential":
        return [(old.layers[-1].name, new.layers[-1].name)]
    pairs: Any = zip(refs(old.outputs), refs(new.outputs), strict=True)
    return [(before.layer, after.layer) for before, after in pairs]
