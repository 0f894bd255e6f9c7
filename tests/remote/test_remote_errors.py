"""What can go wrong with a store, in one or two lines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from s3fs import S3FileSystem

from tests.remote.conftest import Web

Kfix = Callable[..., Any]


@pytest.mark.parametrize("url", ["s3://models/none.h5", "s3://no-such-bucket/model.h5"])
@pytest.mark.parametrize("command", [["inspect"], ["convert", "--to", "keras"]])
def test_no_such_file(kfix: Kfix, s3: Any, url: str, command: list[str]) -> None:
    found = kfix(*command, url)
    assert found.code == 2
    assert f"{url}: no such file" in found.err
    assert len(found.err.splitlines()) <= 2


def test_no_such_bucket_to_write_to(kfix: Kfix, s3: Any, model: Path) -> None:
    found = kfix("convert", model, "--to", "keras", "--no-verify", "-o", "s3://none-such/m.keras")
    assert found.code == 5
    assert "s3://none-such/m.keras can't be written: there is no such bucket" in found.err


def test_no_credentials(
    kfix: Kfix, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    S3FileSystem.clear_instance_cache()
    found = kfix("inspect", "s3://models/model.h5")
    assert found.code == 3
    assert "there are no credentials for it" in found.err
    assert "AWS_PROFILE" in found.err


def test_nobody_answers(kfix: Kfix) -> None:
    found = kfix("inspect", "http://127.0.0.1:9/model.h5")
    assert found.code == 3
    assert "the server can't be reached" in found.err


def test_no_page(kfix: Kfix, web: Web) -> None:
    found = kfix("inspect", f"{web.url}/none.h5")
    assert found.code == 2
    assert "no such file" in found.err


def test_a_page_instead_of_a_model(kfix: Kfix, web: Web, tmp_path: Path) -> None:
    (tmp_path / "model.h5").write_text("<!doctype html><html></html>")
    found = kfix("inspect", f"{web.url}/model.h5")
    assert found.code == 3
    assert "is a web page" in found.err


def test_missing_extra(kfix: Kfix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    found = kfix("inspect", "s3://models/model.h5")
    assert found.code == 6
    assert "s3:// needs s3fs" in found.err
    assert "kfix[remote]" in found.err
