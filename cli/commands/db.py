"""`artledger db`: upgrade, check, rebuild and restore the database."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.ui.checks import finish_audit
from cli.ui.errors import ExitCode
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.trust import KeyOption, log_key

group = CommandGroup("Upgrade, check, rebuild and restore the database.", name="db")


@group.add("artledger db upgrade")
def upgrade(invocation: Invocation) -> None:
    """Upgrade the database to the schema of this version. Creates the schema if there is none."""
    with invocation.application() as application:
        changed = application.upkeep.administration.upgrade()
    invocation.out.document({"changed": changed})
    invocation.out.line(
        "Upgraded the database to the schema of this version." if changed else "The database is already up to date."
    )


@group.add("artledger db rebuild")
def rebuild(invocation: Invocation) -> None:
    """Delete the tables that are computed from log entries, and compute them again."""
    with invocation.application() as application, invocation.progress() as progress:
        entries = application.upkeep.administration.rebuild(progress)
    invocation.out.document({"entries": entries})
    invocation.out.line(f"Rebuilt the projections from {entries:,} log entries.")


@group.add("artledger db check --json")
def check(invocation: Invocation) -> ExitCode:
    """Compare the database with the published log, and the projections with the log entries.

    Exits 1 if something differs, and names the first difference.
    """
    with invocation.application() as application, invocation.progress() as progress:
        audit = application.upkeep.administration.check(progress)
    return finish_audit(invocation.out, audit)


@group.add(
    "artledger db restore ./log-copy --key 'example.org/log+1a2b3c4d+AZ...'",
    "artledger db restore https://ledger.example.org --key VKEY --continue",
)
def restore(
    invocation: Invocation,
    source: Annotated[
        str,
        typer.Argument(metavar="FOLDER|URL", help="Where the log is published: the place of `checkpoint` and `tile/`."),
    ],
    *,
    key: KeyOption,
    onto: Annotated[
        bool,
        typer.Option(
            "--continue",
            help="Continue in a database that holds the beginning of this log: an older backup, or an interrupted "
            "restore.",
        ),
    ] = False,
) -> None:
    """Restore the log entries from the published log into an empty database, and rebuild the projections.

    The published log must first pass the same checks as in `audit log`. The data folder must hold the keys of the log.
    Data that is not on the log does not come back: names, fingerprints, accounts and more. The command lists it.
    """
    verifier = log_key(key)
    with invocation.application() as application, invocation.progress() as progress:
        done = application.log.restoring.run(source, verifier, onto=onto, progress=progress)
    out = invocation.out
    out.document(done.to_json())
    out.line(f"Restored {done.origin}: {done.size:,} log entries, {done.written:,} of them written now.", "good")
    out.line(f"Root       {done.root}")
    out.line("The log does not hold the following. Take it from a backup of the database:")
    for each in done.not_on_the_log:
        out.line(f"  - {each}")
    if done.unfingerprinted:
        works = "work has" if done.unfingerprinted == 1 else "works have"
        out.line(f"{done.unfingerprinted:,} registered {works} no fingerprint here and cannot be compared.", "bad")
