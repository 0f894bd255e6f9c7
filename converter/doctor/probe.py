"""Looks at the environment it runs in and prints what it finds as one line of JSON.

The source of this module is handed to the interpreter that is looked at, which may be as old as
Python 3.6 and has no kfix: only Python's own library is imported here, and each library that is
tried gets a process of its own, because a broken one may end its process.
"""

import base64
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Iterable, List, Optional, Set

MARKER = "kfix-probe: "
KEPT = 1 << 20
"""Bytes that are kept of the beginning and of the end of what a trial prints."""
PACKAGES = (
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-gpu",
    "tensorflow-intel",
    "tensorflow-macos",
    "keras",
    "keras-nightly",
    "tf-keras",
    "tensorflow-addons",
    "h5py",
    "numpy",
    "protobuf",
    "ml-dtypes",
    "typeguard",
    "theano",
    "typer",
    "tqdm",
    "filelock",
    "jinja2",
    "psutil",
)
WHOLE = ("h5py", "numpy", "keras", "tf-keras")
"""Packages whose files are held against the list that their installer left."""
VARIABLES = (
    "TF_USE_LEGACY_KERAS",
    "KERAS_BACKEND",
    "KERAS_HOME",
    "PYTHONPATH",
    "PYTHONHOME",
    "LD_LIBRARY_PATH",
    "HDF5_DISABLE_VERSION_CHECK",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
    "CONDA_PREFIX",
)
HIDING = (
    "h5py",
    "keras",
    "numpy",
    "tensorflow",
    "tf_keras",
    "tensorflow_addons",
    "google",
    "six",
    "typing_extensions",
    "absl",
    "wrapt",
    "random",
    "types",
    "typing",
    "copy",
    "json",
    "logging",
    "math",
    "string",
    "token",
    "tokenize",
    "queue",
    "select",
    "signal",
    "enum",
    "io",
    "abc",
    "inspect",
    "statistics",
    "secrets",
    "platform",
    "struct",
    "collections",
    "operator",
    "code",
    "numbers",
    "threading",
    "warnings",
    "weakref",
    "zipfile",
)
"""Names of local files that would be imported in the place of a library."""

_TELL = (
    """
import json, sys, traceback
facts = {"stage": "import"}
def tell():
    print(%r + json.dumps(facts)); sys.stdout.flush()
def fail(error):
    traceback.print_exc()
    facts["error"] = (type(error).__name__ + ": " + str(error))[:2000]
    tell(); sys.exit(1)
tell()
"""
    % MARKER
)

_ROUND_TRIP = """
def round_trip(keras):
    import os, shutil, tempfile
    import numpy
    facts["stage"] = "save"; tell()
    layers = keras.layers
    model = keras.models.Sequential([layers.LSTM(2, input_shape=(3, 2)), layers.Dense(1)])
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, "model.h5")
        model.save(path)
        facts["stage"] = "load"; tell()
        model = keras.models.load_model(path)
        facts["stage"] = "predict"; tell()
        model.predict(numpy.zeros((1, 3, 2), "float32"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    facts["stage"] = "done"
"""

_NUMPY = """
try:
    import numpy
    facts["version"], facts["file"], facts["stage"] = numpy.__version__, numpy.__file__, "done"
    tell()
except BaseException as error:
    fail(error)
"""

_H5PY = """
try:
    import h5py
    facts["version"], facts["file"] = h5py.__version__, h5py.__file__
    facts["hdf5"] = h5py.version.hdf5_version
    built = getattr(h5py.version, "hdf5_built_version_tuple", None)
    facts["hdf5_built"] = ".".join(map(str, built)) if built else ""
    facts["stage"] = "save"; tell()
    import os, shutil, tempfile
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, "file.h5")
        with h5py.File(path, "w") as file:
            file["values"] = [1.0, 2.0]
        facts["stage"] = "load"; tell()
        with h5py.File(path, "r") as file:
            assert list(file["values"][:]) == [1.0, 2.0]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    facts["stage"] = "done"; tell()
except BaseException as error:
    fail(error)
"""

_TENSORFLOW = """
try:
    import tensorflow
    facts["version"], facts["file"] = tensorflow.__version__, tensorflow.__file__
    keras = tensorflow.keras
    facts["keras"] = getattr(keras, "__version__", "")
    keras.layers
    facts["keras_package"] = keras.layers.Dense.__module__.split(".")[0]
    tell(); round_trip(keras); tell()
except BaseException as error:
    fail(error)
"""

_KERAS = """
try:
    import %(module)s as keras
    facts["version"] = getattr(keras, "__version__", "")
    facts["file"] = keras.__file__
    tell(); round_trip(keras); tell()
except BaseException as error:
    fail(error)
"""

_ADDONS = """
try:
    import tensorflow_addons
    facts["version"], facts["file"] = tensorflow_addons.__version__, tensorflow_addons.__file__
    facts["stage"] = "done"; tell()
except BaseException as error:
    fail(error)
"""

TRIALS = (
    ("tensorflow", _TELL + _ROUND_TRIP + _TENSORFLOW),
    ("keras", _TELL + _ROUND_TRIP + _KERAS % {"module": "keras"}),
    ("tf_keras", _TELL + _ROUND_TRIP + _KERAS % {"module": "tf_keras"}),
    ("tensorflow_addons", _TELL + _ADDONS),
    ("h5py", _TELL + _H5PY),
    ("numpy", _TELL + _NUMPY),
)


def normal(name: str) -> str:
    """The name as pip compares it."""
    return name.lower().replace("_", "-")


def distributions(path: Iterable[str]) -> List[Dict[str, Any]]:
    """What the metadata folders on the path say, in the order in which Python would find it."""
    found = []
    for folder in path:
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                told = distribution(os.path.join(folder, name))
                if told and normal(told["name"]) in PACKAGES:
                    found.append(told)
    return found


def distribution(folder: str) -> Optional[Dict[str, Any]]:
    """One metadata folder; None where it does not say what it describes."""
    for name in ("METADATA", "PKG-INFO"):
        text = read(os.path.join(folder, name))
        if text:
            break
    else:
        text = read(folder)
    headers = {}  # type: Dict[str, str]
    for line in text.split("\n\n")[0].splitlines():
        key, colon, value = line.partition(": ")
        if colon and key in ("Name", "Version"):
            headers[key] = value.strip()
    if len(headers) < 2:
        return None
    return {
        "name": normal(headers["Name"]),
        "version": headers["Version"],
        "folder": folder,
        "installer": read(os.path.join(folder, "INSTALLER")).strip(),
        "damaged": damaged(folder) if normal(headers["Name"]) in WHOLE else [],
    }


def read(path: str) -> str:
    """A file's text, empty where it can't be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except (OSError, ValueError):
        return ""


def damaged(folder: str) -> List[str]:
    """Files that are not as the installer left them: changed, gone, or compiled ones too many."""
    record = read(os.path.join(folder, "RECORD"))
    site = os.path.dirname(folder)
    listed = set()  # type: Set[str]
    wrong = []
    for line in record.splitlines():
        parts = line.rsplit(",", 2)
        if len(parts) < 3:
            continue
        name, digest = parts[0].strip('"'), parts[1]
        listed.add(os.path.normpath(name))
        # Python writes compiled files anew, and commands are rewritten when an environment moves.
        if name.endswith(".pyc") or name.startswith(".."):
            continue
        if digest.startswith("sha256=") and digest[7:] != sha256(os.path.join(site, name)):
            wrong.append(name)
    return wrong + unlisted(site, listed)


def unlisted(site: str, listed: Set[str]) -> List[str]:
    """Compiled modules beside those of a package that its installer did not put there."""
    packages = set(name.split(os.sep)[0] for name in listed if name.endswith((".so", ".pyd")))
    found = []  # type: List[str]
    for package in sorted(packages):
        try:
            names = sorted(os.listdir(os.path.join(site, package)))
        except OSError:
            continue
        paths = [os.path.join(package, name) for name in names if name.endswith((".so", ".pyd"))]
        found += [path for path in paths if path not in listed]
    return found


def sha256(path: str) -> str:
    """A file's digest as RECORD has it, empty where it can't be read."""
    found = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                found.update(block)
    except OSError:
        return ""
    return base64.urlsafe_b64encode(found.digest()).rstrip(b"=").decode("ascii")


def hidden(folder: str) -> List[str]:
    """Files and packages in a folder that a program there would import in a library's place."""
    found = []
    for name in HIDING:
        for path in (name + ".py", os.path.join(name, "__init__.py")):
            if os.path.isfile(os.path.join(folder, path)):
                found.append(path)
    return found


def has_avx() -> Optional[bool]:
    """Whether the processor has AVX, which TensorFlow's wheels need; None where it is not told."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    text = read("/proc/cpuinfo")
    return " avx " in text.replace("\n", " ") if text else None


def trial(name: str, source: str, timeout: float) -> Dict[str, Any]:
    """Imports and tries one library in a process of its own, in an empty folder."""
    folder = tempfile.mkdtemp(prefix="kfix-trial-")
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONFAULTHANDLER": ""}
    started = time.time()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", source],
            cwd=folder,
            env=dict(os.environ, PYTHONIOENCODING="utf-8", **quiet),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        streams = [Ends(process.stdout), Ends(process.stderr)]
        try:
            process.wait(timeout)
            late = False
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            late = True
        # A child of the library's may hold the pipes open.
        out, err = [stream.text(2.0) for stream in streams]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told = {"name": name, "exit": process.returncode, "late": late}  # type: Dict[str, Any]
    for line in out.splitlines():
        if line.startswith(MARKER):
            told.update(json.loads(line[len(MARKER) :]))
    told["text"] = ends(err)
    told["seconds"] = round(time.time() - started, 1)
    return told


class Ends(threading.Thread):
    """Reads a pipe to its end, and keeps the beginning and the end of what comes."""

    def __init__(self, stream: Any) -> None:
        threading.Thread.__init__(self)
        self.daemon = True
        self.stream = stream
        self.first, self.last = b"", b""
        self.start()

    def run(self) -> None:
        """Reads until there is no writer any more."""
        for block in iter(lambda: os.read(self.stream.fileno(), 1 << 16), b""):
            if len(self.first) < KEPT:
                self.first += block
            else:
                self.last = (self.last + block)[-KEPT:]

    def text(self, seconds: float) -> str:
        """What came, once the writer has left or the seconds are over."""
        self.join(seconds)
        return (self.first + self.last).decode("utf-8", "replace")


def ends(text: str) -> str:
    """The beginning and the end of a text: warnings come first, the error last."""
    return text if len(text) <= 6000 else text[:3000] + "\n...\n" + text[-3000:]


def installed(name: str, found: Iterable[Dict[str, Any]]) -> bool:
    """Whether a module's package is among those found."""
    if name == "tensorflow":
        return any(each["name"].startswith("tensorflow") for each in found)
    return any(each["name"] == normal(name) for each in found)


def main(folder: str, timeout: float) -> None:
    """Looks at everything and prints it."""
    # Whoever waits can tell an interpreter that starts from one that hangs.
    print("started")
    sys.stdout.flush()
    found = distributions(sys.path)
    wanted = [(name, source) for name, source in TRIALS if installed(name, found)]
    with ThreadPoolExecutor(2) as pool:
        trials = list(pool.map(lambda each: trial(each[0], each[1], timeout), wanted))
    print(
        MARKER
        + json.dumps(
            {
                "python": platform.python_version(),
                "executable": sys.executable,
                "prefix": sys.prefix,
                "bits": 64 if sys.maxsize > 2**32 else 32,
                "platform": sysconfig.get_platform(),
                "conda": os.path.isdir(os.path.join(sys.prefix, "conda-meta")),
                "pip": any(os.path.isdir(os.path.join(each, "pip")) for each in sys.path),
                "avx": has_avx(),
                "variables": {key: os.environ[key] for key in VARIABLES if os.environ.get(key)},
                "hidden": hidden(folder),
                "distributions": found,
                "trials": trials,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
