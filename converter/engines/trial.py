"""Running a model on test arrays: tries sizes for open axes until the model takes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from converter.engines import arrays
from converter.engines.compare import all_finite
from converter.engines.explain import one_line
from converter.engines.models import LoadedModel
from converter.engines.results import InputSpec, Prediction
from converter.errors import KfixError, VerificationError

Array = np.ndarray[Any, Any]


class Runnable(Protocol):
    """What can be tried out."""

    @property
    def specs(self) -> Sequence[InputSpec]:
        """Its inputs."""

    def order(self, names: Sequence[str]) -> list[int]:
        """Positions of the named arrays in its own order."""

    def run(self, inputs: Sequence[Any]) -> dict[str, Array]:
        """Outputs by name for arrays in its own order."""


@dataclass(frozen=True)
class Trial:
    """How a model shall be tried out, as the parent asked for it.

    Attributes:
        specs: the inputs, or None to ask the model.
        arrays: an ``.npz`` of ready inputs instead.
        inputs_path: where the inputs are kept.
        outputs_path: where the outputs are kept.
        seed: of the random arrays.
        batch: where the model leaves it open.
        sizes: for the other open axes.
    """

    specs: tuple[InputSpec, ...] | None
    arrays: str | None
    inputs_path: str
    outputs_path: str
    seed: int
    batch: int
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Trial:
        """The trial from its JSON form."""
        specs = data["specs"]
        specs = None if specs is None else tuple(map(InputSpec.of, specs))
        return cls(**{**data, "specs": specs, "sizes": tuple(data["sizes"])})

    def attempts(self, model: Runnable) -> list[dict[str, Array]]:
        """The inputs to try in this order, by name, in the model's order."""
        if self.arrays is not None:
            given = arrays.load(self.arrays)
            return [given]
        specs = self.specs if self.specs is not None else tuple(model.specs)
        if not specs:
            raise VerificationError(
                "The model does not say what its input looks like, so it cannot be run."
            )
        names = arrays.distinct([spec.name for spec in specs])
        kinds = [specs]
        if self.specs is None and any(spec.dtype.startswith("float") for spec in specs):
            # Ids may reach an Embedding through layers that we cannot see into.
            kinds.append(tuple(replace(spec, integral=True) for spec in specs))
        is_open = any(extent is None for spec in specs for extent in spec.shape[1:])
        sizes = self.sizes if is_open else self.sizes[:1]
        tries = [(kind, size) for kind in kinds for size in sizes]
        return [
            dict(zip(names, arrays.random_inputs(kind, size, self.batch, self.seed), strict=True))
            for kind, size in tries
        ]


@dataclass(frozen=True)
class Outcome:
    """Inputs that a model accepted and what it made of them."""

    inputs: dict[str, Array]
    outputs: dict[str, Array]

    def saved(self, trial: Trial) -> Prediction:
        """Keeps the arrays on disk and describes them."""
        arrays.save(trial.inputs_path, self.inputs)
        arrays.save(trial.outputs_path, self.outputs)
        return Prediction(
            trial.inputs_path,
            trial.outputs_path,
            arrays.describe(self.inputs),
            arrays.describe(self.outputs),
            all_finite(self.outputs),
        )


def try_out(model: Runnable, trial: Trial) -> Outcome:
    """Runs the model on the first inputs that give finite numbers.

    An image model fed with too small a picture may answer with nothing or with NaN instead of an
    error, so such an answer counts only if no other size does better.

    Raises:
        VerificationError: it takes none of them.
    """
    poor: Outcome | None = None
    failure: Exception | None = None
    for inputs in trial.attempts(model):
        try:
            outcome = Outcome(inputs, run(model, inputs))
        except KfixError:
            raise
        except Exception as error:
            failure = failure or error
            continue
        if all_finite(outcome.outputs) and all(array.size for array in outcome.outputs.values()):
            return outcome
        poor = poor or outcome
    if poor is not None:
        return poor
    assert failure is not None
    raise VerificationError(
        f"The model loads but does not run on test inputs: {one_line(failure)}"
    ) from failure


def run(model: Runnable, inputs: dict[str, Array]) -> dict[str, Array]:
    """Outputs for named inputs, put into the model's own order."""
    values = list(inputs.values())
    return model.run([values[position] for position in model.order(list(inputs))])


def is_random(model: LoadedModel, inputs: dict[str, Array]) -> bool:
    """Whether two calls with the same inputs differ, as with a sampling layer."""
    first, second = _fresh(model, inputs), _fresh(model, inputs)
    return any(
        not np.array_equal(first[name], second[name], equal_nan=first[name].dtype.kind in "fc")
        for name in first
    )


def _fresh(model: LoadedModel, inputs: dict[str, Array]) -> dict[str, Array]:
    model.reset()
    return run(model, inputs)
