"""Environments with a fault on purpose: what `kfix doctor` says is tried in them.

Each is made as users make them: a fitting installation first, then the step that breaks it.
Needs `uv` and the interpreters, as tools/frameworks.py does.

    python tools/faulty_environments.py --list
    python tools/faulty_environments.py h5py-3-with-tf-2.3
    python tools/faulty_environments.py --try       # runs the pip lines of kfix doctor in copies
    python tools/faulty_environments.py --record    # for tests/doctor
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.frameworks import PROTOBUF, _uv, cache_folder, find_interpreter

MARKER = "kfix-fault.txt"
RECORDED = Path(__file__).resolve().parents[1] / "tests" / "doctor" / "recorded"
CPU_15 = "tensorflow-cpu==2.15.0"


@dataclass(frozen=True)
class Fault:
    """One faulty environment.

    Attributes:
        python: the interpreter's version.
        fitting: what is installed first, with its dependencies.
        breaking: what is installed then, without asking what it fits.
        removed: what is uninstalled in the end.
        mixed_with: another h5py, and the modules of it that are put over the one that is there;
            without modules, its HDF5.
        env: variables that belong to the fault.
        sample: the writer of a file that the mended environment has to load, and the library that
            loads it.
    """

    python: str
    fitting: tuple[str, ...]
    breaking: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    mixed_with: tuple[str, tuple[str, ...]] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    sample: tuple[str, str] = ("tf-2.15.0", "tensorflow.keras")

    @property
    def fingerprint(self) -> str:
        return repr(replace(self, sample=("", ""))) + "\n"


LEGACY = {"TF_USE_LEGACY_KERAS": "1"}
OLD = (PROTOBUF, "numpy<1.19", "h5py<3")

FAULTS: dict[str, Fault] = {
    # 'str' object has no attribute 'decode'
    "h5py-3-with-tf-2.3": Fault(
        "3.8",
        ("tensorflow-cpu==2.3.0", PROTOBUF),
        ("h5py==3.1.0",),
        sample=("tf-2.3.0", "tensorflow.keras"),
    ),
    "h5py-3-with-keras-2.3.1": Fault(
        "3.7",
        ("keras==2.3.1", "tensorflow-cpu==1.15.0", PROTOBUF, "numpy<1.19"),
        sample=("keras-2.3.1", "keras"),
    ),
    # numpy.dtype size changed
    "numpy-2-with-h5py-3.10": Fault("3.11", (CPU_15, "h5py==3.10.0"), ("numpy==2.2.6",)),
    # module 'numpy' has no attribute 'typeDict'
    "numpy-1.24-with-h5py-2.10": Fault(
        "3.8",
        ("tensorflow-cpu==2.2.0", *OLD),
        ("numpy==1.24.4",),
        sample=("tf-2.2.0", "tensorflow.keras"),
    ),
    # H5PYConfig, __reduce_cython__
    "h5py-of-two-releases": Fault(
        "3.8",
        ("tensorflow-cpu==2.3.0", PROTOBUF),
        mixed_with=("h5py==3.1.0", ("defs",)),
        sample=("tf-2.3.0", "tensorflow.keras"),
    ),
    # HDF5 headers and library
    "hdf5-of-another-h5py": Fault(
        "3.9",
        ("tensorflow-cpu==2.5.0", PROTOBUF),
        mixed_with=("h5py==3.6.0", ()),
        sample=("tf-2.5.0", "tensorflow.keras"),
    ),
    "h5py-built-for-another-hdf5": Fault(
        "3.7",
        ("tensorflow-cpu==2.1.0", *OLD),
        mixed_with=("h5py==2.8.0", ("h5",)),
        sample=("tf-2.1.0", "tensorflow.keras"),
    ),
    # Descriptors cannot be created directly
    "protobuf-4-with-tf-2.5": Fault(
        "3.9",
        ("tensorflow-cpu==2.5.0",),
        ("protobuf==4.25.3",),
        sample=("tf-2.5.0", "tensorflow.keras"),
    ),
    # Cannot convert a symbolic Tensor to a numpy array
    "numpy-1.20-with-tf-2.4": Fault(
        "3.8",
        ("tensorflow-cpu==2.4.0", PROTOBUF),
        ("numpy==1.20.3",),
        sample=("tf-2.4.0", "tensorflow.keras"),
    ),
    "tf-2.18-without-tf-keras": Fault(
        "3.11", ("tensorflow-cpu==2.18.0",), env=LEGACY, sample=("tf-2.15.0", "tensorflow.keras")
    ),
    "keras-3-with-tf-2.15": Fault(
        "3.11", (CPU_15, "numpy<2"), ("keras==3.4.1", "namex", "optree", "rich")
    ),
    "keras-2.15-with-tf-2.16": Fault(
        "3.11",
        ("tensorflow-cpu==2.16.1", "numpy<2"),
        ("keras==2.15.0",),
        sample=("keras-3.0.5", "keras"),
    ),
    "addons-with-tf-2.16": Fault(
        "3.11",
        ("tensorflow-cpu==2.16.1", "numpy<2", "typeguard<3"),
        ("tensorflow-addons==0.23.0",),
        sample=("keras-3.0.5", "keras"),
    ),
    "keras-2.2.4-with-tf-2.1": Fault(
        "3.7",
        ("keras==2.2.4", "tensorflow-cpu==2.1.0", *OLD),
        ("keras==2.2.4",),
        sample=("keras-2.2.4", "keras"),
    ),
    "keras-2.4.3-with-tf-1.15": Fault(
        "3.7",
        ("tensorflow-cpu==1.15.0", "pyyaml", "scipy", *OLD),
        ("keras==2.4.3",),
        sample=("keras-2.2.4", "keras"),
    ),
    "no-h5py": Fault("3.11", (CPU_15, "numpy<2"), removed=("h5py",)),
    "ml-dtypes-0.4-with-tf-2.20": Fault(
        "3.11", ("tensorflow-cpu==2.20.0",), ("ml_dtypes==0.4.1",), sample=("keras-3.12.0", "keras")
    ),
}


def environment_folder(name: str) -> Path:
    return cache_folder() / "faults" / name


def python_of(name: str) -> Path:
    return environment_folder(name) / "bin" / "python"


def is_built(name: str) -> bool:
    marker = environment_folder(name) / MARKER
    return marker.is_file() and marker.read_text() == FAULTS[name].fingerprint


def build(name: str) -> str:
    """Make the environment unless it is there; returns what was done, for the log."""
    if is_built(name):
        return f"{name}: there already"
    fault, folder = FAULTS[name], environment_folder(name)
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--quiet", "--seed", "--python", find_interpreter(fault.python), str(folder))
    to = ("--quiet", "--python", str(python_of(name)))
    _uv("pip", "install", *to, *fault.fitting)
    if fault.breaking:
        _uv("pip", "install", *to, "--no-deps", *fault.breaking)
    if fault.removed:
        _uv("pip", "uninstall", *to, *fault.removed)
    if fault.mixed_with:
        _mix(name, *fault.mixed_with)
    (folder / MARKER).write_text(fault.fingerprint)
    return f"{name}: built"


def _mix(name: str, requirement: str, modules: tuple[str, ...]) -> None:
    """Puts modules of another h5py, and its libraries, over those that are there.

    That is what a half-done upgrade leaves. Without modules it is HDF5 itself that is replaced: the
    other library takes the name of the one that h5py was built for.
    """
    folder = environment_folder(name)
    other = folder / "other"
    to = ("--quiet", "--python", str(python_of(name)), "--target", str(other))
    _uv("pip", "install", *to, "--no-deps", requirement)
    site = next(folder.glob("lib/python*/site-packages"))
    mine = _libraries(site)
    for library in _libraries(other):
        _replace(site / library.relative_to(other), library)
        if not modules:
            _replace(mine[0].parent / library.name, library)
            for same in (each for each in mine if _stem(each) == _stem(library)):
                _replace(same, library)
    for module in modules:
        source = next((other / "h5py").glob(f"{module}.*.so"))
        _replace(site / "h5py" / source.name, source)
    shutil.rmtree(other)


def _libraries(site: Path) -> list[Path]:
    return [*(site / "h5py.libs").glob("*.so*"), *(site / "h5py" / ".libs").glob("*.so*")]


def _stem(library: Path) -> str:
    """``libhdf5`` for ``libhdf5-00e8fae8.so.200``: the hash differs from release to release."""
    return library.name.split("-")[0]


def _replace(path: Path, source: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Never written through: uv links what it installs to its cache.
    path.unlink(missing_ok=True)
    shutil.copyfile(source, path)


SAMPLE = "lstm"
LOADING = """
import importlib, sys
import numpy
library, path, arrays = sys.argv[1:]
keras = importlib.import_module(library)
model = keras.models.load_model(path)
with numpy.load(arrays) as stored:
    given = [stored[key] for key in sorted(stored.files) if key.startswith("input_")]
    wanted = [stored[key] for key in sorted(stored.files) if key.startswith("output_")]
got = model.predict(given if len(given) > 1 else given[0])
got = got if isinstance(got, list) else [got]
for one, other in zip(got, wanted):
    numpy.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
print("loads %s with the recorded outputs" % path.rpartition("/")[2])
"""


def try_remedy(name: str) -> str:
    """Runs what `kfix doctor` tells to, in a copy, and loads a file of the time with its outputs.

    Raises:
        RuntimeError: the fault is not seen, a line fails, or the environment is not mended by it.
    """
    from tests.sample_store import samples

    fault, copy = FAULTS[name], environment_folder(name).with_name("mended")
    shutil.rmtree(copy, ignore_errors=True)
    # pip replaces files and never writes into them, so the original may share them.
    subprocess.run(["cp", "-al", str(environment_folder(name)), str(copy)], check=True)
    python = str(copy / "bin" / "python")
    before = _doctor(python, fault.env)
    if before["code"] != 1 or not before["remedy"]:
        raise RuntimeError(f"no remedy for {before['troubles']}")
    for line in before["remedy"]:
        _run(line, fault.env)
    after = _doctor(python, fault.env)
    if after["code"] != 0:
        raise RuntimeError(f"not mended: {after['troubles']}")
    writer, library = fault.sample
    sample = next(each for each in samples(writer) if each.name == SAMPLE)
    arrays = sample.path.with_name(sample.name + ".npz")
    loading = [python, "-c", LOADING, library, str(sample.path), str(arrays)]
    said = _run(shlex.join(loading), fault.env).splitlines()[-1]
    shutil.rmtree(copy)
    lines = [line.replace(python, "python") for line in before["remedy"]]
    return f"{name}: {', '.join(before['troubles'])}; {'; '.join(lines)}; {said}"


def _doctor(python: str, env: Mapping[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "converter", "doctor", "--python", python, "--format", "json"]
    kept = {**os.environ, **env}
    done = subprocess.run(command, capture_output=True, text=True, env=kept, check=False)
    found = json.loads(done.stdout)["results"][0]
    troubles = [each["name"] for each in found["troubles"] if each["breaks"]]
    return {"code": done.returncode, "troubles": troubles, "remedy": found["remedy"]}


def _run(line: str, env: Mapping[str, str]) -> str:
    kept = {**os.environ, **env, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(line, shell=True, capture_output=True, text=True, env=kept, check=False)
    if done.returncode:
        raise RuntimeError(f"{line}\n{done.stderr[-2000:]}")
    return done.stdout


def record(name: str) -> str:
    """Writes what the probe says of an environment to a file of the tests, without its place."""
    from converter.doctor import probe

    folder, fault = environment_folder(name), FAULTS[name]
    source = Path(probe.__file__).read_text()
    command = [str(python_of(name)), "-c", source, str(folder), "120"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **fault.env}, check=True
    )
    said = done.stdout.replace(str(folder), "/env").replace(str(find_interpreter(fault.python)), "")
    told = json.loads(said[said.index(probe.MARKER) + len(probe.MARKER) :])
    for trial in told["trials"]:
        del trial["seconds"]
    told["variables"] = dict(fault.env)
    told["recorded"] = f"Python {fault.python}: {', '.join(fault.fitting + fault.breaking)}"
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")
    return f"{name}: recorded"


def main() -> int:
    parser = argparse.ArgumentParser(description="Build environments with a fault.")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="default: all")
    parser.add_argument("--try", dest="tried", action="store_true", help="run kfix's pip lines")
    parser.add_argument("--record", action="store_true", help="write what the probe says to tests/")
    parser.add_argument("--list", action="store_true", help="show the table and what is built")
    options = parser.parse_args()
    unknown = [name for name in options.faults if name not in FAULTS]
    if unknown:
        parser.error(f"unknown fault: {', '.join(unknown)}")
    if options.list:
        for name in FAULTS:
            print(f"{name:28} {'built' if is_built(name) else '-'}")
        return 0
    failed = False
    for name in options.faults or FAULTS:
        try:
            print(build(name), flush=True)
            if options.record:
                print(record(name), flush=True)
            if options.tried:
                print(try_remedy(name), flush=True)
        except RuntimeError as error:
            failed = True
            print(f"{name}: FAILED\n{error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
