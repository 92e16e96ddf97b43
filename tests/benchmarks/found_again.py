"""How often a generated picture's record is found by an edited copy without metadata, and how often by an
unrelated picture.

Open works stand for generated pictures: scaled to `--side`, put on the log as generations and remembered. Copies of
held-out ones are asked about in each edit; unrelated pictures are held-out works by other artists on other subjects,
without variants of what is kept. `find_ms`: what it adds to a look-up.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PIL import Image

from ledger.app import Application
from ledger.errors import InputError
from ledger.fingerprint.complexity import comparable, complexity
from ledger.flows.pictures.verify import query_of
from ledger.image.from_pixels import image_of
from ledger.lab.evaluate.pictures import Picture, select
from ledger.lab.train.variants import variant_pairs
from ledger.match.candidate import Query
from tests.benchmarks._corpus import ART, fresh_application
from tests.benchmarks._output import emit
from tests.generated import encoded, generated
from tests.match.drawings import pixels

Edit = Callable[[Image.Image], Image.Image]


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    return Image.open(BytesIO(encoded(picture, "JPEG", quality=quality))).convert("RGB")


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize((max(16, round(factor * picture.width)), max(16, round(factor * picture.height))))


def cropped(picture: Image.Image, share: float) -> Image.Image:
    """Without this share of each side's length, more of it at the left and the top."""
    left, top = round(0.7 * share * picture.width), round(0.6 * share * picture.height)
    width, height = round((1 - share) * picture.width), round((1 - share) * picture.height)
    return picture.crop((left, top, left + width, top + height))


EDITS: Mapping[str, Edit] = {
    "stripped": lambda picture: picture,
    "jpeg 50": lambda picture: jpeg(picture, 50),
    "half size, jpeg 60": lambda picture: jpeg(scaled(picture, 0.5), 60),
    "double size, jpeg 60": lambda picture: jpeg(scaled(picture, 2), 60),
    "cropped by 10%, jpeg 75": lambda picture: jpeg(cropped(picture, 0.1), 75),
    "cropped by 25%, jpeg 75": lambda picture: jpeg(cropped(picture, 0.25), 75),
    "cropped by 40%, jpeg 75": lambda picture: jpeg(cropped(picture, 0.4), 75),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept", type=int, default=1000, help="pictures that are remembered")
    parser.add_argument("--count", type=int, default=100, help="copies asked about, in each edit")
    parser.add_argument("--unrelated", type=int, default=500)
    parser.add_argument("--side", type=int, default=128, help="longest side of what is remembered, in pixels")
    parser.add_argument("--quick", action="store_true", help="the few drawings of the tests: shows that it works")
    options = parser.parse_args()
    with fresh_application() as application:
        if options.quick:
            drawings = [small(Image.open(path).convert("RGB"), options.side) for path in sorted(ART.glob("*.png"))]
            kept, unrelated, count = drawings[:20], drawings[20:], 3
        else:
            chosen = select(
                application.pictures.images, works=options.kept, unrelated=options.unrelated, assets=None, seed=7
            )
            kept = usable(chosen.corpus, options.side)
            unrelated = apart(application, usable(chosen.unrelated, options.side), kept)
            count = options.count
        measure(application, kept, unrelated, count, options.side)


def measure(
    application: Application, kept: Sequence[Image.Image], unrelated: Sequence[Image.Image], count: int, side: int
) -> None:
    ids = [generated(application, picture).record_id for picture in kept]
    context = {"kept": len(kept), "side": side, "processors": os.cpu_count()}
    for name, edit in EDITS.items():
        # The very pixels would be found by their digest: what is asked here is what they look like.
        own = [found(application, asked(application, edit(picture)))[0] for picture in kept[:count]]
        right = sum(record_id in each for record_id, each in zip(ids, own, strict=False))
        emit("found_again", "found", right / len(own), "share", edit=name, copies=len(own), **context)
    answers = [found(application, asked(application, picture)) for picture in unrelated]
    wrong = sum(bool(each) for each, _ in answers)
    emit("found_again", "false_finds", wrong / len(answers), "share", unrelated=len(answers), **context)
    milliseconds = sorted(each for _, each in answers)
    emit("found_again", "find_ms", milliseconds[len(milliseconds) // 2], "ms", **context)


def asked(application: Application, picture: Image.Image) -> Query:
    image = image_of(pixels(picture))
    return query_of(image, application.pictures.fingerprinter.query(image))


def found(application: Application, query: Query) -> tuple[set[str], float]:
    """Record ids, and the milliseconds that it took."""
    started = time.perf_counter()
    records = {similar.entry.record_id for similar in application.pictures.recognition.find(query)}
    return records, 1000 * (time.perf_counter() - started)


def usable(pictures: Sequence[Picture], side: int) -> list[Image.Image]:
    """Small pictures that can be compared."""
    made = []
    for picture in pictures:
        try:
            image = small(Image.fromarray(picture.pixels()), side)
        except InputError:
            continue
        canonical = image_of(pixels(image))
        if comparable(canonical, complexity(canonical.working)) is None:
            made.append(image)
    return made


def small(picture: Image.Image, side: int) -> Image.Image:
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return picture


def apart(application: Application, unrelated: Sequence[Image.Image], kept: Sequence[Image.Image]) -> list[Image.Image]:
    """The unrelated pictures that are no variant of anything kept."""
    ours, theirs = (
        application.pictures.fingerprinter.works([image_of(pixels(picture)) for picture in each])
        for each in (unrelated, kept)
    )
    near = variant_pairs(ours, theirs)
    return [picture for picture, variants in zip(unrelated, near, strict=True) if not variants.any()]


if __name__ == "__main__":
    main()
