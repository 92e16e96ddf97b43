"""The opt-out list: honoured by ingest, registration, matching and training, by digest and by look."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from ledger.app import Application, open_application
from ledger.errors import ConflictError, InputError
from ledger.fingerprint.hashes import Hashes, correlation
from ledger.flows.works.opt_out import SAME_PICTURE, parse_opt_out
from ledger.flows.works.register import WorkDetails
from ledger.match.alike import bits
from ledger.match.optout import HASH_BYTES, OptOut, OptOuts
from tests.applications import DRAWINGS, labelled, query
from tests.crafted import pattern_like
from tests.people import artist, changed, require_good_log


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


def folder_of(tmp_path: Path, drawings: list[Path]) -> Path:
    works = tmp_path / "works"
    works.mkdir()
    for path in drawings:
        shutil.copy(path, works)
    return labelled(works, [(path.name, path.stem, "Ada") for path in drawings])


def mirrored(picture: bytes) -> bytes:
    out = BytesIO()
    with Image.open(BytesIO(changed(picture))) as opened:
        ImageOps.mirror(opened).save(out, "PNG")
    return out.getvalue()


def test_ingest_refuses_what_is_listed(service: Application, tmp_path: Path) -> None:
    by_look, by_digest = DRAWINGS[0], DRAWINGS[1]
    listed = service.works.opting_out.of_picture(mirrored(by_look.read_bytes()))
    assert {entry.kind for entry in listed} == {"sha256", "look"}
    digest = service.pictures.images.decode(by_digest.read_bytes()).pixel_sha256
    plan = service.works.opting_out.plan([*listed, OptOut("sha256", digest)])
    assert plan.would_withdraw == ()
    assert service.works.opting_out.add(plan).added == len(listed) + 1
    assert service.works.opting_out.add(plan).added == 0
    works = folder_of(tmp_path, DRAWINGS[:4])
    shutil.copy(by_digest, works / "the same again.png")
    with (works / "labels.csv").open("a") as labels:
        labels.write("the same again.png,Again,Ada\n")
    source = service.works.open_source(str(works))
    summary = service.works.ingestion.run(source)
    assert (summary.found, summary.registered, summary.already_registered) == (5, 2, 0)
    assert {each.key: each.code for each in summary.refused} == {
        by_look.name: "opted-out",
        by_digest.name: "opted-out",
        "the same again.png": "opted-out",
    }, "a mirrored, recompressed copy says what it looks like"
    assert service.works.opting_out.remove(listed) == len(listed)
    assert service.works.ingestion.run(source).registered == 1


def test_registered_works_are_withdrawn(service: Application, tmp_path: Path, database_url: str) -> None:
    service.works.ingestion.run(service.works.open_source(str(folder_of(tmp_path, DRAWINGS[:4]))))
    plan = service.works.opting_out.plan([], [mirrored(DRAWINGS[2].read_bytes())])
    assert [(each.title, each.artist) for each in plan.would_withdraw] == [(DRAWINGS[2].stem, "Ada")]
    assert not query(database_url, "SELECT FROM opt_out"), "nothing happens before somebody has looked"
    done = service.works.opting_out.add(plan)
    assert done.withdrawn == (plan.would_withdraw[0].work_id,)
    work = service.works.catalogue.work(done.withdrawn[0])
    assert (work.withdrawn, work.title, work.preview) == (True, "", None)
    assert query(database_url, "SELECT count(*) FROM preview") == [(3,)]
    answer = service.pictures.verify(DRAWINGS[2].read_bytes())
    assert answer.report is not None
    assert work.work_id not in [match.work_id for match in answer.report.matches]
    untrainable = service.store.opt_outs.untrainable()
    assert untrainable.reason(work.sha256) is not None
    require_good_log(service)


def test_an_artist_cannot_register_what_is_listed(service: Application) -> None:
    ada = artist(service, "Ada")
    data = DRAWINGS[5].read_bytes()
    service.works.opting_out.add(service.works.opting_out.plan([], [data]))
    with pytest.raises(ConflictError) as refused:
        service.works.registering.register(data, WorkDetails(), ada.artist_id, ada.principal)
    assert refused.value.code == "opted-out"


def test_a_list_that_grows_meanwhile_is_asked_again(
    service: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between asking the list and appending, somebody opts out of a work of the batch: it is not registered."""
    source = service.works.open_source(str(folder_of(tmp_path, DRAWINGS[:3])))
    listed = service.works.opting_out.of_picture(DRAWINGS[1].read_bytes())
    append = service.log.sequencer.append_now
    added: list[int] = []

    def late(*arguments: Any) -> Any:
        if not added:
            added.append(service.works.opting_out.add(service.works.opting_out.plan(listed)).added)
        return append(*arguments)

    monkeypatch.setattr(service.log.sequencer, "append_now", late)
    summary = service.works.ingestion.run(source)
    assert added
    assert (summary.registered, [each.key for each in summary.refused]) == (2, [DRAWINGS[1].name])


def test_blank_pictures_are_listed_by_digest_alone(service: Application, tmp_path: Path) -> None:
    white = BytesIO()
    Image.new("RGB", (64, 64), "white").save(white, "PNG")
    listed = service.works.opting_out.of_picture(white.getvalue())
    assert {entry.kind for entry in listed} == {"sha256"}, "every blank picture has the same pHash"


def test_the_list_is_read_in_pages(service: Application) -> None:
    entries = [OptOut("sha256", f"{number:064x}") for number in range(5)] + [OptOut("look", "ab" * 64)]
    service.works.opting_out.add(service.works.opting_out.plan(entries))
    first = service.works.opting_out.page(limit=4)
    assert first.next_after is not None
    second = service.works.opting_out.page(after=first.next_after, limit=4)
    assert set(first.entries + second.entries) == set(entries)
    assert second.next_after is None
    assert parse_opt_out(first.next_after) == first.entries[-1]
    assert parse_opt_out("AB" * 32) == OptOut("sha256", "ab" * 32)
    for wrong in ("", "look:", "md5:" + "0" * 64, "0" * 63, "look:" + "0" * 64, "sha256:" + "0" * 128):
        with pytest.raises(InputError):
            parse_opt_out(wrong)
    with pytest.raises(InputError) as refused:
        parse_opt_out("phash:" + "0" * 64)
    assert "128" in str(refused.value.hint), "a pHash alone names nothing, and the hint says what does"
    assert first.entries[0].kind == "look"


def test_a_pattern_made_to_order_withdraws_nothing(service: Application, tmp_path: Path, database_url: str) -> None:
    """It has the work's pHash, and mostly nearly its PDQ too; listed, it takes out nothing and keeps nothing out."""
    drawings = DRAWINGS[:5]
    service.works.ingestion.run(service.works.open_source(str(folder_of(tmp_path, drawings))))
    mistaken = 0
    for drawing in drawings:
        pattern = pattern_like(drawing)
        theirs, ours = (look_of(service, data) for data in (pattern, drawing.read_bytes()))
        assert bits(theirs[: 2 * HASH_BYTES], ours[: 2 * HASH_BYTES]) <= 14
        plan = service.works.opting_out.plan([], [pattern])
        assert plan.would_withdraw == ()
        done = service.works.opting_out.add(plan)
        assert (done.withdrawn, done.also_named) == ((), ())
        mistaken += len(plan.mistaken)
    assert mistaken, "some have both hashes: only pixels tell them from the work"
    assert query(database_url, "SELECT count(*) FROM work WHERE withdrawn_index IS NULL") == [(len(drawings),)]
    ada = artist(service, "Another")
    assert service.works.registering.register(
        changed(drawings[0].read_bytes()), WorkDetails(), ada.artist_id, ada.principal
    )


def test_an_edited_copy_still_names_the_work(service: Application, tmp_path: Path) -> None:
    service.works.ingestion.run(service.works.open_source(str(folder_of(tmp_path, DRAWINGS[:6]))))
    for path in DRAWINGS[:6]:
        for quality, scale in ((40, 1.0), (75, 0.5)):
            named = service.works.opting_out.plan([], [recompressed(path, quality, scale)]).would_withdraw
            assert [each.title for each in named] == [path.stem], (path, quality, scale)


def test_a_collage_does_not_take_the_works_in_it_along(service: Application, tmp_path: Path) -> None:
    service.works.ingestion.run(service.works.open_source(str(folder_of(tmp_path, DRAWINGS[:4]))))
    sheet = Image.new("RGB", (700, 700), "white")
    for place, path in zip(((0, 0), (350, 0), (0, 350), (350, 350)), DRAWINGS[:4], strict=True):
        with Image.open(path) as opened:
            sheet.paste(opened.convert("RGB"), place)
    out = BytesIO()
    sheet.save(out, "PNG")
    assert service.works.opting_out.plan([], [out.getvalue()]).would_withdraw == ()


def test_a_work_registered_meanwhile_is_not_withdrawn_unseen(service: Application, tmp_path: Path) -> None:
    plan = service.works.opting_out.plan([], [DRAWINGS[0].read_bytes()])
    assert plan.would_withdraw == ()
    service.works.ingestion.run(service.works.open_source(str(folder_of(tmp_path, DRAWINGS[:1]))))
    done = service.works.opting_out.add(plan)
    assert (done.withdrawn, len(done.also_named)) == ((), 1)
    assert len(service.works.opting_out.plan([], [DRAWINGS[0].read_bytes()]).would_withdraw) == 1


def test_the_list_wants_both_hashes_of_good_quality() -> None:
    phash, pdq = bytes(range(32)), bytes(range(100, 132))
    listed = OptOuts.of([OptOut("look", (phash + pdq).hex())])

    def look(phash: bytes, pdq: bytes, quality: int) -> Hashes:
        return Hashes(phash, pdq, quality)

    assert listed.reason(hashes=look(phash, pdq, 50)) is not None
    assert listed.reason(hashes=look(phash, pdq, 49)) is None
    far = bytes(each ^ 0xFF for each in pdq)
    assert listed.reason(hashes=look(phash, far, 100)) is None
    assert listed.reason(hashes=look(far, pdq, 100)) is None
    assert OptOut.of_hashes(look(phash, pdq, 49)) is None


def test_pixels_tell_copies_from_patterns() -> None:
    with Image.open(DRAWINGS[0]) as opened:
        original = np.asarray(opened.convert("RGB"))
    with Image.open(BytesIO(pattern_like(DRAWINGS[0]))) as opened:
        assert correlation(np.asarray(opened.convert("RGB")), original) < SAME_PICTURE - 0.05
    with Image.open(BytesIO(mirrored(DRAWINGS[0].read_bytes()))) as opened:
        assert correlation(np.asarray(opened.convert("RGB")), original) > 0.95


def look_of(service: Application, data: bytes) -> str:
    """Of the picture itself: the first of its views."""
    return next(each.value for each in service.works.opting_out.of_picture(data) if each.kind == "look")


def recompressed(path: Path, quality: int, scale: float) -> bytes:
    out = BytesIO()
    with Image.open(path) as opened:
        plain = Image.new("RGB", opened.size, "white")
        layers = opened.convert("RGBA")
        plain.paste(layers, mask=layers.getchannel("A"))
        plain.resize((int(plain.width * scale), int(plain.height * scale))).save(out, "JPEG", quality=quality)
    return out.getvalue()
