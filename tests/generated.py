"""Generated pictures on a log without a generator: what they look like is all that finding them again needs."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from ledger.app import Application
from ledger.flows.pictures.measurements import generation_predicate
from ledger.image.from_pixels import image_of
from ledger.record.ids import new_id
from ledger.record.parts import Ref
from ledger.record.predicates import Asset
from ledger.record.predicates.pictures import UNKNOWN
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from tests.match.drawings import pixels
from tests.record.samples import MODEL, sha


@dataclass(frozen=True, slots=True)
class Generated:
    record_id: str
    asset_id: str
    file: bytes
    """As it was handed out: PNG."""


def generated(application: Application, picture: Image.Image) -> Generated:
    """Puts a picture's `generation` and `asset` on the log, and remembers what it looks like."""
    verification = application.pictures.verification
    examined = verification.compare(image_of(pixels(picture)), verification.calibrations.current())
    predicate = generation_predicate(
        examined.predicate,
        guard="allow",
        model=MODEL,
        origin_of_image="reported",
        policy=None,
        prompt=UNKNOWN,
        refs=(),
        sampler=UNKNOWN,
        seed=UNKNOWN,
        settings={},
    )
    payload = statement_payload("image", examined.image.pixel_sha256, predicate)
    entry = application.log.sequencer.submit(predicate.record_id, payload).result(60).entry
    file = encoded(picture, "PNG")
    asset = Asset(
        c2pa_manifest_sha256=sha("manifest"),
        generated_at=now_text(),
        origin=application.log.origin,
        media_type="image/png",
        record_id=new_id(),
        refs=(Ref(leaf_hash=entry.leaf_hash.hex(), record_id=entry.record_id),),
    )
    rows = application.pictures.recognition.remember(
        entry.record_id, examined.query.fingerprint.image, examined.image.working
    )
    payload = statement_payload("image", application.pictures.images.decode(file).sha256, asset)
    application.log.sequencer.submit(asset.record_id, payload, alongside=rows).result(60)
    return Generated(entry.record_id, asset.record_id, file)


def encoded(picture: Image.Image, form: str, **options: int) -> bytes:
    file = BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()
