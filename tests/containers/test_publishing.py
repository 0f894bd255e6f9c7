import errno
import os
import signal
import subprocess
import sys

import pytest

from converter.containers import publish, publish_directory, publishing
from converter.errors import ExitCode, OutputError

AS_ROOT = getattr(os, "geteuid", lambda: 1)() == 0


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_output_appears_at_the_end(tmp_path):
    target = tmp_path / "m.weights.h5"
    with publish(target) as path:
        assert path.parent == tmp_path
        assert path.name.startswith(".")
        assert path.name.endswith("m.weights.h5")
        assert not target.exists()
        path.write_text("new")
    assert target.read_text() == "new"
    assert names(tmp_path) == ["m.weights.h5"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_after_an_error_everything_is_as_before(tmp_path, error):
    target = tmp_path / "m.h5"
    target.write_text("old")
    with pytest.raises(error), publish(target, force=True) as path:
        path.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert names(tmp_path) == ["m.h5"]


def test_an_existing_output_is_refused_at_once(tmp_path):
    target = tmp_path / "m.h5"
    target.write_text("old")
    with pytest.raises(OutputError, match="exists already") as caught, publish(target):
        pytest.fail("not reached")
    assert "--force" in caught.value.hint
    assert caught.value.exit_code == ExitCode.OUTPUT
    assert names(tmp_path) == ["m.h5"]


def test_an_output_that_appears_meanwhile_is_not_replaced(tmp_path):
    target = tmp_path / "m.h5"
    with pytest.raises(OutputError, match="exists already"), publish(target) as path:
        path.write_text("new")
        target.write_text("other")
    assert target.read_text() == "other"
    assert names(tmp_path) == ["m.h5"]


def test_force_replaces(tmp_path):
    target = tmp_path / "m.h5"
    target.write_text("old")
    with publish(target, force=True) as path:
        path.write_text("new")
    assert target.read_text() == "new"
    assert names(tmp_path) == ["m.h5"]


def test_a_failed_check_publishes_nothing(tmp_path):
    def check(path):
        assert path.read_text() == "new"
        raise ValueError("not what was meant")

    with (
        pytest.raises(ValueError, match="not what"),
        publish(tmp_path / "m.h5", check=check) as path,
    ):
        path.write_text("new")
    assert names(tmp_path) == []


def test_in_place_keeps_a_backup_and_the_mode(tmp_path):
    target = tmp_path / "m.h5"
    target.write_text("old")
    target.chmod(0o640)
    with publish(target, in_place=True) as path:
        path.write_text("new")
    assert target.read_text() == "new"
    assert (tmp_path / "m.h5.bak").read_text() == "old"
    assert target.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["m.h5", "m.h5.bak"]


def test_in_place_without_backup(tmp_path):
    target = tmp_path / "m.h5"
    target.write_text("old")
    with publish(target, in_place=True, backup=False) as path:
        path.write_text("new")
    assert names(tmp_path) == ["m.h5"]


def test_a_backup_is_not_overwritten(tmp_path):
    target, saved = tmp_path / "m.h5", tmp_path / "m.h5.bak"
    target.write_text("second")
    saved.write_text("first")
    with pytest.raises(OutputError, match="the backup .* exists"), publish(target, in_place=True):
        pytest.fail("not reached")
    assert (target.read_text(), saved.read_text()) == ("second", "first")
    with publish(target, in_place=True, force=True) as path:
        path.write_text("third")
    assert (target.read_text(), saved.read_text()) == ("third", "second")


def test_backups_without_hard_links(tmp_path, monkeypatch):
    def link(source, target):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(publishing.os, "link", link)
    target = tmp_path / "m.h5"
    target.write_text("old")
    with publish(target, in_place=True) as path:
        path.write_text("new")
    assert (target.read_text(), (tmp_path / "m.h5.bak").read_text()) == ("new", "old")
    with publish(tmp_path / "other.h5") as path:
        path.write_text("x")
    assert names(tmp_path) == ["m.h5", "m.h5.bak", "other.h5"]


def test_in_place_needs_a_file(tmp_path):
    with (
        pytest.raises(OutputError, match="not a file that could be replaced"),
        publish(tmp_path / "m.h5", in_place=True),
    ):
        pytest.fail("not reached")


def test_a_symbolic_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "m.h5", tmp_path / "m.h5"
    real.write_text("old")
    link.symlink_to(real)
    with publish(link, in_place=True) as path:
        path.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert names(tmp_path / "real") == ["m.h5", "m.h5.bak"]


def test_new_files_have_the_usual_mode(tmp_path):
    before = os.umask(0o027)
    try:
        with publish(tmp_path / "m.h5") as path:
            path.write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "m.h5").stat().st_mode & 0o777 == 0o640


def test_a_missing_folder(tmp_path):
    with (
        pytest.raises(OutputError, match="is not a directory"),
        publish(tmp_path / "no" / "m.h5"),
    ):
        pytest.fail("not reached")


def test_folders_above_a_directory_are_made(tmp_path):
    with publish_directory(tmp_path / "models" / "name" / "1") as folder:
        (folder / "saved_model.pb").write_text("x")
    assert (tmp_path / "models" / "name" / "1" / "saved_model.pb").read_text() == "x"


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"), publish(tmp_path / "m.h5"):
        pytest.fail("not reached")


def test_a_full_disk_is_one_clear_line(tmp_path):
    with pytest.raises(OutputError, match=r"no space left for m\.h5"), publish(tmp_path / "m.h5"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []


@pytest.mark.parametrize("limit", [3_000, 100_000, 390_000])
@pytest.mark.parametrize("what", ["h5", "keras"])
def test_running_out_of_space_at_any_point(tmp_path, what, limit):
    pytest.importorskip("resource")
    command = [sys.executable, "-c", FULL, str(tmp_path / "m"), what, str(limit)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.stdout == f"{tmp_path}: no space left for m\n", run.stderr
    assert names(tmp_path) == []


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from converter.containers import publish, write_keras, write_legacy_weights
from converter.errors import OutputError
from converter.model.description import Weight
big = Weight("x", (), (1000, 100), "float32", lambda _: np.zeros((1000, 100), "f4"))
target, what, limit = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
options = {"source": None, "keras_version": "3"}
try:
    with publish(Path(target)) as path:
        if what == "h5":
            groups = [("a" * 2000, [("b" * 2000, big)])]
            write_legacy_weights(path, groups=groups, **options)
        else:
            variables = [("a/vars/0", big)]
            write_keras(path, config="x" * 4000, variables=variables, **options)
except OutputError as error:
    print(error)
"""


def test_a_refusal_is_about_the_output_only_if_it_names_it(tmp_path):
    target = tmp_path / "m.h5"
    with pytest.raises(OutputError, match="cannot be written"), publish(target) as path:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))
    with pytest.raises(PermissionError), publish(target):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "source.h5"))


def test_errors_of_reading_are_not_blamed_on_the_output(tmp_path):
    with pytest.raises(OSError, match="source"), publish(tmp_path / "m.h5"):
        raise OSError(errno.EIO, "source")


def test_long_names(tmp_path):
    target = tmp_path / f"{'m' * 250}.h5"
    with publish(target) as path:
        path.write_text("x")
    assert target.exists()


KILLED = """
import sys, time
from pathlib import Path
from converter.containers import publish
with publish(Path(sys.argv[1]), in_place=True) as path:
    path.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
def test_a_kill_leaves_the_old_file(tmp_path):
    target = tmp_path / "m.h5"
    target.write_text("old")
    command = [sys.executable, "-c", KILLED, str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "writing\n"
        child.kill()
    assert target.read_text() == "old"
    assert [name for name in names(tmp_path) if not name.startswith(".")] == ["m.h5"]


def test_directories(tmp_path):
    target = tmp_path / "model"
    with publish_directory(target) as path:
        (path / "variables").mkdir()
        (path / "variables" / "x").write_text("1")
        assert not target.exists()
    assert (target / "variables" / "x").read_text() == "1"
    with pytest.raises(OutputError, match="exists already"), publish_directory(target):
        pytest.fail("not reached")
    with publish_directory(target, force=True) as path:
        (path / "y").write_text("2")
    assert names(tmp_path) == ["model"]
    assert names(target) == ["y"]


def test_a_directory_after_an_error_is_as_before(tmp_path):
    target = tmp_path / "model"
    target.mkdir()
    (target / "x").touch()

    def check(path):
        raise ValueError("no")

    with pytest.raises(ValueError), publish_directory(target, force=True, check=check) as path:
        (path / "y").touch()
    assert names(tmp_path) == ["model"]
    assert names(target) == ["x"]


def test_a_directory_whose_rename_fails_is_restored(tmp_path, monkeypatch):
    target = tmp_path / "model"
    target.mkdir()
    (target / "x").touch()
    rename = publishing.Path.rename
    calls = []

    def failing(self, other):
        calls.append(other)
        if len(calls) == 2:
            raise OSError(errno.EIO, "disk")
        return rename(self, other)

    monkeypatch.setattr(publishing.Path, "rename", failing)
    with pytest.raises(OSError, match="disk"), publish_directory(target, force=True) as path:
        (path / "y").touch()
    assert names(tmp_path) == ["model"]
    assert names(target) == ["x"]
