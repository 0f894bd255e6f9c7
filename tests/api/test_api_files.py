"""Finding sources, naming outputs, and what is wrong with a file as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter import check, inspect
from converter.api.discovery import MODELS, WEIGHTS, Search, discover
from converter.api.outputs import Destination, Naming, destination, refuse_collisions, stem
from converter.errors import NotExactError, OutputError, UsageError
from converter.model.findings import Severity


def names(sources):
    return [str(each.relative) for each in sources]


def test_directory_is_walked_by_content(sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="a/model.weird")
    sample("keras-2.2.4", "lstm-weights", to="b/weights.h5")
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / ".hidden").mkdir()
    sample("keras-2.2.4", "lstm", to=".hidden/model.h5")
    assert names(discover([tmp_path])) == ["a/model.weird"]
    assert names(discover([tmp_path], Search(MODELS | WEIGHTS))) == [
        "a/model.weird",
        "b/weights.h5",
    ]


def test_from_afar_files_are_taken_by_how_they_begin(sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="model.weird")
    (tmp_path / "broken.h5").write_text("junk")
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / "folder.h5").mkdir()
    found = discover([tmp_path], Search(closely=False))
    assert names(found) == ["broken.h5", "model.weird"]


def test_a_folder_that_is_one_thing_is_named_as_such(kfix, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("checkpoint", "m.index", "m.data-00000-of-00001"):
        (folder / name).write_bytes(b"")
    told = kfix("check", folder)
    assert told.code == 3
    assert "is a directory with a TensorFlow checkpoint" in told.err
    assert "--builder" in told.err


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (("*.h5",), (), ["a/one.h5", "b/two.h5"]),
        (("b/*",), (), ["b/two.h5"]),
        ((), ("one*",), ["b/two.h5", "c.hdf5"]),
        (("*.h5", "c*"), ("a/*",), ["b/two.h5", "c.hdf5"]),
    ],
)
def test_patterns(sample, tmp_path, include, exclude, expected):
    for name in ("a/one.h5", "b/two.h5", "c.hdf5"):
        sample("keras-2.2.4", "lstm", to=name)
    found = discover([tmp_path], Search(include=include, exclude=exclude))
    assert sorted(names(found)) == expected


def test_each_file_once(sample, tmp_path):
    path = sample("keras-2.2.4", "lstm")
    assert len(discover([path, tmp_path, f"{tmp_path}/*.h5"])) == 1


def test_named_file_is_always_taken(tmp_path):
    assert names(discover([tmp_path / "nothing.h5"])) == ["nothing.h5"]


@pytest.mark.parametrize("pattern", ["", "*.h5"])
def test_nothing_found(tmp_path, pattern):
    with pytest.raises(UsageError):
        discover([tmp_path / pattern])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("model.h5", "model"), ("v1.2.h5", "v1.2"), ("v1.2", "v1.2"), ("model.keras", "model")],
)
def test_stem(name, expected):
    assert stem(Path(name)) == expected


def test_names_beside_and_under():
    naming = Naming(".h5", ".repaired")
    assert naming.beside(Path("a/model.h5")) == Path("a/model.repaired.h5")
    assert naming.under(Path("out"), Path("b/model.h5")) == Path("out/b/model.h5")


def test_in_place_excludes_output():
    with pytest.raises(UsageError):
        destination(Path("a.h5"), Naming(".h5"), Path("b.h5"), in_place=True)


def test_backup_path():
    assert Destination(Path("m.h5"), in_place=True).backup_path == Path("m.h5.bak")
    assert Destination(Path("m.h5"), in_place=True, backup=False).backup_path is None
    assert Destination(Path("m.h5")).backup_path is None


def test_nothing_is_published_when_the_check_fails(tmp_path):
    def refuse(path):
        raise OutputError("no good")

    place = Destination(tmp_path / "out.h5")
    with pytest.raises(OutputError, match="no good"), place.publishing(refuse) as path:
        path.write_text("half")
    assert list(tmp_path.iterdir()) == []


def test_collisions():
    refuse_collisions([(Path("a"), Path("x")), (Path("b"), Path("y"))])
    with pytest.raises(UsageError, match="would both become"):
        refuse_collisions([(Path("a"), Path("x")), (Path("b"), Path("x"))])


def codes(report):
    return {each.code for each in report.findings}


def test_wrong_suffix(sample):
    assert "KF501" not in codes(check(sample("keras-2.2.4", "lstm")))
    assert "KF501" in codes(check(sample("keras-2.2.4", "lstm", to="model.keras")))
    assert "KF501" in codes(check(sample("keras-2.2.4", "lstm", to="model")))


def test_optimizer_state(sample):
    report = check(sample("tf-2.8.0", "compiled_options"))
    (found,) = [each for each in report.findings if each.code == "KF502"]
    assert found.severity is Severity.BREAKS
    assert report.repairable


def test_unknown_target(sample):
    path = sample("keras-2.2.4", "lstm")
    with pytest.raises(UsageError):
        check(path, target="newest")
    with pytest.raises(NotExactError):
        check(path, target="keras-2.15")


def test_inspection(sample):
    found = inspect(sample("keras-2.2.4", "crnn"))
    by_path = {each.path: each for each in found.layers}
    assert by_path["image"].input_shape == (None, 12, 8, 1)
    assert by_path["bidirectional_1/lstm_1"].depth == 1
    assert [each.shape for each in by_path["conv2d_1"].weights] == [(3, 3, 1, 3), (3,)]
    assert found.parameters == sum(each.parameters for each in found.layers) == 431


def test_inspection_of_custom_objects(sample):
    assert inspect(sample("tf-2.8.0", "custom_layer")).custom_objects == ("Scale",)
    assert inspect(sample("tf-2.8.0", "own_functions")).custom_objects == ("swash",)
    registered = inspect(sample("tf-2.15.0", "custom_registered"))
    assert registered.custom_objects == ("Mine>Scale",)
    assert inspect(sample("tf-2.8.0", "lambda_function")).lambdas


def test_inspection_of_compile_state(sample):
    found = inspect(sample("tf-2.8.0", "custom_loss")).compile
    assert (found.optimizer, found.loss) == ("Adam", ("own_loss",))
