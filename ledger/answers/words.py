"""What answers say beside relations, verdicts and figures (`ledger.match.words`): the same for every surface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ledger.match.words import relation_words

if TYPE_CHECKING:
    from ledger.answers.headline import HeadlineKind
    from ledger.answers.records import SimilarRecord
    from ledger.corpus.work import AllowedUse
    from ledger.record.predicates import Guard, Kind

CONTESTED = "Registering first does not prove authorship."
GUARD_WORDS: Mapping[Guard, str] = {
    "allow": "Handed out.",
    "warn": "Handed out with a warning.",
    "regenerated": "Rejected, and made again: nobody got this one.",
    "block": "Blocked: nobody got this picture, and it was not kept.",
}
SETTING_WORDS: Mapping[str, str] = {"guidance_scale": "Guidance", "num_inference_steps": "Steps"}
KIND_WORDS: Mapping[Kind, str] = {
    "key": "Key",
    "registration": "Registration of a work",
    "consent": "New terms for a work",
    "withdrawal": "Withdrawal of a work",
    "model": "Model",
    "calibration": "Calibration",
    "verification": "Verification of a picture",
    "generation": "Generated picture",
    "asset": "File of a generated picture",
    "claim": "Claim",
    "verdict": "Verdict on a claim",
    "response": "Response to a claim",
    "resolution": "Resolution of a claim",
    "usage": "Statement of use",
    "finding": "Finding about a model",
    "domain": "Proof of a domain",
}
USE_WORDS: Mapping[AllowedUse, str] = {
    "match": "compare with pictures",
    "train": "train models",
    "style": "imitate the style",
}
HEADLINE_BANDS: Mapping[HeadlineKind, str] = {
    "generated": "Made by a generator recorded here",
    "generated-edited": "Made by a generator recorded here",
    "registered": "Registered work",
    "edited-copy": "Edited copy",
    "contains-part": "Shows part of a registered work",
    "unknown": "Nothing known",
    "not-comparable": "Cannot compare",
}


_NOT_AUTHORSHIP = "Registering a work does not prove authorship."
_MAY_BE_ALLOWED = "The copy may be allowed: that depends on the work’s licence."
NOT_MEANT: Mapping[HeadlineKind, tuple[str, ...]] = {
    "generated": (
        "It does not say which pictures the model was trained on.",
        "It does not say who asked for the picture: the prompt’s owner can reveal it, and nobody else.",
    ),
    "generated-edited": (
        "It does not say who edited the picture.",
        "It does not say which pictures the model was trained on.",
    ),
    "registered": (_NOT_AUTHORSHIP, "It does not say who made your file, or when.", _MAY_BE_ALLOWED),
    "edited-copy": ("It does not say who made your picture, or when.", _NOT_AUTHORSHIP, _MAY_BE_ALLOWED),
    "contains-part": ("It does not say who made the rest of your picture.", _NOT_AUTHORSHIP, _MAY_BE_ALLOWED),
    "unknown": (
        "It does not mean that the picture is original: only what is registered or recorded here can be found.",
        "It does not mean that no model made it: most generators record nothing here.",
    ),
    "not-comparable": ("It does not mean that the picture is unknown: only identical files can be found for it.",),
}
"""What a reader might take an answer for, and what it is not."""


def similar_words(similar: SimilarRecord) -> str:
    """What a picture is to a generated one that it was found to show."""
    if similar.evidence is not None:
        return relation_words(similar.relation, similar.evidence)
    return f"by its hashes alone, {similar.phash_distance} of 256 bits differ"
