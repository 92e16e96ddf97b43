"""What a delivered picture says of data mining and training, in both vocabularies that programs read: `plus:DataMining`
in XMP (IPTC Photo Metadata 2023.1) and the assertion `cawg.training-mining` (CAWG 1.1) in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

DataMining = Literal[
    "DMI-ALLOWED",
    "DMI-PROHIBITED",
    "DMI-PROHIBITED-AIMLTRAINING",
    "DMI-PROHIBITED-GENAIMLTRAINING",
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING",
]
LABEL = "cawg.training-mining"
PLUS = "http://ns.useplus.org/ldf/xmp/1.0/"
_VOCABULARY = "http://ns.useplus.org/ldf/vocab/"
_SEARCH = "Only a search engine may mine it, for its index."
_USES: Mapping[DataMining, tuple[str, str, str, str]] = {
    "DMI-ALLOWED": ("allowed", "allowed", "allowed", "allowed"),
    "DMI-PROHIBITED": ("notAllowed", "notAllowed", "notAllowed", "notAllowed"),
    "DMI-PROHIBITED-AIMLTRAINING": ("allowed", "allowed", "notAllowed", "notAllowed"),
    "DMI-PROHIBITED-GENAIMLTRAINING": ("allowed", "allowed", "allowed", "notAllowed"),
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": ("constrained", "constrained", "notAllowed", "notAllowed"),
}
_ENTRIES = ("cawg.data_mining", "cawg.ai_inference", "cawg.ai_training", "cawg.ai_generative_training")


def mining_assertion(said: DataMining) -> dict[str, Any]:
    """The assertion of a manifest that says the same."""
    entries = {
        entry: {"use": use, "constraint_info": _SEARCH} if use == "constrained" else {"use": use}
        for entry, use in zip(_ENTRIES, _USES[said], strict=True)
    }
    return {"label": LABEL, "created": True, "data": {"entries": entries}}


def mining_property(said: DataMining) -> str:
    """The property of an XMP packet, whose prefix `plus` is PLUS."""
    return f"<plus:DataMining>{_VOCABULARY}{said}</plus:DataMining>\n"
