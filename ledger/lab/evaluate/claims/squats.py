"""Squatters: accounts that register near-duplicates of somebody else's work, before or after its artist, then claim.

They register mostly one crop of the work many times, edited a little each time. All of these files are nearer to the
claimed picture than the true work is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.image.canonical_image import Pixels
from ledger.lab.evaluate.claims.plan import Moment, Script, encoded
from ledger.lab.evaluate.edits.drawing import Edit


@dataclass(frozen=True, slots=True)
class Squat:
    copies: int
    """Near-duplicates registered of one work."""
    accounts: int = 1
    """Number of accounts that register them in turn."""


SQUATS = (Squat(1), Squat(3), Squat(12), Squat(12, accounts=4), Squat(50))
CROP = Edit("crop", "50%")
NOISE = Edit("noise", "10")
LITTLE = (
    Edit("jpeg", "30"), Edit("resize", "50%"), Edit("colour", "mild"), Edit("noise", "10"), Edit("crop", "70%"),
    Edit("vignette", "50%"), Edit("rotate", "5"), Edit("flip", "across"), Edit("caption", "line"),
)  # fmt: skip
WHOLE = 4
"""One copy in this many shows the whole work."""


def tell_squats(script: Script, squats: Sequence[Squat]) -> None:
    """Two stories per squat: before and after the artist registers. Raises StopIteration when no drawing is left."""
    for squat in squats:
        _squat(script, squat, "early")
        _squat(script, squat, "late")
    if squats:
        _squat_on_a_list(script, "early")
        _squat_on_a_list(script, "late")


def _squat(script: Script, squat: Squat, moment: Moment) -> None:
    artist, picture = script.artist(), script.next_drawing()
    data, part = encoded(picture), script.changed(picture, CROP)
    own = script.work(artist, data, _other(moment))
    thieves = [script.artist() for _ in range(squat.accounts)]
    owners = [thieves[number % squat.accounts] for number in range(squat.copies)]
    copies = [encoded(part), *(_copy(script, number, picture, part) for number in range(1, squat.copies))]
    files = [script.work(owner, copy, moment) for owner, copy in zip(owners, copies, strict=True)]
    kind = (
        f"{squat.copies} near-duplicates by {squat.accounts}, {'before' if moment == 'early' else 'after'} the artist"
    )
    for number in sorted({0, squat.copies - 1}):
        script.squat(kind, "authored-image", owners[number], copies[number], own)
    for claimed in (data, script.edited(part)):
        script.squat(kind, "authored-image", owners[0], claimed, own)
        script.squat(kind, "copies-work", owners[0], claimed, own, files[0])
    script.file(f"{kind}: the artist", "authored-image", artist, "inconclusive", data, truthful=True)


def _copy(script: Script, number: int, picture: Pixels, part: Pixels) -> bytes:
    """A copy of the part, or one time in WHOLE of the whole. Noise makes copies with a repeated edit differ."""
    shown = picture if number % WHOLE == WHOLE - 1 else part
    if number >= len(LITTLE):
        shown = script.changed(shown, NOISE)
    return script.edited(shown, LITTLE[number % len(LITTLE)])


def _squat_on_a_list(script: Script, moment: Moment) -> None:
    """The thief registers the very file that a model was trained on."""
    artist, thief, data = script.artist(), script.artist(), encoded(script.next_drawing())
    own, stolen = script.work(artist, data, _other(moment)), script.work(thief, data, moment)
    script.plan.listed.append(own)
    script.squat("a listed work, squatted", "trained-on", thief, None, own, stolen, model="disclosed")


def _other(moment: Moment) -> Moment:
    return "late" if moment == "early" else "early"
