"""The opt-out list: honoured by ingest, registration, matching and training, by digest and by look."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from ledger.bootstrap import Application, open_application
from ledger.corpus.optout import OptOut
from ledger.errors import ConflictError, InputError
from ledger.flows.optout import parse_opt_out
from ledger.flows.register import WorkDetails
from tests.applications import DRAWINGS, labelled, query
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
    listed = service.opting_out.of_picture(mirrored(by_look.read_bytes()))
    assert {entry.kind for entry in listed} == {"sha256", "phash"}
    digest = service.images.decode(by_digest.read_bytes()).pixel_sha256
    assert service.opting_out.add([*listed, OptOut("sha256", digest)]).added == len(listed) + 1
    assert service.opting_out.add(listed).added == 0
    source = service.open_source(str(folder_of(tmp_path, DRAWINGS[:4])))
    summary = service.ingestion.run(source)
    assert summary.registered == 2
    assert {each.key: each.code for each in summary.refused} == {
        by_look.name: "opted-out",
        by_digest.name: "opted-out",
    }, "a mirrored, recompressed copy says what it looks like"
    assert service.opting_out.remove(listed) == len(listed)
    assert service.ingestion.run(source).registered == 1


def test_registered_works_are_withdrawn(service: Application, tmp_path: Path, database_url: str) -> None:
    service.ingestion.run(service.open_source(str(folder_of(tmp_path, DRAWINGS[:4]))))
    done = service.opting_out.add(service.opting_out.of_picture(mirrored(DRAWINGS[2].read_bytes())))
    assert len(done.withdrawn) == 1
    work = service.catalogue.work(done.withdrawn[0])
    assert (work.withdrawn, work.title, work.preview) == (True, "", None)
    assert query(database_url, "SELECT count(*) FROM preview") == [(3,)]
    answer = service.verification.verify(DRAWINGS[2].read_bytes())
    assert answer.report is not None
    assert work.work_id not in [match.work_id for match in answer.report.matches]
    untrainable = service.opt_outs.untrainable()
    assert untrainable.reason(work.sha256) is not None
    require_good_log(service)


def test_an_artist_cannot_register_what_is_listed(service: Application) -> None:
    ada = artist(service, "Ada")
    data = DRAWINGS[5].read_bytes()
    service.opting_out.add(service.opting_out.of_picture(data))
    with pytest.raises(ConflictError) as refused:
        service.registering.register(data, WorkDetails(), ada.artist_id, ada.principal)
    assert refused.value.code == "opted-out"


def test_a_list_that_grows_meanwhile_is_asked_again(
    service: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between asking the list and appending, somebody opts out of a work of the batch: it is not registered."""
    source = service.open_source(str(folder_of(tmp_path, DRAWINGS[:3])))
    listed = service.opting_out.of_picture(DRAWINGS[1].read_bytes())
    append = service.sequencer.append_now
    added: list[int] = []

    def late(*arguments: Any) -> Any:
        if not added:
            added.append(service.opting_out.add(listed).added)
        return append(*arguments)

    monkeypatch.setattr(service.sequencer, "append_now", late)
    summary = service.ingestion.run(source)
    assert added
    assert (summary.registered, [each.key for each in summary.refused]) == (2, [DRAWINGS[1].name])


def test_blank_pictures_are_listed_by_digest_alone(service: Application, tmp_path: Path) -> None:
    white = BytesIO()
    Image.new("RGB", (64, 64), "white").save(white, "PNG")
    listed = service.opting_out.of_picture(white.getvalue())
    assert {entry.kind for entry in listed} == {"sha256"}, "every blank picture has the same pHash"


def test_the_list_is_read_in_pages(service: Application) -> None:
    entries = [OptOut("sha256", f"{number:064x}") for number in range(5)] + [OptOut("phash", "ab" * 32)]
    service.opting_out.add(entries)
    first = service.opting_out.page(limit=4)
    assert first.next_after is not None
    second = service.opting_out.page(after=first.next_after, limit=4)
    assert set(first.entries + second.entries) == set(entries)
    assert second.next_after is None
    assert parse_opt_out(first.next_after) == first.entries[-1]
    assert parse_opt_out("AB" * 32) == OptOut("sha256", "ab" * 32)
    for wrong in ("", "phash:", "md5:" + "0" * 64, "0" * 63):
        with pytest.raises(InputError):
            parse_opt_out(wrong)
    assert replace(first.entries[0]).kind == "phash"
