"""A client that openapi-python-client makes of the OpenAPI document calls every operation, in every role.

The generator wants other versions of packages than Artledger, so it gets an environment of its own, from the package
index: this is a test of `make slow`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.app import create_app
from ledger.app import Application
from ledger.flows.people.principal import SCOPES_OF_ROLE

GENERATOR = "openapi-python-client==0.29.1"
DRIVER = Path(__file__).with_name("generated_client.py")


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]
    return done.stdout


@pytest.mark.slow
def test_it_calls_every_operation(application: Application, service_url: str, tmp_path: Path) -> None:
    document = create_app(application).openapi()
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    # Otherwise it makes no method for the one answer that is a picture.
    (tmp_path / "config.yaml").write_text(
        "post_hooks: []\ncontent_type_overrides: {image/webp: application/octet-stream}\n"
    )
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"
    run(programs / "pip", "install", "-q", GENERATOR)
    folder = tmp_path / "artledger_client"
    said = run(
        programs / "openapi-python-client", "generate", "--meta", "none", "--path", tmp_path / "openapi.json",
        "--config", tmp_path / "config.yaml", "--output-path", folder, "--fail-on-warning",
    )  # fmt: skip
    assert "WARNING" not in said, said
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    accounts = application.people.accounts
    tokens = [
        accounts.issue_token(accounts.create(role, f"Client of {role}").account_id, scopes).secret
        for role, scopes in SCOPES_OF_ROLE.items()
    ]
    for token in ([], *([secret] for secret in tokens)):
        lines = run(programs / "python", DRIVER, folder, service_url, *token).splitlines()
        answers = [line.split() for line in lines]
        assert len({name for name, _ in answers}) == len(operations)
        assert all(status < "500" or status == "503" for _, status in answers), answers
        assert {status for _, status in answers} >= {"200", "404"}
