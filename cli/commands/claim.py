"""`artledger claim`: file a claim about a picture, see the verdict of the published rules, respond, resolve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.claim_report import show_claim, show_claims
from cli.ui.errors import ExitCode
from cli.ui.files import MAX_PICTURE, read_bounded, write_file
from cli.ui.invocation import CommandGroup, Invocation
from cli.ui.names import chosen_id, chosen_if_given, completes
from cli.ui.output import counted
from cli.ui.remote import required_id
from ledger.claim.standing import ClaimsWanted, Standing
from ledger.errors import InputError
from ledger.record.claim_values import ClaimType, ClaimVerdict

if TYPE_CHECKING:
    from ledger.answers.claims import ClaimAnswer
    from ledger.answers.drafts import StatementDraft
    from ledger.app import Application
    from ledger.flows.claims.submission import SentStatement

ClaimArgument = Annotated[str, typer.Argument(metavar="CLAIM_ID", help="Id of the claim.")]
ByOption = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="ACCOUNT",
        help="Account that makes the statement: a name or an id. With --server, it is the token's.",
        autocompletion=completes("account"),
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key", metavar="FILE", help="Private key of the account. Required if the account has announced a key."
    ),
]
RevealOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Save the secret that later proves what your text said to this file."),
]
TextOption = Annotated[str, typer.Option(help="Your statement in words, at most 4,000 characters.", metavar="TEXT")]


group = CommandGroup("File claims about pictures. Published rules judge them by the evidence on the log.", name="claim")


@group.add(
    "artledger claim file authored-image mine.png --by 'Ada Example' --key ada.pem --text 'Drawn in 2019.'",
    "artledger claim file copies-work found.jpg --by ARTIST --key ada.pem --work WORK",
    "artledger claim file trained-on --by ARTIST --key ada.pem --work WORK --model MODEL",
    name="file",
)
def file_claim(
    invocation: Invocation,
    claim_type: Annotated[ClaimType, typer.Argument(metavar="TYPE", help="What you claim.")],
    image: Annotated[
        Path | None,
        typer.Argument(metavar="IMAGE", help="The picture. Leave it out where the claim is about a work's own file."),
    ] = None,
    *,
    by: ByOption = None,
    key: KeyOption = None,
    work: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORK",
            help="A registered work of the account: a title or an id. May be repeated.",
            autocompletion=completes("work"),
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model that the claim is about: a name or an id.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="Your claim in words, at most 4,000 characters.", metavar="TEXT")
    ] = None,
    reveal: RevealOption = None,
    fail_on: Annotated[ClaimVerdict | None, typer.Option(help="Exit 1 if this is the verdict.")] = None,
) -> ExitCode:
    """File a claim, and see at once the verdict that the published rules give.

    The type says what you claim: that the account made this picture, that the picture copies a registered work of the
    account, that a model generated it, or that a model was trained on a work of the account.

    If the same claim about the same picture exists, it is shown instead. Only ids and digests go on the log. Your text
    is kept beside the log and can be erased.
    """
    from ledger.flows.claims.statements import ClaimOrder
    from ledger.flows.people.principal import LOCAL

    remote = invocation.server
    if remote is not None:
        data = None if image is None else read_bounded(image, MAX_PICTURE, "the picture")
        named = tuple(required_id(each, "a work") for each in work or ())
        order = ClaimOrder(claim_type, named, None if model is None else required_id(model, "a model"), text)
        return _filed(invocation, remote.file_claim(order, data, _signing(key, reveal)), fail_on)
    with invocation.application() as application:
        limit = application.settings.max_image_bytes
        data = None if image is None else read_bounded(image, limit, "the picture")
        by_id = chosen_id(invocation, application, "account", _named(by))
        works = (chosen_id(invocation, application, "work", each, artist_id=by_id) for each in work or ())
        order = ClaimOrder(claim_type, tuple(works), chosen_if_given(invocation, application, "model", model), text)
        draft = application.claims.draft(order, by_id, data, LOCAL)
        sent = _signed(draft, key, reveal)
        answer = application.claims.file(sent, data, LOCAL)
    return _filed(invocation, answer, fail_on)


def _filed(invocation: Invocation, answer: ClaimAnswer, fail_on: ClaimVerdict | None) -> ExitCode:
    _show(invocation, answer)
    refuted = fail_on is not None and answer.verdict is not None and answer.verdict.verdict == fail_on
    return ExitCode.REFUTED if refuted else ExitCode.DONE


@group.add("artledger claim show CLAIM_ID", "artledger claim show CLAIM_ID --bundle claim.json")
def show(
    invocation: Invocation,
    claim: ClaimArgument,
    *,
    bundle: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the claim with all its evidence to this file.")
    ] = None,
) -> None:
    """Show a claim with its verdicts and their reasons, its responses and its resolutions."""
    remote = invocation.server
    if remote is not None:
        answer = remote.claim(required_id(claim, "a claim"))
        if bundle is not None:
            write_file(bundle, remote.claim_bundle(answer.claim_id))
        _show(invocation, answer)
        return
    with invocation.application() as application:
        answer = application.claims.reading.get(claim)
        if bundle is not None:
            write_file(bundle, claim_bundle(application, claim))
            invocation.out.note(f"Wrote the claim to {bundle}. Anyone can check it offline:")
            invocation.out.note(f"  artledger audit claim {bundle} --key '{application.log.vkey}'")
    _show(invocation, answer)


@group.add("artledger claim list --by ARTIST --json", name="list")
def list_claims(
    invocation: Invocation,
    *,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="ACCOUNT",
            help="Only claims by this account: a name or an id.",
            autocompletion=completes("account"),
        ),
    ] = None,
    about: Annotated[
        str | None,
        typer.Option(
            metavar="ACCOUNT",
            help="Only claims about works or pictures of this account, or that it answered: a name or an id.",
            autocompletion=completes("account"),
        ),
    ] = None,
    standing: Annotated[Standing | None, typer.Option(help="Only claims that stand so.")] = None,
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="Only claims about the file with this SHA-256.")
    ] = None,
    after: Annotated[int, typer.Option(min=-1, help="Continue after this log entry.")] = -1,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to list.")] = 50,
) -> None:
    """List claims in the order of the log.

    Open: nobody has decided them, and there is time. Stands: the time has passed, so the verdict of the rules stands.
    Decided: by an auditor. Overturned: an auditor decided otherwise than the rules, or than an auditor before.
    """
    remote = invocation.server
    if remote is not None:
        page = remote.claims(
            claimant_id=None if by is None else required_id(by, "an account"),
            about=None if about is None else required_id(about, "an account"),
            sha256=None if sha256 is None else _digest(sha256),
            standing=standing,
            after=after,
            limit=limit,
        )
        invocation.out.document(page.to_json())
        show_claims(invocation.out, page)
        return
    with invocation.application() as application:
        page = application.claims.reading.page(
            ClaimsWanted(
                claimant_id=chosen_if_given(invocation, application, "account", by),
                about=chosen_if_given(invocation, application, "account", about),
                sha256=None if sha256 is None else _digest(sha256),
                standing=standing,
            ),
            after=after,
            limit=limit,
        )
    invocation.out.document(page.to_json())
    show_claims(invocation.out, page)


@group.add("artledger claim respond CLAIM_ID --by ARTIST --key bob.pem --text 'I licensed it.'")
def respond(
    invocation: Invocation,
    claim: ClaimArgument,
    *,
    by: ByOption = None,
    text: TextOption,
    key: KeyOption = None,
    reveal: RevealOption = None,
) -> None:
    """Respond to a claim. The claim, its verdict and the response all stay visible."""
    from ledger.flows.people.principal import LOCAL

    remote = invocation.server
    if remote is not None:
        claim_id, said = required_id(claim, "a claim"), {"text": text}
        sign = _signing(key, reveal)
        _show(invocation, remote.answer_claim(claim_id, "responses", said, sign))
        return
    with invocation.application() as application:
        claims = application.claims
        by_id = chosen_id(invocation, application, "account", _named(by))
        draft = claims.draft_response(claim, by_id, text, LOCAL)
        answer = claims.respond(claim, _signed(draft, key, reveal), LOCAL)
    _show(invocation, answer)


@group.add("artledger claim resolve CLAIM_ID --outcome supported --by AUDITOR --key vera.pem --text 'Compared.'")
def resolve(
    invocation: Invocation,
    claim: ClaimArgument,
    *,
    outcome: Annotated[ClaimVerdict, typer.Option(help="The auditor's decision.")],
    by: ByOption = None,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The auditor's private key.")],
    text: TextOption,
    reveal: RevealOption = None,
) -> None:
    """Decide a claim as an auditor, with the auditor's name and signature."""
    from ledger.flows.people.principal import LOCAL

    remote = invocation.server
    if remote is not None:
        claim_id, said = required_id(claim, "a claim"), {"outcome": outcome, "text": text}
        _show(invocation, remote.answer_claim(claim_id, "resolutions", said, _signing(key, reveal)))
        return
    with invocation.application() as application:
        claims = application.claims
        by_id = chosen_id(invocation, application, "account", _named(by))
        draft = claims.draft_resolution(claim, by_id, outcome, text, LOCAL)
        answer = claims.resolve(claim, _signed(draft, key, reveal), LOCAL)
    _show(invocation, answer)


@group.add(
    "artledger claim review CLAIM_ID", "artledger claim review CLAIM_ID found.jpg", "artledger claim review --all"
)
def review(
    invocation: Invocation,
    claim: Annotated[str | None, typer.Argument(metavar="CLAIM_ID", help="Id of the claim.")] = None,
    image: Annotated[
        Path | None, typer.Argument(metavar="IMAGE", help="The picture. With it, everything is compared again.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Review every claim on the log, without pictures.")] = False,
) -> None:
    """Look for new evidence. If there is any, the rules give a new verdict, which refers to the last one."""
    if everything == (claim is not None):
        raise InputError("give either CLAIM_ID or --all", code="usage")
    if claim is None:
        _review_all(invocation)
        return
    remote = invocation.server
    if remote is not None:
        data = None if image is None else read_bounded(image, MAX_PICTURE, "the picture")
        _show(invocation, remote.review(required_id(claim, "a claim"), data))
        return
    with invocation.application() as application:
        limit = application.settings.max_image_bytes
        data = None if image is None else read_bounded(image, limit, "the picture")
        answer = application.claims.review(claim, data)
    _show(invocation, answer)


def _review_all(invocation: Invocation) -> None:
    with invocation.application() as application, invocation.progress() as progress:
        reviewed, changed = application.claims.review_all(progress)
    invocation.out.document({"reviewed": reviewed, "changed": list(changed)})
    invocation.out.line(f"Reviewed {counted(reviewed, 'claim')}. New verdicts: {len(changed):,}")
    for claim_id in changed:
        invocation.out.line(f"  {claim_id}")


def claim_bundle(application: Application, claim_id: str) -> bytes:
    """A claim's bundle; its records are published first. Raises as `published` does."""
    from cli.ui.bundles import published

    return published(application, lambda: application.claims.bundles.get(claim_id))


def _signed(draft: StatementDraft, key: Path | None, reveal: Path | None) -> SentStatement:
    """The draft, signed if there is a key. The secret of its text goes to a file first."""
    from cli.ui.own_keys import open_key
    from ledger.flows.claims.submission import SentStatement
    from ledger.record import dsse
    from ledger.record.reveal import Reveal

    if reveal is not None and draft.text is not None and draft.text_key is not None:
        opened = Reveal(field="text", key=draft.text_key, record_id=draft.record_id, value={"text": draft.text})
        write_file(reveal, opened.model_dump_json(indent=2).encode(), replace=False, private=True)
    if key is None:
        return SentStatement(payload=draft.payload, text=draft.text, text_key=draft.text_key)
    envelope = dsse.sign(draft.payload, [open_key(key)])
    return SentStatement(envelope=envelope, text=draft.text, text_key=draft.text_key)


def _signing(key: Path | None, reveal: Path | None) -> Callable[[StatementDraft], SentStatement]:
    return lambda draft: _signed(draft, key, reveal)


def _named(by: str | None) -> str:
    """Raises InputError (`usage`) where no account is named."""
    if by is None:
        raise InputError("who makes this statement?", code="usage", hint="Name the account: --by ACCOUNT")
    return by


def _show(invocation: Invocation, answer: ClaimAnswer) -> None:
    invocation.out.document(answer.to_json())
    show_claim(invocation.out, answer)


def _digest(text: str) -> str:
    lower = text.lower()
    if len(lower) != 64 or set(lower) - set("0123456789abcdef"):
        raise InputError(f"{text[:80]!r} is not a SHA-256", code="bad-sha256", hint="Give 64 hexadecimal digits.")
    return lower
