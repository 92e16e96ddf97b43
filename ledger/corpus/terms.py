"""What a registered work's terms allow: compare it, name it for its style, train on it. Only this module decides that.

| | the artist must allow | works that it leaves out |
| --- | --- | --- |
| `may_match` | `match` | withdrawn ones |
| `may_style` | `style` | withdrawn ones |
| `may_train` | `train` | withdrawn ones, and pictures on the opt-out list |

Each rule is here twice: in Python for one work, in SQL for many. A test compares the two over every combination of
terms. Opting a picture out withdraws the works that show it, so the first two rules need not check the list. The number
of works that may be matched is part of signed records, and follows from the log alone (FORMAT.md, Corpus state).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ledger.corpus.work import AllowedUse

_STANDING = "w.withdrawn_index IS NULL"
_OPTED_OUT = "EXISTS (SELECT FROM opt_out o WHERE o.kind = 'sha256' AND o.value IN (w.sha256, w.pixel_sha256))"


def may_match(uses: Collection[AllowedUse], *, withdrawn: bool) -> bool:
    """Whether pictures may be compared with the work."""
    return not withdrawn and "match" in uses


MAY_MATCH = f"({_STANDING} AND 'match' = ANY(w.allowed_uses))"
"""SQL: `may_match` of a row of `work w`."""


def may_style(uses: Collection[AllowedUse], *, withdrawn: bool) -> bool:
    """Whether the work may be compared in style, and its artist named in a prompt."""
    return not withdrawn and "style" in uses


MAY_STYLE = f"({_STANDING} AND 'style' = ANY(w.allowed_uses))"
"""SQL: `may_style` of a row of `work w`."""


def may_train(uses: Collection[AllowedUse], *, withdrawn: bool, opted_out: bool) -> bool:
    """Whether a model may be trained on the work. `opted_out`: the opt-out list names its picture."""
    return not withdrawn and not opted_out and "train" in uses


MAY_TRAIN = f"({_STANDING} AND NOT {_OPTED_OUT} AND 'train' = ANY(w.allowed_uses))"
"""SQL: `may_train` of a row of `work w`, for list entries that name the picture by digest. Entries with perceptual
hashes are compared in Python (ledger.match.optout), because that needs the picture's own hashes."""

MAY: Mapping[AllowedUse, str] = {"match": MAY_MATCH, "style": MAY_STYLE, "train": MAY_TRAIN}


def may(use: AllowedUse, uses: Collection[AllowedUse], *, withdrawn: bool, opted_out: bool = False) -> bool:
    """The rule for this use."""
    match use:
        case "match":
            return may_match(uses, withdrawn=withdrawn)
        case "style":
            return may_style(uses, withdrawn=withdrawn)
        case "train":
            return may_train(uses, withdrawn=withdrawn, opted_out=opted_out)
