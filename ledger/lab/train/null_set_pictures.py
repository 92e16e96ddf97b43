"""Selects, edits and fingerprints the pictures of the null set."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

import numpy as np
from PIL import Image

from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprint import Fingerprint, QueryFingerprint
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.query_pictures import other_picture
from ledger.image.canonical_image import CanonicalImage, Pixels
from ledger.image.pool import DecodePool
from ledger.image.preview import make_preview
from ledger.lab.train.augmentation import augment
from ledger.lab.train.pictures import SourcePicture
from ledger.lab.train.roles import MOST_BY_ONE, Role, role_of

_BATCH = 32
QUERY_SIDE = 512
"""Longest side, in pixels, of a picture before it is edited."""
USED = frozenset({Role.REFERENCE, Role.NULL, Role.BACKGROUND})


@dataclass(frozen=True, slots=True)
class NullSetPicture:
    """A picture's fingerprint, and the query's: of the edited picture or of the picture itself."""

    collection: str
    key: str
    role: Role
    clean: Fingerprint
    query: QueryFingerprint
    """Fingerprint of the edited picture, or of the picture itself."""
    edited: bool
    working: Pixels
    """The query's working picture."""
    preview: bytes
    """The preview that would be stored if the picture were a work."""
    other: tuple[QueryFingerprint, Pixels] | None = None
    """The picture that is compared beside the query, with its fingerprint."""

    @property
    def asked(self) -> tuple[tuple[QueryFingerprint, Pixels], ...]:
        """The query, and the picture that is compared beside it."""
        return ((self.query, self.working), *(() if self.other is None else (self.other,)))


def measure(
    pictures: Iterable[SourcePicture], pool: DecodePool, fingerprinter: Fingerprinter, *, seed: int
) -> Iterator[NullSetPicture]:
    """Fingerprints every comparable reference, null and background picture; edits references and half of the others."""
    for pairs in grounded(pictures):
        batch = [picture for picture, _ in pairs]
        changed = [edited_query(picture, ground, seed) for picture, ground in pairs]
        after = as_decoded(pool, [image or picture.image for picture, image in zip(batch, changed, strict=True)])
        before = as_decoded(pool, [picture.image for picture in batch])
        works, queries = fingerprinter.works(before), fingerprinter.queries(after)
        for picture, edited, clean, image, work, query in zip(
            batch, changed, before, after, works, queries, strict=True
        ):
            if comparable(clean, work.complexity) is None and comparable(image, query.image.complexity) is None:
                yield NullSetPicture(
                    collection=picture.collection,
                    key=picture.key,
                    role=role_of(picture.collection, picture.maker),
                    clean=work,
                    query=query,
                    edited=edited is not None,
                    working=image.working,
                    preview=make_preview(clean.working),
                    other=_other(fingerprinter, image),
                )


def _other(fingerprinter: Fingerprinter, image: CanonicalImage) -> tuple[QueryFingerprint, Pixels] | None:
    beside = other_picture(image.working)
    if beside is None:
        return None
    [made] = fingerprinter.other_queries([beside[1]])
    return made, beside[1]


def grounded(pictures: Iterable[SourcePicture]) -> Iterator[list[tuple[SourcePicture, Image.Image]]]:
    """The pictures used for the null set, in batches, each with the picture that its edits may paste it on."""
    remaining = _used(pictures)
    previous: Image.Image | None = None
    while batch := list(islice(remaining, _BATCH)):
        grounds = [previous or batch[-1].image, *(picture.image for picture in batch)]
        previous = batch[-1].image
        yield list(zip(batch, grounds, strict=False))


def _used(pictures: Iterable[SourcePicture]) -> Iterator[SourcePicture]:
    """The pictures used for the null set, at most MOST_BY_ONE of each maker."""
    taken: Counter[tuple[str, str]] = Counter()
    for picture in pictures:
        maker = (picture.collection, picture.maker)
        if role_of(*maker) in USED and taken[maker] < MOST_BY_ONE:
            taken[maker] += 1
            yield picture


def edited_query(picture: SourcePicture, ground: Image.Image, seed: int) -> Image.Image | None:
    """The edited picture; None if the picture stays unedited."""
    drawn = random.Random(f"{seed}/{picture.collection}/{picture.key}")  # noqa: S311 - reproducible, not secret
    if role_of(picture.collection, picture.maker) is not Role.REFERENCE and drawn.random() < 0.5:
        return None
    sizes = (picture.image.copy(), ground.copy())
    for image in sizes:
        image.thumbnail((QUERY_SIDE, QUERY_SIDE))
    pixels, other = np.asarray(sizes[0]), np.asarray(sizes[1])
    edited, _ = augment(pixels, lambda: other, np.random.default_rng(drawn.getrandbits(64)))
    return Image.fromarray(edited)


def as_decoded(pool: DecodePool, images: Sequence[Image.Image]) -> list[CanonicalImage]:
    """Decodes the images like pictures that users send: from files, in the limited workers. Raises InputError."""
    decoded = []
    for _, outcome in pool.decode_all((index, _png(image)) for index, image in enumerate(images)):
        if isinstance(outcome, InputError):
            raise outcome
        decoded.append(outcome)
    return decoded


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
