"""Works that show only in a later frame, or only over black, are registered, found and audited by what shows; works
with transparency also by their second view, over black."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from ledger.answers.notes import OVER_BLACK, SECOND_VIEW
from ledger.answers.records import RecordAnswer
from ledger.app import Application
from ledger.audit.picture import audit_record
from tests.applications import ART, DRAWINGS, application_with, labelled
from tests.conftest import DatabaseUrl
from tests.image.samples import save

WHITE = {"Flight": 3, "Sky": 11}
"""Titles and drawings of the two stickers, which have one size."""
CUT_OUT = {"Cap": 27}
"""Title and drawing of a work in colour on transparency."""


def sticker(number: int) -> Image.Image:
    """A drawing in white on transparency."""
    with Image.open(DRAWINGS[number]) as drawing:
        grey = ImageOps.autocontrast(drawing.convert("L")).resize((400, 300))
    drawn = Image.new("RGBA", grey.size, "white")
    drawn.putalpha(ImageOps.invert(grey))
    return drawn


def cutout(number: int, size: tuple[int, int] = (360, 400)) -> Image.Image:
    """A drawing, mirrored and in other colours, without the ground around it."""
    with Image.open(DRAWINGS[number]) as drawing:
        whole = ImageOps.mirror(drawing.convert("RGB")).resize(size)
    ImageDraw.floodfill(whole, (0, 0), (255, 0, 255), thresh=30)
    clear = Image.fromarray((np.asarray(whole) == (255, 0, 255)).all(axis=2))
    drawn = Image.merge("RGB", whole.split()[::-1]).convert("RGBA")
    drawn.putalpha(clear.convert("L").point(lambda value: 255 - value))
    return drawn


def on(background: str, drawn: Image.Image) -> bytes:
    """A smaller copy over a background, as other programs save it."""
    picture = Image.new("RGBA", drawn.size, background)
    picture.alpha_composite(drawn)
    smaller = (drawn.width * 3 // 5, drawn.height * 3 // 5)
    return save(picture.convert("RGB").resize(smaller, Image.Resampling.LANCZOS), "JPEG", quality=75)


@pytest.fixture(scope="module")
def stickers(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("stickers")
    for title, number in WHITE.items():
        sticker(number).save(folder / f"{title}.png")
    for title, number in CUT_OUT.items():
        cutout(number).save(folder / f"{title}.png")
    labelled(folder, [(f"{title}.png", title, f"Artist of {title}") for title in (*WHITE, *CUT_OUT)])
    with application_with(
        database_server, template, tmp_path_factory.mktemp("data") / "ledger", (ART, folder)
    ) as opened:
        yield opened


def best(answer: RecordAnswer) -> tuple[str, str]:
    assert answer.report is not None
    first = answer.report.matches[0]
    return first.relation, first.title


@pytest.mark.parametrize("title", WHITE)
def test_a_copy_on_black_of_a_white_sticker_is_found(stickers: Application, title: str) -> None:
    found = stickers.pictures.look_up(on("black", sticker(WHITE[title])))
    copies = [match.title for match in found.matches if match.relation == "near-duplicate"]
    assert title in copies
    assert len(copies) <= 2, "and the drawing that the sticker was made from, if it is registered: this is its negative"


@pytest.mark.parametrize(("ground", "over_black"), [("black", True), ("grey", False), ("pink", False)])
def test_a_copy_of_a_cut_out_work_is_found_on_any_ground(stickers: Application, ground: str, over_black: bool) -> None:
    found = stickers.pictures.look_up(on(ground, cutout(CUT_OUT["Cap"])))
    assert (found.matches[0].title, found.matches[0].relation) == ("Cap", "near-duplicate")
    assert (SECOND_VIEW.format(rank=1) in found.notes) is over_black


def test_a_record_says_which_view_was_matched_and_can_be_recomputed(stickers: Application) -> None:
    for ground, expected in (("black", "1.000000"), ("white", None)):
        copy = on(ground, cutout(CUT_OUT["Cap"]))
        answer = stickers.pictures.verify(copy)
        stickers.log.settle()
        first = answer.statement["predicate"]["matches"][0]
        assert (best(answer)[1], first["raw"].get("over_black")) == ("Cap", expected)
        audit = audit_record(
            stickers.records.bundle(answer.record_id), copy, stickers.log.vkey, recompute=stickers.pictures.recompute
        )
        assert [check.name for check in audit.checks if check.outcome.name == "FAILED"] == []
        assert "scores" in {check.name for check in audit.checks if check.outcome.name == "PASSED"}


def test_stickers_of_one_size_are_two_works(stickers: Application) -> None:
    """Over white both are the same white page."""
    for title, number in WHITE.items():
        other = save(sticker(number), "WEBP", lossless=True, exact=True)
        answer = stickers.pictures.verify(other)
        stickers.log.settle()
        assert best(answer) == ("same-pixels", title)
        assert answer.report is not None
        assert answer.report.notes[0] == OVER_BLACK
        assert not [match for match in answer.report.matches if match.contested]
        audit = audit_record(
            stickers.records.bundle(answer.record_id),
            other,
            stickers.log.vkey,
            recompute=stickers.pictures.recompute,
        )
        assert {check.name: check.outcome for check in audit.checks if check.outcome.name == "FAILED"} == {}
        assert "canonical pixels" in {check.name for check in audit.checks if check.outcome.name == "PASSED"}


@pytest.mark.parametrize("name", ["PNG", "GIF", "WEBP", "TIFF", "AVIF"])
def test_a_copy_in_the_second_frame_is_found(stickers: Application, name: str) -> None:
    with Image.open(DRAWINGS[5]) as drawing:
        copy = drawing.convert("RGB").resize((400, 300))
    blank = Image.new("RGB", copy.size, "white")
    found = stickers.pictures.look_up(save(blank, name, save_all=True, append_images=[copy]))
    things = "pages" if name == "TIFF" else "frames"
    assert found.notes[0] == f"2 {things}; the 2nd was compared, the first is blank."
    assert (found.frames, found.matches[0].relation) == (2, "near-duplicate")


def test_an_older_record_of_canonical_pixels_still_holds(stickers: Application) -> None:
    """It was made before views: the picture was blank."""
    data = save(sticker(7), "PNG")
    plain = stickers.pictures.images.decode(data, canonical=True)
    answer = stickers.pictures.verification.verify_decoded(data, plain)
    assert answer.statement["predicate"]["verdict"] == "not-comparable"
    facts = stickers.pictures.recompute.facts(data, plain.pixel_sha256)
    assert facts.pixel_sha256 == plain.pixel_sha256
    assert stickers.pictures.recompute.facts(data, "0" * 64).pixel_sha256 != plain.pixel_sha256
