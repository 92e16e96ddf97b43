"""`artledger artist register | consent | withdraw | erase`: what artists decide about their works and themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.ui.errors import error_document
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.names import ArtistArgument, WorkArgument, chosen_id, chosen_if_given, completes
from cli.ui.output import Output, counted
from ledger.errors import ConflictError, InputError
from ledger.record.keyid import short_keyid

if TYPE_CHECKING:
    from ledger.answers.records import RecordAnswer
    from ledger.answers.works import RegisteredWork
    from ledger.app import Application
    from ledger.flows.works.register import WorkDetails
    from ledger.record.keys import Signer

KeyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The artist's private key. Required if the artist has announced a key."),
]
ByOption = Annotated[
    str | None,
    typer.Option(
        "--artist",
        metavar="ARTIST",
        help="The work's artist, if several works have the same title.",
        autocompletion=completes("artist"),
    ),
]


group = CommandGroup()


@group.add(
    "artledger artist register 'Ada Example'", "artledger artist register 'Ada Example' --key ada.pem", name="register"
)
def register_artist(
    invocation: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name to show. Two artists cannot have the same name.")],
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Announce this private key, made with `artledger keys new`.")
    ] = None,
) -> None:
    """Register an artist. Register the works afterwards: `artledger corpus ingest FOLDER --artist NAME`."""
    from cli.ui.own_keys import open_key
    from ledger.flows.people.principal import LOCAL

    signer = None if key is None else open_key(key)
    with invocation.application() as application:
        account = application.people.accounts.create("artist", name)
        if signer is not None:
            application.people.keys.announce(account.account_id, signer, LOCAL)
    out = invocation.out
    keyid = None if signer is None else signer.keyid
    out.document({"artist_id": account.account_id, "name": account.name, "keyid": keyid})
    out.line(f"Registered {account.name}", "good")
    out.line(f"Artist     {account.account_id}")
    if signer is None:
        out.note("The artist has no key. Until one is announced, only this service vouches for their registrations.")


@group.add(
    "artledger artist add star.png --artist 'Ada Example' --licence CC-BY-4.0 --key ada.pem",
    "artledger artist add *.png --server https://ledger.example.org --uses match --key ada.pem",
)
def add(
    invocation: Invocation,
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE", help="Picture files, one for each work.")],
    *,
    artist: Annotated[
        str | None,
        typer.Option(
            metavar="ARTIST",
            help="The artist: a name or an id. With --server, the artist is the token's.",
            autocompletion=completes("artist"),
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Title, of one work. Default: the file's name.")] = "",
    uses: Annotated[
        str, typer.Option(help="Allowed uses: match, train, style, separated by commas; or none.")
    ] = "match",
    licence: Annotated[str, typer.Option(metavar="SPDX", help="Licence (SPDX).")] = "",
    terms: Annotated[str, typer.Option(help="Terms in the artist's own words, in place of a licence.")] = "",
    credit: Annotated[str, typer.Option(help="How to credit the artist.")] = "",
    link: Annotated[str, typer.Option(metavar="URL", help="Where the work is at home.")] = "",
    key: KeyOption = None,
) -> None:
    """Register works of an artist, with the same terms for all of them.

    What was registered before is not registered again: an interrupted command is simply run again.
    """
    from cli.ui.files import MAX_PICTURE, read_bounded
    from cli.ui.own_keys import open_key
    from ledger.corpus.labels import parse_uses
    from ledger.flows.works.register import WorkDetails

    if title and len(pictures) > 1:
        raise InputError("--title is for one work", code="usage")
    signer = None if key is None else open_key(key)
    allowed = parse_uses(uses)
    done: list[RegisteredWork | ConflictError] = []
    with _adding(invocation, artist, signer) as register, invocation.progress() as progress:
        for number, path in enumerate(pictures):
            progress("registering works", number, len(pictures))
            details = WorkDetails(title or path.stem.replace("_", " "), licence, terms, allowed, credit, link)
            data = read_bounded(path, MAX_PICTURE, "the picture")
            try:
                done.append(register(data, details))
            except ConflictError as error:
                if error.code != "already-registered":
                    raise
                done.append(error)
        progress("registering works", len(pictures), len(pictures))
    out = invocation.out
    out.document([_shown(path, each) for path, each in zip(pictures, done, strict=True)])
    for path, each in zip(pictures, done, strict=True):
        if isinstance(each, ConflictError):
            out.line(f"{path}: registered before")
            continue
        said = "registered before" if each.record.repeated else "registered"
        out.line(f"{path}: {said} in log entry {each.work.registration_index:,}, work {each.work.work_id}")
        for other in each.work.contested:
            out.line(f"Contested: {other.artist or 'somebody'} registered this picture, too", "bad")


def _shown(path: Path, done: RegisteredWork | ConflictError) -> dict[str, Any]:
    return {"picture": str(path), **error_document(done)} if isinstance(done, ConflictError) else done.to_json()


@contextmanager
def _adding(
    invocation: Invocation, artist: str | None, signer: Signer | None
) -> Iterator[Callable[[bytes, WorkDetails], RegisteredWork]]:
    """What registers a work, here or on a server."""
    from ledger.flows.people.principal import LOCAL

    remote = invocation.server
    if remote is not None:
        yield lambda data, details: remote.add_work(data, details, signer)
        return
    if artist is None:
        raise InputError("whose works are these?", code="usage", hint="Name the artist: --artist NAME")
    with invocation.application() as application:
        registering = application.works.registering
        artist_id = chosen_id(invocation, application, "artist", artist)

        def register(data: bytes, details: WorkDetails) -> RegisteredWork:
            if signer is None:
                return registering.register(data, details, artist_id, LOCAL)
            return registering.sign_and_submit(data, details, artist_id, LOCAL, signer)

        yield register


@group.add(
    "artledger artist consent WORK --uses match,style --key ada.pem",
    "artledger artist consent 'Blue horse' --artist 'Ada Example' --uses none --key ada.pem",
)
def consent(
    invocation: Invocation,
    work: WorkArgument,
    *,
    uses: Annotated[str, typer.Option(help="Allowed uses: match, train, style, separated by commas; or none.")],
    artist: ByOption = None,
    licence: Annotated[
        str | None, typer.Option(metavar="SPDX", help="New licence (SPDX). Leave out to keep the current one.")
    ] = None,
    key: KeyOption = None,
) -> None:
    """Change the terms of a work. They apply at once to matching, style and training."""
    from cli.ui.own_keys import open_key
    from cli.ui.remote import required_id
    from ledger.corpus.labels import parse_uses
    from ledger.flows.people.principal import LOCAL

    wanted = parse_uses(uses)
    remote = invocation.server
    if remote is not None:
        signer = None if key is None else open_key(key)
        _finish(invocation.out, remote.change_terms(required_id(work, "a work"), wanted, licence, signer))
        return
    with invocation.application() as application:
        consents = application.works.consents
        work_id = _work_id(invocation, application, work, artist)
        if key is None:
            answer = consents.change(work_id, LOCAL, wanted, licence)
        else:
            answer = _signed(application, work_id, consents.draft_terms(work_id, LOCAL, wanted, licence), key)
    _finish(invocation.out, answer)


@group.add("artledger artist withdraw WORK --key ada.pem")
def withdraw(
    invocation: Invocation,
    work: WorkArgument,
    artist: ByOption = None,
    reason: Annotated[
        Literal["artist", "operator", "legal"], typer.Option(help="Reason to state on the log.")
    ] = "artist",
    key: KeyOption = None,
) -> None:
    """Withdraw a work for good.

    Matching, style and training leave it out at once, and its personal data is erased. Its log entries stay.
    """
    from cli.ui.own_keys import open_key
    from cli.ui.remote import required_id
    from ledger.flows.people.principal import LOCAL

    remote = invocation.server
    if remote is not None:
        signer = None if key is None else open_key(key)
        _finish(invocation.out, remote.withdraw(required_id(work, "a work"), signer))
        return
    with invocation.application() as application:
        consents = application.works.consents
        work_id = _work_id(invocation, application, work, artist)
        if key is None:
            answer = consents.withdraw(work_id, LOCAL, reason)
        elif reason == "artist":
            answer = _signed(application, work_id, consents.draft_withdrawal(work_id, LOCAL), key)
        else:
            raise InputError(
                f"--key signs as the artist, but --reason is {reason}",
                code="bad-reason",
                hint="Leave out --reason, or leave out --key.",
            )
        show_left(invocation.out, application.upkeep.disk_erasure.now())
    _finish(invocation.out, answer)


@group.add("artledger artist erase ARTIST", "artledger artist erase 'Ada Example' --opt-out --yes")
def erase(
    invocation: Invocation,
    artist: ArtistArgument,
    opt_out: Annotated[
        bool,
        typer.Option(
            "--opt-out", help="Also put the works on the opt-out list, even if other artists registered them."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Erase an artist: withdraw all works, revoke all keys, erase name, account and other personal data.

    This cannot be undone. The log entries stay. They hold only ids and digests, and remain verifiable.
    """
    with invocation.application() as application:
        artist_id = chosen_id(invocation, application, "artist", artist)
        if not yes:
            _ask(artist, artist_id)
        with invocation.progress() as progress:
            done = application.works.person_erasure.erase(artist_id, progress, opt_out=opt_out)
    out = invocation.out
    out.document(done.to_json())
    out.line(f"Erased artist {done.artist_id} and withdrew {counted(done.withdrawn, 'work')}", "good")
    for keyid in done.keys_revoked:
        out.line(f"Revoked key {short_keyid(keyid)}")
    for work_id in done.alike:
        out.line(f"Another artist registered the same picture; their work stays: {work_id}")
    for left in done.left:
        out.line(f"Not erased by this command: {left}", "bad")
    out.note("Backups of the database and copies of its files still hold the data. Erase it there yourself.")


def show_left(out: Output, left: Iterable[str]) -> None:
    """What an erasure could not reach."""
    for each in left:
        out.note(f"Not erased by this command: {each}", "bad")


def _ask(artist: str, artist_id: str) -> None:
    if sys.stdin.isatty() and typer.confirm(f"Erase artist {artist} ({artist_id}) for good?", err=True):
        return
    raise InputError("nothing was erased", code="not-confirmed", hint="Answer yes, or add --yes.")


def _work_id(invocation: Invocation, application: Application, work: str, artist: str | None) -> str:
    artist_id = chosen_if_given(invocation, application, "artist", artist)
    return chosen_id(invocation, application, "work", work, artist_id=artist_id)


def _signed(application: Application, work: str, payload: bytes, key: Path) -> RecordAnswer:
    from cli.ui.own_keys import open_key
    from ledger.flows.people.principal import LOCAL
    from ledger.record import dsse

    return application.works.consents.submit(work, dsse.sign(payload, [open_key(key)]), LOCAL)


def _finish(out: Output, answer: RecordAnswer) -> None:
    out.document(answer.to_json())
    out.line(answer.reference, "good")
    out.line(f"Record     {answer.record_id}, log entry {answer.leaf_index:,}")
