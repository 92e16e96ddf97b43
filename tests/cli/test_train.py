"""Making the shipped files again: what must be there, and what is made."""

from __future__ import annotations

from pathlib import Path

from tests.cli.commands import Commands


def test_packages_that_are_missing_are_named(artledger: Commands, tmp_path: Path) -> None:
    ended = artledger("train", "null-set", tmp_path, "--out", tmp_path / "made", "--json")
    assert ended.code == 3
    assert ended.json["error"]["code"] == "assets-missing"


def test_a_folder_that_cannot_be_made(artledger: Commands, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for command in ("whitening", "null-set"):
        ended = artledger("train", command, tmp_path, "--out", tmp_path / "file", "--json")
        assert ended.code == 2
        assert ended.json["error"]["code"] == "file-unwritable"
