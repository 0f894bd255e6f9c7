"""Errors are told by their text: the texts are what the libraries really said."""

from __future__ import annotations

import re
import time

import pytest

from converter.cli.app import COMMANDS
from converter.doctor.faults import FAULTS, recognised

TEXTS = {
    # Seen in the environments of tools/faulty_environments.py.
    "AttributeError: 'str' object has no attribute 'decode'": "h5py-3-reads-text",
    "AttributeError: type object 'h5py.h5.H5PYConfig' has no attribute '__reduce_cython__'": (
        "h5py-of-two-releases"
    ),
    "ImportError: h5py._errors does not export expected C function set_default_error_handler": (
        "h5py-of-two-releases"
    ),
    "ImportError: /site-packages/h5py/defs.so: undefined symbol: H5Pget_file_locking": (
        "h5py-of-two-releases"
    ),
    "ImportError: libhdf5-00e8fae8.so.200.0.0: cannot open shared object file: No such file": (
        "h5py-of-two-releases"
    ),
    "ValueError: h5py.h5p.PropDAID size changed, may indicate binary incompatibility. Expected 64 "
    "from C header, got 56 from PyObject": "h5py-of-two-releases",
    "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C "
    "header, got 88 from PyObject": "numpy-size-changed",
    "ImportError: numpy.core.umath failed to import": "numpy-size-changed",
    "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.2.6 as it may crash.": (
        "numpy-size-changed"
    ),
    "Warning! ***HDF5 library version mismatched error***\nThe HDF5 header files used to compile "
    "this application do not match\nthe version used by the HDF5 library": "hdf5-version-mismatch",
    "UserWarning: h5py is running against HDF5 1.12.1 when it was built against 1.12.0, this may "
    "cause problems": "hdf5-version-mismatch",
    "AttributeError: module 'numpy' has no attribute 'typeDict'": "numpy-without-old-names",
    "AttributeError: module 'numpy' has no attribute 'object'.": "numpy-without-old-names",
    "NotImplementedError: Cannot convert a symbolic Tensor (lstm/strided_slice:0) to a numpy array."
    " This error may indicate that you're trying to pass a Tensor to a NumPy call": (
        "symbolic-tensor-to-numpy"
    ),
    "TypeError: Descriptors cannot be created directly.": "protobuf-too-new",
    "TypeError: Descriptors cannot not be created directly.": "protobuf-too-new",
    "AttributeError: module 'ml_dtypes' has no attribute 'int2'": "ml-dtypes-of-another-release",
    "ModuleNotFoundError: No module named 'keras.src.engine'": "addons-beside-new-tensorflow",
    "AttributeError: module 'tensorflow._api.v2.compat.v2.__internal__' has no attribute "
    "'register_load_context_function'": "keras-of-another-tensorflow",
    "AttributeError: module 'tensorflow' has no attribute 'get_default_graph'": (
        "keras-of-another-tensorflow"
    ),
    "ImportError: Keras requires TensorFlow 2.2 or higher. Install TensorFlow via `pip install "
    "tensorflow`": "keras-of-another-tensorflow",
    "ImportError: Keras cannot be imported. Check that it is installed.": "tf-keras-missing",
    "ImportError: `save_model()` using h5 format requires h5py. Could not import h5py.": (
        "h5py-missing"
    ),
    "ImportError: `save_model` requires h5py.": "h5py-missing",
    "Illegal instruction (core dumped)": "no-avx",
    # Said by Keras about a file.
    "ValueError: bad marshal data (unknown type code)": "lambda-of-another-python",
    "SystemError: unknown opcode": "lambda-of-another-python",
    "ValueError: Unknown layer: 'Addons>InstanceNormalization'. Please ensure you are using a "
    "`keras.utils.custom_object_scope`": "addons-layer",
    "TypeError: Unrecognized keyword arguments passed to LSTM: {'time_major': False}": "time-major",
    "TypeError: Unrecognized keyword arguments passed to DepthwiseConv2D: {'groups': 1}": (
        "depthwise-groups"
    ),
    "TypeError: Unrecognized keyword arguments: ['batch_shape']": "batch-shape",
    "TypeError: ('Keyword argument not understood:', 'quantization_config')": "unknown-argument",
    "TypeError: __init__() got an unexpected keyword argument 'ragged'": "unknown-argument",
    'ValueError: Layer "dense" expects 1 input(s), but it received 2 input tensors.': (
        "nested-model-inputs"
    ),
    "TypeError: Could not locate class 'Functional'. Make sure custom classes are decorated": (
        "nested-model-inputs"
    ),
    "ValueError: Argument `name` must be a string and cannot contain character `/`. Received: "
    "name=conv1/conv": "names-with-slashes",
    "TypeError: Could not locate class 'Policy'.": "dtype-policy",
    "AttributeError: 'str' object has no attribute 'quantization_mode'": "dtype-policy",
    "ValueError: Unknown layer: 'TFOpLambda'.": "op-layers",
    "ValueError: Layer 'dense' expected 2 variables, but received 0 variables during loading.": (
        "build-logic"
    ),
    "ValueError: Unknown loss function: dice_coef_loss": "unknown-loss",
    "TypeError: string indices must be integers, not 'str'": "unknown-loss",
    "ValueError: Unknown layer: CustomAttention": "unknown-layer",
    "ValueError: Unknown activation function: 'mish'": "unknown-layer",
    "ValueError: No model found in config file.": "weights-only",
    "ValueError: No model config found in the file at <HDF5 file>": "weights-only",
    "ValueError: Layer count mismatch when loading weights from file. Model expected 3 layers": (
        "layer-count"
    ),
    "ValueError: You are trying to load a weight file containing 58 layers into a model with 107": (
        "layer-count"
    ),
    "ValueError: axes don't match array": "layer-count",
    "NotImplementedError: Layer Scale has arguments in `__init__` and therefore must override "
    "`get_config`.": "no-get-config",
    "NotImplementedError: Saving the model to HDF5 format requires the model to be a Functional "
    "model or a Sequential model.": "subclassed-to-h5",
    "OSError: Unable to open file (truncated file: eof = 96, sblock->base_addr = 0, "
    "stored_eof = 2048)": "truncated",
    "OSError: Unable to open file (file signature not found)": "not-hdf5",
    "zipfile.BadZipFile: File is not a zip file": "not-hdf5",
    "ValueError: File not found: filepath=x.keras. Please ensure the file is an accessible `.keras`"
    " zip file.": "not-hdf5",
    "ValueError: File format not supported: filepath=model. Keras 3 only supports V3 `.keras` "
    "files": "savedmodel-in-keras-3",
    "RuntimeError: Unable to create attribute (object header message is too large)": (
        "attribute-too-large"
    ),
    "ValueError: Unable to create group (name already exists)": "names-twice-in-h5",
    "RuntimeError: Unable to create link (Name already exists)": "names-twice-in-h5",
    "ValueError: Unable to synchronously create dataset (name already exists)": (
        "names-twice-in-h5"
    ),
    'ValueError: The name "dense" is used 2 times in the model. All layer names should be '
    "unique.": "names-twice",
    "ValueError: All layers added to a Sequential model should have unique names. Name 'dense' is "
    "already the name of a layer in this model.": "names-twice",
}


@pytest.mark.parametrize(("text", "name"), TEXTS.items(), ids=range(len(TEXTS)))
def test_recognised(text, name):
    assert recognised(text).name == name


def test_every_fault_has_a_text():
    kept_for_the_variants = {"protobuf-too-old"}
    assert {each.name for each in FAULTS} - set(TEXTS.values()) == kept_for_the_variants


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all is well",
        "ValueError: could not convert string to float: 'a'",
        "KeyError: 'image'",
        "ValueError: Input 0 of layer dense is incompatible with the layer: expected axis -1",
        "AttributeError: 'list' object has no attribute 'decode'",
    ],
)
def test_other_errors_are_not_explained(text):
    assert recognised(text) is None


def test_the_last_error_of_a_log_is_told():
    log = (
        "UserWarning: h5py is running against HDF5 1.12.1 when it was built against 1.12.0\n"
        "Traceback (most recent call last):\n"
        '  File "load.py", line 3, in <module>\n'
        "ValueError: Unknown layer: CustomAttention\n"
    )
    assert recognised(log).name == "unknown-layer"


def test_names_are_given_once():
    names = [each.name for each in FAULTS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_has_a_remedy(fault):
    assert fault.of_the_environment or fault.commands
    for line in fault.commands:
        program, command, *_ = line.split()
        assert program == "kfix" and command in COMMANDS
    assert all(re.match(r"https://", link) for link in fault.links)


def test_a_log_that_fits_a_pattern_a_hundred_thousand_times_takes_no_time():
    log = "Error: Cannot convert a symbolic Tensor (\n" * 100_000
    begun = time.monotonic()
    assert recognised(log) is None
    assert time.monotonic() - begun < 10


def test_only_the_last_errors_of_a_long_log_count():
    first = "ValueError: bad marshal data (unknown type code)\n"
    log = first + "KeyError: 'dense'\n" * 100_000
    assert recognised(log) is None
    assert recognised(log + first).name == "lambda-of-another-python"
