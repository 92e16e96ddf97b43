"""A plan of constructed claims, and the interface of the ledger that carries it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle
from typing import Literal, Protocol

import numpy as np
from PIL import Image

from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.edits.drawing import Edit, apply, generator
from ledger.lab.evaluate.edits.kinds import Grounds
from ledger.record.predicates import ClaimType, ClaimVerdict

VERDICTS: tuple[ClaimVerdict, ...] = ("supported", "contradicted", "inconclusive")
EDITS = (
    Edit("crop", "70%"), Edit("resize", "50%"), Edit("jpeg", "30"), Edit("colour", "mild"), Edit("grey", "grey"),
    Edit("rotate", "5"), Edit("flip", "across"), Edit("caption", "line"), Edit("letterbox", "25%"),
    Edit("noise", "10"), Edit("resize", "stretched"), Edit("vignette", "50%"),
)  # fmt: skip
"""Edits that people make before they pass a picture on. Claims about edited copies use them in turn."""

Moment = Literal["early", "late"]


class Drawing(Protocol):
    """ledger.lab.evaluate.works.Picture."""

    @property
    def name(self) -> str: ...

    def pixels(self) -> Pixels: ...


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """A work to be registered by somebody."""

    artist: str
    file: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Filing:
    """A claim and its expected verdict."""

    kind: str
    claim_type: ClaimType
    claimant: str
    expected: ClaimVerdict
    truthful: bool
    picture: bytes | None
    works: tuple[str, ...] = ()
    """Files of the claimant's works."""
    model: str | None = None
    edit: str = "none"
    """Edit that was applied to the picture."""
    stolen: str | None = None
    """If the claimant squats: the file that the true artist registered."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What an ordinary record of a copy says about the copied work."""

    aligned: bool
    """Whether the two pictures, compared alone, are a verified copy. If so, the record must name the work."""
    named: bool
    """Whether the record lists the work as a verified copy, or its artist with a share."""


class ClaimLedger(Protocol):
    """A separate ledger that really carries out the plan. Models are identified by name."""

    def register(self, works: Sequence[PlannedWork]) -> None: ...

    def generate(self, picture: Pixels, model: str) -> bytes:
        """Records a picture as generated here. Returns the file that users would receive."""

    def report(self, data: bytes, model: str) -> None: ...

    def disclose(self, model: str, files: Sequence[str]) -> None:
        """Discloses a model that was trained on these registered files."""

    def judge(self, filing: Filing) -> ClaimVerdict: ...

    def compare_with(self, picture: bytes, file: str) -> Sighting:
        """Verifies the picture as any user would, and compares it with the registered file alone."""


@dataclass(slots=True)
class ClaimPlan:
    """All events, in order."""

    early: list[PlannedWork]
    generated: list[tuple[Pixels, str, int]]
    """Picture, model, and the index of the filing about the file that users receive; -1 for none."""
    reported: list[tuple[bytes, str]]
    late: list[PlannedWork]
    listed: list[str]
    """Files that the model `disclosed` was trained on."""
    filings: list[Filing]


class Script:
    """Writes a plan: who registers, generates and claims what. Equal drawings and seeds give equal plans."""

    def __init__(self, drawings: Iterable[Drawing], seed: int) -> None:
        self._drawings = iter(drawings)
        self._seed = seed
        self._edits = cycle(EDITS)
        self._edit_of: dict[bytes | None, str] = {}
        self._count = 0
        self.plan = ClaimPlan([], [], [], [], [], [])

    def next_drawing(self) -> Pixels:
        return next(self._drawings).pixels()

    def artist(self) -> str:
        self._count += 1
        return f"Artist {self._count}"

    def work(self, artist: str, data: bytes, moment: Moment = "early") -> str:
        self._count += 1
        work = PlannedWork(artist, f"{self._count:04}.png", data)
        (self.plan.early if moment == "early" else self.plan.late).append(work)
        return work.file

    def changed(self, picture: Pixels, edit: Edit) -> Pixels:
        self._count += 1
        return apply(picture, edit, generator(self._seed, str(self._count)), Grounds([], []))

    def edited(self, picture: Pixels, edit: Edit | None = None) -> bytes:
        """The file of a picture after `edit`, by default the next of EDITS."""
        edit = next(self._edits) if edit is None else edit
        data = encoded(self.changed(picture, edit), "JPEG" if self._count % 2 else "PNG")
        self._edit_of[data] = str(edit)
        return data

    def file(
        self, kind: str, claim_type: ClaimType, claimant: str, expected: ClaimVerdict, picture: bytes | None,
        *works: str, truthful: bool, model: str | None = None, stolen: str | None = None,
    ) -> None:  # fmt: skip
        edit = self._edit_of.get(picture, "none")
        self.plan.filings.append(
            Filing(kind, claim_type, claimant, expected, truthful, picture, works, model, edit, stolen)
        )

    def squat(
        self, kind: str, claim_type: ClaimType, thief: str, picture: bytes | None, stolen: str, *works: str,
        model: str | None = None,
    ) -> None:  # fmt: skip
        """Adds a thief's claim, which must not be supported. `stolen`: the artist's own file."""
        self.file(kind, claim_type, thief, "inconclusive", picture, *works, truthful=False, model=model, stolen=stolen)


def encoded(picture: Pixels, form: Literal["PNG", "JPEG"] = "PNG") -> bytes:
    file = BytesIO()
    Image.fromarray(picture).save(file, form)
    return file.getvalue()


def side_by_side(left: Pixels, right: Pixels) -> Pixels:
    """Two pictures side by side on a white ground."""
    height = max(left.shape[0], right.shape[0])
    ground = np.full((height, left.shape[1] + right.shape[1], 3), 255, np.uint8)
    ground[: left.shape[0], : left.shape[1]] = left
    ground[: right.shape[0], left.shape[1] :] = right
    return ground
