"""Claims whose truth is known, put to the published rules: how often they are right, and whom they wrong.

Every claim is constructed from open works, those that nothing was fitted on first: artists register works; thieves
register copies of them, before or after; a server is taken to have generated some pictures, operators to have reported
others (drawings stand for them: what matters is the record, not who drew); claims follow about the files themselves,
edited copies and strangers. What is expected follows from what happened: `supported` and `contradicted` only where a
log can hold the evidence, `inconclusive` for everything else, above all for both sides where two registered the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import cycle
from typing import Any, Literal, Protocol

import numpy as np
from PIL import Image

from ledger.evaluate.edit_kinds import Grounds
from ledger.evaluate.edits import Edit, apply, generator
from ledger.evaluate.metrics import wilson
from ledger.fingerprint.complexity import MINIMUM_COMPLEXITY, complexity
from ledger.image.types import Pixels
from ledger.record.predicates import ClaimType, ClaimVerdict

VERDICTS: tuple[ClaimVerdict, ...] = ("supported", "contradicted", "inconclusive")
EDITS = (
    Edit("crop", "70%"), Edit("resize", "50%"), Edit("jpeg", "30"), Edit("colour", "mild"), Edit("grey", "grey"),
    Edit("rotate", "5"), Edit("flip", "across"), Edit("caption", "line"), Edit("letterbox", "25%"),
    Edit("noise", "10"), Edit("resize", "stretched"), Edit("vignette", "50%"),
)  # fmt: skip
"""What people do to pictures that they pass on; each claim about an edited copy has one of them, by turns."""

LEVELS = 4
"""Folders that tell subjects apart, the collection's name among them."""
Moment = Literal["early", "late"]


class Drawing(Protocol):
    """ledger.evaluate.works.Picture."""

    @property
    def name(self) -> str: ...

    def pixels(self) -> Pixels: ...


@dataclass(frozen=True, slots=True)
class Work:
    """A work to be registered by somebody."""

    artist: str
    file: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Filing:
    """A claim and what should become of it."""

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
    """What was done to the picture."""


class Court(Protocol):
    """A ledger of its own, on which all of this really happens. Models go by names."""

    def register(self, works: Sequence[Work]) -> None: ...

    def generate(self, picture: Pixels, model: str) -> bytes:
        """Puts a picture on the log as generated here; its file as it is handed out."""

    def report(self, data: bytes, model: str) -> None: ...

    def disclose(self, model: str, files: Sequence[str]) -> None:
        """A model that was trained on these registered files."""

    def judge(self, filing: Filing) -> ClaimVerdict: ...


@dataclass(slots=True)
class Plan:
    """Everything that happens, in its order."""

    early: list[Work]
    generated: list[tuple[Pixels, str, int]]
    """Picture, model, and the index of the filing that is about its file as handed out, -1 for none."""
    reported: list[tuple[bytes, str]]
    late: list[Work]
    listed: list[str]
    """Files that the model `disclosed` was trained on."""
    filings: list[Filing]


@dataclass(frozen=True, slots=True)
class ClaimsReport:
    document: Mapping[str, Any]
    """What `--json` prints."""


def evaluate_claims(
    drawings: Iterable[Drawing], court: Court, claims: int, seed: int, progress: Callable[[str, int, int | None], None]
) -> ClaimsReport:
    """At least `claims` claims, or as many as the drawings suffice for; each drawing is used in one story only."""
    plan = _Planner(drawings, seed).plan(claims)
    progress("registering works", 0, None)
    court.register(plan.early)
    filings = list(plan.filings)
    for number, (picture, model, filing) in enumerate(plan.generated):
        progress("recording generated pictures", number, len(plan.generated))
        file = court.generate(picture, model)
        if filing >= 0:
            filings[filing] = _about(filings[filing], file)
    for data, model in plan.reported:
        court.report(data, model)
    progress("registering works", 0, None)
    court.register(plan.late)
    court.disclose("disclosed", plan.listed)
    court.disclose("other", [])
    verdicts = []
    for number, each in enumerate(filings):
        progress("judging claims", number, len(filings))
        verdicts.append(court.judge(each))
    return ClaimsReport(summary(filings, verdicts))


def summary(filings: Sequence[Filing], verdicts: Sequence[ClaimVerdict]) -> dict[str, Any]:
    """Precision and recall per verdict with 95% intervals (Wilson), the two wrongs that count, and a table by kind."""
    pairs = list(zip(filings, verdicts, strict=True))
    confusion = Counter((filing.expected, verdict) for filing, verdict in pairs)
    false_claims = [
        verdict for filing, verdict in pairs if filing.claim_type == "authored-image" and not filing.truthful
    ]
    truthful = [verdict for filing, verdict in pairs if filing.truthful]
    return {
        "claims": len(pairs),
        "recall": {each: _share(confusion, lambda pair, each=each: pair[0] == each) for each in VERDICTS},
        "precision": {each: _share(confusion, lambda pair, each=each: pair[1] == each) for each in VERDICTS},
        "false_authorship_supported": false_claims.count("supported"),
        "false_authorship_claims": len(false_claims),
        "truthful_contradicted": truthful.count("contradicted"),
        "truthful_claims": len(truthful),
        "per_kind": [
            {"kind": kind, "expected": expected, "n": sum(found.values()), **{each: found[each] for each in VERDICTS}}
            for (kind, expected), found in _by_kind(pairs).items()
        ],
        "missed": [
            {"kind": filing.kind, "edit": filing.edit, "expected": filing.expected, "verdict": verdict}
            for filing, verdict in pairs
            if verdict != filing.expected
        ],
        "confusion": [
            {"expected": expected, "verdict": verdict, "n": count}
            for (expected, verdict), count in sorted(confusion.items())
        ],
    }


def _by_kind(pairs: Sequence[tuple[Filing, ClaimVerdict]]) -> dict[tuple[str, str], Counter[str]]:
    table: dict[tuple[str, str], Counter[str]] = {}
    for filing, verdict in pairs:
        table.setdefault((filing.kind, filing.expected), Counter())[verdict] += 1
    return table


def _share(confusion: Counter[tuple[ClaimVerdict, ClaimVerdict]], among: Callable[..., bool]) -> dict[str, Any]:
    """How many of those pairs (expected, verdict) agree."""
    chosen = {pair: count for pair, count in confusion.items() if among(pair)}
    n, right = sum(chosen.values()), sum(count for (one, other), count in chosen.items() if one == other)
    interval = wilson(right, n)
    return {"value": right / n if n else None, "n": n, "interval": [interval.low, interval.high]}


class _Planner:
    """Makes up the stories. Equal drawings and seeds give equal plans."""

    def __init__(self, drawings: Iterable[Drawing], seed: int) -> None:
        self._drawings = iter(drawings)
        self._seed = seed
        self._edits = cycle(EDITS)
        self._edit_of: dict[bytes | None, str] = {}
        self._made = Plan([], [], [], [], [], [])
        self._count = 0

    def plan(self, claims: int) -> Plan:
        stories = cycle(
            (
                self._own, self._own_edited, self._generated, self._generated_edited, self._generated_registered,
                self._anothers, self._squatted, self._followed, self._edit_registered, self._copied, self._not_copied,
                self._side_by_side, self._unknown, self._by_model, self._trained, self._reported, self._reported_later,
            )
        )  # fmt: skip
        try:
            while len(self._made.filings) < claims:
                next(stories)()
        except StopIteration:
            pass  # no drawing is left for another story
        return self._made

    def _next(self) -> Pixels:
        return next(self._drawings).pixels()

    def _artist(self) -> str:
        self._count += 1
        return f"Artist {self._count}"

    def _work(self, artist: str, data: bytes, moment: Moment = "early") -> str:
        self._count += 1
        work = Work(artist, f"{self._count:04}.png", data)
        (self._made.early if moment == "early" else self._made.late).append(work)
        return work.file

    def _edited(self, picture: Pixels) -> bytes:
        self._count += 1
        edit = next(self._edits)
        edited = apply(picture, edit, generator(self._seed, str(self._count)), Grounds([], []))
        data = encoded(edited, "JPEG" if self._count % 2 else "PNG")
        self._edit_of[data] = str(edit)
        return data

    def _file(
        self, kind: str, claim_type: ClaimType, claimant: str, expected: ClaimVerdict, picture: bytes | None,
        *works: str, truthful: bool, model: str | None = None,
    ) -> None:  # fmt: skip
        edit = self._edit_of.get(picture, "none")
        self._made.filings.append(Filing(kind, claim_type, claimant, expected, truthful, picture, works, model, edit))

    def _own(self) -> None:
        artist, data = self._artist(), encoded(self._next())
        self._work(artist, data)
        self._file("authored, the registered file", "authored-image", artist, "supported", data, truthful=True)

    def _own_edited(self) -> None:
        artist, picture = self._artist(), self._next()
        self._work(artist, encoded(picture))
        for _ in range(3):
            edited = self._edited(picture)
            self._file("authored, an edited copy", "authored-image", artist, "supported", edited, truthful=True)

    def _generated(self) -> None:
        picture = self._next()
        self._made.generated.append((picture, "maker", len(self._made.filings)))
        self._file("generated here, the file", "authored-image", self._artist(), "contradicted", b"", truthful=False)
        plain = encoded(picture, "PNG")
        self._file("generated here, stripped", "authored-image", self._artist(), "contradicted", plain, truthful=False)

    def _generated_edited(self) -> None:
        picture = self._next()
        self._made.generated.append((picture, "maker", -1))
        for _ in range(4):
            edited = self._edited(picture)
            self._file(
                "generated here, edited", "authored-image", self._artist(), "contradicted", edited, truthful=False
            )

    def _generated_registered(self) -> None:
        """And then registered by somebody who says that it is theirs."""
        thief, picture = self._artist(), self._next()
        self._made.generated.append((picture, "maker", -1))
        data = encoded(picture)
        file = self._work(thief, data, "late")
        kind = "generated here, registered later"
        self._file(kind, "authored-image", thief, "contradicted", data, truthful=False)
        self._file(kind, "copies-work", thief, "inconclusive", data, file, truthful=False)

    def _anothers(self) -> None:
        artist, thief, picture = self._artist(), self._artist(), self._next()
        self._work(artist, encoded(picture))
        for data in (encoded(picture), self._edited(picture)):
            self._file("another's work", "authored-image", thief, "inconclusive", data, truthful=False)

    def _squatted(self) -> None:
        """The thief registers first, the artist second."""
        self._contested("squatted", "late", "early")

    def _followed(self) -> None:
        """The artist registers first, the thief second."""
        self._contested("contested", "early", "late")

    def _contested(self, kind: str, artists: Moment, thiefs: Moment) -> None:
        artist, thief, picture = self._artist(), self._artist(), self._next()
        data = encoded(picture)
        own, stolen = self._work(artist, data, artists), self._work(thief, data, thiefs)
        edited = self._edited(picture)
        self._file(f"{kind}, the thief", "authored-image", thief, "inconclusive", data, truthful=False)
        self._file(f"{kind}, the artist", "authored-image", artist, "inconclusive", data, truthful=True)
        self._file(f"{kind}, the thief", "copies-work", thief, "inconclusive", edited, stolen, truthful=False)
        self._file(f"{kind}, the artist", "copies-work", artist, "inconclusive", edited, own, truthful=True)

    def _edit_registered(self) -> None:
        """The thief registers an edited copy of a registered work, and claims that copy."""
        artist, thief, picture = self._artist(), self._artist(), self._next()
        self._work(artist, encoded(picture))
        edited = self._edited(picture)
        self._work(thief, edited, "late")
        self._file("an edited copy registered", "authored-image", thief, "inconclusive", edited, truthful=False)

    def _copied(self) -> None:
        artist, picture = self._artist(), self._next()
        file = self._work(artist, encoded(picture))
        for _ in range(4):
            self._file("copied", "copies-work", artist, "supported", self._edited(picture), file, truthful=True)

    def _not_copied(self) -> None:
        artist, picture, stranger = self._artist(), self._next(), self._next()
        file = self._work(artist, encoded(picture))
        data = encoded(stranger)
        self._file("not copied", "copies-work", artist, "inconclusive", data, file, truthful=False)

    def _side_by_side(self) -> None:
        """Works of two artists in one picture: each is copied, neither made the whole."""
        artists, pictures = (self._artist(), self._artist()), (self._next(), self._next())
        files = [self._work(artist, encoded(each)) for artist, each in zip(artists, pictures, strict=True)]
        both = encoded(beside(*pictures))
        for artist, file in zip(artists, files, strict=True):
            self._file("side by side", "copies-work", artist, "supported", both, file, truthful=True)

    def _unknown(self) -> None:
        data = encoded(self._next())
        self._file("unknown", "authored-image", self._artist(), "inconclusive", data, truthful=True)
        self._file("unknown", "generated-by", self._artist(), "inconclusive", data, truthful=False, model="maker")

    def _by_model(self) -> None:
        picture = self._next()
        self._made.generated.append((picture, "maker", -1))
        expected: tuple[tuple[str, ClaimVerdict], ...] = (("maker", "supported"), ("other", "contradicted"))
        for _ in range(2):
            edited = self._edited(picture)
            for model, verdict in expected:
                true = model == "maker"
                self._file("generated by", "generated-by", self._artist(), verdict, edited, truthful=true, model=model)

    def _trained(self) -> None:
        artist = self._artist()
        listed, missing = (self._work(artist, encoded(self._next())) for _ in range(2))
        self._made.listed.append(listed)
        self._file("trained on", "trained-on", artist, "supported", None, listed, truthful=True, model="disclosed")
        self._file("trained on", "trained-on", artist, "inconclusive", None, missing, truthful=False, model="disclosed")

    def _reported(self) -> None:
        picture = self._next()
        self._made.reported.append((encoded(picture), "ab" * 32))
        edited = self._edited(picture)
        self._file("reported", "authored-image", self._artist(), "inconclusive", edited, truthful=False)

    def _reported_later(self) -> None:
        """Somebody reports an artist's registered work as generated: that must not hurt."""
        artist, picture = self._artist(), self._next()
        data = encoded(picture)
        self._work(artist, data)
        self._made.reported.append((data, "ab" * 32))
        self._file("reported after registration", "authored-image", artist, "supported", data, truthful=True)


def encoded(picture: Pixels, form: Literal["PNG", "JPEG"] = "PNG") -> bytes:
    file = BytesIO()
    Image.fromarray(picture).save(file, form)
    return file.getvalue()


def beside(left: Pixels, right: Pixels) -> Pixels:
    """Two pictures on one white ground."""
    height = max(left.shape[0], right.shape[0])
    ground = np.full((height, left.shape[1] + right.shape[1], 3), 255, np.uint8)
    ground[: left.shape[0], : left.shape[1]] = left
    ground[: right.shape[0], left.shape[1] :] = right
    return ground


def one_by_folder(drawings: Iterable[Drawing]) -> Iterator[Drawing]:
    """The first drawing of each subject (LEVELS folders deep) in which there is enough to see to compare it.

    Siblings share drawn parts (two queens of one deck of cards): as works of different people they would be what no
    stranger draws. Of a blank picture no log can say whose it is.
    """
    folders: set[str] = set()
    for each in drawings:
        folder = "/".join(each.name.split("/")[:-1][:LEVELS])
        if folder not in folders and complexity(each.pixels()) >= MINIMUM_COMPLEXITY:
            folders.add(folder)
            yield each


def _about(filing: Filing, file: bytes) -> Filing:
    return replace(filing, picture=file)
