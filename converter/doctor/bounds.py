"""Which versions fit together: what the packages ask for, and what they forgot to ask for.

What they ask for is in ``knowledge/environment.json``, which tools/environment_table.py takes from
the packages' own metadata. A package can't ask for what came after it, so the bounds that were
found out later are listed here, each with a public report; tests/doctor tries them in environments
that break them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from converter.doctor.versions import allows, minor, release

NOTHING = "none"
"""The range of a package that has no version which fits."""
DECLARED = "as the package says"
_TABLE = Path(__file__).parents[1] / "knowledge" / "environment.json"


@dataclass(frozen=True)
class Bound:
    """Where one package is installed, another has to lie in a range.

    Attributes:
        package: the package that sets the bound.
        versions: its versions that set it.
        needs: the package that is bound.
        range: its versions that fit; ``{minor}`` is the first package's minor version. DECLARED
            takes the range out of the first package's metadata, NOTHING is no version at all.
        why: what goes wrong outside the range; empty where only the metadata says so.
        link: a public report.
    """

    package: str
    versions: str
    needs: str
    range: str
    why: str = ""
    link: str = ""

    @property
    def known_to_break(self) -> bool:
        """Whether something is known to go wrong, other than the metadata's being stricter."""
        return bool(self.why)


_TF = "https://github.com/tensorflow/tensorflow/issues/"

BOUNDS = (
    Bound(
        "tensorflow",
        "<2.5",
        "h5py",
        "<3",
        "h5py 3 gives text where this TensorFlow expects bytes: no model in .h5 is loaded",
        _TF + "44467",
    ),
    Bound(
        "keras",
        "<2.4",
        "h5py",
        "<3",
        "h5py 3 gives text where this Keras expects bytes: no model in .h5 is loaded",
        _TF + "44467",
    ),
    Bound(
        "tensorflow",
        "<2.6",
        "numpy",
        "<1.20",
        "recurrent layers can't be built with this NumPy (Cannot convert a symbolic Tensor)",
        "https://github.com/tensorflow/models/issues/9706",
    ),
    Bound(
        "tensorflow",
        "<2.18",
        "numpy",
        "<2",
        "this TensorFlow was compiled for NumPy 1",
        "https://github.com/tensorflow/tensorflow/releases/tag/v2.18.0",
    ),
    Bound(
        "tensorflow",
        "<2.12",
        "protobuf",
        "<3.21",
        "this TensorFlow's messages were generated for protobuf 3",
        _TF + "56266",
    ),
    Bound(
        "tensorflow",
        ">=2.6,<2.16",
        "keras",
        DECLARED,
        "tf.keras of this TensorFlow is the package keras of the same version; another one fails, "
        "or loads Keras 2's files by Keras 3's rules",
        "https://github.com/keras-team/tf-keras/issues/257",
    ),
    Bound(
        "tensorflow",
        ">=2.16",
        "keras",
        DECLARED,
        "this TensorFlow works with Keras 3 only; Keras 2 is the package tf_keras beside it",
        "https://github.com/keras-team/keras/issues/17585",
    ),
    Bound(
        "tensorflow",
        "<2.0",
        "keras",
        "<2.4",
        "Keras 2.4 and newer need TensorFlow 2.2 or newer",
        "https://github.com/keras-team/keras/releases/tag/2.4.0",
    ),
    Bound(
        "tensorflow",
        ">=2.0,<2.2",
        "keras",
        ">=2.3,<2.4",
        "Keras before 2.3 works with TensorFlow 1 only, Keras 2.4 needs TensorFlow 2.2",
        "https://github.com/keras-team/keras/issues/13812",
    ),
    Bound(
        "tensorflow",
        ">=2.2,<2.6",
        "keras",
        ">=2.3,<2.5",
        "Keras before 2.3 works with TensorFlow 1 only, Keras 2.6 with TensorFlow 2.6 only",
        _TF + "42210",
    ),
    Bound(
        "tensorflow",
        ">=2.16",
        "tensorflow-addons",
        NOTHING,
        "Addons ended with TensorFlow 2.15 and does not import beside a newer one",
        "https://github.com/tensorflow/addons/issues/2865",
    ),
    Bound(
        "tensorflow",
        ">=2.14",
        "ml-dtypes",
        DECLARED,
        "this TensorFlow takes number types from ml_dtypes that another release does not have",
        "https://github.com/onnx/tensorflow-onnx/issues/2245",
    ),
    Bound("tensorflow", ">=2.16", "tf-keras", "=={minor}.*"),
    Bound(
        "h5py",
        "<3.11",
        "numpy",
        "<2",
        "h5py before 3.11 was compiled for NumPy 1",
        "https://github.com/h5py/h5py/issues/2420",
    ),
    Bound(
        "h5py",
        "<3",
        "numpy",
        "<1.24",
        "h5py 2 asks NumPy for typeDict, which 1.24 dropped",
        "https://github.com/deshaw/versioned-hdf5/issues/243",
    ),
)

KFIX_NEEDS = {
    "python": ">=3.11",
    "filelock": ">=3.16",
    "h5py": ">=3.10",
    "jinja2": ">=3.1",
    "keras": ">=3",
    "numpy": ">=1.26",
    "psutil": ">=6",
    "tensorflow": ">=2.16",
    "tf-keras": ">=2.16",
    "tqdm": ">=4.66",
    "typer": ">=0.26",
}
"""What kfix itself asks for, the same as in pyproject.toml."""


def bounds_of(installed: Mapping[str, str], python: str) -> Iterator[Bound]:
    """Every bound that the installed packages set, on packages installed or not.

    Args:
        installed: versions by name.
        python: the interpreter's version.
    """
    for package, version in installed.items():
        listed = [
            each for each in BOUNDS if each.package == package and allows(each.versions, version)
        ]
        for bound in listed:
            yield from _resolved(bound, version, python)
        known = {each.needs for each in listed if each.range in (DECLARED, NOTHING)}
        for name, wanted in declared(package, version, python).items():
            if name not in known:
                yield Bound(package, f"=={version}", name, wanted)


def _resolved(bound: Bound, version: str, python: str) -> Iterator[Bound]:
    ranges = bound.range.format(minor=minor(version))
    if bound.range == DECLARED:
        ranges = declared(bound.package, version, python).get(bound.needs, "")
    if ranges:
        yield Bound(bound.package, f"=={version}", bound.needs, ranges, bound.why, bound.link)


def declared(package: str, version: str, python: str) -> dict[str, str]:
    """What a release asks for by its metadata; nothing where the release is not in the table.

    A release that is not in the table asks for what the one of the same minor version asks for.
    """
    told = _described(package, version)
    if told is None or package == "tf-keras" or package == "tensorflow-addons":
        # They ask for a TensorFlow; it is they who have to follow it.
        return {}
    return {name: wanted for name, wanted, condition in told if allows(condition, python)}


def _described(package: str, version: str) -> list[list[str]] | None:
    releases = _releases().get(package, {})
    if version in releases:
        return releases[version]
    same = [each for each in releases if release(each)[:2] == release(version)[:2]]
    return releases[same[-1]] if same else None


@cache
def _releases() -> dict[str, dict[str, list[list[str]]]]:
    table: dict[str, dict[str, list[list[str]]]] = json.loads(_TABLE.read_text())
    return table


def newest_within(package: str, ranges: str) -> str:
    """The newest release in the table that lies in a range; empty where there is none."""
    fitting = [each for each in _releases().get(package, {}) if allows(ranges, each)]
    return max(fitting, key=release, default="")
