"""Errors that users of Keras meet, by their text: what each means and what mends it.

A row is one fact. The first row whose pattern is found in a text is the one that is told, so the
narrower patterns stand before the wider ones. tests/doctor holds each row against the error as it
was really raised; ``links`` are public reports of the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One error that can be recognised.

    Attributes:
        name: what the fault is called.
        pattern: a regular expression for the error's text.
        says: what is wrong.
        pins: packages whose versions do not fit, for the pip line.
        reinstalls: packages to install anew in the version that they have.
        installs: packages that are missing.
        commands: what to do where it is not pip: kfix's commands, as templates.
        links: public reports.
    """

    name: str
    pattern: str
    says: str
    pins: tuple[str, ...] = ()
    reinstalls: tuple[str, ...] = ()
    installs: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def of_the_environment(self) -> bool:
        """Whether the installed packages are at fault, and not a file."""
        return bool(self.pins or self.reinstalls or self.installs)


_KERAS = "https://github.com/keras-team/keras/issues/"
_TF = "https://github.com/tensorflow/tensorflow/issues/"
_H5PY = "https://github.com/h5py/h5py/issues/"
_CHECK = "kfix check model.h5"
_REPAIR = "kfix repair model.h5"
_CONVERT = "kfix convert model.h5 --to keras"
_CUSTOM = "kfix convert model.h5 --to keras --custom my_layers.py"

FAULTS = (
    # The environment.
    Fault(
        "h5py-3-reads-text",
        r"'str' object has no attribute 'decode'",
        "h5py 3 gives text where TensorFlow before 2.5 and Keras before 2.4 expect bytes. The file "
        "is sound: kfix reads and converts it as it is.",
        pins=("h5py",),
        commands=(_CONVERT,),
        links=(_TF + "44467",),
    ),
    Fault(
        "h5py-of-two-releases",
        r"__reduce_cython__|does not export expected C (function|variable)|"
        r"C function h5py\S+ has wrong signature|h5py\.\S+ size changed|"
        r"undefined symbol: H5|lib(hdf5|sz|aec)\S*: cannot open shared object",
        "Files of two releases of h5py (or of conda and pip) lie in one folder. "
        "__reduce_cython__ is what a second import says after the first has failed.",
        reinstalls=("h5py",),
        links=(_H5PY + "1477", "https://github.com/cython/cython/issues/3545"),
    ),
    Fault(
        "numpy-size-changed",
        r"numpy\.(dtype|ufunc|ndarray) size changed|numpy\.dtype has the wrong size|"
        r"compiled using NumPy 1\.x cannot be run in|numpy\.core\.(multiarray|umath) failed to "
        r"import|_ARRAY_API not found|compiled against API version",
        "A package was compiled for another NumPy than the one that is installed.",
        pins=("numpy", "h5py", "ml-dtypes"),
        links=(_H5PY + "2420",),
    ),
    Fault(
        "hdf5-version-mismatch",
        r"HDF5 library version mismatched|HDF5 header files used to compile this application|"
        r"h5py is running against HDF5 \S+ when it was built against",
        "h5py was built for another HDF5 than the one it finds. Its wheel brings its own; "
        "LD_LIBRARY_PATH, or HDF5 from conda, brings another.",
        reinstalls=("h5py",),
        links=(_H5PY + "853", _H5PY + "1068"),
    ),
    Fault(
        "numpy-without-old-names",
        r"module 'numpy' has no attribute '(typeDict|object|bool|int|float|complex|str)\b",
        "A package uses names that newer releases of NumPy dropped.",
        pins=("numpy",),
        links=("https://github.com/deshaw/versioned-hdf5/issues/243",),
    ),
    Fault(
        "symbolic-tensor-to-numpy",
        r"Cannot convert a symbolic Tensor \(.*\) to a numpy array",
        "TensorFlow before 2.6 can't build recurrent layers with NumPy 1.20 or newer.",
        pins=("numpy",),
        links=("https://github.com/tensorflow/models/issues/9706", _KERAS + "14687"),
    ),
    Fault(
        "protobuf-too-new",
        r"Descriptors cannot (not )?be created directly",
        "TensorFlow's messages were generated for protobuf 3.20 or older.",
        pins=("protobuf",),
        links=(_TF + "56266",),
    ),
    Fault(
        "protobuf-too-old",
        r"cannot import name '(builder|runtime_version)' from 'google\.protobuf|"
        r"VersionError: Detected incompatible Protobuf",
        "TensorFlow's messages were generated for a newer protobuf.",
        pins=("protobuf",),
    ),
    Fault(
        "ml-dtypes-of-another-release",
        r"module 'ml_dtypes' has no attribute",
        "TensorFlow takes number types from ml_dtypes that this release of it does not have.",
        pins=("ml-dtypes",),
        links=("https://github.com/onnx/tensorflow-onnx/issues/2245",),
    ),
    Fault(
        "addons-beside-new-tensorflow",
        r"No module named 'keras\.src\.engine'|No module named 'keras\.engine'",
        "TensorFlow Addons (or another package of Keras 2's time) looks for Keras 2's inside. "
        "Addons ended with TensorFlow 2.15; models with its layers are converted without it.",
        pins=("tensorflow-addons",),
        commands=(_CONVERT,),
        links=("https://github.com/tensorflow/addons/issues/2865",),
    ),
    Fault(
        "keras-of-another-tensorflow",
        r"has no attribute 'register_load_context_function'|"
        r"module 'tensorflow' has no attribute 'get_default_graph'|"
        r"Keras requires TensorFlow 2\.2 or higher|No module named 'keras\.api\._v2'|"
        r"cannot import name '\w+' from 'keras\.|module 'keras\.\S+' has no attribute|"
        r"module 'tensorflow\S*' has no attribute '(placeholder|ConfigProto|Session)'|"
        r"lazy_loader\.py.*RecursionError",
        "Keras and TensorFlow are of different times.",
        pins=("keras",),
        links=(_KERAS + "13812", _KERAS + "17585"),
    ),
    Fault(
        "tf-keras-missing",
        r"Keras cannot be imported\. Check that it is installed|"
        r"TF_USE_LEGACY_KERAS set to True, but you do not have the tf_keras|"
        r"No module named 'tf_keras'",
        "TF_USE_LEGACY_KERAS asks for Keras 2, which is the package tf_keras.",
        installs=("tf-keras",),
        links=("https://github.com/keras-team/tf-keras",),
    ),
    Fault(
        "h5py-missing",
        r"requires h5py|h5py is not available|No module named 'h5py'|"
        r"looks like a hdf5 file but h5py",
        "h5py is not installed, and without it no .h5 is read or written.",
        installs=("h5py",),
    ),
    Fault(
        "no-avx",
        r"Illegal instruction|compiled to use AVX instructions",
        "The processor lacks AVX, which TensorFlow's packages need. kfix reads, checks, repairs "
        "and converts models of stock layers without TensorFlow.",
        commands=(f"{_CONVERT} --no-verify",),
        links=(_TF + "17411",),
    ),
    # The file.
    Fault(
        "lambda-of-another-python",
        r"bad marshal data|unknown opcode|'str' object is not callable.*[Ll]ambda|"
        r"deserialization of a `?Lambda`? layer",
        "A Lambda layer holds code compiled by another Python. It is never run; the layer has to "
        "be written again.",
        commands=("kfix rules KF903", "kfix inspect model.h5"),
        links=(_KERAS + "14875", _KERAS + "7440"),
    ),
    Fault(
        "addons-layer",
        r"Addons>",
        "The model has layers or an optimizer of TensorFlow Addons. kfix writes the common ones as "
        "layers of stock Keras; the others come with --custom.",
        commands=(_CONVERT,),
        links=("https://github.com/tensorflow/addons/issues/2807",),
    ),
    Fault(
        "time-major",
        r"Unrecognized keyword arguments.*time_major",
        "Keras 3 dropped time_major of recurrent layers.",
        commands=(_REPAIR,),
        links=(_KERAS + "20750",),
    ),
    Fault(
        "depthwise-groups",
        r"Unrecognized keyword arguments passed to \w*(Depthwise|Separable|Transpose)\w*",
        "Keras 2 wrote arguments (groups and others) that Keras 3's layer does not take.",
        commands=(_REPAIR,),
        links=(_KERAS + "19441",),
    ),
    Fault(
        "batch-shape",
        r"Unrecognized keyword arguments: \['batch_shape'\]|not understood:?.*batch_shape",
        "The file is of Keras 3, and this Keras is 2. Install Keras 3 to read it.",
        commands=(_CHECK,),
        links=(_TF + "64685",),
    ),
    Fault(
        "unknown-argument",
        r"Unrecognized keyword argument|Keyword argument not understood|"
        r"got an unexpected keyword argument",
        "The layer was saved by another release of Keras, with arguments that this one does not "
        "take.",
        commands=(_CHECK, _REPAIR),
    ),
    Fault(
        "nested-model-inputs",
        r"expects \d+ (named )?input\(s\).* but it received \d+ input tensors|"
        r"'list' object has no attribute 'shape'|Could not locate class 'Functional'|"
        r"parent module keras\.src\.engine\.functional",
        "A model within the model is written in Keras 2's form.",
        commands=(_REPAIR,),
        links=(_KERAS + "20084", _KERAS + "19089"),
    ),
    Fault(
        "names-with-slashes",
        r"cannot contain character `?/",
        "Keras 3 takes no slash in a layer's name.",
        commands=(_REPAIR,),
    ),
    Fault(
        "dtype-policy",
        r"Could not locate class 'Policy'|has no attribute 'quantization_mode'|"
        r"Unknown dtype policy: '?DTypePolicy",
        "The mixed precision policy is written in another release's form.",
        commands=(_REPAIR,),
        links=("https://github.com/pboutinaud/SHiVAi/issues/6",),
    ),
    Fault(
        "op-layers",
        r"TFOpLambda|SlicingOpLambda|TensorFlowOpLayer",
        "The model calls functions of TensorFlow without a layer around them.",
        commands=(_CHECK,),
        links=(_KERAS + "19151",),
    ),
    Fault(
        "build-logic",
        r"was never built|[Ll]ayer .* expected \d+ variables?, but received 0|"
        r"expects \d+ weights?, but the saved weights",
        "A layer has made other variables than the saved one. Mostly it makes them in build() or "
        "call(), or not under the names it had.",
        commands=(_CUSTOM,),
        links=(_KERAS + "18823",),
    ),
    Fault(
        "unknown-loss",
        r"Unknown (loss|metric) function|Could not (locate|find) function|"
        r"Invalid (Reduction Key|value for argument [`']?reduction)|"
        r"string indices must be integers|"
        r"Could not deserialize 'keras\.(metrics|optimizers|losses)",
        "The loss, metric or optimizer is your own or an old one. For predictions it is not "
        "needed; kfix leaves out what it can't carry over and says so.",
        commands=(_CONVERT, "kfix strip-compile model.h5"),
        links=(_KERAS + "19330", _KERAS + "5916"),
    ),
    Fault(
        "unknown-layer",
        r"Unknown (layer|activation function|initializer|regularizer|constraint|object)|"
        r"Could not (locate|deserialize) class|Could not find (activation|initializer)",
        "The class is your own, or one that this Keras does not have.",
        commands=(_CHECK, _CUSTOM),
        links=(_KERAS + "5916",),
    ),
    Fault(
        "weights-only",
        r"No model (config )?found in (the )?(config )?file|"
        r"Unable to open object \(object 'layer_names'",
        "The file holds weights and no model. It takes the code that built the model, or the "
        "architecture as JSON.",
        commands=("kfix inspect model.h5", "kfix join ARCH.json model.h5 -o OUT.h5"),
        links=(_KERAS + "5231",),
    ),
    Fault(
        "layer-count",
        r"[Ll]ayer count mismatch|weight file containing \d+ layers|"
        r"axes don't match array|weights? list for layer",
        "The weights are of another model than the one they are loaded into, or in another order.",
        commands=("kfix inspect --weights model.h5", _CONVERT),
        links=(_KERAS + "10180", _KERAS + "11253"),
    ),
    Fault(
        "no-get-config",
        r"must override `?get_config|has arguments in `__init__`|NotImplementedError.*get_config",
        "A layer can't say how it was made, so .h5 can't hold the model. Save its weights, or a "
        "SavedModel.",
        commands=("kfix inspect weights.h5",),
        links=(_TF + "33947",),
    ),
    Fault(
        "subclassed-to-h5",
        r"requires the model to be a Functional model or a Sequential model|"
        r"Saving the model to HDF5 format requires",
        "A subclassed model is code, which .h5 can't hold. Save its weights, or a SavedModel.",
        commands=("kfix inspect weights.h5",),
        links=(_TF + "33947",),
    ),
    Fault(
        "truncated",
        r"truncated file|stored_eof|bad object header|bad local heap|wrong fixed address",
        "The file is incomplete or damaged, mostly by a broken download.",
        commands=("kfix inspect model.h5",),
        links=("https://github.com/matterport/Mask_RCNN/issues/653",),
    ),
    Fault(
        "not-hdf5",
        r"file signature not found|not a zip file|BadZipFile|accessible `?\.keras`? zip file",
        "The file is not what its name says: a Git LFS pointer, a web page, or HDF5 and .keras "
        "under each other's name.",
        commands=("kfix inspect model.h5", _CONVERT),
        links=(_KERAS + "20259", _KERAS + "19164"),
    ),
    Fault(
        "savedmodel-in-keras-3",
        r"File format not supported.*|Keras 3 only supports V3|'_UserObject' object has no",
        "Keras 3 reads .keras and .h5 only, and goes by the name's ending.",
        commands=("kfix inspect model", _CONVERT),
        links=(_KERAS + "18709",),
    ),
    Fault(
        "attribute-too-large",
        r"object header message is too large",
        "The list of layer or weight names is longer than the 64 kB that one attribute may take.",
        commands=(_CONVERT,),
        links=(_KERAS + "6766",),
    ),
    Fault(
        "names-twice-in-h5",
        r"[Nn]ame already exists|The name \S+ already exists",
        "In the .h5 that is being saved, two things have one name: two weights of a layer of your "
        "own (give each a name of its own in add_weight), or a layer and the beginning of "
        "another's name (fire2 and fire2/squeeze). A checkpoint goes by objects and not by names, "
        "so a trained model can be saved: model.save_weights('checkpoint'), without .h5.",
        commands=("kfix convert checkpoint.index --to keras --builder my_model.py:build",),
        links=(_TF + "36650", _TF + "61813", _KERAS + "6005"),
    ),
    Fault(
        "names-twice",
        r"is used \d+ times in the model|should have unique names|already the name of a layer",
        "Two layers have one name. Mostly one model is put together of two: give each layer a "
        "name of its own there (layer._name = ... before the models are joined).",
        commands=(_CHECK,),
        links=(_KERAS + "19375",),
    ),
)


_ERROR_LINE = re.compile(r"^[\w.]*(Error|Exception|Interrupt|Warning)\b.*", re.MULTILINE)


_LINES, _LINE, _WHOLE = 200, 4_000, 100_000
"""How many errors of a log are looked at, how much of each, and how much of the log as a whole."""


def recognised(text: str) -> Fault | None:
    """The fault that an error's text tells of; None where no row fits.

    A log may hold several errors: the last one is the one that ended the program.
    """
    errors = [found[0][:_LINE] for found in _ERROR_LINE.finditer(text)]
    last_first = errors[: -_LINES - 1 : -1]
    return next(
        (fault for part in (*last_first, text[-_WHOLE:]) if (fault := _row(part))),
        None,
    )


def _row(text: str) -> Fault | None:
    return next((each for each in FAULTS if re.search(each.pattern, text, re.DOTALL)), None)
