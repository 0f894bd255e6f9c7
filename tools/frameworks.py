"""The original frameworks: which they are, and how each becomes a virtual environment.

Only the framework that wrote a file can say what its numbers should be, so every sample is made
inside one of these environments. Needs `uv` on the PATH and the interpreters that the table names
(found through pyenv, the PATH or uv, in this order).

    python tools/frameworks.py --list
    python tools/frameworks.py tf-2.8.0 keras-2.2.4 --jobs 2
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

BUILD_TOOLS = ("setuptools<60", "wheel")
PROTOBUF = "protobuf<3.21"
THEANO_FLAGS = "blas.ldflags=,cxx=,optimizer_excluding=AbstractConvCheck"
"""Nothing is compiled: for one small batch Python is quicker than a C compiler."""
THEANO_ENV = {"KERAS_BACKEND": "theano", "THEANO_FLAGS": THEANO_FLAGS}
TENSORFLOW_ENV = {"KERAS_BACKEND": "tensorflow"}
MARKER = "kfix-framework.txt"


@dataclass(frozen=True)
class Framework:
    """One writer: the interpreter it ran on, what to install, and how it must be started."""

    python: str
    requirements: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    build_tools: tuple[str, ...] = ()
    """Installed first, for source packages too old for a build in isolation."""
    libraries: tuple[str, ...] = ()
    """Installed last and without what they ask for, which is there or not needed for layers."""

    @property
    def fingerprint(self) -> str:
        parts = (self.python, *self.build_tools, *self.requirements, *self.libraries)
        return "\n".join(parts) + "\n"


def _standalone(version: str, *rest: str, theano: bool = False) -> Framework:
    """Keras 1 and early 2 come as source packages that need old build tools."""
    env = THEANO_ENV if theano else TENSORFLOW_ENV
    return Framework("3.7", (f"keras=={version}", *rest), env, BUILD_TOOLS)


def _tf(python: str, version: str, *rest: str, package: str = "tensorflow-cpu") -> Framework:
    return Framework(python, (f"{package}=={version}", *rest))


def _addons(version: str) -> tuple[str, ...]:
    """TensorFlow Addons; early releases don't run with today's typeguard."""
    return (f"tensorflow-addons=={version}", "typeguard<3")


def _keras3(version: str, tensorflow: str, *rest: str) -> Framework:
    """SciPy is there for the spectrogram layers."""
    requirements = (f"tensorflow-cpu=={tensorflow}", f"keras=={version}", "scipy", *rest)
    return Framework("3.11", requirements, TENSORFLOW_ENV)


def _legacy_keras(tensorflow: str, version: str, *rest: str) -> Framework:
    """Keras 2 beside a TensorFlow that brings Keras 3."""
    requirements = (f"tensorflow-cpu=={tensorflow}", f"tf_keras=={version}", "scipy", *rest)
    return Framework("3.11", requirements, {"TF_USE_LEGACY_KERAS": "1"})


_OLD = ("h5py<3", PROTOBUF, "numpy<1.17")
_OLD_TF = ("tensorflow==1.13.1", *_OLD)

_OLD_LIBROSA = ("librosa<0.8", "numba<0.50", "soundfile>=0.12")
_OF_CYBERZHG = (
    "keras-layer-normalization==0.14.0",
    "keras-multi-head==0.27.0",
    "keras-pos-embd==0.11.0",
    "keras-position-wise-feed-forward==0.6.0",
    "keras-embed-sim==0.8.0",
    "keras-self-attention==0.46.0",
    "keras-transformer==0.38.0",
    "keras-bert==0.86.0",
)
_OLD_LIBRARIES = ("efficientnet==1.1.1", "keras-resnet==0.2.0", "kapre==0.1.4", *_OF_CYBERZHG)
_LIBRARIES = (
    "efficientnet==1.1.1",
    "keras-applications==1.0.8",
    "kapre==0.3.7",
    "keras-self-attention==0.51.0",
)
"""What wrote many a file of the time, and has come to its end."""

FRAMEWORKS: dict[str, Framework] = {
    "keras-1.0.5-theano": _standalone(
        "1.0.5", "theano==1.0.5", "h5py<3", "numpy<1.17", "scipy", theano=True
    ),
    "keras-1.0.7-theano": _standalone(
        "1.0.7", "theano==1.0.5", "h5py<3", "numpy<1.17", "scipy", theano=True
    ),
    "keras-1.0.8-theano": _standalone(
        "1.0.8", "theano==1.0.5", "h5py<3", "numpy<1.17", "scipy", theano=True
    ),
    "keras-1.2.2": _standalone("1.2.2", *_OLD_TF, "scipy"),
    "keras-1.2.2-theano": _standalone("1.2.2", "theano==1.0.5", *_OLD_TF, "scipy", theano=True),
    "keras-2.0.0": _standalone("2.0.0", *_OLD_TF, "pyyaml<6", "scipy"),
    "keras-2.0.6": _standalone("2.0.6", *_OLD_TF, "pyyaml<6", "scipy"),
    "keras-2.1.6": _standalone("2.1.6", *_OLD_TF, "pyyaml<6"),
    "keras-2.2.4": replace(
        _standalone("2.2.4", "tensorflow==1.14.0", *_OLD, *_OLD_LIBROSA), libraries=_OLD_LIBRARIES
    ),
    "keras-2.2.4-theano": _standalone(
        "2.2.4", "theano==1.0.5", "tensorflow==1.14.0", *_OLD, "scipy", theano=True
    ),
    "keras-2.3.1": _standalone("2.3.1", "tensorflow-cpu==1.15.0", "h5py<3", PROTOBUF, "numpy<1.19"),
    "tf-1.13.1": _tf("3.7", "1.13.1", *_OLD, package="tensorflow"),
    "tf-1.15.0": _tf("3.7", "1.15.0", "h5py<3", PROTOBUF, "numpy<1.19"),
    "tf-2.0.0": _tf("3.7", "2.0.0", "h5py<3", PROTOBUF, "numpy<1.19", package="tensorflow"),
    "tf-2.1.0": replace(
        _tf(
            "3.7",
            "2.1.0",
            *(*_addons("0.9.1"), "h5py<3", PROTOBUF, "numpy<1.19", *_OLD_LIBROSA),
        ),
        libraries=("kapre==0.1.7",),
    ),
    "tf-2.2.0": _tf("3.8", "2.2.0", "h5py<3", PROTOBUF, "numpy<1.19"),
    "tf-2.3.0": _tf("3.8", "2.3.0", *_addons("0.11.2"), PROTOBUF),
    "tf-2.4.0": replace(_tf("3.8", "2.4.0", PROTOBUF, "librosa<0.10"), libraries=_LIBRARIES),
    "tf-2.5.0": _tf("3.9", "2.5.0", "tensorflow-addons==0.13.0", PROTOBUF),
    "tf-2.6.0": _tf("3.9", "2.6.0", "keras<2.7", PROTOBUF),
    "tf-2.7.0": _tf("3.9", "2.7.0", PROTOBUF, "numpy<1.24", "h5py<3.9"),
    "tf-2.8.0": _tf(
        "3.9", "2.8.0", "tensorflow-addons==0.16.1", PROTOBUF, "numpy<1.24", "h5py<3.9"
    ),
    "tf-2.9.0": _tf("3.10", "2.9.0", PROTOBUF, "numpy<1.24", "h5py<3.9"),
    "tf-2.10.0": _tf("3.10", "2.10.0", *_addons("0.18.0"), "numpy<2"),
    "tf-2.11.0": _tf("3.10", "2.11.0", "numpy<2"),
    "tf-2.12.0": _tf("3.11", "2.12.0", "numpy<2"),
    "tf-2.13.0": _tf("3.10", "2.13.0", "tensorflow-addons==0.21.0", "numpy<2"),
    "tf-2.15.0": _tf("3.11", "2.15.0", *_addons("0.23.0"), "numpy<2"),
    "tf-2.14.0": _tf("3.11", "2.14.0", "numpy<2"),
    "tf-2.16.1": _legacy_keras("2.16.1", "2.16.0", "numpy<2"),
    "tf-2.18.0": _legacy_keras("2.18.0", "2.18.0"),
    "tf-2.21.0": _legacy_keras("2.21.0", "2.21.0"),
    "keras-3.0.5": _keras3("3.0.5", "2.16.1", "numpy<2"),
    "keras-3.1.1": _keras3("3.1.1", "2.16.1", "numpy<2"),
    "keras-3.2.1": _keras3("3.2.1", "2.16.1", "numpy<2"),
    "keras-3.3.3": _keras3("3.3.3", "2.16.1", "numpy<2"),
    "keras-3.4.1": _keras3("3.4.1", "2.17.0", "numpy<2"),
    "keras-3.5.0": _keras3("3.5.0", "2.17.0", "numpy<2"),
    "keras-3.6.0": _keras3("3.6.0", "2.18.0"),
    "keras-3.7.0": _keras3("3.7.0", "2.18.0"),
    "keras-3.8.0": _keras3("3.8.0", "2.18.0"),
    "keras-3.9.2": _keras3("3.9.2", "2.19.0"),
    "keras-3.10.0": _keras3("3.10.0", "2.19.0"),
    "keras-3.11.3": _keras3("3.11.3", "2.20.0"),
    "keras-3.12.0": _keras3("3.12.0", "2.20.0"),
    "keras-3.13.2": _keras3("3.13.2", "2.20.0"),
    "keras-3.14.1": _keras3("3.14.1", "2.20.0"),
    "keras-3.15.1": _keras3("3.15.1", "2.21.0"),
}


def cache_folder() -> Path:
    """Everything that can be made again lives here, outside the checkout."""
    return Path(os.environ.get("KFIX_CACHE") or Path.home() / ".cache" / "kfix")


def environment_folder(name: str) -> Path:
    return cache_folder() / "frameworks" / name


def python_of(name: str) -> Path:
    return environment_folder(name) / "bin" / "python"


def is_built(name: str) -> bool:
    """Only an environment that was finished with these very requirements counts."""
    marker = environment_folder(name) / MARKER
    return marker.is_file() and marker.read_text() == FRAMEWORKS[name].fingerprint


def built() -> list[str]:
    return [name for name in FRAMEWORKS if is_built(name)]


def process_environment(name: str) -> dict[str, str]:
    """The variables for a child process; what would leak in from outside is left out."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "KERAS", "TF_"))}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONHASHSEED": "0"}
    return {**kept, **quiet, **FRAMEWORKS[name].env}


def _runs(python: str, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def _interpreter_candidates(version: str) -> Iterable[str]:
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False)
        folder = Path(root.stdout.strip()) / "versions"
        for interpreter in sorted(folder.glob(f"{version}.*/bin/python"), reverse=True):
            yield str(interpreter)
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    found = subprocess.run(
        ["uv", "python", "find", version], capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        yield found.stdout.strip()


@lru_cache
def find_interpreter(version: str) -> str:
    """The first interpreter of this version that really starts (shims may only pretend to)."""
    for candidate in _interpreter_candidates(version):
        if _runs(candidate, version):
            return candidate
    raise SystemExit(f"no Python {version} found; install one (pyenv install {version})")


def _uv(*arguments: str) -> None:
    done = subprocess.run(["uv", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(arguments[:2])} failed:\n{done.stderr.strip()}")


def build(name: str) -> str:
    """Make the environment unless it is there; returns what was done, for the log."""
    if is_built(name):
        return f"{name}: there already"
    framework, folder = FRAMEWORKS[name], environment_folder(name)
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--quiet", "--python", find_interpreter(framework.python), str(folder))
    install = ("pip", "install", "--quiet", "--python", str(python_of(name)))
    if framework.build_tools:
        _uv(*install, *framework.build_tools)
        install += ("--no-build-isolation",)
    _uv(*install, *framework.requirements)
    if framework.libraries:
        _uv(*install, "--no-deps", *framework.libraries)
    (folder / MARKER).write_text(framework.fingerprint)
    return f"{name}: built"


def build_all(names: Iterable[str], jobs: int = 2) -> list[str]:
    """Build several at once; returns the names that failed after reporting each."""
    failed = []
    with ThreadPoolExecutor(jobs) as pool:
        futures = {name: pool.submit(build, name) for name in names}
        for name, future in futures.items():
            try:
                print(future.result(), flush=True)
            except RuntimeError as error:
                print(f"{name}: FAILED\n{error}", file=sys.stderr, flush=True)
                failed.append(name)
    return failed


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the original frameworks' environments.")
    parser.add_argument("writers", nargs="*", metavar="WRITER", help="default: all of the table")
    parser.add_argument("--jobs", type=int, default=2, help="environments built at once")
    parser.add_argument("--list", action="store_true", help="show the table and what is built")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.writers if name not in FRAMEWORKS]
    if unknown:
        parser.error(f"unknown writer: {', '.join(unknown)}")
    if options.list:
        for name, framework in FRAMEWORKS.items():
            state = "built" if is_built(name) else "-"
            installed = " ".join(framework.requirements)
            print(f"{name:20} {state:6} Python {framework.python}: {installed}")
        return 0
    return 1 if build_all(options.writers or FRAMEWORKS, options.jobs) else 0


if __name__ == "__main__":
    raise SystemExit(main())
