"""Squatters: accounts that register near-duplicates of somebody else's work, before or after its artist, then claim.

Most of what they register is one crop of the work over and over, edited a little each time: all of it is nearer to what
they claim than the true work is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice

from ledger.evaluate.claim_plan import Moment, Script, encoded
from ledger.evaluate.edits import Edit

SQUATS = (1, 3, 12, 50)
"""How many near-duplicates are registered of one work by one account."""
SHARED = 12, 4
"""As many are also registered by several accounts."""
CROP = Edit("crop", "50%")
LITTLE = (
    Edit("jpeg", "30"), Edit("resize", "50%"), Edit("colour", "mild"), Edit("noise", "10"), Edit("crop", "70%"),
    Edit("vignette", "50%"), Edit("rotate", "5"), Edit("flip", "across"), Edit("caption", "line"),
)  # fmt: skip
WHOLE = 4
"""Every so many copies is one of the whole work."""


def squats(script: Script, sizes: Sequence[int]) -> None:
    """A story for each size, before and after the artist. Raises StopIteration without further drawings."""
    for size, accounts in [*((size, 1) for size in sizes), *([SHARED] if SHARED[0] in sizes else [])]:
        _squat(script, size, accounts, "early")
        _squat(script, size, accounts, "late")
    if sizes:
        _squat_on_a_list(script, "early")
        _squat_on_a_list(script, "late")


def _squat(script: Script, size: int, accounts: int, moment: Moment) -> None:
    artist, picture = script.artist(), script.next_drawing()
    data, part = encoded(picture), script.changed(picture, CROP)
    own = script.work(artist, data, _other(moment))
    thieves = [script.artist() for _ in range(accounts)]
    owners = [thieves[number % accounts] for number in range(size)]
    copies = [
        encoded(part) if number == 0 else script.edited(picture if number % WHOLE == WHOLE - 1 else part, edit)
        for number, edit in enumerate(islice(cycle(LITTLE), size))
    ]
    files = [script.work(owner, copy, moment) for owner, copy in zip(owners, copies, strict=True)]
    kind = f"{size} near-duplicates by {accounts}, {'before' if moment == 'early' else 'after'} the artist"
    for number in sorted({0, size - 1}):
        script.squat(kind, "authored-image", owners[number], copies[number], own)
    for claimed in (data, script.edited(part)):
        script.squat(kind, "authored-image", owners[0], claimed, own)
        script.squat(kind, "copies-work", owners[0], claimed, own, files[0])
    script.file(f"{kind}: the artist", "authored-image", artist, "inconclusive", data, truthful=True)


def _squat_on_a_list(script: Script, moment: Moment) -> None:
    """The thief registers the very file that a model was trained on."""
    artist, thief, data = script.artist(), script.artist(), encoded(script.next_drawing())
    own, stolen = script.work(artist, data, _other(moment)), script.work(thief, data, moment)
    script.made.listed.append(own)
    script.squat("a listed work, squatted", "trained-on", thief, None, own, stolen, model="disclosed")


def _other(moment: Moment) -> Moment:
    return "late" if moment == "early" else "early"
