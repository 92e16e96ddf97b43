"""Audit a published log from cron: silent while all is well, so that cron sends mail only when a person is needed.

    */30 * * * *  python audit_cron.py https://ledger.example.org --key 'ledger.example.org/log+1a2b3c4d+AZ...' \
        --state ~/audits

`--state` remembers the last good checkpoint: a log that shrinks, forks or shows you another history than before is
refused. Exit code: 0 good, or not reachable for less than `--patience` runs; 1 the log is refuted; 4 not reachable.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

REFUTED, UNCHECKED = 1, 4
"""Exit codes of `artledger audit` (FORMAT.md, Closed lists)."""


def audit(location: str, key: str, state: Path, policy: Path | None) -> tuple[int, dict[str, Any]]:
    """Exit code and report of `artledger audit log`."""
    command = [sys.executable, "-m", "cli.main", "audit", "log", location, "--key", key, "--state", str(state)]
    if policy is not None:
        command += ["--policy", str(policy)]
    ended = subprocess.run([*command, "--json", "--quiet"], capture_output=True, text=True, check=False)
    return ended.returncode, json.loads(ended.stdout)


def failures_in_a_row(file: Path, reachable: bool) -> int:
    """Counts runs that could not read the log."""
    count = 0 if reachable else 1 + (int(file.read_text()) if file.exists() else 0)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(count))
    return count


def what_is_wrong(report: dict[str, Any]) -> str:
    """The first check that was not passed, or the error that ended the command."""
    if "error" in report:
        return f"{report['error']['code']}: {report['error']['message']}"
    wrong = next(check for check in report["checks"] if check["outcome"] != "passed" and check["code"])
    return f"{wrong['name']}: {wrong['detail']}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("location", help="URL or folder of the published log")
    parser.add_argument("--key", required=True, help="the log's verifier key, from a source that you trust")
    parser.add_argument("--state", type=Path, required=True, help="a folder of your own")
    parser.add_argument("--policy", type=Path, help="witness policy that every checkpoint must satisfy")
    parser.add_argument("--patience", type=int, default=3, help="runs without an answer before it is told")
    given = parser.parse_args(arguments)
    code, report = audit(given.location, given.key, given.state, given.policy)
    failures = failures_in_a_row(given.state / "unreachable", reachable=code in (0, REFUTED))
    if code == 0 or (code != REFUTED and failures < given.patience):
        return 0
    print(f"{given.location}: {what_is_wrong(report)}")
    if code == REFUTED:
        print(f"Keep {given.state}: its checkpoint and the served one together prove what happened.")
        return REFUTED
    print(f"not readable for {failures} runs")
    return UNCHECKED


if __name__ == "__main__":
    raise SystemExit(main())
