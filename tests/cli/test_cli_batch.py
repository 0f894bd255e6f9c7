"""Many files in one call."""

from __future__ import annotations

from pathlib import Path


def test_goes_on_after_failures(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="a/one.h5")
    sample("keras-2.2.4", "gru", to="b/two.h5")
    (tmp_path / "a" / "broken.h5").write_bytes(b"")
    done = kfix("check", tmp_path)
    assert done.code == 8
    assert "broken.h5 is empty" in done.err
    assert "1 of 3 files failed" in done.err
    assert "one.h5" in done.out
    assert "two.h5" in done.out


def test_a_bug_in_one_file_spares_the_others(kfix, sample, tmp_path, monkeypatch):
    from converter.api import check

    sample("keras-2.2.4", "lstm", to="one.h5")
    sample("keras-2.2.4", "gru", to="two.h5")
    original = check.check

    def crash(path, **options):
        if Path(path).name == "one.h5":
            raise ZeroDivisionError
        return original(path, **options)

    monkeypatch.setattr(check, "check", crash)
    done = kfix("check", tmp_path)
    assert done.code == 8
    assert "bug in kfix" in done.err
    assert "two.h5" in done.out


def test_output_dir_keeps_the_tree(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="in/a/model.h5")
    sample("keras-2.2.4", "gru", to="in/b/model.h5")
    done = kfix(
        "convert", tmp_path / "in", "--to", "keras", "--no-verify", "--output-dir", tmp_path / "out"
    )
    assert done.code == 0
    assert (tmp_path / "out" / "a" / "model.keras").exists()
    assert (tmp_path / "out" / "b" / "model.keras").exists()


def test_own_outputs_are_no_sources(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm")
    for _ in range(2):
        done = kfix("repair", tmp_path, "--force")
        assert (done.code, done.err) == (0, "")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lstm.h5", "lstm.repaired.h5"]


def test_glob(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="in/a/model.h5")
    sample("keras-2.2.4", "gru", to="in/b/other.h5")
    shown = kfix("inspect", f"{tmp_path}/in/*/m*.h5")
    assert "a/model.h5" in shown.out
    assert "other.h5" not in shown.out


def test_errors_in_the_document(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="one.h5")
    (tmp_path / "broken.h5").write_bytes(b"")
    document = kfix("--format", "json", "inspect", tmp_path).document
    assert len(document["results"]) == 1
    (error,) = document["errors"]
    assert (error["exit_code"], error["bug"]) == (3, False)
    assert error["path"].endswith("broken.h5")
