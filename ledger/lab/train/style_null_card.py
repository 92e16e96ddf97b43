"""The model card of the style null set, generated with it so that digests and counts match."""

from __future__ import annotations

from ledger.lab.train.style_null import CLIP_SHARE
from ledger.match.null_set import NullSet
from ledger.match.style.null import NEIGHBOURS, StyleNull

STYLE_CARD = "style-null-v2.md"


def style_null_card(made: StyleNull, null_set: NullSet) -> str:
    """Markdown."""
    return TEMPLATE.format(
        digest=made.digest,
        null_set=null_set.digest,
        spec=made.spec,
        pictures=f"{len(made):,}",
        missing=f"{len(null_set) - len(made):,}",
        background=f"{len(made.measure.background):,}",
        neighbours=NEIGHBOURS,
        clip=f"{made.measure.clip_weight:.3f}",
        vae=f"{made.measure.vae_weight:.3f}",
        share=f"{CLIP_SHARE:.0%}",
    )


TEMPLATE = """# Style null set v2

Purpose: the p-value of a match by style. These pictures show how near an unrelated picture comes to a corpus in style.
Every calibration compares them with the current corpus.

`style-null-v2.safetensors` (SHA-256 `{digest}`) holds CLIP and VAE embeddings, no pixels, of {pictures} pictures: those
of the null set `{null_set}`, clean or edited as there ([null-v3.md](null-v3.md) lists collections, packages and
licences; {missing} of its pictures are missing here), and of {background} background pictures, which are in no null
set. The embeddings are made by the models whose part of a FingerprintSpec has the digest `{spec}`.

Nearness of two pictures is the sum over both embeddings of weight times (2 cosine - level - level). A picture's level
is its mean cosine to the {neighbours} nearest background pictures (CSLS). Weights: CLIP {clip}, VAE {vae}. They make
both embeddings' nearness among unrelated pictures vary equally; CLIP's share is {share}. Nothing is fitted to artists
or labels.

None of the pictures is a sealed OpenClipart work, forbids training, or is used to train the studio models.

## Limits

- It measures what two small models see: subject, colours, composition and technique at once. Two pictures of one
    subject are near each other whoever drew them. The measure is called style; it shows neither copying nor influence.
  - An unrelated picture is one of which the corpus contains neither it nor a variant. Its artist or package may be in
    the corpus: then p-values are larger than necessary.
- The guarantee is for pictures like these: clip art, emoji, icons, game art, photographs, wallpapers.
- The smallest p-value of a bin is 1 / (n + 1).
"""
