"""A model as a graph to draw: calls of layers, the tensors between them, and what holds what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush

from converter.model.description import Layer, Model, TensorRef
from converter.model.structures import call_refs, refs
from converter.stubbing.shapes import Seen, Shape

MOST_NODES = 20_000
"""Calls that are drawn, nested models' included."""
MOST_EDGES = 60_000
FOLD_ABOVE = 300
"""A model with more calls is drawn in groups."""
_GROUPS = 40
_SMALLEST, _LARGEST = 12, 60
"""Members of a group."""


@dataclass(frozen=True)
class Node:
    """One call of a layer, or a group of them.

    Attributes:
        path: of the layer; empty for a group.
        name: the layer's, or what the group is called.
        class_name: of the layer, with what it wraps: ``TimeDistributed(Dense)``.
        call: which one of the layer's calls it is, counted from 0.
        calls: how often the layer is called there.
        key: for a layer inside another one, what it is for: ``forward_layer``.
        shape: of the output as far as it is known, with None for open axes.
        inside: number of the scope it holds; -1 for none.
        is_group: whether it stands for calls that are next to each other.
        is_output: whether it gives an output of its model.
        size: how many calls a group stands for.
        ends: names of the first and the last layer of a group.
    """

    path: str
    name: str
    class_name: str
    call: int = 0
    calls: int = 1
    key: str = ""
    shape: tuple[int | None, ...] | None = None
    inside: int = -1
    is_group: bool = False
    is_output: bool = False
    size: int = 1
    ends: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Edge:
    """A tensor that goes from one node of a scope to another; a node's number is its place."""

    source: int
    target: int
    shape: tuple[int | None, ...] | None = None


@dataclass
class Scope:
    """The inside of a model, a wrapper or a group; every edge leads to a later node."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


@dataclass
class Graph:
    """All scopes, the whole model's first.

    Attributes:
        scopes: what is drawn.
        left_nodes: calls that are not.
        left_edges: tensors that are not.
    """

    scopes: list[Scope] = field(default_factory=list)
    left_nodes: int = 0
    left_edges: int = 0


def graph_of(model: Model, seen: Mapping[str, Sequence[Seen]]) -> Graph:
    """What is to be drawn of a model.

    Args:
        model: as its writer described it.
        seen: the calls of its layers by their paths, for the shapes.
    """
    drawing = _Drawing(seen)
    drawing.model(model, "")
    return drawing.graph


class _Drawing:
    def __init__(self, seen: Mapping[str, Sequence[Seen]]) -> None:
        self.seen = seen
        self.graph = Graph()
        self.nodes = MOST_NODES
        self.edges = MOST_EDGES

    def model(self, model: Model, path: str) -> int:
        """Draws a model; the number of its scope."""
        number, scope = self._new()
        if model.kind == "sequential":
            self._chain(scope, [("", layer) for layer in model.layers], path)
        else:
            self._functional(scope, model, path)
        self._fold(number)
        return number

    def _new(self) -> tuple[int, Scope]:
        scope = Scope()
        self.graph.scopes.append(scope)
        return len(self.graph.scopes) - 1, scope

    def _take(self, wanted: int) -> int:
        """How many of so many nodes may still be drawn."""
        taken = min(wanted, self.nodes)
        self.nodes -= taken
        self.graph.left_nodes += wanted - taken
        return taken

    def _chain(
        self, scope: Scope, layers: Sequence[tuple[str, Layer]], path: str, *, linked: bool = True
    ) -> None:
        """Layers of which each takes what the one before gives."""
        layers = layers[: self._take(len(layers))]
        last = len(layers) - 1
        for place, (key, layer) in enumerate(layers):
            is_output = linked and place == last and not key
            scope.nodes.append(self._node(layer, path, key=key, is_output=is_output))
        if linked:
            for place in range(last):
                scope.edges.append(Edge(place, place + 1, scope.nodes[place].shape))

    def _functional(self, scope: Scope, model: Model, path: str) -> None:
        calls = _ordered(model)
        calls = calls[: self._take(len(calls))]
        outputs = {(ref.layer, ref.call) for ref in refs(model.outputs)}
        places = {}
        insides: dict[str, int] = {}
        for layer, call in calls:
            own = (layer.name, call)
            node = self._node(layer, path, call, insides, is_output=own in outputs)
            places[own] = len(scope.nodes)
            scope.nodes.append(node)
        for layer, call in calls:
            self._edges(scope, layer, call, places)

    def _edges(
        self, scope: Scope, layer: Layer, call: int, places: Mapping[tuple[str, int], int]
    ) -> None:
        if not layer.calls:
            return
        target = places[layer.name, call]
        known: dict[int, TensorRef] = {}
        for ref in call_refs(layer.calls[call]):
            source = places.get((ref.layer, ref.call), target)
            if source < target:
                known.setdefault(source, ref)
        taken = list(known.items())[: self.edges]
        self.edges -= len(taken)
        self.graph.left_edges += len(known) - len(taken)
        for source, ref in taken:
            # Only the first output's shape is known.
            shape = scope.nodes[source].shape if ref.output == 0 else None
            scope.edges.append(Edge(source, target, shape))

    def _node(
        self,
        layer: Layer,
        base: str,
        call: int = 0,
        insides: dict[str, int] | None = None,
        *,
        key: str = "",
        is_output: bool = False,
    ) -> Node:
        path = f"{base}{layer.name}"
        calls = max(1, len(layer.calls))
        # Several calls of a nested model show the same inside.
        inside = (insides or {}).get(layer.name)
        if inside is None:
            inside = self._inside(layer, path)
            if insides is not None:
                insides[layer.name] = inside
        shape = _shape(layer, self.seen.get(path, ()), call, calls)
        name = _class_name(layer)
        return Node(path, layer.name, name, call, calls, key, shape, inside, is_output=is_output)

    def _inside(self, layer: Layer, path: str) -> int:
        if layer.model is not None:
            return self.model(layer.model, f"{path}/")
        inner = [each for each in layer.inner.items() if not each[0].endswith("activation")]
        if not inner:
            return -1
        number, scope = self._new()
        cells = all(key.startswith("cells/") for key, _ in inner)
        self._chain(scope, inner, f"{path}/", linked=cells)
        return number

    def _fold(self, number: int) -> None:
        """Puts the nodes of a scope into groups until there are not too many."""
        while len(self.graph.scopes[number].nodes) > FOLD_ABOVE:
            whole = self.graph.scopes[number]
            self.graph.scopes[number] = self._grouped(whole)

    def _grouped(self, whole: Scope) -> Scope:
        starts = _cuts(whole)
        ends = [*starts[1:], len(whole.nodes)]
        of_node = [group for group, start in enumerate(starts) for _ in range(start, ends[group])]
        inside: list[list[Edge]] = [[] for _ in starts]
        between: dict[tuple[int, int], Edge] = {}
        for edge in whole.edges:
            source, target = of_node[edge.source], of_node[edge.target]
            if source == target:
                first = starts[source]
                moved = replace(edge, source=edge.source - first, target=edge.target - first)
                inside[source].append(moved)
            else:
                kept = between.get((source, target))
                same = kept is None or kept.shape == edge.shape
                between[source, target] = Edge(source, target, edge.shape if same else None)
        groups = Scope(edges=list(between.values()))
        for start, end, edges in zip(starts, ends, inside, strict=True):
            number, scope = self._new()
            scope.nodes, scope.edges = whole.nodes[start:end], edges
            groups.nodes.append(_group(scope.nodes, number))
        return groups


def _group(nodes: Sequence[Node], inside: int) -> Node:
    classes = Counter(each.class_name for each in nodes if not each.is_group)
    first, last = nodes[0], nodes[-1]
    ends = (first.ends[0] or first.name, last.ends[1] or last.name)
    common = ", ".join(f"{name} ×{count}" for name, count in classes.most_common(3))
    return Node(
        path="",
        name=" … ".join(ends),
        class_name=common,
        inside=inside,
        is_group=True,
        is_output=any(each.is_output for each in nodes),
        size=sum(each.size for each in nodes),
        ends=ends,
    )


def _cuts(scope: Scope) -> list[int]:
    """Where groups begin: after about as many nodes each, where few tensors go across."""
    count = len(scope.nodes)
    size = min(max(count // _GROUPS, _SMALLEST), _LARGEST)
    across = _across(scope)
    starts = [0]
    while count - starts[-1] > size * 3 // 2:
        wanted = starts[-1] + size
        window = range(wanted - size // 2, wanted + size // 2)
        starts.append(min(window, key=lambda at: (across[at], abs(at - wanted))))
    return starts


def _across(scope: Scope) -> list[int]:
    """How many nodes before a place are needed by one at or behind it, for every place."""
    last = list(range(len(scope.nodes)))
    for edge in scope.edges:
        last[edge.source] = max(last[edge.source], edge.target)
    steps = [0] * (len(last) + 2)
    for place, end in enumerate(last):
        steps[place + 1] += 1
        steps[end + 1] -= 1
    found, open_now = [], 0
    for step in steps:
        open_now += step
        found.append(open_now)
    return found


def _ordered(model: Model) -> list[tuple[Layer, int]]:
    """All calls in the model's order, but each after those it needs as far as that is possible."""
    calls = [(layer, call) for layer in model.layers for call in range(max(1, len(layer.calls)))]
    places = {(layer.name, call): place for place, (layer, call) in enumerate(calls)}
    followers: list[list[int]] = [[] for _ in calls]
    missing = [0] * len(calls)
    for place, before in _needed(calls, places):
        followers[before].append(place)
        missing[place] += 1
    ready = [place for place, count in enumerate(missing) if not count]
    heapify(ready)
    ordered = []
    while ready:
        place = heappop(ready)
        ordered.append(place)
        for after in followers[place]:
            missing[after] -= 1
            if not missing[after]:
                heappush(ready, after)
    # Those that need each other; a file may say what it likes.
    done = set(ordered)
    ordered += [place for place in range(len(calls)) if place not in done]
    return [calls[place] for place in ordered]


def _needed(
    calls: Sequence[tuple[Layer, int]], places: Mapping[tuple[str, int], int]
) -> Iterator[tuple[int, int]]:
    for place, (layer, call) in enumerate(calls):
        needed = set(call_refs(layer.calls[call])) if layer.calls else set()
        for before in {places.get((ref.layer, ref.call)) for ref in needed}:
            if before is not None:
                yield place, before


def _class_name(layer: Layer) -> str:
    name = layer.registered_name or layer.class_name
    wrapped = layer.inner.get("layer")
    return f"{name}({wrapped.class_name})" if wrapped is not None else name


def _shape(
    layer: Layer, seen: Sequence[Seen], call: int, calls: int
) -> tuple[int | None, ...] | None:
    """The shape of a call's output; what is not known of it, or not always the same, is left out.

    A layer in a nested model is seen as often as that is called, with all its calls each time.
    """
    if layer.class_name == "InputLayer":
        told = layer.config.get("batch_shape") or layer.config.get("batch_input_shape")
        return _certain([tuple(told)]) if isinstance(told, list | tuple) else None
    if not seen or len(seen) % calls:
        return None
    outputs = [each.output for each in seen[call::calls]]
    known = [each for each in outputs if each is not None]
    return _certain(known) if len(known) == len(outputs) else None


def _certain(shapes: Sequence[Shape]) -> tuple[int | None, ...] | None:
    if len({len(each) for each in shapes}) != 1:
        return None
    found = []
    for axes in zip(*shapes, strict=True):
        if any(each is not None and not isinstance(each, int) for each in axes):
            return None
        first = axes[0]
        found.append(first if isinstance(first, int) and set(axes) == {first} else None)
    return tuple(found)
