"""Style, from a folder of models to records and their audit; and a corpus that comes to it later."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ledger import canonical
from ledger.app import Application, open_application
from ledger.audit.checks import Outcome
from ledger.audit.picture import FINGERPRINT, SCORES, audit_record
from ledger.errors import ConflictError, NotFoundError
from ledger.fingerprint.spec import copy_spec, spec_with
from ledger.fingerprint.style_models import StyleModels
from ledger.match.lists import Verdict
from ledger.match.null_set import shipped_null_set
from ledger.match.style.measure import StyleBlock, StyleMeasure
from ledger.match.style.null import NEIGHBOURS, STYLE_NULL, write_style_null
from ledger.record.predicates import CalibrationRecord, Verification
from ledger.record.statement import parse_payload
from ledger.settings import Settings
from tests.applications import ART, DRAWINGS, application_with, query, register
from tests.conftest import DatabaseUrl
from tests.fingerprint.models import CLIP_DIMENSION, save_style_models, with_statistics
from tests.match.styles import units


class CopiesAlone(Application):
    """An installation without models of style."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.store.style_models = None


REGISTERED = 8
CLOSED = DRAWINGS[2]
"""The one work that may be matched, but not compared by style."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and strangers that are far from everything, so that all real pictures are near to each other."""
    folder = tmp_path_factory.mktemp("models")
    models = with_statistics(save_style_models(folder))
    spec, null_set = spec_with(models), shipped_null_set()
    assert spec.style_part is not None
    random = np.random.default_rng(1)
    pictures, background = (
        StyleBlock(units(random, count, CLIP_DIMENSION), units(random, count, spec.dimensions["vae"]))
        for count in (len(null_set), 60)
    )
    measure = StyleMeasure(background, 1.0, 1.0, NEIGHBOURS)
    rows = np.arange(len(null_set))
    (folder / STYLE_NULL).write_bytes(write_style_null(spec.style_part, null_set.digest, rows, pictures, measure))
    return folder


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight drawings, of which one does not allow that its style is compared."""
    folder = tmp_path_factory.mktemp("works")
    with (ART / "labels.csv").open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    chosen = [rows[path.name] for path in DRAWINGS[:REGISTERED]]
    rows[CLOSED.name]["allowed_uses"] = "match"
    for path in DRAWINGS[:REGISTERED]:
        shutil.copy(path, folder)
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, chosen[0].keys())
        writer.writeheader()
        writer.writerows(chosen)
    return folder


@pytest.fixture(scope="module")
def styled(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory, models: Path, works: Path
) -> Iterator[Application]:
    data = tmp_path_factory.mktemp("data")
    with application_with(database_server, template, data, [works], style_models=models) as opened:
        yield opened


def verified(application: Application, data: bytes) -> Verification:
    answer = application.pictures.verify(data)
    predicate = parse_payload(canonical.dumps(answer.statement)).predicate
    assert isinstance(predicate, Verification)
    return predicate


def outsider() -> bytes:
    return DRAWINGS[20].read_bytes()


def test_a_record_says_what_is_near_in_style_with_an_error_rate_of_its_own(styled: Application) -> None:
    answer = styled.pictures.verify(outsider())
    assert answer.report is not None
    record = answer.statement["predicate"]
    assert record["fingerprint"]["embeddings"].keys() == {"clip", "copy", "vae"}
    assert record["fingerprint"]["spec"] == styled.store.spec.digest
    assert record["verdict"] == Verdict.STYLE
    near = [match for match in record["matches"] if "style" in match["raw"]]
    assert len(near) == REGISTERED - 1, "all but the one that does not allow it"
    assert {match["relation"] for match in near} == {"similar-style"}
    assert all(match["bin"].startswith("style-") and float(match["p_value"]) <= 0.01 for match in near)
    assert "Similar in style to" in answer.reference
    names = {match.work_id: match.title for match in answer.report.matches}
    last = record["matches"][REGISTERED - 1 :]
    assert [(names[match["work_id"]], "style" in match["raw"]) for match in last] == [("AZ-lizard", False)]


def test_a_copy_stays_a_copy(styled: Application) -> None:
    record = styled.pictures.verify(DRAWINGS[3].read_bytes()).statement["predicate"]
    assert record["verdict"] == Verdict.COPY
    assert record["matches"][0]["relation"] == "exact"
    assert "style" not in record["matches"][0]["raw"]


def test_the_record_is_audited_against_the_picture(styled: Application) -> None:
    answer = styled.pictures.verify(outsider())
    styled.log.settle()
    bundle = styled.records.bundle(answer.record_id)
    audit = audit_record(bundle, outsider(), styled.log.vkey, recompute=styled.pictures.recompute)
    outcomes = {check.name: check.outcome for check in audit.checks}
    assert (outcomes[FINGERPRINT], outcomes[SCORES]) == (Outcome.PASSED, Outcome.PASSED)
    predicate = verified(styled, outsider())
    found = styled.pictures.recompute.scores(outsider(), predicate)
    assert sum(each.style is not None for each in found) == REGISTERED - 1
    other = styled.pictures.recompute.scores(DRAWINGS[21].read_bytes(), predicate)
    assert max(abs((a.style or 0) - (b.style or 0)) for a, b in zip(found, other, strict=True)) > 0.05


def test_the_calibration_states_what_style_needs(styled: Application) -> None:
    summary = styled.pictures.calibrations.recalibrate()
    assert {name for name in summary.bins if name.startswith("style-")} == {
        f"style-{name}" for name in summary.bins if not name.startswith("style-")
    }
    stored = styled.store.calibrations.newest(styled.store.spec.digest)
    assert stored is not None
    found = styled.records.get(stored.record_id)
    predicate = parse_payload(canonical.dumps(found.statement)).predicate
    assert isinstance(predicate, CalibrationRecord)
    assert [each.bin for each in predicate.bins] == list(summary.bins)
    assert predicate.spec == styled.store.spec.digest
    assert not styled.pictures.calibrations.recalibrate().made, "for this very corpus there is one already"


def test_lookups_and_duplicates_still_work(styled: Application) -> None:
    assert styled.pictures.look_up(outsider()).matches
    groups = styled.works.duplicates.run()
    assert groups is not None
    assert not groups.groups


def test_a_corpus_comes_to_style_by_a_refresh(database_url: str, tmp_path: Path, models: Path, works: Path) -> None:
    """And its null set of copies stays what it is."""
    places: dict[str, Any] = {"data_dir": tmp_path / "data", "database_url": database_url}
    with CopiesAlone(Settings(**places)) as earlier:
        assert earlier.store.spec.digest == copy_spec().digest
        register(earlier, works)
        before = earlier.pictures.verify(outsider()).statement["predicate"]
        assert before["fingerprint"]["embeddings"].keys() == {"copy"}
        assert before["verdict"] == Verdict.NONE
        assert query(database_url, "SELECT count(*) FROM work_style") == [(0,)]
    with open_application(**places, style_models=models) as updated:
        with pytest.raises(ConflictError) as refused:
            updated.pictures.verify(outsider())
        assert refused.value.code == "corpus-not-refreshed"
        summary = updated.upkeep.refreshing.run("default")
        assert (summary.spec, summary.refreshed, summary.refused) == (updated.store.spec.digest, REGISTERED, ())
        assert query(database_url, "SELECT count(*) FROM work_style") == [(REGISTERED,)]
        after = updated.pictures.verify(outsider()).statement["predicate"]
        assert after["verdict"] == Verdict.STYLE
        copies = {match["work_id"]: match["score"] for match in before["matches"]}
        assert {match["work_id"]: match["score"] for match in after["matches"]} == copies, "what is said of copies"
    with CopiesAlone(Settings(**places)) as earlier:
        again = earlier.pictures.verify(outsider())
        assert again.repeated, "what the earlier spec says is still there"


def _without_strangers(models: Path, folder: Path) -> Path:
    copy = Path(shutil.copytree(models, folder / "models"))
    (copy / STYLE_NULL).unlink()
    return copy


def test_without_strangers_embeddings_are_kept_and_style_is_not_compared(
    database_url: str, tmp_path: Path, models: Path, works: Path
) -> None:
    folder = _without_strangers(models, tmp_path)
    with open_application(data_dir=tmp_path / "data", database_url=database_url, style_models=folder) as opened:
        register(opened, works)
        record = opened.pictures.verify(outsider()).statement["predicate"]
        assert record["fingerprint"]["embeddings"].keys() == {"clip", "copy", "vae"}
        assert not any("style" in match["raw"] for match in record["matches"])
        assert query(database_url, "SELECT count(*) FROM work_style") == [(REGISTERED,)]


def test_models_that_are_not_there(tmp_path: Path, database_url: str) -> None:
    missing = tmp_path / "nowhere"
    with open_application(data_dir=tmp_path / "data", database_url=database_url, style_models=missing) as opened:
        with pytest.raises(NotFoundError) as refused:
            opened.pictures.verify(outsider())
        assert refused.value.code == "model-missing"
        assert str(missing) in refused.value.message


def test_strangers_of_other_models_are_not_taken(models: Path, tmp_path: Path, database_url: str) -> None:
    other = StyleModels.in_folder(tmp_path / "models")
    save_style_models(other.clip.parent, seed=9)
    shutil.copy(models / STYLE_NULL, other.clip.parent)
    with open_application(
        data_dir=tmp_path / "data", database_url=database_url, style_models=other.clip.parent
    ) as opened:
        assert opened.pictures.style_null is None
