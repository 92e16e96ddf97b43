"""What pages alone show."""

from __future__ import annotations

from api.pages.presentation import rectangle, short
from ledger.record.parts import RegionText


def test_small_things() -> None:
    assert short("a" * 64) == "a" * 12 + "…"
    region = RegionText(left="0.25", top="0", right="1", bottom="0.5")
    assert rectangle(region) == {"x": "250", "y": "0", "width": "750", "height": "500"}
