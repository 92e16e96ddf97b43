"""Made-up works with random fingerprints of a small spec, registered as real leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ledger import canonical
from ledger.corpus.work import AllowedUse
from ledger.fingerprint.fingerprint import Fingerprint, QueryFingerprint
from ledger.image.preview import make_preview
from ledger.log.entry import Draft
from ledger.match.candidate import Query
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keys import Signer
from ledger.record.parts import EmbeddingDigest, FingerprintDigests
from ledger.record.predicates import Predicate, Registration, Resolution
from ledger.record.statement import statement_payload
from ledger.storage.database import Database
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.log.projections import Projector
from ledger.storage.works.corpus import CorpusStore, NewWork
from tests.record.kinds import ALL, subject_of
from tests.record.samples import ORIGIN, OTHER, SIGNER, TIME, key_record, sha

DIMENSION = 16


@dataclass(frozen=True, slots=True)
class SmallSpec:
    """Stands for a FingerprintSpec: the store only reads document, digest and the descriptor's dimension."""

    name: str

    @property
    def document(self) -> bytes:
        return canonical.dumps({"embeddings": {"copy": {"dimension": DIMENSION}}, "name": self.name})

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.document).hexdigest()


SPEC = SmallSpec("small")


@dataclass(frozen=True, slots=True)
class Stores:
    entries: PostgresEntryStore
    projector: Projector
    corpus: CorpusStore


def stores_of(database: Database, spec: SmallSpec = SPEC) -> Stores:
    entries, projector = PostgresEntryStore(database), Projector(database)
    entries.create_log("localhost/artledger/test")
    return Stores(entries, projector, CorpusStore(database, projector, spec))


def fingerprint(random: np.random.Generator, spec: SmallSpec = SPEC) -> Fingerprint:
    vector = random.standard_normal(DIMENSION).astype(np.float32)
    return Fingerprint(
        spec=spec.digest,
        phash=random.bytes(32),
        pdq=random.bytes(32),
        pdq_quality=int(random.integers(0, 101)),
        embeddings={"copy": (vector / np.linalg.norm(vector)).astype(np.float16)},
        complexity=float(random.random()),
        local=random.bytes(10_000),
    )


def draft_of(predicate: Predicate, subject_sha256: str | None = None, *signers: Signer) -> Draft:
    """Signed by the service, then by `signers`."""
    payload = statement_payload("work", subject_sha256 or subject_of(predicate), predicate)
    return Draft(predicate.record_id, dsse.sign(payload, [SIGNER, *signers]))


def every_kind() -> list[Draft]:
    """One record of every kind; the key is that of the auditor who signs the resolution."""
    auditor = {"role": "auditor", "holder_id": next(each.auditor_id for each in ALL if isinstance(each, Resolution))}
    records = [key_record(OTHER).model_copy(update=auditor), *(each for each in ALL if each.kind != "key")]
    return [draft_of(each, None, *((OTHER,) if each.kind in ("key", "resolution") else ())) for each in records]


def new_work(random: np.random.Generator, key: str, artist_id: str) -> NewWork:
    return NewWork(
        work_id=new_id(),
        artist_id=artist_id,
        source_name="made-up",
        source_key=key,
        title=f"Work {key}",
        source="https://example.org/works",
        labels={"genre": "test"},
        metadata_key=random.bytes(32),
        metadata={"title": f"Work {key}"},
        fingerprint=fingerprint(random),
        preview=make_preview(random.integers(0, 256, (12, 16, 3), np.uint8)),
    )


def registration_of(work: NewWork, uses: tuple[AllowedUse, ...] = ("match", "train", "style")) -> Draft:
    each = work.fingerprint
    predicate = Registration(
        allowed_uses=uses,
        artist_id=work.artist_id,
        fingerprint=FingerprintDigests(
            embeddings={"copy": EmbeddingDigest(dimension=DIMENSION, sha256=sha(work.source_key))},
            pdq=each.pdq.hex(),
            pdq_quality=each.pdq_quality,
            phash=each.phash.hex(),
            spec=each.spec,
        ),
        generated_at=TIME,
        origin=ORIGIN,
        licence="CC0-1.0",
        metadata=sha("metadata"),
        pixel_sha256=sha(f"pixels of {work.source_key}"),
        record_id=new_id(),
        work_id=work.work_id,
    )
    return draft_of(predicate, sha(f"file of {work.source_key}"))


def register(stores: Stores, count: int, *, seed: int = 1, artists: Sequence[str] = ("Ada", "Ben")) -> list[NewWork]:
    """Register works with the keys 0, 1, ...; artists take turns."""
    random = np.random.default_rng(seed)
    ids = stores.corpus.ensure_artists(artists)
    works = [new_work(random, str(number), ids[artists[number % len(artists)]]) for number in range(count)]
    stores.entries.append([registration_of(work) for work in works], stores.corpus.writer(works))
    return works


def query_of(image: Fingerprint, *, sha256: str = "00" * 32, pixel_sha256: str = "00" * 32) -> Query:
    windows = {"copy": np.zeros((0, len(image.embeddings["copy"])), np.float16)}
    views = QueryFingerprint(image, (image.phash,), (image.pdq,), windows)
    return Query(sha256, pixel_sha256, views, np.zeros((8, 8, 3), np.uint8))
