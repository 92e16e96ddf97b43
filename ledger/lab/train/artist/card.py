"""The model card of a classifier of artists, generated with it so that digests and counts match."""

from __future__ import annotations

from ledger.flows.pictures.artist_references import ARTIST
from ledger.lab.train.artist.labels import LEAST_SUBJECTS, LEAST_WORKS, MOST_BY_OTHERS
from ledger.lab.train.artist.training import TrainedArtists


def artist_model_card(kind: str, trained: TrainedArtists, digest: str) -> str:
    """Markdown. `kind`: what it tells apart. `digest`: of the model's file (`model_digest`)."""
    report = trained.report
    rows = [
        f"| {each['name']} | {each['macro_top1']:.3f} | {each['log_loss']:.3f} | {each['share']:.0%} |"
        for each in report["candidates"]
    ]
    left_out = "; ".join(f"{reason}: {count}" for reason, count in sorted(report["left_out"].items())) or "nothing"
    curve = [f"| {each['works']} | {each['macro_top1']:.3f} |" for each in report["curve"]]
    return TEMPLATE.format(
        digest=digest,
        kind=kind,
        purpose=_PURPOSES.get(kind, _OF_LABELS.format(kind=kind)),
        divided="subjects" if kind == ARTIST else "artists",
        curve="\n".join((_CURVE.format(kind=kind), *curve, "")) if curve else "",
        artists=report["artists"],
        works=f"{report['works']:,}",
        none=f"{report['works_of_none']:,}",
        least=LEAST_WORKS,
        subjects=LEAST_SUBJECTS,
        others=MOST_BY_OTHERS,
        left_out=left_out,
        rows="\n".join(rows),
        parts=", ".join(f"`{name}` (`{spec[:16]}`)" for name, spec in sorted(trained.model.specs.items())),
        temperature=f"{trained.model.calibration.temperature:.3f}",
        seed=report["seed"],
    )


_PURPOSES = {
    ARTIST: "to say whose registered works a picture looks most like, beside evidence of copies and apart from it. It "
    "says nothing about how a picture was made, and its answer is never evidence of a copy."
}
_OF_LABELS = (
    "to say which {kind} a picture most likely has, by the labels that the corpus has. Reports show its answer; no "
    "record holds it."
)
_CURVE = """- The best single classifier, by the works of one {kind} that it saw. Where this rises, more would help:

| Works, at most | Macro top-1 |
|---|---|"""
TEMPLATE = """# Classifier of {kind}s

Purpose: {purpose}

Its file (SHA-256 `{digest}`) knows {artists} {kind}s. It holds numbers only: no pixels, no code, no names but those of
its classes.

## Training

- {works} works: every {kind} with at least {least} works of {subjects} {divided}. {none} works of others, at most
  {others} of one, are the class "none of these". Left out: {left_out}.
- Features: {parts}.
- Every classifier was fitted to three quarters of the {divided} and judged by the rest, four times. Near duplicates
  were never on both sides. The average of those that came near the best serves, with these shares:

| Classifier | Macro top-1 | Log loss | Share |
|---|---|---|---|
{rows}

- Probabilities are calibrated on the same held-out works: temperature {temperature}, and a logistic regression for
  "none of these". Seed {seed}.
{curve}
## Limits

- These figures choose and calibrate, so they flatter a little. `artledger evaluate artists` measures on works that took
  no part in either, beside simpler methods.
- It knows only its classes. For other works it says "none of these" more often, not always: the evaluation tells how
  often.
- It sees how pictures are drawn: palette, line, fill, layout. Two artists with the same tools and habits are confused,
  and an artist with several manners is missed.
- Probabilities are those of pictures that come like the works of the training.
"""
