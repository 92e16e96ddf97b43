"""`artledger db`: the database's schema, projections and agreement with the log."""

from __future__ import annotations

from cli.ui.checks import finish_audit
from cli.ui.errors import ExitCode
from cli.ui.invocation import CommandGroup, Invocation


def upgrade(invocation: Invocation) -> None:
    """Bring the database to this version's schema; makes it where there is none."""
    with invocation.application() as application:
        changed = application.administration.upgrade()
    if invocation.json:
        invocation.out.document({"changed": changed})
    invocation.out.line(
        "The schema was brought up to this version." if changed else "The schema is this version's already."
    )


def rebuild(invocation: Invocation) -> None:
    """Drop everything that is derived from the log's entries, and derive it anew."""
    with invocation.application() as application, invocation.progress() as progress:
        entries = application.administration.rebuild(progress)
    if invocation.json:
        invocation.out.document({"entries": entries})
    invocation.out.line(f"Every projection was rebuilt from {entries:,} entries.")


def check(invocation: Invocation) -> ExitCode:
    """Compare the database with the published log, and the projections with the entries.

    Exits 1 when something differs, and names the first difference.
    """
    with invocation.application() as application, invocation.progress() as progress:
        audit = application.administration.check(progress)
    return finish_audit(invocation.out, audit)


def register(app: CommandGroup) -> None:
    group = CommandGroup("The database: schema, projections, agreement with the log.", name="db")
    group.add(upgrade, examples=["artledger db upgrade"])
    group.add(rebuild, examples=["artledger db rebuild"])
    group.add(check, examples=["artledger db check --json"])
    app.add_typer(group)
