"""`artledger db`: the database's schema, projections and agreement with the log."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.ui.checks import finish_audit
from cli.ui.errors import ExitCode
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.trust import KeyOption, log_key

NOT_ON_THE_LOG = (
    "names of artists, titles, credit lines, labels and previews of works",
    "fingerprints of works and of generated pictures",
    "accounts and tokens",
    "calibration files, policies, descriptions of models, manifests, statements of use",
    "texts of claims and answers, the opt-out list, groups of copies",
    "the time at which each entry was appended: the time in its statement stands for it",
)
"""What a restored database lacks (docs/operators/backup.md)."""


def upgrade(invocation: Invocation) -> None:
    """Bring the database to this version's schema; makes it where there is none."""
    with invocation.application() as application:
        changed = application.upkeep.administration.upgrade()
    invocation.out.document({"changed": changed})
    invocation.out.line(
        "The schema was brought up to this version." if changed else "The schema is this version's already."
    )


def rebuild(invocation: Invocation) -> None:
    """Drop everything that is derived from the log's entries, and derive it anew."""
    with invocation.application() as application, invocation.progress() as progress:
        entries = application.upkeep.administration.rebuild(progress)
    invocation.out.document({"entries": entries})
    invocation.out.line(f"Every projection was rebuilt from {entries:,} entries.")


def check(invocation: Invocation) -> ExitCode:
    """Compare the database with the published log, and the projections with the entries.

    Exits 1 when something differs, and names the first difference.
    """
    with invocation.application() as application, invocation.progress() as progress:
        audit = application.upkeep.administration.check(progress)
    return finish_audit(invocation.out, audit)


def restore(
    invocation: Invocation,
    source: Annotated[
        str,
        typer.Argument(metavar="FOLDER|URL", help="The published log: `checkpoint` and `tile/`.", show_default=False),
    ],
    *,
    key: KeyOption,
    onto: Annotated[
        bool,
        typer.Option(
            "--continue",
            help="Accept a database that holds the beginning of this log: an older backup, or an interrupted restore.",
        ),
    ] = False,
) -> None:
    """Restore the log's entries from the published log into an empty database, and rebuild the projections.

    First the published log must pass the audit that `audit log` does. The data folder must hold the log's own keys.
    What is not on the log does not come back: names, fingerprints, accounts and more, which the command lists.
    """
    verifier = log_key(key)
    with invocation.application() as application, invocation.progress() as progress:
        done = application.log.restoring.run(source, verifier, onto=onto, progress=progress)
    out = invocation.out
    out.document({**done.to_json(), "not_on_the_log": list(NOT_ON_THE_LOG)})
    out.line(f"Restored {done.origin}: {done.size:,} entries, {done.written:,} of them written now.", "good")
    out.line(f"Root    {done.root}")
    out.line("The log does not hold the following. Take it from a backup of the database:")
    for each in NOT_ON_THE_LOG:
        out.line(f"  - {each}")
    if done.unfingerprinted:
        works = "work has" if done.unfingerprinted == 1 else "works have"
        out.line(f"{done.unfingerprinted:,} registered {works} no fingerprint here and cannot be compared.", "bad")


def register(app: CommandGroup) -> None:
    group = CommandGroup("The database: schema, projections, agreement with the log.", name="db")
    group.add(upgrade, examples=["artledger db upgrade"])
    group.add(rebuild, examples=["artledger db rebuild"])
    group.add(check, examples=["artledger db check --json"])
    group.add(
        restore,
        examples=[
            "artledger db restore ./log-copy --key 'example.org/log+1a2b3c4d+AZ...'",
            "artledger db restore https://ledger.example.org --key VKEY --continue",
        ],
    )
    app.add_typer(group)
