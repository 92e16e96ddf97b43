"""`artledger evaluate claims`: how often the published rules are right, and whom their errors affect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ui.files import make_folder, write_file
from cli.ui.invocation import CommandGroup, Invocation

if TYPE_CHECKING:
    from cli.ui.output import Output

CLAIMS_FILE = "claims.json"


group = CommandGroup()


@group.add("artledger evaluate claims --json", "artledger evaluate claims --claims 34")
def claims(
    invocation: Invocation,
    *,
    count: Annotated[
        int,
        typer.Option(
            "--claims",
            min=1,
            help="How many claims to construct at least, beside those of squatters. 34 makes a short check.",
        ),
    ] = 240,
    squatters: Annotated[
        int, typer.Option(min=0, help="Leave out squatters who register more near-duplicates of one work than this.")
    ] = 50,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")] = Path("evaluation"),
    seed: Annotated[int, typer.Option(help="Random seed. The same seed and pictures give the same claims.")] = 7,
) -> None:
    """Measure the verdicts on claims whose truth is known, on a temporary ledger.

    Prints precision and recall for each verdict with 95% intervals. Prints how many false claims of authorship were
    supported and how many truthful claims were contradicted. Writes claims.json.

    Also measures squatters, who register 1, 3, 12 or 50 near-duplicates of somebody else's work: how many of their
    claims were supported, and how many records of such pictures leave out the true artist.

    The works are by held-out artists, one for each subject. Drawings are used as generated pictures, because only the
    server's record matters there.
    """
    from ledger.app import open_throwaway
    from ledger.image.pool import DecodePool
    from ledger.lab.evaluate.claims.evaluation import evaluate_claims, one_by_folder
    from ledger.lab.evaluate.claims.squats import SQUATS
    from ledger.lab.evaluate.claims.throwaway_ledger import ThrowawayLedger
    from ledger.lab.evaluate.pictures import select

    make_folder(out)
    chosen_squats = [squat for squat in SQUATS if squat.copies <= squatters]
    # The pool stays: drawings are rendered one by one, when a claim needs them.
    with TemporaryDirectory(prefix="artledger-works-") as folder, DecodePool() as pool:
        chosen = select(pool, works=5000, unrelated=5000, assets=None, seed=seed)
        drawings = one_by_folder([*chosen.copied, *chosen.unrelated, *chosen.distractors])
        with open_throwaway("claims") as application, invocation.progress() as progress:
            ledger = ThrowawayLedger.on(application, Path(folder))
            report = evaluate_claims(drawings, ledger, count, seed, progress, squatters=chosen_squats)
    write_file(out / CLAIMS_FILE, json.dumps(report.document, indent=1).encode())
    invocation.out.document(report.document)
    _show(invocation.out, report.document)
    invocation.out.line(f"Written: {out / CLAIMS_FILE}", "quiet")


def _show(out: Output, document: Mapping[str, Any]) -> None:
    from ledger.lab.evaluate.claims.plan import VERDICTS

    rows = [(each, _share(document["precision"][each]), _share(document["recall"][each])) for each in VERDICTS]
    out.table(("Verdict", "Precision", "Recall"), rows)
    kinds = [
        (row["kind"], row["expected"], str(row["n"]), *(str(row[each]) for each in VERDICTS))
        for row in document["per_kind"]
    ]
    out.table(("Claims", "Expected", "n", *VERDICTS), kinds, right=("n", *VERDICTS))
    wrongs = "False claims of authorship supported: {} of {}. Truthful claims contradicted: {} of {}.".format(
        document["false_authorship_supported"],
        document["false_authorship_claims"],
        document["truthful_contradicted"],
        document["truthful_claims"],
    )
    out.line(f"{document['claims']} claims. {wrongs}", "strong")
    squats = "Claims by squatters supported: {} of {}. Records without the true artist: {} of {}.".format(
        document["squatter_supported"],
        document["squatter_claims"],
        document["true_artist_missing"],
        document["squatted_records"],
    )
    out.line(squats, "strong")


def _share(share: Mapping[str, Any]) -> str:
    if not share["n"]:
        return "none"
    low, high = share["interval"]
    return f"{share['value']:.2f} ({low:.2f}-{high:.2f}, n {share['n']})"
