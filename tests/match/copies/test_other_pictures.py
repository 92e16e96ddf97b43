"""A query is compared over another ground and as a negative too, where its border or its hashes call for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.pictures.verify import query_with_views
from ledger.image.pool import DecodePool
from ledger.match.candidate import Query
from ledger.match.copies.matcher import Matcher
from ledger.match.lists import Relation
from ledger.match.null_set import shipped_null_set
from tests.match.copies.studio import ART, Studio, cropped_and_recompressed, encoded, opened


def on_grey(path: Path) -> bytes:
    """A drawing on a ground of medium brightness, as some programs flatten what is transparent."""
    picture = np.asarray(opened(path).resize((300, 300))).copy()
    picture[(picture > 240).all(axis=2)] = 128
    return encoded(
        Image.fromarray(np.pad(picture, ((20, 20), (20, 20), (0, 0)), constant_values=128)), "JPEG", quality=75
    )


def test_other_pictures_of_a_query_are_compared_beside_it(studio: Studio) -> None:
    """Over another ground, and as a negative where its hashes say so: the nearest picture decides, and is named."""
    matcher = Matcher(studio.index, studio.calibration, shipped_null_set())
    for path, data, view in (
        (ART[17], on_grey(ART[17]), "ground"),
        (ART[3], encoded(ImageOps.invert(opened(ART[3])), "JPEG", quality=80), "negative"),
    ):
        plain = studio.query(data)
        wider = query_with_views(studio.image(data), studio.fingerprinter)
        assert [each.view for each in wider.others] == [view]
        before, after = matcher.match(plain), matcher.match(wider)
        assert f"query_{view}" not in before.matches[0].raw
        first = after.matches[0]
        assert (first.work_id, first.relation) == (path.stem, Relation.NEAR_DUPLICATE)
        assert first.raw[f"query_{view}"] == 1
        assert first.score > next((each.score for each in before.matches if each.work_id == path.stem), 0)


@pytest.mark.parametrize("ground", ["black", "grey", "pink"])
def test_a_white_sticker_is_found_on_any_ground_on_which_it_shows(
    pool: DecodePool, fingerprinter: Fingerprinter, ground: str
) -> None:
    grey = ImageOps.autocontrast(opened(ART[3]).convert("L")).resize((400, 300))
    sticker = Image.new("RGBA", grey.size, "white")
    sticker.putalpha(ImageOps.invert(grey))
    studio = Studio(pool, fingerprinter, ART[8:12])
    studio.register("sticker", encoded(sticker))
    flat = Image.new("RGBA", sticker.size, ground)
    flat.alpha_composite(sticker)
    smaller = flat.convert("RGB").resize((240, 180), Image.Resampling.LANCZOS)
    query = query_with_views(studio.image(encoded(smaller, "JPEG", quality=75)), fingerprinter)
    first = Matcher(studio.index, studio.calibrate(), shipped_null_set()).match(query).matches[0]
    assert (first.work_id, first.relation) == ("sticker", Relation.NEAR_DUPLICATE)


def test_a_negative_is_made_only_where_hashes_are_near(studio: Studio) -> None:
    made: list[str] = []
    matcher = Matcher(studio.index, studio.calibration, shipped_null_set())
    inverted = encoded(ImageOps.invert(opened(ART[2])), "JPEG", quality=80)
    for query in map(studio.query, (cropped_and_recompressed(ART[2]), inverted)):

        def negative(query: Query = query) -> Query:
            made.append(query.sha256)
            return replace(query, view="negative")

        matcher.match(replace(query, negative=negative))
    assert made == [studio.image(inverted).sha256], "not of a copy in its own colours"
