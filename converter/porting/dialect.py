"""Which Keras and which TensorFlow the user's code was written for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from converter.model.description import Writer
from converter.porting.names import TENSORFLOW_1_KEYWORDS, TENSORFLOW_1_NAMES
from converter.porting.source import Source

RUNS_ON_BOTH = ((2, 2), (2, 3))
"""Releases of Keras 2.3, and of tf.keras up to 2.1 (called 2.2.4-tf), of TensorFlow 1 and 2."""
TRACKS_VARIABLES = (2, 3)
NEW_BATCH_DOT = (2, 3)
"""The first release of stand-alone Keras with these."""


@dataclass(frozen=True)
class Dialect:
    """What the same words meant to the program that wrote the file.

    Attributes:
        keras1: Keras 1, where functions took other arguments.
        standalone: the package ``keras``, whose layers got shapes as tuples; else tf.keras, with
            TensorShapes.
        tracks_variables: a variable that becomes an attribute of a layer is one of its weights.
        old_batch_dot: ``batch_dot`` as it was before Keras 2.3: a matrix product in which the axes
            only say what is transposed.
        tensorflow1: functions of TensorFlow take the arguments, and mean, what they did in 1.x.
        theano: the backend was Theano, whose convolutions turn their kernels round.
        tensorflow_open: nothing says whether it was TensorFlow 1 or 2.
    """

    keras1: bool = False
    standalone: bool = False
    tracks_variables: bool = True
    old_batch_dot: bool = False
    tensorflow1: bool = False
    theano: bool = False
    tensorflow_open: bool = False

    @property
    def hard_gates(self) -> bool:
        """LSTM and GRU take hard_sigmoid for their gates where nothing is said."""
        return not self.tracks_variables or (self.tensorflow1 and not self.standalone)

    @property
    def resets_before(self) -> bool:
        """GRU has ``reset_after=False`` where nothing is said."""
        return self.standalone or self.tensorflow1

    def to_json(self) -> dict[str, Any]:
        """The dialect for the journey to a child process."""
        return asdict(self)


def dialect_of(writer: Writer, sources: tuple[Source, ...]) -> Dialect:
    """What the writer of a file says about the code that made it, and the code itself.

    Stand-alone Keras before 2.3 runs on TensorFlow 1 only. Where the writer leaves it open (Keras
    2.3, a tf.keras whose release the file does not tell), names that TensorFlow 2 dropped decide.
    """
    version, release = writer.version[:2], writer.backend_version[:1]
    old = not writer.tf_keras and version < TRACKS_VARIABLES
    first = release == (1,) or old if release or old else any(map(speaks_tensorflow1, sources))
    return Dialect(
        keras1=writer.generation == 1,
        standalone=not writer.tf_keras,
        tracks_variables=not old,
        old_batch_dot=_old_batch_dot(writer, first),
        tensorflow1=first,
        theano=writer.backend == "theano",
        tensorflow_open=not first and not release and version in RUNS_ON_BOTH,
    )


def _old_batch_dot(writer: Writer, tensorflow1: bool) -> bool:
    if writer.tf_keras:
        return tensorflow1
    return writer.version[:2] < NEW_BATCH_DOT


def speaks_tensorflow1(source: Source) -> bool:
    """Whether code uses names or arguments that only TensorFlow 1 has."""
    names = {use.path.removeprefix("tensorflow.") for use in source.uses("tensorflow")}
    if any(name in TENSORFLOW_1_NAMES or name.startswith("contrib.") for name in names):
        return True
    return any(
        call.path.startswith("tensorflow.") and not TENSORFLOW_1_KEYWORDS.isdisjoint(call.keywords)
        for call in source.calls
    )


def depends_on_tensorflow(source: Source) -> Iterator[tuple[int, str]]:
    """Calls that compute something else in TensorFlow 1 than in 2, with their lines.

    Enlarging pictures put no centre into a pixel before 2.0.
    """
    for call in source.calls:
        resizes = call.path == "keras.backend.resize_images"
        if call.path == "tensorflow.image.resize" or (
            resizes and ("interpolation" in call.keywords or len(call.node.args) > 4)
        ):
            yield call.node.lineno, call.path
