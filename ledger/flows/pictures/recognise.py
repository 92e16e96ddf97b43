"""Recognises pictures that were generated here, even after their metadata was removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ledger.answers.records import SimilarRecord
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.local_features import work_features
from ledger.flows.pictures.measurements import evidence_text
from ledger.flows.progress import Progress, silent
from ledger.flows.records.records import Records
from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.preview import make_preview, preview_of
from ledger.log.entry import Alongside, Entry
from ledger.match.candidate import Query
from ledger.match.recognition import Recognition, recognise
from ledger.record.parts import EvidenceText
from ledger.storage.search.generated_pictures import GeneratedPictureStore, NewGeneratedPicture

CANDIDATES = 30
"""How many candidates each list of the store returns, before exact re-ranking."""
_BATCH = 32
_STAGE = "fingerprinting generated pictures"


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """The record of a generated picture, and how the picture was found in another one."""

    entry: Entry
    found: Recognition

    @property
    def evidence(self) -> EvidenceText | None:
        """The evidence of the alignment; None where only hashes are near."""
        return None if self.found.evidence is None else evidence_text(self.found.evidence)


@dataclass(frozen=True, slots=True)
class GeneratedPictures:
    """Stores the fingerprints of generated pictures beside their records, and finds the records of pictures by them."""

    store: GeneratedPictureStore
    records: Records

    def remember(self, record_id: str, fingerprint: Fingerprint, working: Pixels) -> Alongside:
        """Stores a generated picture. Pass the result to the sequencer as `alongside` of the entry that hands it out.

        Computes local features where the fingerprint has none. Raises ConflictError (`spec-mismatch`).
        """
        local = fingerprint.local or work_features(preview_of(working)).to_bytes()
        return self.store.writer(
            NewGeneratedPicture(record_id, replace(fingerprint, local=local), make_preview(working))
        )

    def find(self, query: Query, known: Sequence[str] = ()) -> tuple[FoundAgain, ...]:
        """Records of the generated pictures that the query shows (`ledger.match.recognition`), the most certain first,
        without the records in `known`. Raises IntegrityError (`bad-preview`)."""
        found = recognise(query, self.store.nearest(query, CANDIDATES), self.store.pictures)
        return tuple(FoundAgain(self.records.entry(each.key), each) for each in found if each.key not in known)

    def answers(self, found: Sequence[FoundAgain]) -> tuple[SimilarRecord, ...]:
        """The records found, in the form that the command line and HTTP show."""
        records = self.records.answers([each.entry for each in found])
        return tuple(
            SimilarRecord(
                record=record,
                relation=each.found.relation,
                evidence=each.evidence,
                phash_distance=each.found.phash_distance,
            )
            for record, each in zip(records, found, strict=True)
        )

    def refresh(self, fingerprinter: Fingerprinter, progress: Progress = silent) -> int:
        """Fingerprints every kept picture that has no fingerprint under the fingerprinter's spec, from its preview.

        Returns how many pictures. Resumable. Raises IntegrityError (`bad-preview`).
        """
        done = 0
        while lacking := self.store.lacking(_BATCH):
            images = [
                CanonicalImage("", "image/webp", picture.shape[1], picture.shape[0], "", picture)
                for picture in lacking.values()
            ]
            self.store.put(dict(zip(lacking, fingerprinter.works(images), strict=True)))
            done += len(lacking)
            progress(_STAGE, done, None)
        return done
