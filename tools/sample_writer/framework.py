"""One face for every generation of Keras, so that an architecture is written once."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np

USER_CODE = Path(__file__).resolve().parent / "user_code"
"""Modules as their owners have them: imported here by their own names, given to kfix by tests."""

_CLAUSE = re.compile(r"^(keras1|keras3|keras|tf)((?:(?:>=|<)[\d.]+)*)$")
_BOUND = re.compile(r"(>=|<)([\d.]+)")


def _numbers(text):
    return tuple(int(part) for part in text.split("."))


def matches(writers, flavor, version):
    """Whether ``"keras>=2.1 tf>=2.3<2.9 keras3"`` names this flavor and version."""
    for clause in writers.split():
        name, bounds = _CLAUSE.match(clause).groups()
        if name == flavor and all(
            (version >= _numbers(number)) == (sign == ">=")
            for sign, number in _BOUND.findall(bounds)
        ):
            return True
    return False


class _Lookup:
    """Classes found in the first module that has them: many layers began as experimental."""

    def __init__(self, modules):
        self.modules = [module for module in modules if module is not None]

    def __getattr__(self, name):
        for module in self.modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"this release has no {name}")


class Framework:
    """What architectures see: ``layers``, ``Input``, ``Model``… of the writer that runs here.

    ``flavor`` is keras1, keras (standalone 2), tf (tf.keras) or keras3.
    """

    def __init__(self, writer):
        self.writer = writer
        family, number = writer.split("-")[:2]
        self.version = _numbers(number)
        self.flavor = {"1": "keras1", "3": "keras3"}.get(number[0], "keras")
        if family == "tf":
            self.flavor = "tf"
            import tensorflow

            self.keras = tensorflow.keras
        else:
            import keras

            self.keras = keras
            if self.flavor == "keras1":
                self._import_parts()
        self.backend = self.keras.backend
        self.layers = _Lookup(self._layer_modules())
        self.Input = self.keras.layers.Input
        self.Model = self.keras.models.Model
        self.Sequential = self.keras.models.Sequential

    def _import_parts(self):
        """Keras 1 imports nothing by itself, and on Theano forgets a module that Dropout needs."""
        import keras.backend
        import keras.layers
        import keras.models

        # Before Keras 1.0.6 a backend had no name to ask for.
        if not hasattr(keras.backend, "backend"):
            keras.backend.backend = lambda: keras.backend._BACKEND
        if not hasattr(keras.backend, "image_dim_ordering"):
            keras.backend.image_dim_ordering = lambda: "th"
        if not hasattr(keras.models.Model, "weights"):
            both = property(lambda self: self.trainable_weights + self.non_trainable_weights)
            keras.models.Model.weights = both
        if keras.backend.backend() == "theano":
            import theano.ifelse  # noqa: F401

    def _layer_modules(self):
        layers = self.keras.layers
        experimental = getattr(layers, "experimental", None)
        preprocessing = getattr(experimental, "preprocessing", None)
        return [layers, experimental, preprocessing]

    @property
    def tf(self):
        import tensorflow

        return tensorflow

    def told(self):
        """This writer with its backend and the backend's release, as kfix's --writer names it."""
        if self.flavor == "tf":
            return self.writer
        backend = self.backend.backend()
        version = ".".join(str(number) for number in self.version)
        return f"keras-{version}-{backend}-{__import__(backend).__version__}"

    def since(self, writers):
        """Whether this writer is one of ``writers``; for arguments that came or went."""
        return matches(writers, self.flavor, self.version)

    def has(self, name):
        return hasattr(self.layers, name)

    def given(self, writers, **arguments):
        """The arguments where this writer is one of ``writers``, else none."""
        return arguments if self.since(writers) else {}

    def own(self, file):
        """A module or package of ``user_code``; its ``import keras`` means the Keras that runs here.

        TensorFlow's own is not the package ``keras`` before 2.6, though 2.5 installs one beside it.
        """
        if str(USER_CODE) not in sys.path:
            sys.path.append(str(USER_CODE))
        if self.flavor == "tf" and self.version < (2, 6):
            sys.modules["keras"] = self.keras
        return importlib.import_module(file[:-3] if file.endswith(".py") else file)

    def own_objects(self, files):
        """What those modules define, by name; dictionaries of custom objects count with all they
        hold."""
        found = {}
        for file in files:
            for name, thing in vars(self.own(file)).items():
                found.update(thing if name == "custom_objects" else {name: thing})
        return {name: thing for name, thing in found.items() if callable(thing)}

    # -- sessions -------------------------------------------------------------------------

    def clear(self):
        """Start from nothing: automatic names begin at their first number again."""
        if not hasattr(self.backend, "clear_session"):
            return
        if self.since("tf>=2.4 keras3"):
            self.keras.mixed_precision.set_global_policy("float32")
        self.backend.clear_session()

    def ensure_built(self, model):
        """A Sequential that starts with a model has no inputs yet in early releases of Keras 3."""
        if self.flavor == "keras3" and not model.built:
            first = model.layers[0]
            self.ensure_built(first)
            model.build(self.shape(first.inputs[0]))

    # -- tensors and variables ------------------------------------------------------------

    def shape(self, tensor):
        if self.flavor == "keras3":
            return tuple(tensor.shape)
        if self.flavor == "keras1":
            return tuple(tensor._keras_shape)
        return tuple(self.backend.int_shape(tensor))

    def form(self, tensor):
        """How an input lies in memory: ragged, sparse, or dense."""
        names = type(tensor).__name__ + type(getattr(tensor, "type_spec", None)).__name__
        for form in ("ragged", "sparse"):
            if form.title() in names or getattr(tensor, form, False):
                return form
        return "dense"

    def dtype(self, tensor):
        if self.flavor == "keras3":
            return str(tensor.dtype)
        if self.flavor == "tf" and self.version < (2, 6):
            return tensor.dtype.name
        if self.flavor == "keras1":
            return getattr(tensor.dtype, "name", tensor.dtype).replace("_ref", "")
        return self.backend.dtype(tensor)

    def variable_name(self, variable):
        name = variable.path if self.flavor == "keras3" else variable.name
        return (name or "").split(":")[0]

    def read(self, variable):
        if self.flavor == "keras3":
            return np.asarray(variable.numpy())
        return np.asarray(self.backend.get_value(variable))

    def write(self, pairs):
        if self.flavor == "keras3":
            for variable, value in pairs:
                variable.assign(value)
        else:
            self.backend.batch_set_value(pairs)

    # -- classes --------------------------------------------------------------------------

    def layer_classes(self):
        """Every layer class that this release exports, by its exported name."""
        base = self.keras.layers.Layer
        found = {}
        for module in self.layers.modules:
            for name in dir(module):
                thing = getattr(module, name)
                if isinstance(thing, type) and issubclass(thing, base):
                    found[name] = thing
        return found

    def versions(self):
        import h5py

        found = {
            "python": sys.version.split()[0],
            "numpy": np.__version__,
            "h5py": h5py.__version__,
            "keras": getattr(self.keras, "__version__", None),
        }
        if "tensorflow" in sys.modules:
            found["tensorflow"] = sys.modules["tensorflow"].__version__
        if "theano" in sys.modules:
            found["theano"] = sys.modules["theano"].__version__
        return found
