"""The model card of the strangers of style, written with them so that digests and counts are their own."""

from __future__ import annotations

from ledger.lab.train.style_null import CLIP_SHARE
from ledger.match.null_set import NullSet
from ledger.match.style_null import NEIGHBOURS, StyleNull

STYLE_CARD = "style-null-v1.md"


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


TEMPLATE = """# Strangers of style v1

What they are for: the p-value of a match that is about style. How near a picture that has nothing to do with a corpus
comes to it in style, these pictures tell; they are compared with the current corpus whenever a calibration is made.

`style-null-v1.safetensors` (SHA-256 `{digest}`) holds CLIP and VAE embeddings, no pixels, of {pictures} pictures: those
of the null set `{null_set}`, clean or edited as there ([null-v2.md](null-v2.md) lists collections, packages and
licences; {missing} of its pictures are missing here), and of {background} background pictures, which are in no null
set. The embeddings are of the models that a FingerprintSpec describes by the part with the digest
`{spec}`.

Nearness of two pictures is the sum over both embeddings of weight times (2 cosine - level - level), a picture's level
being its mean cosine to the {neighbours} nearest background pictures (CSLS). Weights: CLIP {clip}, VAE {vae}; they make
the embeddings' nearness among strangers vary alike, CLIP's share being {share}. Nothing is fitted to artists or labels.

No sealed OpenClipart work is among the pictures, nor any that forbids training, nor any that the studio models learn
from.

## Limits

- It measures what two small models see: subject, colours, composition and technique at once. Two pictures of one
  subject are near each other whoever drew them. It is called style, and is neither a copy nor influence.
- A stranger is a picture that the corpus does not contain, nor a variant of. Its artist may be in the corpus, as the
  same hand or package: then p-values are larger than they need be.
- The guarantee is for pictures like these: clip art, emoji, icons, game art, photographs, wallpapers.
- The smallest p-value of a bin is 1 / (n + 1).
"""
