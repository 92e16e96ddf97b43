"""The model card of a classifier of artists, generated with it so that digests and counts match."""

from __future__ import annotations

from ledger.lab.train.artist.labels import LEAST_SUBJECTS, LEAST_WORKS, MOST_BY_OTHERS
from ledger.lab.train.artist.training import TrainedArtists

ARTIST_CARD = "artist-model.md"


def artist_model_card(trained: TrainedArtists, digest: str) -> str:
    """Markdown. `digest`: of the model's file (`model_digest`)."""
    report = trained.report
    rows = [
        f"| {each['name']} | {each['macro_top1']:.3f} | {each['log_loss']:.3f} | {each['share']:.0%} |"
        for each in report["candidates"]
    ]
    left_out = "; ".join(f"{reason}: {count}" for reason, count in sorted(report["left_out"].items())) or "nothing"
    return TEMPLATE.format(
        digest=digest,
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


TEMPLATE = """# Classifier of artists

Purpose: to say whose registered works a picture looks most like, beside evidence of copies and apart from it. It says
nothing about how a picture was made, and its answer is never evidence of a copy.

`artist-model.safetensors` (SHA-256 `{digest}`) knows {artists} artists. It holds numbers only: no pixels, no code, no
names but the artists' ids.

## Training

- {works} works by these artists: those with at least {least} works of {subjects} subjects. {none} works by others, at
  most {others} of one, are the class "none of these". Left out: {left_out}.
- Features: {parts}.
- Every classifier was fitted to three quarters of the subjects and judged by the rest, four times. Near duplicates were
  never on both sides. The average of those that came near the best serves, with these shares:

| Classifier | Macro top-1 | Log loss | Share |
|---|---|---|---|
{rows}

- Probabilities are calibrated on the same held-out works: temperature {temperature}, and a logistic regression for
  "none of these". Seed {seed}.

## Limits

- These figures choose and calibrate, so they flatter a little. `artledger evaluate artists` measures on works that took
  no part in either, beside simpler methods.
- It knows only its artists. For works by others it says "none of these" more often, not always: the evaluation tells
  how often.
- It sees how pictures are drawn: palette, line, fill, layout. Two artists with the same tools and habits are confused,
  and an artist with several manners is missed.
- Probabilities are those of pictures that come like the works of the training.
"""
