"""`artledger audit claim`: decide a claim again from its evidence and the published rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.ui.checks import finish_audit
from cli.ui.errors import ExitCode
from cli.ui.files import is_file_name, read_bounded
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.trust import LogKeyOption, PolicyOption, RecordKeyOption, own_key, read_policy, record_keys, require_key

group = CommandGroup()


@group.add(
    "artledger audit claim claim.json --key 'example.org/log+1a2b3c4d+AZ...'",
    "artledger audit claim 0197c1d2-6f3a-7c1e-9f00-0a1b2c3d4e5f",
    name="claim",
)
def audit_one_claim(
    invocation: Invocation,
    claim: Annotated[str, typer.Argument(metavar="ID|FILE", help="A claim of this ledger by its id, or a bundle.")],
    *,
    key: LogKeyOption = None,
    record_key: RecordKeyOption = None,
    policy: PolicyOption = None,
) -> ExitCode:
    """Check a claim offline: the proof of each record, and whether the published rules give the same verdict.

    Exits 0 if verified, 1 if anything is wrong or the rules give another verdict, 4 if something essential could not be
    checked.
    """
    from ledger.audit.claims.bundle import MAX_CLAIM_BUNDLE_BYTES
    from ledger.audit.claims.claim import audit_claim

    if is_file_name(claim):
        key = require_key(key)
        data = read_bounded(Path(claim), MAX_CLAIM_BUNDLE_BYTES, "the claim's bundle")
    else:
        from cli.commands.claim import claim_bundle

        with invocation.application() as application:
            data = claim_bundle(application, claim)
            key = key or own_key(invocation, application)
    return finish_audit(invocation.out, audit_claim(data, key, record_keys(record_key), read_policy(policy)))
