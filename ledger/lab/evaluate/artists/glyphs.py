"""One glyph drawn by many teams: emoji sets, whose teams are the artists and whose glyphs are the subjects.

Nothing but the hand tells them apart, because every team draws every glyph.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from ledger.errors import NotFoundError
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.artists.works import SourceWork
from ledger.lab.train.pictures import COLLECTIONS, files_of
from ledger.lab.train.studio.captions import title_of

TEAMS = (
    "openmoji",
    "iconify-noto",
    "iconify-noto-v1",
    "iconify-twemoji",
    "iconify-fluent-emoji",
    "iconify-emojione",
    "iconify-fxemoji",
)
LEAST_TEAMS = 3
"""Teams that must have drawn a glyph: one that only some draw would tell who drew it."""


def glyph_works(assets: Path, pool: DecodePool) -> list[SourceWork]:
    """Glyphs of the sets below `assets`, folders as for training. Raises NotFoundError (`assets-missing`)."""
    present = [each for each in COLLECTIONS if each.name in TEAMS and (assets / each.name).is_dir()]
    if len(present) < LEAST_TEAMS:
        raise NotFoundError(
            f"{len(present)} of the sets {', '.join(TEAMS)} are below {assets}: {LEAST_TEAMS} are needed",
            code="assets-missing",
            hint="Unpack the npm packages, one folder each, named as here.",
        )
    drawn: dict[str, dict[str, SourceWork]] = defaultdict(dict)
    for collection in present:
        for key, read in files_of(collection, assets, pool):
            glyph = title_of(collection.name, key)
            if glyph and collection.name not in drawn[glyph]:
                drawn[glyph][collection.name] = SourceWork(f"{collection.name}/{key}", collection.name, glyph, read)
    return [work for works in drawn.values() if len(works) >= LEAST_TEAMS for work in works.values()]
