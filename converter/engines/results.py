"""What is asked of an engine and what it answers: plain data that travels as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Shape = tuple[int | None, ...]

SIZES = (16, 32, 8, 64, 128, 224, 299)
"""Sizes tried in this order for axes that a model leaves open, until the model accepts one."""


@dataclass(frozen=True)
class InputSpec:
    """One input of a model, for making random test arrays.

    Attributes:
        name: name of the input layer.
        shape: full shape with the batch axis; None where the model leaves the size open.
        dtype: NumPy's name of the dtype, or ``string``.
        low: smallest value; without bounds floats are standard normal and integers 0 or 1.
        high: upper bound, exclusive for whole numbers.
        integral: whole numbers even though the dtype is a float (ids for an Embedding, as old Keras
            has them).
        form: ``dense``, ``sparse`` or ``ragged``.
        choices: the values to take, where a vocabulary tells them.
        phrases: take several of them at once, as a text.
    """

    name: str
    shape: Shape
    dtype: str = "float32"
    low: float | None = None
    high: float | None = None
    integral: bool = False
    form: str = "dense"
    choices: tuple[str | int, ...] = ()
    phrases: bool = False

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> InputSpec:
        """The spec from its JSON form."""
        lists = {key: tuple(data[key]) for key in ("shape", "choices") if key in data}
        return cls(**{**data, **lists})


@dataclass(frozen=True)
class Tolerance:
    """How far outputs may lie apart, ``|a - b| <= atol + rtol * |b|``; float16 needs more."""

    rtol: float = 1e-4
    atol: float = 1e-5


@dataclass(frozen=True)
class TensorInfo:
    """Name, shape and dtype of an input or output."""

    name: str
    shape: Shape
    dtype: str

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> TensorInfo:
        """The description from its JSON form."""
        return cls(data["name"], tuple(data["shape"]), data["dtype"])


@dataclass(frozen=True)
class Comparison:
    """One output array held against the reference.

    Attributes:
        name: name of the output.
        ok: within the tolerance everywhere, with NaN and infinities at the same places.
        shape: shape of the array.
        max_abs: greatest absolute difference among the finite values.
        max_rel: greatest difference relative to the reference value.
        worst: index of the value that breaks the tolerance most; None when there is nothing to
            compare.
        got: the value there.
        expected: the reference value there.
        scale: greatest absolute value of the reference: near zero, the agreement says little.
        reason: why ``ok`` is False, in a few words.
    """

    name: str
    ok: bool
    shape: tuple[int, ...]
    max_abs: float = 0.0
    max_rel: float = 0.0
    worst: tuple[int, ...] | None = None
    got: float | None = None
    expected: float | None = None
    scale: float = 0.0
    reason: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Comparison:
        """The comparison from its JSON form."""
        worst = data["worst"]
        return cls(
            **{
                **data,
                "shape": tuple(data["shape"]),
                "worst": None if worst is None else tuple(worst),
            }
        )


@dataclass(frozen=True)
class Prediction:
    """Outputs of a model on test arrays.

    Attributes:
        inputs_path: ``.npz`` of the inputs, keys are the input names in the model's order.
        outputs_path: ``.npz`` of the outputs, keys are the output names in the model's order.
        inputs: the arrays that were fed.
        outputs: the arrays that came out.
        finite: no NaN and no infinity in any output.
    """

    inputs_path: str
    outputs_path: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    finite: bool

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Prediction:
        """The prediction from its JSON form."""
        return cls(
            data["inputs_path"],
            data["outputs_path"],
            tuple(map(TensorInfo.of, data["inputs"])),
            tuple(map(TensorInfo.of, data["outputs"])),
            data["finite"],
        )


@dataclass(frozen=True)
class Verification:
    """What loading an output afresh and running it has shown.

    Attributes:
        reader: who loaded it (``keras 3.15.1``, ``tensorflow 2.21.0``).
        reference: where the expected numbers came from: ``tf_keras``, ``keras``, ``arrays``, or
            empty.
        note: why there is no reference, in one line.
        compiled: the model came back compiled.
        random: the model gives other numbers at each call, so no comparison can hold.
        prediction: what the output computed.
        comparisons: one for each output; empty without a reference.
        first_difference: name of the first layer whose output differs, where it could be found.
        warnings: what the reader warned of while loading.
    """

    reader: str
    reference: str
    note: str
    compiled: bool
    random: bool
    prediction: Prediction
    comparisons: tuple[Comparison, ...] = ()
    first_difference: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """The same numbers as the reference; without one: it loads and computes finite numbers."""
        if self.reference:
            return all(comparison.ok for comparison in self.comparisons)
        return self.prediction.finite

    @property
    def max_abs(self) -> float:
        """The greatest absolute difference over all outputs, NaN without a reference."""
        return max((item.max_abs for item in self.comparisons), default=math.nan)

    @property
    def failures(self) -> tuple[Comparison, ...]:
        """The outputs that differ."""
        return tuple(item for item in self.comparisons if not item.ok)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Verification:
        """The verification from its JSON form."""
        return cls(
            **{
                **data,
                "prediction": Prediction.of(data["prediction"]),
                "comparisons": tuple(map(Comparison.of, data["comparisons"])),
                "warnings": tuple(data["warnings"]),
            }
        )


@dataclass(frozen=True)
class Rebuild:
    """A model that Keras itself has loaded and saved again.

    Attributes:
        engine: who did it (``keras 3.15.1``).
        files: what was written.
        compiled: the compile state was carried over.
        compile_note: why it was not, in one line.
        custom_objects: names of the user's objects that the file refers to.
        warnings: what Keras warned of.
        defaults: arguments of the user's classes that the file does not hold, with the defaults
            that were taken.
        elsewhere: the user's functions that the file calls by a name that no module has for them,
            and where they are.
        prediction: what the rebuilt model computes, when inputs were asked for.
    """

    engine: str
    files: tuple[str, ...]
    compiled: bool
    compile_note: str = ""
    custom_objects: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    prediction: Prediction | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Rebuild:
        """The report from its JSON form."""
        prediction = data["prediction"]
        return cls(
            **{
                **data,
                "files": tuple(data["files"]),
                "custom_objects": tuple(data["custom_objects"]),
                "warnings": tuple(data["warnings"]),
                "defaults": tuple(data["defaults"]),
                "prediction": prediction and Prediction.of(prediction),
            }
        )


@dataclass(frozen=True)
class Endpoint:
    """A further signature that is asked for; one of the three says what it gives.

    Attributes:
        name: name of the signature.
        layers: inner layers whose outputs it gives, by the paths of their names.
        method: a ``tf.function`` with an input signature, of the user's model class.
        function: ``MODULE:FUNCTION`` of the user's, which takes the model and returns such a
            function.
    """

    name: str
    layers: tuple[str, ...] = ()
    method: str = ""
    function: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Endpoint:
        """The request from its JSON form."""
        return cls(data["name"], tuple(data["layers"]), data["method"], data["function"])


@dataclass(frozen=True)
class Signature:
    """One signature of a SavedModel, as its clients see it.

    Attributes:
        name: ``serving_default``, or what was asked for.
        inputs: its arguments in the model's order; sparse and ragged ones as their components.
        outputs: its results in the model's order.
        renamed: names of inputs that TensorFlow does not take, and what they are called instead.
    """

    name: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Signature:
        """The signature from its JSON form."""
        return cls(
            data["name"],
            tuple(map(TensorInfo.of, data["inputs"])),
            tuple(map(TensorInfo.of, data["outputs"])),
            data["renamed"],
        )


@dataclass(frozen=True)
class Export:
    """A SavedModel as it was written.

    Attributes:
        engine: who wrote it (``tensorflow 2.21.0``).
        signatures: what it offers, ``serving_default`` first.
        predictions: what the model in memory computes for each of them, where inputs were asked
            for.
        defaults: as in `Rebuild`.
    """

    engine: str
    signatures: tuple[Signature, ...]
    predictions: tuple[Prediction, ...] = ()
    defaults: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        """The arguments of ``serving_default``."""
        return self.signatures[0].inputs

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        """The results of ``serving_default``."""
        return self.signatures[0].outputs

    @property
    def prediction(self) -> Prediction | None:
        """What the model computes for ``serving_default``."""
        return self.predictions[0] if self.predictions else None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Export:
        """The report from its JSON form."""
        return cls(
            data["engine"],
            tuple(map(Signature.of, data["signatures"])),
            tuple(map(Prediction.of, data["predictions"])),
            tuple(data["defaults"]),
        )


def to_json(item: Any) -> dict[str, Any]:
    """Any of these records as a dictionary that JSON can hold."""
    data: dict[str, Any] = asdict(item)
    return data
