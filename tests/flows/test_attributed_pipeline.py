"""The example of `ledger.generate.attributed`, run as it stands: a pipeline of one's own, its pictures on the log."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path

import pytest

from ledger.app import Application
from ledger.audit.checks import AuditVerdict
from ledger.audit.picture import audit_record
from ledger.generate import attributed as module
from ledger.record import dsse
from ledger.record.predicates import Generation
from ledger.record.predicates.pictures import UNKNOWN
from ledger.record.statement import parse_payload
from tests.generate.tiny import save_tiny_sd


def example() -> str:
    """The indented block of the module's docstring."""
    lines = inspect.getdoc(module)
    assert lines is not None
    indented = [line for line in lines.splitlines() if not line or line.startswith("    ")]
    return textwrap.dedent("\n".join(indented))


def test_the_example_puts_its_pictures_on_the_log(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_tiny_sd(tmp_path / "my-model")
    url = application.settings.database_url
    assert url is not None
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", url.get_secret_value())
    monkeypatch.setenv("ARTLEDGER_DATA_DIR", str(application.settings.data_dir))
    monkeypatch.chdir(tmp_path)
    exec(compile(example(), "example", "exec"), {})  # noqa: S102 - what the documentation says is what is run

    [path] = tmp_path.glob("*.png")
    assert "registered work" in capsys.readouterr().out
    bundle = application.records.bundle(path.stem)
    made = parse_payload(dsse.parse(application.records.entry(path.stem).envelope).payload).predicate
    assert isinstance(made, Generation)
    assert (made.origin_of_image, made.sampler) == ("service", "DDIMScheduler")
    assert {"guidance_scale": "7.5", "num_inference_steps": "25"}.items() <= made.settings.items()
    assert made.seed != UNKNOWN
    audit = audit_record(
        bundle,
        path.read_bytes(),
        application.log.vkey,
        [bytes.fromhex(key) for key in application.log.record_keys],
        recompute=application.pictures.recompute,
    )
    assert audit.verdict is AuditVerdict.VERIFIED
    credentials = application.pictures.look_up(path.read_bytes()).credentials
    assert credentials is not None
    assert credentials.state == "valid"
