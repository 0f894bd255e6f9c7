"""The releases that are read, in the two lines that Keras went: alone, and inside TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

MANY_LINUX = ("manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64")


@dataclass(frozen=True)
class Release:
    """One release: what is downloaded, and which of its folders matter.

    Attributes:
        line: ``keras`` or ``tf``.
        version: the release; for the line ``tf`` the one of TensorFlow.
        requirement: what pip is asked for.
        python: the interpreter that the wheel is for; empty where any will do.
        folders: the folders with the source, relative to the wheel.
        root: the module that everything public is under.
        stored: the version that its files name.
    """

    line: str
    version: str
    requirement: str
    python: str = ""
    folders: tuple[str, ...] = ()
    root: str = "keras"
    stored: str = ""

    @property
    def name(self) -> str:
        return f"{self.line}-{self.version}"

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split("."))

    @property
    def api(self) -> int:
        """TensorFlow 1 exports other classes under the same names than TensorFlow 2."""
        return self.numbers[0]


@dataclass(frozen=True)
class _Inside:
    """TensorFlow up to 2.5, whose wheel holds Keras."""

    version: str
    python: str
    stored: str
    package: str = "tensorflow-cpu"

    def release(self) -> Release:
        parts = ("keras", "feature_column", "ops/init_ops", "ops/losses", "training")
        folders = tuple(f"tensorflow/python/{part}" for part in parts)
        return Release(
            "tf",
            self.version,
            f"{self.package}=={self.version}",
            self.python,
            folders,
            "tensorflow.python.keras",
            self.stored,
        )


ALONE = (
    *("1.0.8", "1.1.2", "1.2.2"),
    *(f"2.0.{patch}" for patch in range(10)),
    *(f"2.1.{patch}" for patch in range(7)),
    *(f"2.2.{patch}" for patch in range(6)),
    *("2.3.0", "2.3.1"),
    *("3.0.5", "3.1.1", "3.2.1", "3.3.3", "3.4.1", "3.5.0", "3.6.0", "3.7.0", "3.8.0", "3.9.2"),
    *("3.10.0", "3.11.3", "3.12.4", "3.13.2", "3.14.1", "3.15.1"),
)
INSIDE = (
    _Inside("1.13.1", "3.7", "2.2.4-tf", "tensorflow"),
    _Inside("1.14.0", "3.7", "2.2.4-tf", "tensorflow"),
    _Inside("1.15.0", "3.7", "2.2.4-tf"),
    _Inside("2.0.0", "3.7", "2.2.4-tf", "tensorflow"),
    _Inside("2.1.0", "3.7", "2.2.4-tf"),
    _Inside("2.2.0", "3.8", "2.3.0-tf"),
    _Inside("2.3.0", "3.8", "2.4.0"),
    _Inside("2.4.0", "3.8", "2.4.0"),
    _Inside("2.5.0", "3.9", "2.5.0"),
)
BESIDE = (
    *("2.6.0", "2.7.0", "2.8.0", "2.9.0", "2.10.0", "2.11.0", "2.12.0", "2.13.1", "2.14.0"),
    "2.15.0",
)
"""The package keras, when TensorFlow had it beside itself."""
LEGACY = ("2.16.0", "2.17.0", "2.18.0", "2.19.0", "2.20.1", "2.21.0")
"""The package tf_keras, which goes on where TensorFlow took Keras 3."""

RELEASES: tuple[Release, ...] = (
    *(
        Release("keras", version, f"keras=={version}", "", ("keras",), stored=version)
        for version in ALONE
    ),
    *(each.release() for each in INSIDE),
    *(
        Release("tf", version, f"keras=={version}", "", ("keras",), stored=version)
        for version in BESIDE
    ),
    *(
        Release("tf", version, f"tf_keras=={version}", "", ("tf_keras",), "tf_keras", version)
        for version in LEGACY
    ),
)
NEWEST = next(each for each in RELEASES if each.name == f"keras-{ALONE[-1]}")
