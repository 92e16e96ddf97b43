"""`artledger audit`: check signatures, proofs, records and whole logs without trusting whoever runs them.

Only two things need more than the base install: a record or claim named by its id, which comes from this
installation's ledger, and computing a picture's fingerprint.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands import audit_claim, audit_log, audit_usage
from cli.ui.bundles import published_bundle
from cli.ui.checks import finish_audit
from cli.ui.errors import ExitCode
from cli.ui.files import is_file_name, read_bounded
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.trust import (
    ExplainOption,
    KeyOption,
    LogKeyOption,
    PolicyOption,
    RecordKeyOption,
    own_key,
    read_policy,
    record_keys,
    require_key,
)
from ledger.errors import VerificationError

if TYPE_CHECKING:
    from ledger.audit.recompute import Recompute

MAX_PICTURE_BYTES = 256 * 2**20
"""An auditor's own picture. The limit only guards against mistakes."""


group = CommandGroup("Check signatures, proofs, records and whole logs without trusting the operator.", name="audit")


@group.add(
    "artledger audit bundle record.bundle.json --key 'example.org/log+1a2b3c4d+AZ...'",
    "artledger audit bundle record.bundle.json --key VKEY --policy witnesses.txt --explain",
    name="bundle",
)
def audit_one_bundle(
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle of a record.")],
    *,
    key: KeyOption,
    record_key: RecordKeyOption = None,
    policy: PolicyOption = None,
    announcement: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Bundle of a record that announces or revokes a key of the person who made the statement. "
            "May be repeated.",
        ),
    ] = None,
    explain: ExplainOption = False,
) -> ExitCode:
    """Check the bundle of one record offline: encoding, checkpoint, inclusion in the log, signatures, statement.

    Exits 0 if verified, 1 if refuted, 4 if something essential could not be checked.
    """
    from cli.ui.fetching import read_bundle_file
    from ledger.audit.verifier import audit_bundle

    data = read_bundle_file(file)
    witnesses = read_policy(policy)
    announcements = [read_bundle_file(path) for path in announcement or ()]
    audit = audit_bundle(data, key, record_keys(record_key), witnesses, announcements)
    return finish_audit(invocation.out, audit, _explanation(data, key) if explain else ())


@group.add(
    "artledger audit record 0197c1d2-6f3a-7c1e-9f00-0a1b2c3d4e5f --image photo.jpg",
    "artledger audit record https://example.org/v1/records/ID/bundle --key VKEY --image photo.jpg",
    name="record",
)
def audit_one_record(
    invocation: Invocation,
    record: Annotated[
        str, typer.Argument(metavar="ID|FILE|URL", help="A record of this ledger by its id, or a bundle.")
    ],
    *,
    image: Annotated[Path | None, typer.Option(metavar="FILE", help="The picture that the record is about.")] = None,
    key: LogKeyOption = None,
    record_key: RecordKeyOption = None,
    policy: PolicyOption = None,
    explain: ExplainOption = False,
) -> ExitCode:
    """Check a record, and compare it with the picture that it is about.

    With --image, the picture's digests are compared with the record. If the image libraries are installed, its
    fingerprint and scores are computed again, too.

    Exits 0 if verified, 1 if refuted, 4 if something essential could not be checked.
    """
    from ledger.audit.picture import audit_record

    bundle, log_key = _gather(invocation, record, key)
    picture = None if image is None else read_bounded(image, MAX_PICTURE_BYTES, "the picture")
    witnesses = read_policy(policy)
    with ExitStack() as stack:
        recompute = None if picture is None else _recompute(invocation, stack)
        audit = audit_record(bundle, picture, log_key, record_keys(record_key), witnesses, recompute=recompute)
    return finish_audit(invocation.out, audit, _explanation(bundle, log_key) if explain else ())


@group.add("artledger audit reveal car.bundle.json car.reveal.json --key VKEY", name="reveal")
def audit_one_reveal(
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle of a record.")],
    revealed: Annotated[
        Path,
        typer.Argument(
            metavar="REVEAL", help="The .reveal.json file of the record, which holds the text and its secret."
        ),
    ],
    *,
    key: Annotated[
        str | None, typer.Option(metavar="VKEY", help="Verifier key of the log. Without it, the log is not checked.")
    ] = None,
    record_key: RecordKeyOption = None,
    policy: PolicyOption = None,
) -> ExitCode:
    """Check offline that a prompt, title or text is the one that a record commits to, and print it.

    Exits 0 if it is, 1 if not. Without --key, it is not checked whether the record is on a log.
    """
    from cli.ui.fetching import read_bundle_file
    from ledger.audit.checks import AuditVerdict
    from ledger.audit.reveal import audit_reveal
    from ledger.record.reveal import MAX_REVEAL_BYTES, parse_reveal

    reveal = parse_reveal(read_bounded(revealed, MAX_REVEAL_BYTES, "the reveal"))
    audit = audit_reveal(read_bundle_file(file), reveal, key, record_keys(record_key), read_policy(policy))
    shown = json.dumps(reveal.value, indent=2, ensure_ascii=False) if audit.verdict is AuditVerdict.VERIFIED else ""
    return finish_audit(invocation.out, audit, shown.splitlines())


def _recompute(invocation: Invocation, stack: ExitStack) -> Recompute | None:
    """Decodes and fingerprints; None in an install without those libraries. Lives as long as the stack."""
    try:
        return stack.enter_context(invocation.application()).pictures.recompute
    except ModuleNotFoundError:
        return None


def _gather(invocation: Invocation, record: str, key: str | None) -> tuple[bytes, str]:
    """The bundle, and the key to check it with."""
    from cli.ui.fetching import fetch_bundle, is_url, read_bundle_file

    if is_url(record):
        return fetch_bundle(record), require_key(key)
    if is_file_name(record):
        return read_bundle_file(Path(record)), require_key(key)
    with invocation.application() as application:
        return published_bundle(application, record), key or own_key(invocation, application)


def _explanation(data: bytes, key: str) -> list[str]:
    """Every hash of the proof. For a bundle that cannot be opened, the checks have said why."""
    from ledger.audit.explain import explain_bundle

    try:
        return explain_bundle(data, key)
    except VerificationError as error:
        return [f"nothing to explain: {error.message}"]


for part in (audit_claim, audit_log, audit_usage):
    group.add_typer(part.group)
