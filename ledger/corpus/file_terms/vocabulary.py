"""What each value of each vocabulary forbids here. Only this file decides that.

No value allows anything: a file only takes uses away from those that a registration states. Where a value does not
say exactly what we ask, the strict reading counts:

- Comparing pictures (`match`) is data mining and inference by a trained model.
- Imitating a style (`style`) is generative use. Whoever forbids training means it, too.
- A permission under conditions is a prohibition, because nobody here can check the conditions.
- An unknown value of a known vocabulary is the vocabulary's prohibition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ledger.corpus.work import ALL_USES, AllowedUse

Uses = tuple[AllowedUse, ...]
_NOTHING: Uses = ()
_ALL: Uses = ALL_USES
_TRAINING: Uses = ("train", "style")
_COMPARING: Uses = ("match", "style")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A published vocabulary, in the version that this file follows."""

    name: str
    version: str
    forbids: Mapping[str, Uses]
    """The uses that each value takes away."""
    otherwise: Uses
    """What an unknown value takes away."""

    def forbidden(self, value: str) -> Uses:
        return self.forbids.get(value, self.otherwise)


DATA_MINING = Vocabulary(
    "IPTC/PLUS Data Mining",
    "IPTC Photo Metadata 2023.1",
    {
        "DMI-UNSPECIFIED": _NOTHING,
        "DMI-ALLOWED": _NOTHING,
        "DMI-PROHIBITED": _ALL,
        "DMI-PROHIBITED-AIMLTRAINING": _TRAINING,
        "DMI-PROHIBITED-GENAIMLTRAINING": _TRAINING,
        "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": _TRAINING,
        "DMI-PROHIBITED-SEECONSTRAINT": _ALL,
        "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": _ALL,
        "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": _ALL,
    },
    _ALL,
)
"""XMP property `plus:DataMining`. A search engine compares, so the exception for search engines leaves `match`."""

_MINING_ENTRIES: Mapping[str, Uses] = {
    "data_mining": _ALL,
    "ai_inference": _COMPARING,
    "ai_training": _TRAINING,
    "ai_generative_training": _TRAINING,
}
TRAINING_MINING = Vocabulary("CAWG Training and Data Mining", "1.1", _MINING_ENTRIES, _TRAINING)
"""Assertion `cawg.training-mining` in a C2PA manifest: entries with `notAllowed` or `constrained`."""
TRAINING_MINING_1 = Vocabulary("C2PA Training and Data Mining", "1.x", _MINING_ENTRIES, _TRAINING)
"""Assertion `c2pa.training-mining`, with the names before CAWG took it over."""

TDM_RESERVATION = Vocabulary(
    "TDM Reservation Protocol", "W3C Community Group final report", {"0": _NOTHING, "1": _ALL}, _NOTHING
)
"""`tdm-reservation` in `tdmrep.json`, `tdm:reservation` in XMP. The protocol says that other values are unset."""

CONTENT_USAGE = Vocabulary(
    "AIPREF Content-Usage",
    "draft-ietf-aipref-vocab-07",
    {"train-ai": _TRAINING, "search": _COMPARING},
    _NOTHING,
)
"""`Content-Usage` in `robots.txt`: categories with the preference `n`. The draft says that others are ignored."""

RIGHTS = Vocabulary(
    "XMP rights",
    "XMP Specification Part 2, ccREL 1.0",
    {"no-derivatives": _TRAINING, "non-commercial": _TRAINING, "reserved": _TRAINING, "other": _NOTHING},
    _NOTHING,
)
"""`xmpRights:UsageTerms`, `xmpRights:WebStatement`, `dc:rights`, `cc:license`: what kind of licence they name."""

VOCABULARIES = (DATA_MINING, TRAINING_MINING, TRAINING_MINING_1, TDM_RESERVATION, CONTENT_USAGE, RIGHTS)
UNREAD = Vocabulary("", "", {}, _NOTHING)
"""For a statement that cannot be read: what it says is not known."""

_RESERVED = re.compile(r"LicenseRef-rightsstatements-(?:InC|NoC-CR|NoC-NC|UND|CNE)\b.*")


def kind_of_licence(spdx: str) -> str:
    """The value in `RIGHTS` of a licence (ledger.corpus.licences)."""
    parts = set(re.split(r"[-+() ]+", spdx.upper()))
    if "ND" in parts:
        return "no-derivatives"
    if "NC" in parts and not spdx.startswith("LicenseRef-rightsstatements"):
        return "non-commercial"
    return "reserved" if _RESERVED.fullmatch(spdx) else "other"
