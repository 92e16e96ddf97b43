"""The model card of the null set, generated with it so that digest and counts match."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol

from ledger.lab.train.geometry import GeometryFit
from ledger.match.ranking import RankingText

CARD = "null-v3.md"

LICENCES: Mapping[str, tuple[str, str]] = {
    "openclipart": ("Debian `openclipart-svg`, `openclipart-png` 1:0.18", "public domain"),
    "openmoji": ("npm `openmoji` 17.0.0", "CC-BY-SA-4.0"),
    "iconify-fluent-emoji": ("npm `@iconify-json/fluent-emoji` 1.2.7", "MIT"),
    "iconify-noto": ("npm `@iconify-json/noto`", "Apache-2.0"),
    "iconify-twemoji": ("npm `@iconify-json/twemoji` 1.2.5", "CC-BY-4.0"),
    "iconify-game-icons": ("npm `@iconify-json/game-icons` 1.2.4", "CC-BY-3.0"),
    "iconify-flagpack": ("npm `@iconify-json/flagpack` 1.2.8", "MIT"),
    "iconify-streamline-ultimate-color": ("npm `@iconify-json/streamline-ultimate-color` 1.2.2", "CC-BY-4.0"),
    "iconify-meteocons": ("npm `@iconify-json/meteocons` 1.2.4", "MIT"),
    "tuxpaint-stamps": ("Debian `tuxpaint-stamps-default` 2022.06.04-1", "GPL-2"),
    "wesnoth": ("Debian `wesnoth-1.16-data` 1:1.16.9-1", "GPL-2+"),
    "palapeli": ("Debian `palapeli-data` 4:22.12.3-1", "GPL-2+, LGPL-2+, CC0, GFDL-1.2+"),
    "skimage": ("Debian `python3-skimage` 0.19.3-8 (data)", "BSD-3-Clause"),
    "gnome-backgrounds": ("Debian `gnome-backgrounds` 43.1-1", "CC-BY-SA"),
    "mate-backgrounds": ("Debian `mate-backgrounds` 1.26.0-1", "GPL-2+, CC-BY-SA-4.0"),
    "lomiri-wallpapers-16.04": ("Debian `lomiri-wallpapers-16.04` 20.04.0-2", "CC-BY-4.0, CC-BY-SA, CC0-1.0"),
    "lomiri-wallpapers-20.04": ("Debian `lomiri-wallpapers-20.04` 20.04.0-2", "CC-BY-4.0, CC-BY-SA, CC0-1.0"),
    "ukui-wallpapers": ("Debian `ukui-wallpapers` 20.04.3-1.1", "CC-BY-SA-3.0"),
    "plasma-workspace-wallpapers": ("Debian `plasma-workspace-wallpapers` 4:5.27.5-2", "GPL-2+"),
    "iconify-emojione": ("npm `@iconify-json/emojione` 1.2.3", "CC-BY-4.0"),
    "iconify-fxemoji": ("npm `@iconify-json/fxemoji` 1.2.2", "Apache-2.0"),
    "iconify-noto-v1": ("npm `@iconify-json/noto-v1` 1.2.5", "Apache-2.0"),
    "iconify-flat-color-icons": ("npm `@iconify-json/flat-color-icons` 1.2.3", "MIT"),
    "iconify-cif": ("npm `@iconify-json/cif` 1.2.7", "CC0-1.0"),
    "iconify-logos": ("npm `@iconify-json/logos` 1.2.19", "CC0-1.0"),
    "iconify-streamline-freehand-color": ("npm `@iconify-json/streamline-freehand-color` 1.2.2", "CC-BY-4.0"),
    "iconify-healthicons": ("npm `@iconify-json/healthicons` 1.2.13", "MIT"),
    "endless-sky": ("Debian `endless-sky-data` 0.9.8-1.2", "CC-BY-SA-4.0, CC-BY-SA-3.0, CC-BY-4.0, public domain"),
    "naev": ("Debian `naev-data` 0.8.2-1", "GPL-3+, CC-BY-SA-3.0, CC-BY-3.0, public domain"),
    "freeorion": ("Debian `freeorion-data` 0.4.10.2-1", "CC-BY-SA-3.0"),
    "fillets-ng": ("Debian `fillets-ng-data` 1.0.1-1.1", "GPL-2"),
    "stellarium": ("Debian `stellarium-data` 0.22.2-1", "GPL-2+"),
    "supertuxkart": ("Debian `supertuxkart-data` 1.4+dfsg-2", "CC-BY-SA-3.0, CC-BY-SA-4.0, CC-BY-3.0, CC0, GPL-2+"),
    "widelands": ("Debian `widelands-data` 2:1.1-3", "GPL-2+, CC-BY-SA-3.0"),
    "megaglest": ("Debian `megaglest-data` 3.13.0-3", "CC-BY-SA-3.0"),
    "gimp-help": ("Debian `gimp-help-en` 2.10.34-2", "GFDL-1.2+"),
    "kgeography": ("Debian `kgeography-data` 4:22.12.3-1", "GPL-2+"),
}
"""Package and its stated licences by collection."""


class NullSetFacts(Protocol):
    """The facts that the card states."""

    @property
    def null_set(self) -> bytes: ...
    @property
    def ranking(self) -> RankingText: ...
    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def edited(self) -> int: ...
    @property
    def copies(self) -> int: ...
    @property
    def unrelated(self) -> int: ...
    @property
    def geometry(self) -> GeometryFit: ...


def null_set_card(made: NullSetFacts) -> str:
    """Markdown."""
    rows = "\n".join(
        f"| {name} | {LICENCES[name][0]} | {LICENCES[name][1]} | {count} |"
        for name, count in sorted(made.counts.items(), key=lambda item: -item[1])
    )
    return TEMPLATE.format(
        total=f"{sum(made.counts.values()):,}",
        edited=f"{made.edited:,}",
        copies=f"{made.copies:,}",
        unrelated=f"{made.unrelated:,}",
        digest=hashlib.sha256(made.null_set).hexdigest(),
        ranking=hashlib.sha256(made.ranking.to_bytes()).hexdigest(),
        spec=made.ranking.spec,
        rows=rows,
        bins=", ".join(f"`{item.name}` below {float(item.below):.2f}" for item in made.ranking.bins[:-1]),
        verified=f"{made.geometry.verified:.0%}",
        mistaken=f"{made.geometry.mistaken:.1%}",
    )


TEMPLATE = """# Null set v3

Purpose: p-values. A picture that is a copy of nothing still has a nearest work. These pictures show how near that
work usually is. Every calibration compares them with the current corpus.

`null-v3.safetensors` (SHA-256 `{digest}`) holds fingerprints only, no pixels, of {total} pictures as queries,
{edited} of them edited, none a variant of another. Where a query is compared beside another picture (its negative, or
itself over another ground), the fingerprint of that picture follows. The file also holds the fingerprints of each
before editing, which decide whether a corpus contains it; embeddings of background pictures for score normalisation;
and the results of fingerprints and geometric verification for {copies} edited copies compared with their works and for
{unrelated} pairs of unrelated pictures, each a query and one of its nearest works. `ranking-v3.json` (SHA-256
`{ranking}`) holds the fitted curves, the rule of geometric verification, complexity bins and alpha. Both use
FingerprintSpec `{spec}`.

| collection | package | licence | pictures |
|---|---|---|---|
{rows}

None of the pictures is a sealed OpenClipart work, forbids training, or was used to train the copy descriptor. An
OpenClipart artist has one role (trained on, reference, null, held out). Emoji that differ only in skin tone count
once. Each of the four quarters of a photograph or wallpaper is a separate picture.

Bins by complexity of the query: {bins}, `detailed` above.

Two pictures of one package count neither as a copy nor as unrelated: its team draws from the same heads, clocks and
arrows. OpenClipart has many artists, so this does not apply to it.

On the pairs that its weights and threshold were fitted on, the geometric rule verifies {verified} of the copies and
{mistaken} of the pairs of unrelated pictures. The latter include unmarked variants of one drawing.

## Limits

- The error rates hold for unrelated pictures like these: clip art, emoji, icons, game art, photographs, wallpapers;
  clean or edited as in `ledger/lab/train/augmentation.py`. There are few scans of paintings, comics and screenshots.
- The fingerprint distance of unrelated pictures is measured against the corpus itself. Their geometric verification
  is not: it is drawn from measured pairs of unrelated pictures that are equally near. That part of a p-value is a
  model.
- A null picture is left out if the corpus contains it or a variant of it, by the rule of `NullSet.contained_in`,
  applied to the picture before editing. Looser variants, mainly flags and series of one artist, stay in. They make
  p-values larger than necessary.
- The smallest p-value of a bin is 1 / (n + 1). Nothing smaller is claimed.
- The rule was fitted on copies made with those edits. Other edits are recognised less often.
"""
