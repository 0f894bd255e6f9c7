"""What a model file holds, as plain data: configs parsed, weights as references, not read yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from converter.containers.sniff import Kind
from converter.model.description import Dataset, Json, Writer


@dataclass(frozen=True)
class LayerGroup:
    """A layer of the legacy HDF5 layout: its weights in the order of the file's ``weight_names``.

    ``weights[i].path`` is the full path inside the container, ``weight_names[i]`` the name as the
    file lists it.
    """

    name: str
    weights: tuple[Dataset, ...]
    weight_names: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """Everything a model file says, except the values of its weights.

    Attributes:
        path: the file.
        kind: what it was recognised as.
        size: bytes on disk.
        writer: the Keras that wrote it.
        config: the architecture as stored, ``{"class_name", "config", ...}``; None in a weights
            file.
        training_config: the compile state as stored (``compile_config`` in an archive), None where
            there is none.
        layer_groups: legacy layout, in the order of ``layer_names``.
        top_level_weights: legacy layout, variables of the model itself that belong to no layer.
        variables: Keras 3 layout, ``layers/dense/vars/0`` to dataset, without the optimizer. Keys
            are what Keras 3 writes today: backslashes and ``_layer_checkpoint_dependencies`` of
            early releases are translated, ``Dataset.path`` keeps them.
        optimizer_weights: the optimizer's variables in the file's order.
        optimizer_problem: why there are none although the file has some: they are damaged.
        attributes: the remaining root attributes of an HDF5 file as text. A ``training_config``
            that is not JSON is left here.
        assets: member names below ``assets/`` of an archive.
        metadata: ``metadata.json`` of an archive.
        told_shape: the shape of an input in ``config`` is the user's word, the file has none.
    """

    path: Path
    kind: Kind
    size: int
    writer: Writer
    config: Json | None = None
    training_config: Json | None = None
    layer_groups: tuple[LayerGroup, ...] = ()
    top_level_weights: tuple[Dataset, ...] = ()
    variables: Mapping[str, Dataset] = field(default_factory=dict)
    optimizer_weights: tuple[Dataset, ...] = ()
    optimizer_problem: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    assets: tuple[str, ...] = ()
    metadata: Mapping[str, Json] = field(default_factory=dict)
    told_shape: bool = False

    @property
    def weights(self) -> tuple[Dataset, ...]:
        """All datasets of the model itself, whatever the layout, without the optimizer's."""
        legacy = tuple(weight for group in self.layer_groups for weight in group.weights)
        return legacy + self.top_level_weights + tuple(self.variables.values())
