"""A corpus of real drawings with the real models, null set and ranking, and edited copies of them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.pictures.verify import query_of
from ledger.image.canonical_image import CanonicalImage
from ledger.image.pool import DecodePool
from ledger.image.preview import make_preview
from ledger.lab.evaluate.memory_index import MemoryIndex
from ledger.match.calibration import Calibration, calibrate
from ledger.match.candidate import Candidate, MatchOutcome, Query
from ledger.match.copies.matcher import Matcher
from ledger.match.null_set import shipped_null_set
from ledger.match.ranking import shipped_ranking

ART = sorted((Path(__file__).parents[2] / "data" / "art").glob("*.png"))
OUTSIDE = 5
"""The last works stay out of the corpus."""


class Studio:
    """Decodes, fingerprints, and matches against a corpus of the drawings."""

    def __init__(
        self, pool: DecodePool, fingerprinter: Fingerprinter, drawings: Sequence[Path] = ART[:-OUTSIDE]
    ) -> None:
        self._pool = pool
        self.fingerprinter = fingerprinter
        self.works: dict[str, Candidate] = {}
        self._previews: dict[str, bytes] = {}
        for path in drawings:
            self.register(path.stem, path.read_bytes())
        self.calibration = self.calibrate()

    def register(self, work_id: str, data: bytes) -> None:
        image = self._pool.decode(data)
        work = Candidate(
            work_id=work_id,
            artist_id=f"artist of {work_id}",
            sha256=image.sha256,
            pixel_sha256=image.pixel_sha256,
            registration_record_id="",
            registration_leaf_hash="",
            fingerprint=self.fingerprinter.works([image])[0],
        )
        self.works[work_id] = work
        self._previews[work_id] = make_preview(image.working)

    @property
    def index(self) -> MemoryIndex:
        return MemoryIndex(list(self.works.values()), self._previews)

    def calibrate(self) -> Calibration:
        return calibrate(shipped_null_set(), [self.index.block], self.index.state(), shipped_ranking())

    def image(self, data: bytes) -> CanonicalImage:
        return self._pool.decode(data)

    def query(self, data: bytes) -> Query:
        image = self.image(data)
        return query_of(image, self.fingerprinter.query(image))

    def match(self, data: bytes) -> MatchOutcome:
        return Matcher(self.index, self.calibration, shipped_null_set()).match(self.query(data))


def encoded(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(path: Path) -> Image.Image:
    image = Image.open(path).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def cropped_and_recompressed(path: Path) -> bytes:
    image = opened(path)
    box = (image.width // 12, image.height // 12, image.width - image.width // 14, image.height - image.height // 16)
    return encoded(image.crop(box).resize((image.width * 3 // 4, image.height * 3 // 4)), "JPEG", quality=60)
