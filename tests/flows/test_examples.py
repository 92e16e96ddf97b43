"""`examples/wrap_pipeline.py`: a pipeline of one's own, its pictures with proofs."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import wrap_pipeline
from ledger import verify_bundle
from ledger.app import Application
from tests.generate.tiny import save_tiny_sd


def test_pictures_come_with_their_proofs(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_tiny_sd(tmp_path / "my-model")
    url = application.settings.database_url
    assert url is not None
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", url.get_secret_value())
    given = ["a red car", "--out", tmp_path / "out", "--data", application.settings.data_dir, "--steps", "2"]
    assert wrap_pipeline.main([str(tmp_path / "my-model"), *map(str, given)]) == 0
    [picture] = (tmp_path / "out").glob("*.png")
    assert verify_bundle(picture.with_suffix(".bundle.json"), application.log.vkey)
    assert "registered work" in capsys.readouterr().out
