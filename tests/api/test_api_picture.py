"""What is drawn of a model and said of its weights, against what the writers recorded."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from converter.api import distributions as looking
from converter.api.distributions import Distribution, distributions
from converter.api.graph import FOLD_ABOVE, graph_of
from converter.api.picture import picture
from converter.containers import open_model
from converter.containers.hdf5_source import Hdf5Source
from converter.model.description import Call, Dataset, Layer, Model, TensorRef
from tests.sample_store import Sample, samples

CHOSEN = [
    sample
    for writer in ("keras-1.0.8-theano", "keras-2.2.4", "keras-3.15.1")
    for sample in samples(writer)[::6]
    if sample.kind in ("full", "keras") and not sample.options
]


@pytest.mark.parametrize("sample", CHOSEN, ids=lambda sample: sample.id)
def test_the_shape_of_the_output_is_what_came_out(sample: Sample):
    found = picture(sample.path).graph
    assert found is not None
    ends = [node.shape for node in found.scopes[0].nodes if node.is_output]
    true = sample.outputs
    if len(ends) != 1 or len(true) != 1 or ends[0] is None:
        return
    assert len(ends[0]) == true[0].ndim
    for told, length in zip(ends[0], true[0].shape, strict=True):
        assert told in (None, length)


def test_most_shapes_are_known():
    nodes = [
        node
        for sample in CHOSEN
        if (found := picture(sample.path).graph) is not None
        for node in found.scopes[0].nodes
    ]
    assert sum(node.shape is not None for node in nodes) > 0.7 * len(nodes)


def chain(names: list[str], before: dict[str, list[str]]) -> Model:
    layers = tuple(
        Layer(name, "Add", calls=(Call(([TensorRef(each) for each in before[name]],)),))
        if before[name]
        else Layer(name, "InputLayer")
        for name in names
    )
    return Model("m", "functional", layers, outputs=[TensorRef(names[-1])])


def test_groups_keep_every_call_and_connection():
    names = [str(number) for number in range(5_000)]
    before = {name: [names[i] for i in {i - 1, i - 3} if i >= 0] for i, name in enumerate(names)}
    found = graph_of(chain(names, before), {})
    assert all(len(scope.nodes) <= FOLD_ABOVE for scope in found.scopes)
    leaves = [node.name for scope in found.scopes for node in scope.nodes if not node.is_group]
    assert sorted(leaves) == sorted(names)
    for scope in found.scopes:
        assert all(edge.source < edge.target for edge in scope.edges)
    top = found.scopes[0].nodes
    assert sum(node.size for node in top) == 5_000
    assert (top[0].ends[0], top[-1].ends[1]) == ("0", "4999")


def test_layers_in_any_order_come_after_what_they_need():
    names = ["c", "a", "b"]
    found = graph_of(chain(names, {"a": [], "b": ["a"], "c": ["b", "a"]}), {})
    (scope,) = found.scopes
    assert [node.name for node in scope.nodes] == ["a", "b", "c"]
    assert {(edge.source, edge.target) for edge in scope.edges} == {(0, 1), (1, 2), (0, 2)}


def test_layers_that_need_each_other_are_drawn():
    found = graph_of(chain(["a", "b"], {"a": ["b"], "b": ["a"]}), {})
    (scope,) = found.scopes
    assert len(scope.nodes) == 2
    assert all(edge.source < edge.target for edge in scope.edges)


def test_a_small_weight_is_looked_at_whole():
    (sample,) = [each for each in samples("keras-2.2.4") if each.name == "dense"]
    found = picture(sample.path)
    with h5py.File(sample.path) as stored:
        arrays = []
        stored["model_weights"].visititems(
            lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None
        )
    told = sorted((each.values, each.low, each.high) for each in found.distributions.values())
    assert told == sorted((each.size, float(each.min()), float(each.max())) for each in arrays)
    for each in found.distributions.values():
        assert each.seen == each.values == sum(each.bins)


LAYOUTS = {
    "one piece": {},
    "chunks": {"chunks": (64, 50)},
    "packed": {"chunks": (64, 50), "compression": "gzip"},
    "other order of bytes": {"dtype": ">f4"},
    "one row": {"shape": (1, 200_000)},
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_sample_comes_from_all_over_an_array(tmp_path, layout):
    options = dict(layout)
    shape = options.pop("shape", (2_000, 100))
    values = np.arange(200_000, dtype="f4").reshape(shape)
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.create_dataset("w", data=values, **options)
    with Hdf5Source.open(tmp_path / "m.h5") as source:
        found = source.sample(Dataset("w", shape, "float32"), 20_000)
    assert 10_000 <= found.size <= 20_000
    assert np.isin(found, values).all()
    assert np.unique(found).size == found.size
    assert found.min() < 20_000
    assert found.max() > 180_000


@pytest.fixture
def weights(tmp_path):
    """Describes arrays as those of a file."""

    def describe(arrays: dict[str, np.ndarray], **options) -> dict[str, Distribution]:
        path = tmp_path / "weights.h5"
        with h5py.File(path, "w") as file:
            file.attrs["layer_names"] = np.array([b"layer"])
            group = file.create_group("layer")
            group.attrs["weight_names"] = np.array([name.encode() for name in arrays])
            for name, array in arrays.items():
                group.create_dataset(name, data=array)
        with open_model(path) as source:
            (layer,) = source.contents.layer_groups
            found = distributions(source, [(data,) for data in layer.weights], **options)
        return dict(zip(arrays, found, strict=True))

    return describe


def test_what_is_odd_is_counted(weights):
    odd = np.array([0, 1, np.nan, np.inf, -np.inf, 3], "f4")
    found = weights({"odd": odd, "half": np.array([60000, -60000], "f2"), "same": np.ones(7)})
    assert (found["odd"].odd, found["odd"].zeros) == (3, 1)
    assert (found["odd"].low, found["odd"].high) == (0, 3)
    assert sum(found["odd"].bins) == 3
    assert found["half"].deviation == pytest.approx(60_000)
    assert found["same"].bins == (7,)


def test_huge_numbers_have_bins(weights):
    found = weights({"huge": np.array([-1e308, 1e308, 0]), "tiny": np.array([5e-324, 1e-323])})
    assert sum(found["huge"].bins) == 3
    assert found["huge"].deviation == pytest.approx(1e308 * (2 / 3) ** 0.5)
    assert sum(found["tiny"].bins) == 2


def test_only_so_many_values_are_looked_at(weights):
    arrays = {"small": np.zeros(10, "f4"), "large": np.ones(100_000, "f4")}
    found = weights(arrays, most=4_000)
    assert found["small"].seen == 10
    assert 3_000 < found["large"].seen <= 4_000
    assert found["large"].values == 100_000


def test_only_so_much_time_is_taken(weights):
    ticks = iter([0.0, 0.0, looking.MOST_SECONDS + 1])
    found = weights({"a": np.zeros(3), "b": np.zeros(3)}, clock=lambda: next(ticks))
    assert found["a"].seen == 3
    assert found["b"].seen == 0
    assert "not looked at" in found["b"].problem
