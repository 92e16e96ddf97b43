"""Makes fingerprints of decoded pictures under one spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ledger.errors import ConflictError
from ledger.fingerprint import copy_descriptor
from ledger.fingerprint.complexity import complexity
from ledger.fingerprint.fingerprint import Encoder, Fingerprint, HandPrint, QueryFingerprint, Vector
from ledger.fingerprint.hand.hand import DeepEncoder, hand_prints
from ledger.fingerprint.hashes import Hashes, hashes, query_views
from ledger.fingerprint.local_features import work_features
from ledger.fingerprint.query_pictures import other_picture
from ledger.fingerprint.spec import FingerprintSpec
from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.preview import preview_of


class Fingerprinter:
    """Makes fingerprints of works (of one view, or of two) and of queries (with the hashes of their other views)."""

    def __init__(self, encoders: Sequence[Encoder], spec: FingerprintSpec) -> None:
        """Raises ConflictError (`spec-mismatch`) if these encoders and this code do not match `spec`."""
        made = FingerprintSpec.of({encoder.name: encoder.describe() for encoder in encoders})
        if made.digest != spec.digest:
            raise ConflictError(
                f"the loaded models have fingerprint spec {made.digest}, but {spec.digest} is needed",
                code="spec-mismatch",
                hint="Use the version that wrote that spec, or re-fingerprint: artledger corpus refresh.",
            )
        self.spec = spec
        self._digest = spec.digest
        self._encoders = tuple(encoders)
        self._deep = next((each for each in encoders if isinstance(each, DeepEncoder)), None)

    def works(self, images: Sequence[CanonicalImage], *, hands: bool = False) -> list[Fingerprint]:
        """One fingerprint per picture, in order. Encoders release the interpreter, so other work runs in parallel.

        `hands`: with how each is drawn, for classifiers of artists."""
        pictures = [image.working for image in images]
        if not hands or not pictures or self._deep is None:
            return self._works(pictures, self._encoders)
        others = [each for each in self._encoders if each is not self._deep]
        with ThreadPoolExecutor(1) as aside:
            drawn = aside.submit(hand_prints, self._deep, pictures)
            made = self._works(pictures, others)
            prints = drawn.result()
        return [
            replace(each, embeddings={copy_descriptor.NAME: vector, **each.embeddings}, hand=hand)
            for each, vector, hand in zip(made, prints.copy, prints.each(), strict=True)
        ]

    def hand(self, image: CanonicalImage) -> HandPrint | None:
        """How a query is drawn; None where the copy descriptor does not say."""
        return None if self._deep is None else hand_prints(self._deep, [image.working]).each()[0]

    def second_views(self, images: Sequence[CanonicalImage]) -> list[Fingerprint | None]:
        """The fingerprint of each picture's second view, in order, without embeddings of style; None where it has
        none."""
        found = [image.second for image in images if image.second is not None]
        copies = [each for each in self._encoders if each.name == copy_descriptor.NAME]
        made = iter(self._works(found, copies)) if found else iter(())
        return [None if image.second is None else next(made) for image in images]

    def _works(self, pictures: Sequence[Pixels], encoders: Sequence[Encoder]) -> list[Fingerprint]:
        with ThreadPoolExecutor(max(1, len(encoders))) as aside:
            encoding = {each.name: aside.submit(each.encode, pictures) for each in encoders}
            local = [work_features(preview_of(picture)).to_bytes() for picture in pictures]
            plain = [(hashes(picture), complexity(picture)) for picture in pictures]
            vectors = {name: each.result() for name, each in encoding.items()}
        return [
            self._fingerprint(*plain[index], {name: rows[index] for name, rows in vectors.items()}, local[index])
            for index in range(len(pictures))
        ]

    def query(self, image: CanonicalImage, *, kept: bool = False) -> QueryFingerprint:
        """The fingerprint of one query."""
        return self.queries([image], kept=kept)[0]

    def queries(self, images: Sequence[CanonicalImage], *, kept: bool = False) -> list[QueryFingerprint]:
        """One per picture, in order, with the hashes of its other views and the embeddings of its windows. Local
        features only if pictures are `kept`, to be recognised later; they are computed in parallel with encoding."""
        return self._queries([image.working for image in images], self._encoders, kept=kept)

    def other_queries(self, pictures: Sequence[Pixels]) -> list[QueryFingerprint]:
        """Fingerprints of pictures that are compared beside queries (query_pictures.py), without embeddings of
        style."""
        copies = [each for each in self._encoders if each.name == copy_descriptor.NAME]
        return self._queries(pictures, copies) if pictures else []

    def queries_with_others(self, images: Sequence[CanonicalImage]) -> list[tuple[QueryFingerprint, ...]]:
        """Each query's fingerprint, and that of the picture that is compared beside it, if there is one."""
        beside = [other_picture(image.working) for image in images]
        others = iter(self.other_queries([each[1] for each in beside if each is not None]))
        queries = zip(self.queries(images), beside, strict=True)
        return [(query,) if other is None else (query, next(others)) for query, other in queries]

    def _queries(
        self, pictures: Sequence[Pixels], encoders: Sequence[Encoder], *, kept: bool = False
    ) -> list[QueryFingerprint]:
        with ThreadPoolExecutor(len(encoders)) as aside:
            encoding = {each.name: aside.submit(each.encode_queries, pictures) for each in encoders}
            views = [query_views(picture) for picture in pictures]
            local = [work_features(preview_of(picture)).to_bytes() if kept else b"" for picture in pictures]
            plain = [(hashes(picture), complexity(picture)) for picture in pictures]
            vectors = {name: each.result() for name, each in encoding.items()}
        return [
            QueryFingerprint(
                image=self._fingerprint(
                    *plain[index], {name: rows[index, 0] for name, rows in vectors.items()}, local[index]
                ),
                phash_views=views[index][0],
                pdq_views=views[index][1],
                windows={name: rows[index, 1:] for name, rows in vectors.items()},
            )
            for index in range(len(pictures))
        ]

    def _fingerprint(self, made: Hashes, detail: float, embeddings: Mapping[str, Vector], local: bytes) -> Fingerprint:
        return Fingerprint(
            spec=self._digest,
            phash=made.phash,
            pdq=made.pdq,
            pdq_quality=made.pdq_quality,
            embeddings=embeddings,
            complexity=detail,
            local=local,
        )
