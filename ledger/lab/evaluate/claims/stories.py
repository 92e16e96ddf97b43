"""The stories behind constructed claims: what artists, thieves, models and operators do before they claim."""

from __future__ import annotations

from itertools import cycle

from ledger.lab.evaluate.claims.plan import Moment, Script, encoded, side_by_side
from ledger.record.predicates import ClaimVerdict


class Stories:
    """Tells stories. Each story uses its own drawings."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def tell(self, claims: int) -> None:
        """Tells the stories in turn until there are `claims` claims. Raises StopIteration when no drawing is left."""
        stories = cycle(
            (
                self._own, self._own_edited, self._generated, self._generated_edited, self._generated_registered,
                self._anothers, self._squatted, self._followed, self._edit_registered, self._copied, self._not_copied,
                self._side_by_side, self._unknown, self._by_model, self._trained, self._reported, self._reported_later,
            )
        )  # fmt: skip
        while len(self._script.plan.filings) < claims:
            next(stories)()

    def _own(self) -> None:
        artist, data = self._script.artist(), encoded(self._script.next_drawing())
        self._script.work(artist, data)
        self._script.file("authored, the registered file", "authored-image", artist, "supported", data, truthful=True)

    def _own_edited(self) -> None:
        artist, picture = self._script.artist(), self._script.next_drawing()
        self._script.work(artist, encoded(picture))
        for _ in range(3):
            edited = self._script.edited(picture)
            self._script.file("authored, an edited copy", "authored-image", artist, "supported", edited, truthful=True)

    def _generated(self) -> None:
        picture = self._script.next_drawing()
        self._script.plan.generated.append((picture, "maker", len(self._script.plan.filings)))
        self._script.file(
            "generated here, the file", "authored-image", self._script.artist(), "contradicted", b"", truthful=False
        )
        plain = encoded(picture, "PNG")
        self._script.file(
            "generated here, stripped", "authored-image", self._script.artist(), "contradicted", plain, truthful=False
        )

    def _generated_edited(self) -> None:
        picture = self._script.next_drawing()
        self._script.plan.generated.append((picture, "maker", -1))
        for _ in range(4):
            edited = self._script.edited(picture)
            self._script.file(
                "generated here, edited",
                "authored-image",
                self._script.artist(),
                "contradicted",
                edited,
                truthful=False,
            )

    def _generated_registered(self) -> None:
        """A picture is generated here; then somebody registers it as their own work."""
        thief, picture = self._script.artist(), self._script.next_drawing()
        self._script.plan.generated.append((picture, "maker", -1))
        data = encoded(picture)
        file = self._script.work(thief, data, "late")
        kind = "generated here, registered later"
        self._script.file(kind, "authored-image", thief, "contradicted", data, truthful=False)
        self._script.file(kind, "copies-work", thief, "inconclusive", data, file, truthful=False)

    def _anothers(self) -> None:
        artist, thief, picture = self._script.artist(), self._script.artist(), self._script.next_drawing()
        self._script.work(artist, encoded(picture))
        for data in (encoded(picture), self._script.edited(picture)):
            self._script.file("another's work", "authored-image", thief, "inconclusive", data, truthful=False)

    def _squatted(self) -> None:
        """The thief registers first, the artist second."""
        self._contested("squatted", "late", "early")

    def _followed(self) -> None:
        """The artist registers first, the thief second."""
        self._contested("contested", "early", "late")

    def _contested(self, kind: str, artists: Moment, thiefs: Moment) -> None:
        artist, thief, picture = self._script.artist(), self._script.artist(), self._script.next_drawing()
        data = encoded(picture)
        own, stolen = self._script.work(artist, data, artists), self._script.work(thief, data, thiefs)
        edited = self._script.edited(picture)
        self._script.file(f"{kind}, the thief", "authored-image", thief, "inconclusive", data, truthful=False)
        self._script.file(f"{kind}, the artist", "authored-image", artist, "inconclusive", data, truthful=True)
        self._script.file(f"{kind}, the thief", "copies-work", thief, "inconclusive", edited, stolen, truthful=False)
        self._script.file(f"{kind}, the artist", "copies-work", artist, "inconclusive", edited, own, truthful=True)

    def _edit_registered(self) -> None:
        """The thief registers an edited copy of a registered work, and claims that copy."""
        artist, thief, picture = self._script.artist(), self._script.artist(), self._script.next_drawing()
        self._script.work(artist, encoded(picture))
        edited = self._script.edited(picture)
        self._script.work(thief, edited, "late")
        self._script.file("an edited copy registered", "authored-image", thief, "inconclusive", edited, truthful=False)

    def _copied(self) -> None:
        artist, picture = self._script.artist(), self._script.next_drawing()
        file = self._script.work(artist, encoded(picture))
        for _ in range(4):
            self._script.file(
                "copied", "copies-work", artist, "supported", self._script.edited(picture), file, truthful=True
            )

    def _not_copied(self) -> None:
        artist, picture, unregistered = self._script.artist(), self._script.next_drawing(), self._script.next_drawing()
        file = self._script.work(artist, encoded(picture))
        data = encoded(unregistered)
        self._script.file("not copied", "copies-work", artist, "inconclusive", data, file, truthful=False)

    def _side_by_side(self) -> None:
        """One picture contains works of two artists: each work is copied, neither artist made the whole."""
        artists, pictures = (
            (self._script.artist(), self._script.artist()),
            (self._script.next_drawing(), self._script.next_drawing()),
        )
        files = [self._script.work(artist, encoded(each)) for artist, each in zip(artists, pictures, strict=True)]
        both = encoded(side_by_side(*pictures))
        for artist, file in zip(artists, files, strict=True):
            self._script.file("side by side", "copies-work", artist, "supported", both, file, truthful=True)

    def _unknown(self) -> None:
        data = encoded(self._script.next_drawing())
        self._script.file("unknown", "authored-image", self._script.artist(), "inconclusive", data, truthful=True)
        self._script.file(
            "unknown", "generated-by", self._script.artist(), "inconclusive", data, truthful=False, model="maker"
        )

    def _by_model(self) -> None:
        picture = self._script.next_drawing()
        self._script.plan.generated.append((picture, "maker", -1))
        expected: tuple[tuple[str, ClaimVerdict], ...] = (("maker", "supported"), ("other", "contradicted"))
        for _ in range(2):
            edited = self._script.edited(picture)
            for model, verdict in expected:
                true = model == "maker"
                self._script.file(
                    "generated by", "generated-by", self._script.artist(), verdict, edited, truthful=true, model=model
                )

    def _trained(self) -> None:
        artist = self._script.artist()
        listed, missing = (self._script.work(artist, encoded(self._script.next_drawing())) for _ in range(2))
        self._script.plan.listed.append(listed)
        self._script.file(
            "trained on", "trained-on", artist, "supported", None, listed, truthful=True, model="disclosed"
        )
        self._script.file(
            "trained on", "trained-on", artist, "inconclusive", None, missing, truthful=False, model="disclosed"
        )

    def _reported(self) -> None:
        picture = self._script.next_drawing()
        self._script.plan.reported.append((encoded(picture), "ab" * 32))
        edited = self._script.edited(picture)
        self._script.file("reported", "authored-image", self._script.artist(), "inconclusive", edited, truthful=False)

    def _reported_later(self) -> None:
        """Somebody reports an artist's registered work as generated. This must not harm the artist's claim."""
        artist, picture = self._script.artist(), self._script.next_drawing()
        data = encoded(picture)
        self._script.work(artist, data)
        self._script.plan.reported.append((data, "ab" * 32))
        self._script.file("reported after registration", "authored-image", artist, "supported", data, truthful=True)
