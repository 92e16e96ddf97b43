"""One picture, one record; what comes back follows from the picture and the corpus alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ledger.answers.records import RecordAnswer
from ledger.app import Application, open_application
from ledger.audit.checks import Outcome
from ledger.audit.picture import audit_record
from ledger.errors import InputError, NotFoundError, PushbackError
from ledger.flows.demo.pictures import edited_copy
from ledger.flows.people.principal import LOCAL
from tests.applications import ART, DRAWINGS, UNKNOWN_ID, application_with, labelled, register
from tests.conftest import DatabaseUrl
from tests.image.samples import save, textured


def new_picture(seed: int) -> bytes:
    return save(textured(210, 160, seed), "PNG")


def size(application: Application) -> int:
    return application.works.catalogue.stats().tree_size


def best(answer: RecordAnswer) -> tuple[str, str]:
    """Relation and title of the first match."""
    assert answer.report is not None
    first = answer.report.matches[0]
    return first.relation, first.title


def test_a_repeated_question_returns_its_record(application: Application) -> None:
    first = application.pictures.verify(new_picture(1))
    before = size(application)
    again = application.pictures.verify(new_picture(1))
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.record_id, again.leaf_index, again.envelope) == (first.record_id, first.leaf_index, first.envelope)
    assert size(application) == before


def test_a_bad_file_and_a_known_picture_load_no_model(application: Application) -> None:
    known = application.pictures.verify(new_picture(50))
    url = application.settings.database_url
    with open_application(data_dir=application.settings.data_dir, database_url=url) as another:
        with pytest.raises(InputError):
            another.pictures.verify(b"no picture")
        with pytest.raises(InputError):
            another.pictures.look_up(b"no picture")
        assert another.pictures.verify(new_picture(50)).record_id == known.record_id
        assert "fingerprinter" not in vars(another.pictures)
        assert not another.pictures.verify(new_picture(51)).repeated
        assert "fingerprinter" in vars(another.pictures)


def test_one_picture_from_many_at_once_is_one_leaf(application: Application) -> None:
    application.pictures.verify(new_picture(2))
    before = size(application)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(application.pictures.verification.verify, [new_picture(3)] * 6))
    assert len({answer.record_id for answer in answers}) == 1
    assert sorted(answer.repeated for answer in answers) == [False, *[True] * 5]
    assert size(application) == before + 1


def test_answers_follow_swapped_pictures(application: Application) -> None:
    one, other = DRAWINGS[3].read_bytes(), DRAWINGS[7].read_bytes()
    found = [best(application.pictures.verify(data)) for data in (one, edited_copy(one), other, edited_copy(other))]
    assert [relation for relation, _ in found] == ["exact", "near-duplicate", "exact", "near-duplicate"]
    assert found[0][1] == found[1][1] != found[2][1] == found[3][1]


def test_other_bytes_of_the_same_pixels(application: Application) -> None:
    with Image.open(DRAWINGS[5]) as image:
        saved = BytesIO()
        image.save(saved, "PNG", compress_level=1)
    assert best(application.pictures.verify(saved.getvalue()))[0] == "same-pixels"


def test_a_lookup_appends_nothing_and_finds_the_record(application: Application) -> None:
    made = application.pictures.verify(new_picture(4))
    before = size(application)
    found = application.pictures.look_up(new_picture(4))
    assert made.record_id in [record.record_id for record in found.records]
    assert found.reference == made.reference
    assert application.pictures.lookups.by_sha256(found.sha256).records[0].record_id == made.record_id
    assert application.pictures.lookups.by_sha256("0" * 64).records == ()
    assert application.pictures.look_up(new_picture(5)).records == ()
    assert size(application) == before
    with pytest.raises(InputError):
        application.pictures.lookups.by_sha256("A" * 64)


def test_a_file_of_several_pages_says_that_one_was_compared(application: Application) -> None:
    pages = save(textured(210, 160, 71), "TIFF", save_all=True, append_images=[textured(210, 160, 72)])
    note = "2 pages; only the first was compared."
    looked_up = application.pictures.lookups.by_image(pages)
    assert (looked_up.frames, looked_up.notes[0]) == (2, note)
    made = application.pictures.verify(pages)
    assert made.report is not None
    assert (made.frames, made.report.notes[0]) == (2, note)
    record = application.records.get(made.record_id)
    assert record.report is not None
    assert (record.frames, note in record.report.notes) == (None, False)
    assert application.pictures.verify(new_picture(73)).frames is None


def test_a_larger_corpus_is_another_question(database_url: str, tmp_path: Path) -> None:
    """A new work changes the corpus state, so the same picture is asked anew, and now finds it."""
    works = tmp_path / "works"
    works.mkdir()
    for path in DRAWINGS[:4]:
        (works / path.name).write_bytes(path.read_bytes())
    rows = [(path.name, path.stem, "Somebody") for path in DRAWINGS[:4]]
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as application:
        register(application, labelled(works, rows[:3]))
        picture = DRAWINGS[3].read_bytes()
        stranger = application.pictures.verify(picture)
        calibrated = stranger.statement["predicate"]["calibration"]
        register(application, labelled(works, rows))
        found = application.pictures.verify(picture)
        assert not found.repeated
        assert best(found)[0] == "exact"
        assert found.statement["predicate"]["calibration"] != calibrated, "a third more works: calibrated anew"
        again = application.pictures.calibrations.recalibrate()
        assert (again.made, again.digest) == (False, found.statement["predicate"]["calibration"])


def test_calibration_is_kept_while_the_corpus_changes_by_less_than_a_tenth(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as application:
        register(application, ART)
        before = application.pictures.calibrations.current().digest
        rows = []
        for number in range(4):
            name = f"{number}.png"
            (folder / name).write_bytes(new_picture(100 + number))
            rows.append((name, name, "Somebody"))
            register(application, labelled(folder, rows))
            changed = application.pictures.calibrations.current().digest != before
            assert changed == (number + 1 > 3), "30 works: 3 more are a tenth, 4 are beyond"


def test_a_record_is_recomputed_from_its_picture_and_from_no_other(application: Application) -> None:
    picture = edited_copy(DRAWINGS[8].read_bytes())
    record_id = application.pictures.verify(picture).record_id
    with pytest.raises(PushbackError) as early:
        application.records.bundle(record_id)
    assert early.value.code == "not-yet-published"
    application.log.settle()
    bundle = application.records.bundle(record_id)

    def outcomes(image: bytes) -> dict[str, Outcome]:
        audit = audit_record(bundle, image, application.log.vkey, recompute=application.pictures.recompute)
        return {check.name: check.outcome for check in audit.checks}

    names = ("image bytes", "canonical pixels", "fingerprint", "scores")
    good, bad = outcomes(picture), outcomes(DRAWINGS[8].read_bytes())
    assert [good[name] for name in names] == [Outcome.PASSED] * 4
    assert [bad[name] for name in names[:3]] == [Outcome.FAILED] * 3


def test_levels_from_the_corpus_are_recomputed_from_it(
    database_server: DatabaseUrl, template: str, tmp_path: Path
) -> None:
    """Also when works that decided them are gone: then what differs is not checked, and nothing is refuted."""
    with application_with(database_server, template, tmp_path / "data", [ART]) as application:
        application.pictures.calibrations.least_works = 15
        picture = edited_copy(DRAWINGS[8].read_bytes())
        answer = application.pictures.verify(picture)
        assert application.pictures.calibrations.current().calibration.corpus_levels
        matches = answer.statement["predicate"]["matches"]
        assert all("copy_look_background" in match["raw"] for match in matches if "fused" in match["raw"])
        application.log.settle()

        def scores() -> Outcome:
            bundle, recompute = application.records.bundle(answer.record_id), application.pictures.recompute
            audit = audit_record(bundle, picture, application.log.vkey, recompute=recompute)
            return next(check.outcome for check in audit.checks if check.name == "scores")

        assert scores() is Outcome.PASSED
        for match in matches[3:]:
            application.works.consents.withdraw(match["work_id"], LOCAL, "legal")
        assert scores() is not Outcome.FAILED


def test_what_does_not_exist(application: Application) -> None:
    with pytest.raises(NotFoundError):
        application.records.get(UNKNOWN_ID)
    with pytest.raises(NotFoundError):
        application.works.catalogue.work(UNKNOWN_ID)
    with pytest.raises(NotFoundError):
        application.works.catalogue.artist(UNKNOWN_ID)
    with pytest.raises(NotFoundError):
        application.works.catalogue.works(UNKNOWN_ID)


def test_pages_and_catalogue_agree_with_the_labels(application: Application) -> None:
    stats = application.works.catalogue.stats()
    assert (stats.works, stats.artists) == (len(DRAWINGS), 14)
    seen: list[str] = []
    after = -1
    while True:
        page = application.records.page(kind="registration", after=after, limit=7)
        seen.extend(record.record_id for record in page.records)
        if page.next_after is None:
            break
        after = page.next_after
    assert len(seen) == len(set(seen)) == len(DRAWINGS)
    work = application.works.catalogue.work(application.records.get(seen[0]).statement["predicate"]["work_id"])
    assert work.registration_record_id == seen[0]
    assert application.works.catalogue.artist(work.artist_id).name == work.artist
    assert work in application.works.catalogue.works(work.artist_id, limit=200).works
    assert (application.works.catalogue.preview(work.work_id) or b"")[8:12] == b"WEBP"
