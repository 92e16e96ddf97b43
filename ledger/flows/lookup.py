"""What is known about a picture, without making a record: its records, and unsigned matches."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ledger.errors import InputError
from ledger.flows.answers import LookupAnswer
from ledger.flows.notes import notes_on
from ledger.flows.records import Records, match_report, work_names
from ledger.flows.verify import Verification
from ledger.record.reference import reference_sentence

MAX_RECORDS = 50
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Appends nothing."""

    records: Records
    verification: Callable[[], Verification]
    """Asked for only when there is a picture to compare: it loads models, a digest needs none."""

    def by_image(self, data: bytes, *, top_k: int = 10) -> LookupAnswer:
        """Records of these bytes or these pixels, and what a verification would find now, unsigned.

        Raises InputError for bytes that are no usable picture.
        """
        examined = self.verification().examine(data, top_k)
        image, predicate = examined.image, examined.predicate
        works = self.records.works.works({match.work_id for match in predicate.matches})
        same_bytes = self.records.page(sha256=image.sha256, limit=MAX_RECORDS).records
        same_pixels = self.records.page(sha256=image.pixel_sha256, limit=MAX_RECORDS).records
        return LookupAnswer(
            sha256=image.sha256,
            records=tuple({record.record_id: record for record in (*same_bytes, *same_pixels)}.values()),
            matches=tuple(match_report(match, works.get(match.work_id)) for match in predicate.matches),
            reference=reference_sentence(predicate, work_names(works)),
            notes=notes_on(predicate, self.records.calibrated([predicate.calibration]).get(predicate.calibration)),
        )

    def by_sha256(self, sha256: str) -> LookupAnswer:
        """Records whose subject has this digest, of bytes or of canonical pixels. Raises InputError (`bad-sha256`)."""
        if not _SHA256.fullmatch(sha256):
            raise InputError(
                f"{sha256[:80]!r} is not a SHA-256 digest", code="bad-sha256", hint="64 lowercase hexadecimal digits"
            )
        records = self.records.page(sha256=sha256, limit=MAX_RECORDS).records
        reference = records[-1].reference if records else "Unknown: no record names this digest."
        return LookupAnswer(sha256=sha256, records=records, matches=(), reference=reference)
