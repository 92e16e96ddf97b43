"""`artledger lookup`: what is known about a picture or a record. Nothing is added to the log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.bundles import export_bundle
from cli.ui.errors import ExitCode
from cli.ui.files import MAX_PICTURE, is_file_name, read_bounded, write_file
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.output import Output
from cli.ui.report import show_lookup, show_next_steps, show_record
from cli.ui.service import answering
from ledger.errors import InputError

if TYPE_CHECKING:
    from cli.ui.remote import RemoteLedger
    from ledger.answers.records import LookupAnswer
    from ledger.app import Application

_SHA256 = re.compile("[0-9a-fA-F]{64}")
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


group = CommandGroup()


@group.add(
    "artledger lookup photo.jpg",
    "artledger lookup SHA256",
    "artledger lookup 0197c1d2-6f3a-7c1e-9f00-0a1b2c3d4e5f --bundle record.bundle.json",
)
def lookup(
    invocation: Invocation,
    what: Annotated[
        str,
        typer.Argument(
            metavar="IMAGE|SHA256|RECORD_ID", help="A picture file, the SHA-256 of a file, or the id of a record."
        ),
    ],
    top_k: Annotated[int, typer.Option(min=1, max=100, help="How many nearest works to show.")] = 10,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Also write the record's proof to this file. Only with a record id.", metavar="FILE"),
    ] = None,
) -> ExitCode:
    """Show what is known about a picture or a record. Nothing is added to the log.

    If a file has the name, it is looked up as a picture. Otherwise, 64 hex digits are a SHA-256 and a UUID is the id of
    a record. Exits 3 if nothing is known about a SHA-256.
    """
    is_file = is_file_name(what)
    is_record = not is_file and _UUID.fullmatch(what) is not None
    if bundle is not None and not is_record:
        raise InputError("--bundle needs the id of a record", code="usage")
    is_sha256 = not is_file and _SHA256.fullmatch(what) is not None
    if not (is_file or is_record or is_sha256):
        raise InputError(
            f"there is no file {what!r}, and it is neither a SHA-256 (64 hex digits) nor the id of a record",
            code="lookup-argument",
        )
    remote = invocation.server
    if remote is not None:
        return _ask_server(invocation, remote, what, top_k, bundle, is_file=is_file, is_record=is_record)
    if is_file:
        with answering(invocation) as (pictures, application):
            data = read_bounded(Path(what), application.settings.max_image_bytes, "the picture")
            _show(invocation.out, pictures.look_up(data, top_k=top_k), from_file=True)
        return ExitCode.DONE
    with invocation.application() as application:
        if is_record:
            _look_up_record(invocation, application, what, bundle)
            return ExitCode.DONE
        return _look_up_sha256(invocation.out, application, what.lower())


def _ask_server(
    invocation: Invocation,
    remote: RemoteLedger,
    what: str,
    top_k: int,
    bundle: Path | None,
    *,
    is_file: bool,
    is_record: bool,
) -> ExitCode:
    out = invocation.out
    if is_record:
        answer = remote.record(what.lower())
        if bundle is not None:
            write_file(bundle, remote.bundle(answer.record_id))
        out.document(answer.to_json())
        show_record(out, answer)
        return ExitCode.DONE
    if is_file:
        _show(out, remote.look_up(read_bounded(Path(what), MAX_PICTURE, "the picture"), top_k=top_k), from_file=True)
        return ExitCode.DONE
    found = remote.look_up_sha256(what.lower())
    _show(out, found, from_file=False)
    return ExitCode.DONE if found.records or found.matches else ExitCode.NOT_FOUND


def _look_up_record(invocation: Invocation, application: Application, record_id: str, bundle: Path | None) -> None:
    out = invocation.out
    answer = application.pictures.headlines.record(record_id)
    if bundle is not None:
        export_bundle(application, answer.record_id, bundle, out)
    out.document(answer.to_json())
    show_record(out, answer)
    show_next_steps(invocation, answer)


def _look_up_sha256(out: Output, application: Application, sha256: str) -> ExitCode:
    answer = application.pictures.lookups.by_sha256(sha256)
    _show(out, answer, from_file=False)
    return ExitCode.DONE if answer.records or answer.matches else ExitCode.NOT_FOUND


def _show(out: Output, answer: LookupAnswer, *, from_file: bool) -> None:
    out.document(answer.to_json())
    show_lookup(out, answer, from_file=from_file)
