"""From real files to fingerprints, through the pool and the real encoder."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ledger.errors import ConflictError
from ledger.fingerprint.copy_descriptor import WINDOWS
from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprint import Fingerprint, embedding_sha256
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.hashes import hashes, query_views
from ledger.fingerprint.local_features import LocalFeatures
from ledger.fingerprint.spec import FingerprintSpec, copy_spec
from ledger.image.canonical_image import CanonicalImage
from ledger.image.pool import DecodePool
from tests.image.samples import save, textured

OPENCLIPART = Path("/usr/share/openclipart/svg")
DRAWINGS = [
    "animals/birds/acquila_architetto_franc_02",
    "computer/icons/etiquette-theme/next",
    "people/stickmen/sm_005",
    "signs_and_symbols/weather/w_cloud",
    "geography/extremadura_01",
    "food/desserts/glace_01_jean-victor_bal_01",
]


@pytest.fixture(scope="module")
def fingerprinter() -> Fingerprinter:
    return Fingerprinter([load_copy_encoder()], copy_spec())


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(workers=1) as running:
        yield running


@pytest.fixture(scope="module")
def images(pool: DecodePool) -> list[CanonicalImage]:
    return [pool.decode(save(textured(400, 300, seed), "PNG")) for seed in range(5)]


def same(one: Fingerprint, other: Fingerprint) -> bool:
    digests = [{name: embedding_sha256(vector) for name, vector in each.embeddings.items()} for each in (one, other)]
    plain = [(each.spec, each.phash, each.pdq, each.pdq_quality, each.complexity, each.local) for each in (one, other)]
    return digests[0] == digests[1] and plain[0] == plain[1]


def test_works(fingerprinter: Fingerprinter, images: list[CanonicalImage]) -> None:
    made = fingerprinter.works(images)
    for image, fingerprint in zip(images, made, strict=True):
        expected = hashes(image.working)
        assert (fingerprint.phash, fingerprint.pdq) == (expected.phash, expected.pdq)
        assert fingerprint.spec == copy_spec().digest
        assert fingerprint.embeddings["copy"].shape == (256,)
        assert same(fingerprint, fingerprinter.works([image])[0])
        assert 5 < len(LocalFeatures.from_bytes(fingerprint.local)) <= 300


def test_nothing_gives_nothing(fingerprinter: Fingerprinter) -> None:
    assert fingerprinter.works([]) == []
    assert fingerprinter.queries([]) == []


def test_queries_carry_the_views(fingerprinter: Fingerprinter, images: list[CanonicalImage]) -> None:
    for image, query in zip(images, fingerprinter.queries(images), strict=True):
        assert (query.phash_views, query.pdq_views) == query_views(image.working)
        assert same(query.image, fingerprinter.query(image).image)
        assert query.windows["copy"].shape == (len(WINDOWS), 256)
        assert query.image.local == b""


def test_another_spec_is_refused() -> None:
    with pytest.raises(ConflictError) as caught:
        Fingerprinter([load_copy_encoder()], FingerprintSpec.of({}))
    assert caught.value.code == "spec-mismatch"


@pytest.mark.needs("openclipart")
def test_edited_copies_of_real_drawings_find_their_original(fingerprinter: Fingerprinter, pool: DecodePool) -> None:
    files = [pool.rasterise((OPENCLIPART / f"{name}.svg").read_bytes()) for name in DRAWINGS]
    originals = fingerprinter.works([pool.decode(data) for data in files])
    copies = fingerprinter.queries([pool.decode(edited(data)) for data in files])
    vectors = np.stack([work.embeddings["copy"] for work in originals]).astype(np.float64)
    for index, copy in enumerate(copies):
        similarity = vectors @ copy.image.embeddings["copy"].astype(np.float64)
        assert similarity.argmax() == index, DRAWINGS[index]
        # The mirrored view's pHash is the nearest of all works'.
        distances = [min(hamming(view, work.phash) for view in copy.phash_views) for work in originals]
        assert int(np.argmin(distances)) == index, DRAWINGS[index]


def edited(data: bytes) -> bytes:
    """Mirrored, shrunk and recompressed."""
    with Image.open(BytesIO(data)) as picture:
        flat = Image.new("RGBA", picture.size, "white")
        flat.alpha_composite(picture.convert("RGBA"))
    mirrored = flat.convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return save(mirrored.resize((mirrored.width * 2 // 3, mirrored.height * 2 // 3)), "JPEG", quality=60)


def hamming(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
