"""`artledger claim`: claim something of a picture, see what the published rules say of it, answer, resolve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ui.claim_report import show_claim, show_claims
from cli.ui.errors import ExitCode
from cli.ui.files import read_bounded, write_new, write_whole
from cli.ui.invocation import CommandGroup, Invocation
from ledger.errors import InputError
from ledger.record.claim_values import ClaimType, ClaimVerdict

if TYPE_CHECKING:
    from ledger.answers.claims import ClaimAnswer, StatementDraft
    from ledger.app import Application
    from ledger.flows.claims.submission import SentStatement

ClaimArgument = Annotated[str, typer.Argument(metavar="CLAIM_ID", help="The claim's id.", show_default=False)]
ByOption = Annotated[str, typer.Option("--by", metavar="ACCOUNT_ID", help="Whose statement it is.", show_default=False)]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key", metavar="FILE", help="Their private key, which signs it; needed where they have announced one."
    ),
]
RevealOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Keep what opens the record's commitment to the text in this file."),
]
TextOption = Annotated[
    str, typer.Option(help="In words, at most 4,000 characters.", metavar="TEXT", show_default=False)
]


def file_claim(
    invocation: Invocation,
    claim_type: Annotated[ClaimType, typer.Argument(metavar="TYPE", help="What is claimed.", show_default=False)],
    image: Annotated[
        Path | None,
        typer.Argument(metavar="IMAGE", help="The picture. Leave it out where the claim is about a work's own file."),
    ] = None,
    *,
    by: ByOption,
    key: KeyOption = None,
    work: Annotated[
        list[str] | None, typer.Option(metavar="WORK_ID", help="A registered work of theirs; may be repeated.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL_ID", help="The model that the claim is about.")] = None,
    text: Annotated[str | None, typer.Option(help="In words, at most 4,000 characters.", metavar="TEXT")] = None,
    reveal: RevealOption = None,
    fail_on: Annotated[
        ClaimVerdict | None, typer.Option(help="Exit 1 where the verdict is this.", show_default=False)
    ] = None,
) -> ExitCode:
    """File a claim about a picture, and see at once what the published rules say of it.

    The same claim about the same picture again shows the one that exists. Nothing but the picture's digest and the
    ids named go on the log; the text is kept beside it and can be erased.
    """
    from ledger.flows.claims.statements import ClaimOrder
    from ledger.flows.people.principal import LOCAL

    with invocation.application() as application:
        limit = application.settings.max_image_bytes
        data = None if image is None else read_bounded(image, limit, "the picture")
        order = ClaimOrder(claim_type, tuple(work or ()), model, text)
        draft = application.claims.draft(order, by, data, LOCAL)
        sent = _signed(draft, key, reveal)
        answer = application.claims.file(sent, data, LOCAL)
    _show(invocation, answer)
    refuted = fail_on is not None and answer.verdict is not None and answer.verdict.verdict == fail_on
    return ExitCode.REFUTED if refuted else ExitCode.DONE


def show(
    invocation: Invocation,
    claim: ClaimArgument,
    *,
    bundle: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the claim with all its evidence to this file.")
    ] = None,
) -> None:
    """Show a claim: every verdict with its reasons, responses, resolutions, in the order of the log."""
    with invocation.application() as application:
        answer = application.claims.reading.get(claim)
        if bundle is not None:
            write_whole(bundle, claim_bundle(application, claim))
            invocation.out.note(f"written to {bundle}; anyone checks it offline:")
            invocation.out.note(f"  artledger audit claim {bundle} --key '{application.log.vkey}'")
    _show(invocation, answer)


def list_claims(
    invocation: Invocation,
    *,
    by: Annotated[str | None, typer.Option("--by", metavar="ACCOUNT_ID", help="Only this party's.")] = None,
    sha256: Annotated[str | None, typer.Option(metavar="HEX", help="Only about the file with this SHA-256.")] = None,
    after: Annotated[int, typer.Option(min=-1, help="Go on after this leaf index.")] = -1,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
) -> None:
    """List claims in the order of the log."""
    with invocation.application() as application:
        page = application.claims.reading.page(
            claimant_id=by, sha256=None if sha256 is None else _digest(sha256), after=after, limit=limit
        )
    invocation.out.document(page.to_json())
    show_claims(invocation.out, page)


def respond(
    invocation: Invocation,
    claim: ClaimArgument,
    *,
    by: ByOption,
    text: TextOption,
    key: KeyOption = None,
    reveal: RevealOption = None,
) -> None:
    """Answer a claim. The claim, its verdict and the answer all remain visible."""
    from ledger.flows.people.principal import LOCAL

    with invocation.application() as application:
        claims = application.claims
        draft = claims.draft_response(claim, by, text, LOCAL)
        answer = claims.respond(claim, _signed(draft, key, reveal), LOCAL)
    _show(invocation, answer)


def resolve(
    invocation: Invocation,
    claim: ClaimArgument,
    *,
    outcome: Annotated[ClaimVerdict, typer.Option(help="How the auditor decides.", show_default=False)],
    by: ByOption,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The auditor's private key.", show_default=False)],
    text: TextOption,
    reveal: RevealOption = None,
) -> None:
    """Resolve a claim as an auditor, by name and with the auditor's own signature."""
    from ledger.flows.people.principal import LOCAL

    with invocation.application() as application:
        claims = application.claims
        draft = claims.draft_resolution(claim, by, outcome, text, LOCAL)
        answer = claims.resolve(claim, _signed(draft, key, reveal), LOCAL)
    _show(invocation, answer)


def review(
    invocation: Invocation,
    claim: Annotated[str | None, typer.Argument(metavar="CLAIM_ID", help="The claim's id.")] = None,
    image: Annotated[
        Path | None, typer.Argument(metavar="IMAGE", help="The picture, to compare it with everything anew.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every claim on the log, without their pictures.")] = False,
) -> None:
    """Look for evidence that came since; where there is any, a new verdict that refers to the last one."""
    if everything == (claim is not None):
        raise InputError("name a claim, or all of them with --all", code="usage")
    if claim is None:
        _review_all(invocation)
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
    invocation.out.line(f"{reviewed:,} claims reviewed, {len(changed):,} with a new verdict")
    for claim_id in changed:
        invocation.out.line(f"  {claim_id}")


def claim_bundle(application: Application, claim_id: str) -> bytes:
    """A claim's bundle, published first where that has not happened. Raises as `published` does."""
    from cli.ui.bundles import published

    return published(application, lambda: application.claims.bundles.get(claim_id))


def _signed(draft: StatementDraft, key: Path | None, reveal: Path | None) -> SentStatement:
    """The draft with its maker's signature where there is a key; what opens its commitment goes to a file first."""
    from cli.ui.own_keys import open_key
    from ledger.flows.claims.submission import SentStatement
    from ledger.record import dsse
    from ledger.record.reveal import Reveal

    if reveal is not None and draft.text is not None and draft.text_key is not None:
        opened = Reveal(field="text", key=draft.text_key, record_id=draft.record_id, value={"text": draft.text})
        write_new(reveal, opened.model_dump_json(indent=2).encode(), replace=False, private=True)
    if key is None:
        return SentStatement(payload=draft.payload, text=draft.text, text_key=draft.text_key)
    envelope = dsse.sign(draft.payload, [open_key(key)])
    return SentStatement(envelope=envelope, text=draft.text, text_key=draft.text_key)


def _show(invocation: Invocation, answer: ClaimAnswer) -> None:
    invocation.out.document(answer.to_json())
    show_claim(invocation.out, answer)


def _digest(text: str) -> str:
    lower = text.lower()
    if len(lower) != 64 or set(lower) - set("0123456789abcdef"):
        raise InputError(f"{text[:80]!r} is not a SHA-256", code="bad-sha256", hint="64 hexadecimal digits")
    return lower


def register(app: CommandGroup) -> None:
    group = CommandGroup("Claims about pictures, judged by published rules from evidence on the log.", name="claim")
    group.add(
        file_claim,
        name="file",
        examples=[
            "artledger claim file authored-image mine.png --by ARTIST_ID --key ada.pem --text 'Drawn in 2019.'",
            "artledger claim file copies-work found.jpg --by ARTIST_ID --key ada.pem --work WORK_ID",
            "artledger claim file trained-on --by ARTIST_ID --key ada.pem --work WORK_ID --model MODEL_ID",
        ],
    )
    group.add(show, examples=["artledger claim show CLAIM_ID", "artledger claim show CLAIM_ID --bundle claim.json"])
    group.add(list_claims, name="list", examples=["artledger claim list --by ARTIST_ID --json"])
    group.add(
        respond, examples=["artledger claim respond CLAIM_ID --by ARTIST_ID --key bob.pem --text 'I licensed it.'"]
    )
    group.add(
        resolve,
        examples=[
            "artledger claim resolve CLAIM_ID --outcome supported --by AUDITOR_ID --key vera.pem --text 'Compared.'"
        ],
    )
    group.add(
        review,
        examples=[
            "artledger claim review CLAIM_ID",
            "artledger claim review CLAIM_ID found.jpg",
            "artledger claim review --all",
        ],
    )
    app.add_typer(group)
