"""One model as an HTML page that needs nothing else: its graph, its weights, what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from converter import __version__
from converter.api.distributions import Distribution
from converter.api.functions import FunctionInfo
from converter.api.graph import Edge, Graph, Node
from converter.api.inspect import Inspection, LayerInfo
from converter.api.picture import Picture
from converter.cli import render
from converter.cli.visible import visible
from converter.containers.publishing import publish
from converter.errors import UsageError
from converter.layouts.optimizers import optimizer_of
from converter.model.description import CompileState, Json
from converter.model.findings import Finding
from converter.report.page import embedded, part, rendered

MOST_LAYERS = 20_000
"""Layers that are told about; what lies behind is counted."""
MOST_FINDINGS = 20_000
MOST_WEIGHTS = 20_000
MOST_FUNCTIONS = 500
_NAME, _PATH, _VALUE, _TEXT = 120, 400, 600, 8_000
"""Characters of a name, a path, a value and a function's text that are shown."""

_FAMILIES = (
    ("input", re.compile(r"InputLayer")),
    ("convolution", re.compile(r".*Conv(olution)?[123]D.*|.*ConvLSTM.*")),
    ("recurrent", re.compile(r".*(LSTM|GRU|RNN|Bidirectional).*")),
    ("attention", re.compile(r".*Attention.*")),
    ("dense", re.compile(r".*(Dense|Embedding).*")),
    ("normalization", re.compile(r".*Norm.*|.*Dropout.*|.*Noise.*")),
    ("activation", re.compile(r".*(Activation|ReLU|PReLU|ELU|Softmax).*")),
    ("merge", re.compile(r"Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot|Merge")),
    ("shape", re.compile(r".*(Pool|Flatten|Reshape|Permute|Padding|Cropping|Sampling|Repeat).*")),
)


def write(path: Path, picture: Picture) -> None:
    """Writes the page; one that is there is replaced.

    Raises:
        OutputError: it can't be written.
        UsageError: the name is not that of a page.
    """
    require_name(path)
    text = to_html(picture)
    with publish(path, force=True) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")


def require_name(path: Path) -> None:
    """Raises UsageError where a page can't be called so; a model is never replaced by one."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{path} is no name for a page", "give one that ends with .html")


def to_html(picture: Picture) -> str:
    """The page, for a model of any size."""
    found = picture.inspection
    findings = found.findings[:MOST_FINDINGS]
    functions = found.functions[:MOST_FUNCTIONS]
    listed = found.layers[:MOST_LAYERS]
    return rendered(
        "model.html",
        name=_text(found.path.name, _NAME),
        path=_text(str(found.path), _PATH),
        version=__version__,
        facts=list(_facts(found)),
        compile=_compile(picture.compile),
        rules=_rules(picture, findings),
        left_findings=len(found.findings) - len(findings),
        functions=[_function(each) for each in functions],
        left_functions=len(found.functions) - len(functions),
        graph=picture.graph,
        left_layers=len(found.layers) - len(listed),
        has_weights=bool(picture.distributions),
        families=_families(picture),
        style=part("page.css") + part("model.css"),
        script=part("model.js"),
        data=embedded(_data(picture, listed, findings, functions)),
    )


def _data(
    picture: Picture,
    listed: Sequence[LayerInfo],
    findings: Sequence[Finding],
    functions: Sequence[FunctionInfo],
) -> dict[str, Any]:
    numbers = {layer.path: number for number, layer in enumerate(listed)}
    weights = sum(len(layer.weights) for layer in listed)
    return {
        "layers": [_layer(picture, layer, weights <= MOST_WEIGHTS) for layer in listed],
        "findings": [{**_finding(each), "layer": numbers.get(each.layer, -1)} for each in findings],
        "functions": [numbers.get(each.layer, -1) for each in functions],
        "scopes": _scopes(picture.graph, numbers) if picture.graph else [],
    }


def _layer(picture: Picture, layer: LayerInfo, weights: bool) -> dict[str, Any]:
    config = picture.configs.get(layer.path, {})
    told = layer.weights if weights else layer.weights[:1]
    return {
        "path": _text(layer.path, _PATH),
        "name": _text(layer.path.rpartition("/")[2] if layer.class_name else layer.path, _NAME),
        "class": _text(layer.class_name, _NAME),
        "depth": layer.depth,
        "family": _family(layer.class_name) if layer.class_name else "",
        "parameters": layer.parameters,
        "bytes": layer.bytes,
        "frozen": not layer.trainable,
        "config": [[_text(str(key), _NAME), _value(value)] for key, value in _told(config)],
        "weights": [
            {
                "name": _text(weight.name, _NAME),
                "shape": render.shape(weight.shape),
                "dtype": _text(weight.dtype, _NAME),
                **_distribution(picture.distributions.get((layer.path, place))),
            }
            for place, weight in enumerate(told)
        ],
        "left": len(layer.weights) - len(told),
    }


_MOST_KEYS = 60


def _told(config: Mapping[str, Json]) -> list[tuple[str, Json]]:
    """What says something of a layer; what is None says what everybody knows."""
    dull = ("name", "batch_shape_", "module", "registered_name")
    said = [(key, value) for key, value in config.items() if value is not None and key not in dull]
    return said[:_MOST_KEYS]


def _distribution(found: Distribution | None) -> dict[str, Any]:
    if found is None:
        return {}
    numbers = asdict(found)
    return {**numbers, "problem": _text(found.problem, _VALUE)}


def _scopes(graph: Graph, numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "nodes": [_node(node, numbers) for node in scope.nodes],
            "edges": [_edge(edge) for edge in scope.edges],
        }
        for scope in graph.scopes
    ]


def _node(node: Node, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "layer": numbers.get(node.path, -1),
        "name": _text(node.name, _NAME),
        # What wraps one layer only says nothing by it.
        "key": "" if node.key == "layer" else _text(node.key, _NAME),
        "class": _text(node.class_name, _NAME),
        "call": node.call,
        "calls": node.calls,
        "inside": node.inside,
        "group": node.size if node.is_group else 0,
        "output": node.is_output,
        "shape": "" if node.shape is None else _text(render.shape(node.shape), _NAME),
        "family": "group" if node.is_group else _family(node.class_name),
    }


def _edge(edge: Edge) -> list[Any]:
    shape = "" if edge.shape is None else _text(render.shape(edge.shape), _NAME)
    return [edge.source, edge.target, shape]


def _family(class_name: str) -> str:
    name = class_name.removeprefix("TimeDistributed(")
    if name in ("Functional", "Sequential", "Model"):
        return "model"
    return next((family for family, known in _FAMILIES if known.fullmatch(name[:_NAME])), "other")


def _families(picture: Picture) -> list[str]:
    """Those that the graph shows, in the order of the legend."""
    graph = picture.graph
    seen = {
        _family(node.class_name)
        for scope in (graph.scopes if graph else ())
        for node in scope.nodes
        if not node.is_group
    }
    order = [*(family for family, _ in _FAMILIES), "model", "other"]
    return [family for family in order if family in seen]


def _facts(found: Inspection) -> Iterable[tuple[str, str]]:
    yield "kind", f"{render.kind(found.kind)}, {render.size(found.size)}"
    yield "written by", _text(render.writer(found.writer), _VALUE)
    if found.model_class:
        yield "model", _text(f"{found.model_class} {found.model_name!r}", _VALUE)
    layers = f"{len(found.layers):,} {'layers' if found.model_class else 'groups'}"
    total = f"{found.parameters:,} parameters, {render.size(found.weight_bytes)}"
    yield "weights", f"{total}, {layers}"
    if found.optimizer_arrays:
        at = "" if found.optimizer_steps is None else f"step {found.optimizer_steps:,}, "
        amount = f"{found.optimizer_arrays:,} arrays, {render.size(found.optimizer_bytes)}"
        yield "optimizer state", at + amount
    if found.custom_objects:
        yield "needs your own", _text(", ".join(found.custom_objects), _TEXT)
    if found.lambdas:
        told = _text(", ".join(found.lambdas), _VALUE)
        yield "Lambda", f"{told} (code in the file, never run)"


def _compile(state: CompileState | None) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Role, name and details of each thing that a model was compiled with."""
    if state is None:
        return []
    shown = []
    if state.optimizer is not None:
        optimizer = optimizer_of(state.optimizer)
        config = {key: value for key, value in optimizer.config.items() if key != "name"}
        details = [(_text(str(key), _NAME), _value(value)) for key, value in _told(config)]
        shown.append(("optimizer", _text(optimizer.class_name, _NAME), details))
    values = {
        "loss": state.loss,
        "loss weights": state.loss_weights,
        "metrics": state.metrics,
        "weighted metrics": state.weighted_metrics,
    }
    shown += [(role, _plain(value), []) for role, value in values.items() if value]
    options = [(_text(str(key), _NAME), _value(value)) for key, value in _told(state.options)]
    return [*shown, *([("options", "", options)] if options else [])]


_DEEPEST = 6


def _plain(value: Json, depth: int = 0) -> str:
    """Losses and metrics as one would write them in ``compile()``."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping) and "class_name" in value:
        config = value.get("config")
        if isinstance(config, str):
            return _text(config, _NAME)
        given = {}
        if isinstance(config, Mapping):
            dull = ("dtype", "fn", "module", "registered_name")
            given = {key: each for key, each in _told(config) if key not in dull}
        inside = ", ".join(f"{key}={_value(each)}" for key, each in dict(given).items())
        return _text(f"{value['class_name']}({inside})", _VALUE)
    if isinstance(value, Mapping):
        parts = [f"{key}: {_plain(each, depth + 1)}" for key, each in _first(value.items())]
        return _text(", ".join(parts), _TEXT)
    if isinstance(value, (list, tuple)):
        return _text(", ".join(_plain(each, depth + 1) for each in _first(value)), _TEXT)
    return _text(str(value), _NAME)


def _first(values: Iterable[Any]) -> list[Any]:
    return list(values)[:_MOST_KEYS]


def _rules(picture: Picture, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """What was found, rule by rule, as far as the page tells it."""
    by_code: dict[str, list[int]] = {}
    for number, finding in enumerate(findings):
        by_code.setdefault(finding.code, []).append(number)
    rules = []
    for code, numbers in by_code.items():
        rule = picture.rules.get(code)
        worst = max((findings[number].severity.value for number in numbers), key=_weight)
        rules.append(
            {
                "code": code,
                "summary": rule.summary if rule else "",
                "documentation": rule.documentation if rule else "",
                "worst": worst,
                "findings": [_finding(findings[number]) for number in numbers[:_MOST_KEYS]],
                "count": len(numbers),
            }
        )
    return sorted(rules, key=lambda each: (-_weight(each["worst"]), each["code"]))


_SEVERITIES = ("notice", "breaks", "silent", "custom", "refused", "unsafe")


def _weight(severity: str) -> int:
    return _SEVERITIES.index(severity)


def _finding(found: Finding) -> dict[str, str]:
    return {
        "code": found.code,
        "severity": found.severity.value,
        "path": _text(found.layer, _PATH),
        "message": _text(found.message, _VALUE),
        "remedy": _text(found.remedy, _VALUE),
    }


def _function(found: FunctionInfo) -> dict[str, Any]:
    beside = {**found.defaults, **found.closure, **found.arguments}
    values = [(_text(str(key), _NAME), _value(value)) for key, value in _first(beside.items())]
    lines = found.text.splitlines()
    return {
        "layer": _text(found.layer, _PATH),
        "role": "" if found.role == "function" else found.role,
        "origin": _text(_origin(found), _VALUE),
        "text": "\n".join(_text(line, _VALUE) for line in lines[:200])[:_TEXT],
        "left": max(0, len(lines) - 200),
        "problem": _text(found.problem, _VALUE),
        "uses": _text(", ".join(found.globals or found.names), _VALUE),
        "values": values,
    }


def _origin(found: FunctionInfo) -> str:
    if found.kind == "function":
        place = f" of {found.module}" if found.module else ""
        return f"function {found.name!r}{place}, of which the file has the name only"
    return " ".join(
        [
            *([f"line {found.line}"] if found.line else []),
            *([f"of {found.file}"] if found.file else []),
            *([f"Python {found.python}"] if found.python else []),
        ]
    )


def _value(value: Json) -> str:
    """A value of a config on one line; of a long one its beginning."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _text(text, _VALUE)


def _text(text: str, most: int) -> str:
    """Text of a file that neither hides nor turns around what stands beside it, not too long."""
    # Escapes make it longer; what is cut first is not escaped for nothing.
    shown = visible(text[: most + 1])
    return shown if len(text) <= most and len(shown) <= most else f"{shown[: most - 1]}…"
