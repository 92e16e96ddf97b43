"""The whole product in one command: registers real works, verifies pictures, generates one, proves the answers, and
shows that a forged proof is refused."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.answers.corpus import IngestSummary
from ledger.answers.records import RecordAnswer
from ledger.audit.checks import AuditVerdict
from ledger.audit.verifier import audit_bundle
from ledger.corpus.demo_selection import DemoSelection, demo_selection
from ledger.corpus.work import Source, SourceItem
from ledger.errors import InputError, NotFoundError
from ledger.flows.demo.generation import DemoGeneratedPicture, DemoGeneration
from ledger.flows.demo.pictures import DemoPicture, Expected, choose_pictures, has_detail
from ledger.flows.pictures.verify import Verifying
from ledger.flows.progress import Progress, silent
from ledger.flows.records.records import Records
from ledger.flows.upkeep.calibrate import Calibrations
from ledger.flows.works.catalogue import Catalogue
from ledger.flows.works.ingest import Ingestion
from ledger.image.canonical_image import CanonicalImage
from ledger.match.lists import COPY_RELATIONS

OPENCLIPART = "openclipart"
WORKS = 500
"""How many works of OpenClipart are registered where nothing else is asked for."""
SPARE = 0.03
"""Share of works that are chosen beyond, because some drawings turn out to have the same bytes once rendered."""


@dataclass(frozen=True, slots=True)
class DemoQuery:
    picture: Path
    description: str
    expected: Expected
    relation: str
    """The relation of the nearest work, if it is a proven or verified copy, or similar in style at the error rate;
    `none` otherwise."""
    answer: RecordAnswer

    def to_json(self) -> dict[str, Any]:
        report = self.answer.to_json()["report"]
        return {
            "expected": self.expected,
            "relation": self.relation,
            "verdict": report["verdict"],
            "record_id": self.answer.record_id,
            "leaf_index": self.answer.leaf_index,
            "matches": report["matches"],
            "reference": self.answer.reference,
            "picture": str(self.picture),
        }


@dataclass(frozen=True, slots=True)
class DemoReport:
    """FORMAT.md, "Shapes that stay"."""

    ingest: IngestSummary
    works: int
    artists: int
    queries: tuple[DemoQuery, ...]
    generated: DemoGeneratedPicture
    bundle: Path
    bundle_verified: bool
    tampered_refused: bool
    checkpoint: str
    seconds: float
    steps: Mapping[str, float]
    """Seconds that each step took, in order."""

    def to_json(self) -> dict[str, Any]:
        return {
            "works": self.works,
            "artists": self.artists,
            "queries": [query.to_json() for query in self.queries],
            "generated": self.generated.to_json(),
            "bundle": str(self.bundle),
            "bundle_verified": self.bundle_verified,
            "tampered_refused": self.tampered_refused,
            "checkpoint": self.checkpoint,
            "seconds": self.seconds,
            "steps": dict(self.steps),
        }


class _Clock:
    """How long each step takes."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self.steps: dict[str, float] = {}

    def ended(self, step: str) -> None:
        now = time.monotonic()
        self.steps[step] = round(now - self._since, 3)
        self._since = now


@dataclass(frozen=True, slots=True)
class Demo:
    """Every step is idempotent: a second run registers nothing twice and finds the same records."""

    folder: Path
    """Where the pictures and the bundle are kept for the user to look at."""
    open_source: Callable[[str, Path | None], Source]
    ingestion: Ingestion
    calibrations: Calibrations
    verification: Verifying
    generation: DemoGeneration
    catalogue: Catalogue
    records: Records
    publish: Callable[[], None]
    log_vkey: str

    def run(self, progress: Progress = silent, *, corpus: Path | None = None, works: int | None = WORKS) -> DemoReport:
        """`corpus`: a labelled folder, all of which is registered; `works` of OpenClipart where None, or all of them.
        Raises InputError (`openclipart-missing`, `demo-corpus`, `too-few-works`)."""
        clock = _Clock()
        source = self._openclipart() if corpus is None else self.open_source(str(corpus), None)
        decode = self.verification.images.decode
        selection = _of_openclipart(source, works) if corpus is None else _of_folder(source, decode)
        ingest = self.ingestion.run(_Selected(source, selection.inside), progress, at_most=None if corpus else works)
        clock.ended("registering works")
        self.calibrations.recalibrate(progress)
        clock.ended("measuring error rates")
        pictures = choose_pictures(source, selection.inside, selection.outside, decode)
        queries = self.ask(pictures, progress)
        clock.ended("verifying pictures")
        generated = self.generation.run(progress)
        clock.ended("generating a picture")
        self.publish()
        bundle = self.records.bundle(queries[0].answer.record_id)
        path = self.folder / "bundle.json"
        path.write_bytes(bundle)
        stats = self.catalogue.stats()
        verified, refused = (audit_bundle(each, self.log_vkey).verdict for each in (bundle, one_byte_changed(bundle)))
        checkpoint = self.records.checkpoint()
        clock.ended("proving")
        return DemoReport(
            ingest=ingest,
            works=stats.works,
            artists=stats.artists,
            queries=queries,
            generated=generated,
            bundle=path,
            bundle_verified=verified is AuditVerdict.VERIFIED,
            tampered_refused=refused is AuditVerdict.REFUTED,
            checkpoint=checkpoint,
            seconds=round(sum(clock.steps.values()), 3),
            steps=clock.steps,
        )

    def _openclipart(self) -> Source:
        try:
            return self.open_source(OPENCLIPART, None)
        except NotFoundError as error:
            # Not a NotFoundError: nothing that the user named is missing. The user must tell the demo where works are.
            raise InputError(
                error.message,
                code=error.code,
                hint="Run apt-get install openclipart-svg, or use your own pictures: artledger demo --corpus FOLDER",
            ) from error

    def ask(self, pictures: Sequence[DemoPicture], progress: Progress = silent) -> tuple[DemoQuery, ...]:
        """Writes each picture to the folder and verifies it. The answers depend on the pictures alone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        queries = []
        for number, picture in enumerate(pictures, 1):
            path = self.folder / picture.name
            path.write_bytes(picture.data)
            answer = self.verification.verify(picture.data)
            queries.append(DemoQuery(path, picture.description, picture.expected, _relation(answer), answer))
            progress("verifying pictures", number, len(pictures))
        return tuple(queries)


def one_byte_changed(bundle: bytes) -> bytes:
    """The same bundle with one bit of the byte in its middle flipped."""
    middle = len(bundle) // 2
    return bundle[:middle] + bytes([bundle[middle] ^ 1]) + bundle[middle + 1 :]


def _relation(answer: RecordAnswer) -> str:
    report = answer.report
    if report is None or not report.matches:
        return "none"
    nearest = report.matches[0].relation
    return nearest if nearest in COPY_RELATIONS or report.verdict == "style" else "none"


def _of_folder(source: Source, decode: Callable[[bytes], CanonicalImage]) -> DemoSelection:
    """All works of the folder but the last one that has enough detail."""
    items = tuple(item for item in source.items() if item.left_out is None)
    if len(items) < 3:
        raise InputError(f"the folder has {len(items)} labelled works; the demo needs three", code="demo-corpus")
    held_back = next((item for item in reversed(items) if has_detail(source, item, decode)), items[-1])
    return DemoSelection(inside=tuple(item for item in items if item.key != held_back.key), outside=(held_back,))


def _of_openclipart(source: Source, works: int | None) -> DemoSelection:
    items = tuple(source.items())
    selection = demo_selection(items, math.ceil((works or WORKS) * (1 + SPARE)))
    if works is not None:
        return selection
    outside = {item.key for item in selection.outside}
    everything = tuple(item for item in items if item.key not in outside and "alias_of" not in item.labels)
    return DemoSelection(inside=everything, outside=selection.outside)


@dataclass(frozen=True, slots=True)
class _Selected:
    """Some of a source's works, under its name."""

    source: Source
    chosen: Sequence[SourceItem]

    @property
    def name(self) -> str:
        return self.source.name

    def items(self) -> Iterator[SourceItem]:
        return iter(self.chosen)

    def read(self, item: SourceItem) -> bytes:
        return self.source.read(item)
