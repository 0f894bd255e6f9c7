"""What is only looked at is read in ranges; who can't send them sends the whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from fsspec.implementations.http import HTTPFile
from s3fs.core import S3File

from converter.api.check import check
from converter.api.inspect import inspect
from converter.errors import NotAModelError
from converter.remote import store
from converter.remote.paths import located
from tests.remote.conftest import Web


def _large(model: Path, target: Path) -> Path:
    """The model with 50 MB of data that nobody needs to look at."""
    shutil.copy(model, target)
    with h5py.File(target, "a") as file:
        file["model_weights"].create_dataset("more", data=np.ones(50_000_000, np.uint8))
    return target


def test_inspect_reads_ranges_of_a_large_file(
    s3: Any, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.upload_file(str(_large(model, tmp_path / "large.h5")), "models", "large.h5")
    read: list[int] = []
    original = S3File._fetch_range

    def counted(self: S3File, start: int, end: int) -> bytes:
        content = original(self, start, end)
        read.append(len(content))
        return content

    monkeypatch.setattr(S3File, "_fetch_range", counted)
    found = inspect("s3://models/large.h5")
    assert found.size > 50_000_000
    assert found.layers == inspect(tmp_path / "large.h5").layers
    assert 0 < sum(read) < 2_000_000


def test_check_says_the_same_of_a_remote_file(s3: Any, model: Path) -> None:
    s3.upload_file(str(model), "models", "a/model.h5")
    found = check("s3://models/a/model.h5")
    assert str(found.path) == "s3://models/a/model.h5"
    assert found.findings
    assert found.findings == check(model).findings


@pytest.mark.parametrize("web", ["ranges", "whole", "endless"], indirect=True)
def test_inspect_over_the_web(web: Web, model: Path, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path / "model.h5")
    found = inspect(f"{web.url}/model.h5?download=true")
    assert found.layers == inspect(model).layers
    assert found.size == model.stat().st_size


def test_web_server_with_ranges_sends_little(web: Web, model: Path, tmp_path: Path) -> None:
    _large(model, tmp_path / "large.h5")
    assert inspect(f"{web.url}/large.h5").layers
    assert sum(web.sent) < 2_000_000


def test_archive_is_read_in_ranges(
    kfix: Callable[..., Any], web: Web, tmp_path: Path, model: Path
) -> None:
    target = tmp_path / "model.keras"
    assert kfix("convert", model, "--to", "keras", "-o", target, "--no-verify").code == 0
    found = inspect(f"{web.url}/model.keras")
    assert found.layers == inspect(target).layers


def test_lost_connection_is_not_taken_for_damage(
    web: Web, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(model, tmp_path / "model.h5")
    monkeypatch.setattr(store, "BLOCK", 4096)
    original = HTTPFile._fetch_range

    def lost(self: HTTPFile, start: int, end: int) -> bytes:
        if len(web.sent) > 4:
            raise TimeoutError
        return original(self, start, end)

    monkeypatch.setattr(HTTPFile, "_fetch_range", lost)
    with pytest.raises(NotAModelError, match="the server does not answer in time"):
        inspect(f"{web.url}/model.h5")


@pytest.mark.parametrize(
    "url", ["s3://models/a//b.h5", "s3://models/../b.h5", "s3://models/./b.h5", "ftp://a/b.h5"]
)
def test_urls_that_are_refused(kfix: Callable[..., Any], url: str) -> None:
    found = kfix("inspect", url)
    assert found.code == 2
    assert url in found.err


def test_a_url_stays_as_it_is() -> None:
    assert str(located("https://a.example/b/c.h5?d=e")) == "https://a.example/b/c.h5?d=e"
    assert str(located("s3://bucket/a") / "b.h5") == "s3://bucket/a/b.h5"
    assert isinstance(located("s3:/bucket"), Path)
    assert str(located("s3:/bucket")) == "s3:/bucket"
