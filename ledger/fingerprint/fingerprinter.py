"""From decoded pictures to fingerprints under one spec."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ledger.errors import ConflictError
from ledger.fingerprint.complexity import complexity
from ledger.fingerprint.hashes import hashes, query_views
from ledger.fingerprint.spec import FingerprintSpec
from ledger.fingerprint.types import Encoder, Fingerprint, QueryFingerprint
from ledger.image.types import CanonicalImage, Pixels


class Fingerprinter:
    """Makes fingerprints of works (one view) and of queries (with the hashes of their other views)."""

    def __init__(self, encoders: Sequence[Encoder], spec: FingerprintSpec) -> None:
        """Raises ConflictError (`spec-mismatch`) when these encoders and this code do not make what `spec` says."""
        made = FingerprintSpec.of({encoder.name: encoder.describe() for encoder in encoders})
        if made.digest != spec.digest:
            raise ConflictError(
                f"the loaded models make fingerprints of spec {made.digest}, not of {spec.digest}",
                code="spec-mismatch",
                hint="Use the version that wrote that spec, or re-fingerprint: artledger corpus refresh.",
            )
        self.spec = spec
        self._digest = spec.digest
        self._encoders = tuple(encoders)

    def works(self, images: Sequence[CanonicalImage]) -> list[Fingerprint]:
        """One fingerprint per picture, in order. Encoders release the interpreter: hashing goes on beside them."""
        if not images:
            return []
        pictures = [image.working for image in images]
        with ThreadPoolExecutor(1) as aside:
            encoding = aside.submit(self._encode, pictures)
            plain = [(hashes(picture), complexity(picture)) for picture in pictures]
            vectors = encoding.result()
        return [
            Fingerprint(
                spec=self._digest,
                phash=made.phash,
                pdq=made.pdq,
                pdq_quality=made.pdq_quality,
                embeddings={name: rows[index] for name, rows in vectors.items()},
                complexity=detail,
            )
            for index, (made, detail) in enumerate(plain)
        ]

    def query(self, image: CanonicalImage) -> QueryFingerprint:
        """The fingerprint of one picture that is asked about."""
        return self.queries([image])[0]

    def queries(self, images: Sequence[CanonicalImage]) -> list[QueryFingerprint]:
        """As `works`, with the hashes of each query's other views."""
        with ThreadPoolExecutor(1) as aside:
            fingerprinting = aside.submit(self.works, images)
            views = [query_views(image.working) for image in images]
            return [
                QueryFingerprint(fingerprint, phash_views, pdq_views)
                for fingerprint, (phash_views, pdq_views) in zip(fingerprinting.result(), views, strict=True)
            ]

    def _encode(self, pictures: Sequence[Pixels]) -> dict[str, NDArray[np.float16]]:
        return {encoder.name: encoder.encode(pictures) for encoder in self._encoders}
