"""What is known about a picture: its records, and unsigned matches. Nothing is recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ledger.answers.notes import notes_on, notes_on_view
from ledger.answers.records import LookupAnswer, RecordAnswer
from ledger.errors import InputError
from ledger.flows.pictures.credentials import Credentials
from ledger.flows.pictures.headlines import Headlines
from ledger.flows.pictures.recognise import GeneratedPictures
from ledger.flows.pictures.verify import Verifying
from ledger.flows.records.record_answers import match_answers, named_works, work_names
from ledger.flows.records.records import Records
from ledger.match.lists import MATCHES
from ledger.record.reference import reference_sentence

MAX_RECORDS = 50
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Appends nothing."""

    records: Records
    seen: GeneratedPictures
    credentials: Credentials
    headlines: Headlines
    verification: Callable[[], Verifying]
    """Called only when there is a picture to compare, because it loads the null set. A digest needs none."""

    def by_image(self, data: bytes, *, top_k: int = MATCHES) -> LookupAnswer:
        """Records of these bytes or pixels, and of generated pictures that this picture is an edited copy of; also the
        first `top_k` works that a verification would find now, unsigned.

        Raises InputError for bytes that are not a usable picture.
        """
        examined = self.verification().examine(data)
        image, predicate = examined.image, examined.predicate
        works = self.records.works.works(named_works(predicate))
        contested = self.records.works.contests({match.work_id for match in predicate.matches})
        records = self._of(image.sha256, image.pixel_sha256)
        found = self.credentials.find(data, image.media_type)
        matches = match_answers(predicate, works, contested)
        likely = self.records.likeness(predicate, examined.likeness)
        found_again = self.seen.find(examined.query, [record.record_id for record in records])
        return LookupAnswer(
            sha256=image.sha256,
            records=records,
            matches=matches[:top_k],
            reference=reference_sentence(predicate, work_names(works)),
            notes=(
                *notes_on_view(image.media_type, image.frames, image.frame, image.tried, over_black=image.over_black),
                *notes_on(predicate, self.records.calibrated([predicate.calibration]).get(predicate.calibration)),
            ),
            frames=image.frames if image.frames > 1 else None,
            similar_records=self.seen.answers(found_again),
            credentials=None if found is None else self.credentials.report(found, predicate),
            headline=self.headlines.of_lookup(predicate, matches, found_again, recorded=bool(records)),
            artist_reference=likely.artist_reference,
            labels=likely.labels,
        )

    def by_sha256(self, sha256: str) -> LookupAnswer:
        """Records whose subject has this digest, of a file's bytes or of canonical pixels.

        For the file of a generated picture, also the records of that picture. Raises InputError (`bad-sha256`).
        """
        if not _SHA256.fullmatch(sha256):
            raise InputError(
                f"{sha256[:80]!r} is not a SHA-256 digest", code="bad-sha256", hint="64 lowercase hexadecimal digits"
            )
        records = self._of(sha256)
        reference = records[-1].reference if records else "Unknown: no record names this digest."
        said = self.headlines.of_digest(sha256, records)
        return LookupAnswer(sha256=sha256, records=records, matches=(), reference=reference, headline=said)

    def _of(self, *digests: str) -> tuple[RecordAnswer, ...]:
        """Records with any of these digests, each once, then the generations that their files belong to."""
        pages = [self.records.page(sha256=digest, limit=MAX_RECORDS).records for digest in digests]
        found = {record.record_id: record for page in pages for record in page}
        made = [each for each in _generations(found.values()) if each not in found]
        return (*found.values(), *self.records.answers([self.records.entry(record_id) for record_id in made]))


def _generations(records: Iterable[RecordAnswer]) -> list[str]:
    """Record ids of the generations that the `asset` records name, each once."""
    refs = [record.statement["predicate"]["refs"] for record in records if record.kind == "asset"]
    return list(dict.fromkeys(ref["record_id"] for each in refs for ref in each))
