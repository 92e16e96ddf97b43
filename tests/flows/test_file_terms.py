"""Every way in narrows the uses to what the picture's own file leaves, says why, and never widens them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cli.ui.ingest_summary import show_summary
from cli.ui.output import Output
from ledger.app import Application
from ledger.corpus.labels import Unstated
from ledger.corpus.sources.portfolio import PortfolioSource
from ledger.corpus.work import ALL_USES, Artist, SourceItem
from ledger.flows.people.principal import LOCAL
from ledger.flows.works.register import SignedWork, WorkDetails
from ledger.record import dsse
from ledger.record.predicates import Registration
from tests.applications import DRAWINGS, application_with
from tests.conftest import DatabaseUrl
from tests.image.credentials.samples import foreign
from tests.image.samples import png_chunk
from tests.people import artist, require_good_log
from tests.xmp_samples import KEYWORD, mining, packet

TRAINING_PROHIBITED = mining("DMI-PROHIBITED-AIMLTRAINING")
DETAILS = WorkDetails("Crow", "CC-BY-4.0", "", ALL_USES)


@pytest.fixture(scope="module")
def service(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    with application_with(database_server, template, tmp_path_factory.mktemp("data")) as opened:
        yield opened


def drawing(number: int, xmp: bytes = b"") -> bytes:
    data = DRAWINGS[number].read_bytes()
    return data[:33] + png_chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + xmp) + data[33:] if xmp else data


def uses_on_the_log(service: Application, work_id: str) -> Sequence[str]:
    """As the signed registration states them."""
    record = service.works.catalogue.work(work_id).registration_record_id
    predicate = service.works.registering.records.entry(record).statement.predicate
    assert isinstance(predicate, Registration)
    return predicate.allowed_uses


def test_a_labelled_folder(service: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {"cawg.data_mining": {"use": "notAllowed"}}
    signed = foreign(drawing(1), "image/png", [{"label": "cawg.training-mining", "data": {"entries": said}}])
    files = {
        "plain.png": (drawing(0), ALL_USES, ""),
        "manifest.png": (signed, (), "cawg.data_mining notAllowed"),
        "xmp.png": (drawing(2, TRAINING_PROHIBITED), ("match",), "DMI-PROHIBITED-AIMLTRAINING"),
        "allowed.png": (drawing(3, mining("DMI-ALLOWED")), ALL_USES, ""),
        "beside.png": (drawing(4), ("match",), "DMI-PROHIBITED-AIMLTRAINING"),
        "broken.png": (drawing(5, packet(before="<!DOCTYPE x>")), ALL_USES, ""),
        "site/a.png": (drawing(6), (), "tdm-reservation 1"),
    }
    (tmp_path / "site" / ".well-known").mkdir(parents=True)
    (tmp_path / "site" / ".well-known" / "tdmrep.json").write_text('[{"location": "/", "tdm-reservation": 1}]')
    (tmp_path / "beside.xmp").write_bytes(TRAINING_PROHIBITED)
    for name, (data, _, _) in files.items():
        (tmp_path / name).write_bytes(data)
    rows = "".join(f"{name},{name},Ann,CC-BY-4.0,match|train|style\n" for name in files)
    (tmp_path / "labels.csv").write_text(f"file,title,artist,licence,allowed_uses\n{rows}")
    summary = service.works.ingestion.run(service.works.open_source(str(tmp_path)))
    assert (summary.registered, summary.refused) == (len(files), ())
    works = {work_id: service.works.catalogue.work(work_id) for work_id in summary.registered_ids}
    for work_id, work in works.items():
        _, uses, value = files[work.title]
        assert (work.allowed_uses, uses_on_the_log(service, work_id)) == (uses, uses), work.title
        assert "".join(term.value for term in work.file_terms) == value
    told = {each.key: each for each in summary.narrowed}
    assert set(told) == set(files) - {"plain.png", "allowed.png"}
    [broken] = told["broken.png"].file_terms
    assert (broken.vocabulary, broken.problem) == ("", "XMP that cannot be read: it declares a document type")
    [beside] = told["beside.png"].file_terms
    assert (beside.version, beside.place) == ("IPTC Photo Metadata 2023.1", "in beside.xmp")
    assert told["site/a.png"].allowed_uses == ()
    show_summary(Output(), summary)
    shown = " ".join(capsys.readouterr().out.split())
    assert "5 works with terms in the file or beside it" in shown
    again = service.works.ingestion.run(service.works.open_source(str(tmp_path)), update_terms=True)
    assert (again.registered, again.changed) == (0, ()), "what a file forbids is no change to take back"
    (tmp_path / "plain.xmp").write_bytes(TRAINING_PROHIBITED)
    [later] = service.works.ingestion.run(service.works.open_source(str(tmp_path)), update_terms=True).changed
    assert (later.code, service.works.catalogue.work(later.work_id).allowed_uses) == ("terms-narrower", ("match",))
    require_good_log(service)


def test_a_portfolio(service: Application, tmp_path: Path) -> None:
    ada = artist(service, "Ada of the folder", key=True)
    (tmp_path / "a.png").write_bytes(drawing(7, TRAINING_PROHIBITED))
    (tmp_path / "b.png").write_bytes(drawing(8))
    (tmp_path / "robots.txt").write_text("User-agent: *\nContent-Usage: /b.png search=n\n")
    said = Unstated(ada.name, "CC-BY-4.0", ALL_USES)
    source = PortfolioSource(tmp_path, Artist(ada.artist_id, ada.name), said)
    summary = service.works.registering.ingest(source, ada.artist_id, LOCAL, ada.key)
    assert {each.key: each.allowed_uses for each in summary.narrowed} == {"a.png": ("match",), "b.png": ("train",)}
    assert [uses_on_the_log(service, each) for each in summary.registered_ids] == [("match",), ("train",)]


def test_any_other_source(service: Application) -> None:
    class Memory:
        name = "memory:1"

        def items(self) -> Iterator[SourceItem]:
            yield SourceItem("1", "Kept", "Cyd", "CC-BY-4.0", "", ALL_USES)
            yield SourceItem("2", "Asked for less", "Cyd", "CC-BY-4.0", "", ("train",))

        def read(self, item: SourceItem) -> bytes:
            return drawing(8 + int(item.key), TRAINING_PROHIBITED)

    summary = service.works.ingestion.run(Memory())
    assert [each.allowed_uses for each in summary.narrowed] == [("match",), ()]
    assert [uses_on_the_log(service, each) for each in summary.registered_ids] == [("match",), ()]


def test_one_work_with_and_without_a_key(service: Application) -> None:
    ben, eve = artist(service, "Ben of the works"), artist(service, "Eve of the works", key=True)
    registering = service.works.registering
    made = registering.register(drawing(11, TRAINING_PROHIBITED), DETAILS, ben.artist_id, ben.principal)
    assert (made.work.allowed_uses, [term.value for term in made.work.file_terms]) == (
        ("match",),
        ["DMI-PROHIBITED-AIMLTRAINING"],
    )
    data = drawing(12, TRAINING_PROHIBITED)
    draft = registering.prepare(data, DETAILS, eve.artist_id, eve.principal)
    assert [term.forbids for term in draft.file_terms] == [("train", "style")]
    signed = SignedWork(dsse.sign(draft.payload, [eve.key]), draft.metadata_key)
    made = registering.submit(data, DETAILS, signed, eve.artist_id, eve.principal)
    assert made.work.allowed_uses == uses_on_the_log(service, made.work.work_id) == ("match",)
    consents, work_id = service.works.consents, made.work.work_id
    wider = consents.draft_terms(work_id, eve.principal, ("match", "style"))
    consents.submit(work_id, dsse.sign(wider, [eve.key]), eve.principal)
    later = service.works.catalogue.work(work_id)
    assert (later.allowed_uses, later.file_terms) == (("match", "style"), made.work.file_terms), "the artist may widen"
