"""Pictures to train on: without those that their makers do not want to be trained on."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ledger.app import Application, open_application
from ledger.fingerprint.hashes import hashes
from ledger.flows.people.principal import Principal
from ledger.flows.works.register import WorkDetails
from ledger.image.pool import DecodePool
from ledger.lab.train.pictures import collected
from ledger.match.optout import NOBODY, OptOut, OptOuts
from tests.applications import DRAWINGS
from tests.people import Person, artist, changed


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """A package of three drawings."""
    folder = tmp_path / "assets" / "openmoji"
    folder.mkdir(parents=True)
    for path in DRAWINGS[:3]:
        shutil.copy(path, folder)
    return tmp_path / "assets"


def names(assets: Path, untrainable: OptOuts) -> Sequence[str]:
    with DecodePool(1) as pool:
        return sorted(picture.key for picture in collected(assets, pool, seed=1, untrainable=untrainable))


def test_the_opt_out_list_is_honoured(assets: Path) -> None:
    everything = [path.name for path in DRAWINGS[:3]]
    assert names(assets, NOBODY) == sorted(everything)
    digest = hashlib.sha256(DRAWINGS[0].read_bytes()).hexdigest()
    with Image.open(BytesIO(changed(DRAWINGS[1].read_bytes()))) as copy:
        pixels = np.asarray(copy.convert("RGB"))
    look = OptOut.of_hashes(hashes(pixels))
    assert look is not None
    listed = OptOuts.of([OptOut("sha256", digest), look])
    assert names(assets, listed) == [DRAWINGS[2].name], "by digest, and an edited copy by its look"


def test_works_without_leave_are_not_trained_on(assets: Path, database_url: str, tmp_path: Path) -> None:
    """By the ledger's own registrations: what does not allow it, and what was withdrawn."""
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as service:
        ids = register(service)
        assert names(assets, service.store.opt_outs.untrainable()) == sorted(path.name for path in DRAWINGS[1:3])
        ada = service.works.catalogue.work(ids[1]).artist_id
        service.works.consents.withdraw(ids[1], artist_of(ada))
        assert names(assets, service.store.opt_outs.untrainable()) == [DRAWINGS[2].name]


def register(service: Application) -> list[str]:
    ada = artist(service, "Ada")
    said = (WorkDetails(allowed_uses=("match",)), WorkDetails(allowed_uses=("match", "train")))
    return [
        service.works.registering.register(path.read_bytes(), details, ada.artist_id, ada.principal).work.work_id
        for path, details in zip(DRAWINGS, said, strict=False)
    ]


def artist_of(artist_id: str) -> Principal:
    return Person(artist_id, "").principal
