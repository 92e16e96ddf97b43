"""Runs every case folder; a new case needs no code here."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.audit.verifier import audit_bundle
from ledger.log.witness_policy import parse_policy
from tests.conformance.build import FOLDER, cases

CASES = sorted(path for path in FOLDER.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case: Path) -> None:
    record_keys, policy = case / "record_keys", case / "policy"
    audit = audit_bundle(
        (case / "bundle.json").read_bytes(),
        (case / "log.vkey").read_text().strip(),
        [bytes.fromhex(line) for line in record_keys.read_text().split()] if record_keys.exists() else [],
        parse_policy(policy.read_bytes()) if policy.exists() else None,
    )
    assert audit.exit_code == (1 if case.name.endswith("_fail") else 0), audit.checks
    assert (case / "README.md").read_text().startswith(f"# {case.name}\n")


def test_cases_are_what_the_builder_builds(tmp_path: Path) -> None:
    for case in cases():
        case.write(tmp_path)
        for built in (tmp_path / case.name).iterdir():
            assert built.read_bytes() == (FOLDER / case.name / built.name).read_bytes()
