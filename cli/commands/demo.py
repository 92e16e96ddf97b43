"""`artledger demo`: the whole way in one command, on real art."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.errors import ExitCode
from cli.ui.ingest_summary import show_summary
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.output import Tone
from cli.ui.report import show_next_steps, show_record

if TYPE_CHECKING:
    from ledger.flows.demo.demo import DemoReport


group = CommandGroup()


@group.add(
    "artledger demo",
    "artledger demo --works 2000",
    "artledger demo --corpus ./paintings",
    "artledger demo --json --data /tmp/try",
)
def demo(
    invocation: Invocation,
    corpus: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Use this labelled folder of works instead of OpenClipart.")
    ] = None,
    works: Annotated[
        int, typer.Option(min=100, metavar="N", help="Register N works of OpenClipart.", show_default=True)
    ] = 500,
    all_works: Annotated[bool, typer.Option("--all", help="Register all works of OpenClipart.")] = False,
) -> ExitCode | None:
    """Register real artworks, verify three pictures, generate one, check a proof, and refuse a forged one.

    A second run reuses what the first one registered. If OpenClipart is missing, the command exits 2 and says what to
    install. --debug also shows how long each step took.
    """
    out = invocation.out
    with invocation.application() as application:
        with invocation.progress() as progress:
            report = application.demo.run(progress, corpus=corpus, works=None if all_works else works)
        vkey = application.log.vkey
    out.document(report.to_json())
    _show(invocation, report, vkey)
    return ExitCode.DONE if report.bundle_verified and report.tampered_refused else ExitCode.REFUTED


def _show(invocation: Invocation, report: DemoReport, vkey: str) -> None:
    out = invocation.out
    show_summary(out, report.ingest)
    out.line(f"{report.works:,} works by {report.artists:,} artists are registered. Three pictures:", "strong")
    for number, query in enumerate(report.queries, 1):
        out.line()
        out.line(f"── {number}. {query.description}")
        out.line(f"   {query.picture}", "quiet")
        show_record(out, query.answer)
        show_next_steps(invocation, query.answer, query.picture)
    out.line()
    out.line(f"── {len(report.queries) + 1}. Generated here: “{report.generated.prompt}”")
    out.line(f"   {report.generated.picture or 'blocked: the picture was neither handed out nor kept'}", "quiet")
    show_record(out, report.generated.answer)
    out.line()
    verified, refused = report.bundle_verified, report.tampered_refused
    out.line(f"Proof of the first record: {'verified offline' if verified else 'NOT VERIFIED'}", _tone(verified))
    out.line(f"The same with one byte changed: {'refused' if refused else 'ACCEPTED'}", _tone(refused))
    out.line(f"  artledger audit bundle {shlex.quote(str(report.bundle))} --key '{vkey}'", "quiet")
    out.line()
    if invocation.debug:
        for step, seconds in report.steps.items():
            out.line(f"{seconds:7.1f} s  {step}", "quiet")
    out.line(f"Open the web pages: {invocation.command_line('serve')}   ({report.seconds:.0f} s)", "strong")


def _tone(good: bool) -> Tone:
    return "good" if good else "bad"
