"""Models spread over several GPUs, written as if there were some."""

import inspect

from ..data import floats
from ..registry import Made, architecture

WRITERS = "keras>=2.2 tf<2.4"
"""Keras 2.0.9 to 2.1 have the function, but can't save what it makes."""


def _pretend_gpus(F):
    """The function, given names of GPUs that are not there: operations fall back to the CPU."""
    if F.flavor == "tf":
        from tensorflow.python.keras.utils import multi_gpu_utils as home
    else:
        from keras.utils import multi_gpu_utils as home

        _take_device_names(F)

    # Made anew from its text, so that its bytecode, which goes into the file, has no path of ours.
    exec(compile(inspect.getsource(home), "multi_gpu_utils.py", "exec"), home.__dict__)
    devices = ["/device:CPU:0", "/device:GPU:0", "/device:GPU:1", "/device:GPU:2"]
    home._get_available_devices = lambda: devices
    return home.multi_gpu_model


def _take_device_names(F):
    """Keras 2.2 finds the current device in a way that TensorFlow 1.14 has changed."""
    capture = F.backend.tensorflow_backend._TfDeviceCaptureOp

    def set_by_name(self, name):
        self.device = F.tf.DeviceSpec.from_string(name)

    if not hasattr(capture, "_set_device_from_string"):
        capture._set_device_from_string = set_by_name


def _spread(F, model, gpus=2, **arguments):
    return _pretend_gpus(F)(model, gpus, **arguments)


def _pictures(F):
    L = F.layers
    x = F.Input(shape=(7, 6, 2), name="picture")
    y = L.BatchNormalization()(L.Conv2D(3, 3)(x))
    return F.Model(x, L.Dense(2, name="score")(L.Flatten()(y)), name="template")


@architecture(writers=WRITERS, kinds="full weights")
def multi_gpu(F):
    """Two parts of unequal size: three samples don't divide."""
    return _spread(F, _pictures(F))


@architecture(writers=WRITERS)
def multi_gpu_three(F):
    return _spread(F, _pictures(F), 3)


@architecture(writers=WRITERS, kinds="full weights")
def multi_gpu_sequential(F):
    L = F.layers
    layers = [L.Dense(4, activation="tanh", input_shape=(3,)), L.BatchNormalization(), L.Dense(2)]
    return _spread(F, F.Sequential(layers))


@architecture(writers=WRITERS)
def multi_gpu_several_ends(F):
    """Losses by the names of the outputs, which are those of the merging layers."""
    L = F.layers
    left, right = F.Input(shape=(4,), name="left"), F.Input(shape=(3,), name="right")
    y = L.Add()([L.Dense(3)(left), L.Dense(3)(right)])
    outputs = [L.Dense(2, name="first")(y), L.Dense(1, name="second")(y)]
    spread = _spread(F, F.Model([left, right], outputs))
    named = spread.output_names
    losses = {named[0]: "mse", named[1]: "mae"}
    compile = {"loss": losses, "optimizer": "sgd", "metrics": {named[1]: ["mse"]}}
    return Made(spread, compile=compile, targets=[floats(), floats()])


@architecture(writers=WRITERS)
def multi_gpu_twice_the_output(F):
    L = F.layers
    x, y = F.Input(shape=(4,), name="left"), F.Input(shape=(4,), name="right")
    shared = L.Dense(3, name="shared")
    spread = _spread(F, F.Model([x, y], [shared(x), shared(y)]))
    compile = {"loss": dict(zip(spread.output_names, ["mse", "mae"])), "optimizer": "sgd"}
    return Made(spread, compile=compile)


@architecture(writers=WRITERS)
def multi_gpu_nested(F):
    """Models inside the model, partly frozen."""
    L = F.layers
    base = _pictures(F)
    base.layers[1].trainable = False
    x = F.Input(shape=(7, 6, 2))
    y = L.Dense(2, activation="softmax")(base(x))
    return _spread(F, F.Model(x, y))


@architecture(writers=WRITERS)
def multi_gpu_cpu_relocation(F):
    return _spread(F, _pictures(F), cpu_relocation=True)


@architecture(writers=WRITERS)
def multi_gpu_merged_on_gpu(F):
    return _spread(F, _pictures(F), cpu_merge=False)


@architecture(writers=WRITERS, expect="refused", reason="lambda")
def multi_gpu_with_lambda(F):
    """The slices can be known, the Lambda inside the model can't."""
    from .refused import double

    L = F.layers
    x = F.Input(shape=(4,))
    shape = {} if F.flavor == "tf" else {"output_shape": (4,)}
    return _spread(F, F.Model(x, L.Dense(2)(L.Lambda(double, **shape)(x))))


@architecture(writers=WRITERS, expect="refused", reason="lambda")
def multi_gpu_and_more(F):
    """Another layer behind the merged outputs: no longer the exact wrapper."""
    spread = _spread(F, _pictures(F))
    return F.Model(spread.inputs, F.layers.Dense(2)(spread.outputs[0]))
