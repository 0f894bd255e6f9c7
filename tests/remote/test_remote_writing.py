"""What is converted is fetched, and uploaded when all is well."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from s3fs import S3FileSystem

from converter.api.inspect import inspect
from converter.containers import open_model
from converter.errors import OutputError, UnsafeContentError
from converter.remote import store
from converter.remote.paths import RemotePath, located
from tests.remote.conftest import Web, keys

Kfix = Callable[..., Any]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def _put(s3: Any, model: Path, *names: str) -> None:
    for name in names:
        s3.upload_file(str(model), "models", name)


def test_output_goes_beside_its_source(kfix: Kfix, s3: Any, model: Path) -> None:
    _put(s3, model, "a/model.h5")
    done = kfix("repair", "s3://models/a/model.h5", "--no-verify")
    assert done.code == 0, done.err
    assert "s3://models/a/model.repaired.h5" in done.out
    assert "/tmp" not in done.out
    assert keys(s3) == ["a/model.h5", "a/model.repaired.h5"]
    assert kfix("check", "s3://models/a/model.repaired.h5").code == 0


def test_existing_output_is_refused_before_any_work(kfix: Kfix, s3: Any, model: Path) -> None:
    _put(s3, model, "model.h5")
    s3.put_object(Bucket="models", Key="model.keras", Body=b"mine")
    command = ("convert", "s3://models/model.h5", "--to", "keras", "--no-verify")
    done = kfix(*command)
    assert done.code == 5
    assert "s3://models/model.keras exists already" in done.err
    assert s3.get_object(Bucket="models", Key="model.keras")["ContentLength"] == 4
    assert kfix(*command, "--force").code == 0
    assert inspect("s3://models/model.keras").kind == "keras-archive"


def test_in_and_out_of_the_store(kfix: Kfix, s3: Any, model: Path, tmp_path: Path) -> None:
    out = "s3://models/out/model.h5"
    assert kfix("strip-optimizer", model, "-o", out).code in (0, 1)
    if "out/model.h5" not in keys(s3):
        _put(s3, model, "out/model.h5")
    target = tmp_path / "here.keras"
    assert kfix("convert", out, "--to", "keras", "-o", target, "--no-verify").code == 0
    assert inspect(target).layers
    assert keys(s3) == ["out/model.h5"]


def test_a_source_is_replaced_and_kept(kfix: Kfix, s3: Any, model: Path) -> None:
    _put(s3, model, "model.h5")
    done = kfix("repair", "s3://models/model.h5", "--in-place", "--no-verify")
    assert done.code == 0, done.err
    assert keys(s3) == ["model.h5", "model.h5.bak"]
    kept = s3.get_object(Bucket="models", Key="model.h5.bak")["Body"].read()
    assert kept == model.read_bytes()
    assert kfix("check", "s3://models/model.h5").code == 0


def test_dry_run_writes_nothing(kfix: Kfix, s3: Any, model: Path) -> None:
    _put(s3, model, "model.h5")
    done = kfix("convert", "s3://models/model.h5", "--to", "keras", "--dry-run")
    assert done.code == 1
    assert "s3://models/model.keras" in done.out
    assert keys(s3) == ["model.h5"]


def test_commands_that_take_several_files(kfix: Kfix, s3: Any, model: Path) -> None:
    _put(s3, model, "model.h5")
    url = "s3://models/model.h5"
    assert kfix("split", url, "-o", "s3://models/parts").code == 0
    assert keys(s3) == ["model.h5", "parts/model.json", "parts/model_weights.h5"]
    parts = ("s3://models/parts/model.json", "s3://models/parts/model_weights.h5")
    done = kfix("join", *parts, "-o", "s3://models/joined.h5")
    assert done.code == 0, done.err
    assert "s3://models/joined.h5" in done.out
    done = kfix("diff", model, "s3://models/joined.h5")
    assert done.code in (0, 1)
    assert "s3://models/joined.h5" in done.out
    edited = kfix("edit", url, "--keras-version", "2.2.5", "-o", "s3://models/edited.h5")
    assert edited.code == 0, edited.err
    with store.reading(), open_model(located("s3://models/edited.h5")) as file:
        assert file.contents.writer.label == "2.2.5"


def test_a_batch_keeps_the_tree_and_is_resumed(
    kfix: Kfix, s3: Any, model: Path, state: Path
) -> None:
    _put(s3, model, "in/a/one.h5", "in/b/two.h5", "in/.hidden/three.h5")
    s3.put_object(Bucket="models", Key="in/notes.txt", Body=b"nothing")
    s3.put_object(Bucket="models", Key="in/saved/saved_model.pb", Body=b"graph")
    s3.upload_file(str(model), "models", "in/saved/assets/four.h5")
    command = ("repair", "s3://models/in/", "--output-dir", "s3://models/out/", "--no-verify")
    command = (*command, "--force")
    done = kfix(*command)
    assert done.code == 0, done.err
    assert "2 files: 2 done" in done.err
    written = [each for each in keys(s3) if each.startswith("out/")]
    assert written == ["out/a/one.h5", "out/b/two.h5"]
    assert len(list(state.rglob("journal.jsonl"))) == 1
    assert "2 files: 2 done before" in kfix(*command).err
    s3.put_object(Bucket="models", Key="in/a/one.h5", Body=model.read_bytes() + b"\0")
    assert "1 done, 1 done before" in kfix(*command).err


def test_globs(kfix: Kfix, s3: Any, model: Path, tmp_path: Path) -> None:
    _put(s3, model, "in/a/one.h5", "in/b/c/two.h5", "in/model.keras", "in/odd[1].h5")
    done = kfix("--format", "json", "check", "s3://models/in/*/**/*.h5")
    found = {each["path"] for each in done.document["results"]}
    assert found == {"s3://models/in/a/one.h5", "s3://models/in/b/c/two.h5"}
    done = kfix("repair", "s3://models/in/**/*.h5", "--output-dir", tmp_path, "--no-verify")
    assert done.code == 0, done.err
    assert (tmp_path / "b" / "c" / "two.h5").is_file()
    assert kfix("check", "s3://models/in/odd[1].h5").code == 1
    assert kfix("check", "s3://models/in/*.json").code == 2


def test_a_failed_upload_leaves_nothing(
    kfix: Kfix, s3: Any, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(s3, model, "model.h5")
    original = S3FileSystem.put_file

    def failing(self: Any, source: str, target: str, **more: Any) -> None:
        if target.endswith("_weights.h5"):
            raise PermissionError("Access Denied")
        original(self, source, target, **more)

    monkeypatch.setattr(S3FileSystem, "put_file", failing)
    done = kfix("split", "s3://models/model.h5", "-o", "s3://models/parts")
    assert done.code == 5
    assert "parts/model_weights.h5 can't be written: access is denied" in done.err
    assert keys(s3) == ["model.h5"]


def test_the_graph_of_a_savedmodel_goes_last(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "saved"
    for name in ("saved_model.pb", "variables/variables.index", "zz/last"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    target = RemotePath("s3://models/saved")
    order: list[str] = []
    original = S3FileSystem.put_file

    def noted(self: Any, source: str, name: str, **more: Any) -> None:
        order.append(name)
        if len(order) == 7:
            raise TimeoutError
        original(self, source, name, **more)

    monkeypatch.setattr(S3FileSystem, "put_file", noted)
    store.put(folder, target)
    assert order[-1] == "models/saved/saved_model.pb"
    assert len(keys(s3)) == 3
    (folder / "zz" / "last").rename(folder / "zz" / "other")
    store.put(folder, target)
    assert keys(s3)[-1] == "saved/zz/other"
    assert len(keys(s3)) == 3
    with pytest.raises(OutputError, match="does not answer in time"):
        store.put(folder, RemotePath("s3://models/new"))
    assert not [each for each in keys(s3) if each.startswith("new/")]
    back = tmp_path / "back"
    store.fetch(target, back)
    assert (back / "variables" / "variables.index").read_text() == "variables/variables.index"


def test_a_key_may_not_lead_out_of_its_folder(s3: Any, model: Path, tmp_path: Path) -> None:
    _put(s3, model, "in/../../out.h5")
    with pytest.raises(UnsafeContentError, match="is no path below it"):
        store.fetch(RemotePath("s3://models/in"), tmp_path / "in")
    s3.delete_object(Bucket="models", Key="in/../../out.h5")


def test_the_web_is_not_written_to(kfix: Kfix, web: Web, model: Path, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path / "model.h5")
    url = f"{web.url}/model.h5"
    done = kfix("convert", url, "--to", "keras", "--no-verify")
    assert done.code == 2
    assert "can't write there" in done.err
    assert not web.sent
    target = tmp_path / "out.keras"
    assert kfix("convert", url, "--to", "keras", "--no-verify", "-o", target).code == 0
    assert target.is_file()
