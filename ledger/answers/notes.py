"""Sentences beside an answer, for what keeps it from meaning what it seems to; each says what to do where that helps.

They follow from the record and the calibration that it names, so that a record reads the same whenever it is read.
"""

from __future__ import annotations

from ledger.answers.outgrown import is_outdated
from ledger.corpus.work import CorpusState
from ledger.image.shape import MAXIMUM_ASPECT, MINIMUM_SIDE, is_extreme, is_tiny
from ledger.match import lists
from ledger.match.lists import COPY_RELATIONS, Verdict
from ledger.record.parts import ImageFacts
from ledger.record.predicates import Generation, Verification

OVER_BLACK = "The picture was compared over black, because over white nothing of it shows."
SECOND_VIEW = "The transparent parts of the work at rank {rank} lay over black when it was compared."
EMPTY_CORPUS = "No work is registered here, so nothing was compared. Register works: artledger corpus ingest SOURCE"


def notes_on(record: Verification | Generation, calibrated: CorpusState | None) -> tuple[str, ...]:
    """`calibrated`: the corpus that the record's calibration was made against, where that is known."""
    notes = []
    if record.verdict is Verdict.NOT_COMPARABLE:
        notes.append(f"Not comparable: {_too_little(record.image)}. Only equal digests were looked for.")
    if not record.corpus.works:
        notes.append(EMPTY_CORPUS)
    elif calibrated is not None:
        notes.extend(outgrown(calibrated, CorpusState(record.corpus.through, record.corpus.works)))
    copies = [match for match in record.matches if match.relation in COPY_RELATIONS]
    notes.extend(SECOND_VIEW.format(rank=match.rank) for match in copies if lists.OVER_BLACK in match.raw)
    return tuple(notes)


def notes_on_view(
    media_type: str, frames: int, frame: int = 1, tried: int = 1, *, over_black: bool = False
) -> tuple[str, ...]:
    """For a file of several frames or pages, of which one was compared, and for transparency that lay over black.

    `tried`: how many frames were decoded to find one that shows something.
    """
    things = "pages" if media_type == "image/tiff" else "frames"
    said = (f"{frames:,} {things}; {_compared(frames, frame, tried)}.",) if frames > 1 else ()
    return (*said, OVER_BLACK) if over_black else said


def _compared(frames: int, frame: int, tried: int) -> str:
    if frame > 1:
        blank = "the first is blank" if frame == 2 else f"the first {frame - 1} are blank"
        return f"the {({2: '2nd', 3: '3rd'}).get(frame, f'{frame}th')} was compared, {blank}"
    if tried == 1:
        return "only the first was compared"
    return "all are blank" if tried == frames else f"the first {tried} are blank, and no other was compared"


def outgrown(calibrated: CorpusState, corpus: CorpusState) -> tuple[str, ...]:
    """A warning with figures where a calibration is older than the corpus by more than a tenth of its works."""
    if not is_outdated(calibrated, corpus):
        return ()
    wrong = "too good" if corpus.works > calibrated.works else "too bad"
    return (
        f"The error rates were measured against {calibrated.works:,} works, the corpus has {corpus.works:,}: they look"
        f" {wrong}. `artledger serve` measures them anew in the background; at once: artledger corpus calibrate",
    )


def _too_little(image: ImageFacts) -> str:
    if is_tiny(image.width, image.height):
        return f"the picture is tiny ({image.width}x{image.height} pixels; {MINIMUM_SIDE} on each side are needed)"
    if is_extreme(image.width, image.height):
        return (
            f"the picture is extremely long ({image.width}x{image.height} pixels; {MAXIMUM_ASPECT} to 1 is the limit)"
        )
    return "the picture is blank or nearly so"
