"""`artledger audit claim`: decide a claim anew, from its evidence and the published rules alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.ui.checks import finish_audit
from cli.ui.errors import ExitCode
from cli.ui.files import is_file_name, read_bounded
from cli.ui.invocation import Invocation
from cli.ui.trust import PolicyOption, RecordKeyOption, read_policy, record_keys
from ledger.errors import InputError


def audit_one_claim(
    invocation: Invocation,
    claim: Annotated[
        str, typer.Argument(metavar="ID|FILE", help="A claim's id here, or its bundle.", show_default=False)
    ],
    *,
    key: Annotated[
        str | None, typer.Option(metavar="VKEY", help="The log's verifier key; for an id, this ledger's own if absent.")
    ] = None,
    record_key: RecordKeyOption = None,
    policy: PolicyOption = None,
) -> ExitCode:
    """Check claim, evidence and verdict offline: every record's proof, and whether the verdict follows by the rules.

    Exits 0 when verified, 1 when anything is wrong or another verdict follows, 4 when something essential could not be
    checked.
    """
    from ledger.audit.claim import audit_claim
    from ledger.audit.claim_bundle import MAX_CLAIM_BUNDLE_BYTES

    if is_file_name(claim):
        if key is None:
            raise InputError("a bundle from elsewhere needs --key, the log's verifier key", code="usage")
        data = read_bounded(Path(claim), MAX_CLAIM_BUNDLE_BYTES, "the claim's bundle")
    else:
        from cli.commands.claim import claim_bundle

        with invocation.application() as application:
            data = claim_bundle(application, claim)
            if key is None:
                key = application.log.vkey
                invocation.out.note(f"no --key given: trusting this ledger's own, {key}")
    return finish_audit(invocation.out, audit_claim(data, key, record_keys(record_key), read_policy(policy)))
