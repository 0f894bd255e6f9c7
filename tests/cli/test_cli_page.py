"""``kfix inspect --html``."""

from __future__ import annotations

import json


def test_a_page_is_written_beside_what_is_said(kfix, sample, tmp_path):
    path, page = sample("keras-2.2.4", "crnn"), tmp_path / "page.html"
    before = path.read_bytes()
    plain = kfix("inspect", path)
    done = kfix("inspect", path, "--html", page)
    assert done.code == 0
    assert done.out.startswith(plain.out.rstrip())
    assert f"page → {page}" in done.out
    assert page.read_text().startswith("<!doctype html>")
    assert path.read_bytes() == before


def test_json_stays_what_it_is(kfix, sample, tmp_path):
    path, page = sample("keras-2.2.4", "dense"), tmp_path / "page.html"
    plain = kfix("--format", "json", "inspect", path)
    done = kfix("--format", "json", "inspect", path, "--html", page)
    assert json.loads(done.out) == json.loads(plain.out)


def test_there_is_one_page_for_one_model(kfix, sample, tmp_path):
    paths = [sample("keras-2.2.4", name) for name in ("dense", "crnn")]
    page = tmp_path / "page.html"
    done = kfix("inspect", *paths, "--html", page)
    assert done.code == 2
    assert "--report" in done.err
    assert not page.exists()


def test_a_page_has_the_name_of_one(kfix, sample):
    path = sample("keras-2.2.4", "dense")
    before = path.read_bytes()
    done = kfix("inspect", path, "--html", path)
    assert done.code == 2
    assert path.read_bytes() == before


def test_a_model_with_the_name_of_a_page_is_kept(kfix, sample):
    path = sample("keras-2.2.4", "dense", "dense.html")
    before = path.read_bytes()
    done = kfix("inspect", path, "--html", path)
    assert done.code == 2
    assert "is the model itself" in done.err
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there(kfix, sample, tmp_path):
    done = kfix("inspect", sample("keras-2.2.4", "dense"), "--html", tmp_path / "no" / "p.html")
    assert done.code == 5
