"""`artledger artist register | consent | withdraw | erase`: what artists decide about their works and themselves."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.output import Output
from ledger.errors import InputError

if TYPE_CHECKING:
    from ledger.answers.records import RecordAnswer
    from ledger.app import Application

WorkId = Annotated[str, typer.Argument(metavar="WORK", help="A work's id.")]
ArtistId = Annotated[str, typer.Argument(metavar="ARTIST", help="An artist's id.")]
KeyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The artist's key: needed where the log announces one.", show_default=False),
]


class Why(StrEnum):
    """As a withdrawal's reason."""

    ARTIST = "artist"
    OPERATOR = "operator"
    LEGAL = "legal"


def register_artist(
    invocation: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it is shown. Artists' names are unique.")],
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Announce this key, as `artledger keys new` makes it.", show_default=False),
    ] = None,
) -> None:
    """Register an artist: an account, whose works `corpus ingest --artist` or POST /v1/works then register."""
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
    out.line(f"{account.name} is registered", "good")
    out.line(f"Artist  {account.account_id}")
    if signer is None:
        out.note("without a key of the artist's own, what is registered rests on this service's word alone")


def consent(
    invocation: Invocation,
    work: WorkId,
    uses: Annotated[str, typer.Option(help="match, train, style, several with commas between, or none.")],
    licence: Annotated[str | None, typer.Option(metavar="SPDX", help="Where it changes.", show_default=False)] = None,
    key: KeyOption = None,
) -> None:
    """State new terms for a work. They hold at once: for matching, style and training."""
    from ledger.corpus.labels import parse_uses
    from ledger.flows.people.principal import LOCAL

    wanted = parse_uses(uses)
    with invocation.application() as application:
        consents = application.works.consents
        if key is None:
            answer = consents.change(work, LOCAL, wanted, licence)
        else:
            answer = _signed(application, work, consents.draft_terms(work, LOCAL, wanted, licence), key)
    _finish(invocation.out, answer)


def withdraw(
    invocation: Invocation,
    work: WorkId,
    reason: Annotated[Why, typer.Option(help="Stated on the log.")] = Why.ARTIST,
    key: KeyOption = None,
) -> None:
    """Withdraw a work for good: out of matching, style and training at once; what is personal about it is erased."""
    from ledger.flows.people.principal import LOCAL

    with invocation.application() as application:
        consents = application.works.consents
        if key is None:
            answer = consents.withdraw(work, LOCAL, reason.value)
        elif reason is Why.ARTIST:
            answer = _signed(application, work, consents.draft_withdrawal(work, LOCAL), key)
        else:
            raise InputError("a key signs as the artist, whose reason is `artist`", code="bad-reason")
        left = application.upkeep.disk_erasure.now()
    for each in left:
        invocation.out.note(f"Not erased by this command: {each}", "bad")
    _finish(invocation.out, answer)


def erase(
    invocation: Invocation,
    artist: ArtistId,
    opt_out: Annotated[
        bool, typer.Option("--opt-out", help="Also put the works on the opt-out list, whoever else registered them.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person: works are withdrawn, keys revoked, name, account and everything personal erased.

    The log's leaves stay, which hold ids and digests alone, and go on verifying. There is no way back.
    """
    if not yes:
        _ask(artist)
    with invocation.application() as application, invocation.progress() as progress:
        done = application.works.person_erasure.erase(artist, progress, opt_out=opt_out)
    out = invocation.out
    out.document(done.to_json())
    out.line(f"Artist {done.artist_id} is erased: {done.withdrawn:,} works are withdrawn", "good")
    for keyid in done.keys_revoked:
        out.line(f"Key {keyid} is revoked")
    for work_id in done.alike:
        out.line(f"Another artist's work is the same picture, and stands: {work_id}")
    for left in done.left:
        out.line(f"Not erased by this command: {left}", "bad")
    out.note("backups of the database and copies of its files keep what they have: see to them")


def _ask(artist: str) -> None:
    if sys.stdin.isatty() and typer.confirm(f"Erase artist {artist} for good?", err=True):
        return
    raise InputError("nothing was erased", code="not-confirmed", hint="answer yes, or give --yes")


def _signed(application: Application, work: str, payload: bytes, key: Path) -> RecordAnswer:
    from cli.ui.own_keys import open_key
    from ledger.flows.people.principal import LOCAL
    from ledger.record import dsse

    return application.works.consents.submit(work, dsse.sign(payload, [open_key(key)]), LOCAL)


def _finish(out: Output, answer: RecordAnswer) -> None:
    out.document(answer.to_json())
    out.line(answer.reference, "good")
    out.line(f"Record  {answer.record_id}, leaf {answer.leaf_index:,}")


def add_to(group: CommandGroup) -> None:
    """Puts the commands into `artledger artist`."""
    group.add(
        register_artist,
        name="register",
        examples=["artledger artist register 'Ada Example'", "artledger artist register 'Ada Example' --key ada.pem"],
    )
    group.add(consent, examples=["artledger artist consent WORK --uses match,style --key ada.pem"])
    group.add(withdraw, examples=["artledger artist withdraw WORK --key ada.pem"])
    group.add(erase, examples=["artledger artist erase ARTIST", "artledger artist erase ARTIST --opt-out --yes"])
