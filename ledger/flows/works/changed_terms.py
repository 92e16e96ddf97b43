"""Terms that a source states differently than the registered work has them: told, and recorded where that is wanted.

Only the place that a work was registered from, or its artist, can change its terms this way: a set that merely contains
the same picture cannot. Terms that a later record stated are not taken back, since the source may be older.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ledger.answers.corpus import ChangedWork
from ledger.corpus.labels import UNSTATED_USES
from ledger.corpus.licence_names import UNKNOWN_LICENCE
from ledger.corpus.work import ALL_USES, AllowedUse, SourceItem
from ledger.errors import LedgerError
from ledger.flows.people.principal import LOCAL
from ledger.flows.works.consent import Consents, Terms
from ledger.record import dsse
from ledger.storage.works.corpus import KnownWork

TermsInForce = Callable[[str], Terms]
"""What a registration stated, by its record id."""
_NOTHING = Terms(UNKNOWN_LICENCE, frozenset(UNSTATED_USES))
"""What an item has whose source states nothing. It never allows more than there was."""
_UPDATE = "To record the new terms, run the same command with --update-terms."


class ChangedTerms(NamedTuple):
    """`told`: for the summary. `wanted`: what would be recorded."""

    told: ChangedWork
    wanted: Terms
    own_words: str
    can_update: bool


def changed_terms(
    item: SourceItem, work: KnownWork, at_registration: TermsInForce, *, may_update: bool
) -> ChangedTerms | None:
    """How the item's terms differ from those in force; None where they do not."""
    stated, present = _terms(item.licence, item.allowed_uses), _terms(work.licence, work.allowed_uses)
    if stated == present:
        return None
    wanted, code = _wanted(stated, present)
    what = f"the work has {_shown(present)}; the source now states {_shown(stated)}"
    hint = _UPDATE
    if stated == at_registration(work.registration_record_id):
        code, may_update = "terms-superseded", False
        what = f"the source states {_shown(stated)} as at registration; a later record states {_shown(present)}"
        hint = f"The record counts. To change the terms again, run: artledger artist consent {work.work_id}"
    elif not may_update:
        hint = f"The work was registered from another place. To change it, run: artledger artist consent {work.work_id}"
    elif wanted == present:  # terms that are gone allow nothing more
        may_update = False
        hint = f"The work keeps its terms. To change them, run: artledger artist consent {work.work_id}"
    told = ChangedWork(key=item.key, work_id=work.work_id, code=code, reason=what, hint=hint)
    return ChangedTerms(told, wanted, item.credit.terms, may_update)


@dataclass(frozen=True, slots=True)
class TermsUpdate:
    """Records changed terms as a consent of the artist."""

    consents: Consents

    def record(self, changed: ChangedTerms, sign: Callable[[bytes], tuple[dsse.Signature, ...]] | None) -> ChangedWork:
        """What the summary says then: the record, or why there is none. `sign`: the artist's signatures."""
        work_id, (licence, uses) = changed.told.work_id, changed.wanted
        allowed = [use for use in ALL_USES if use in uses]
        try:
            payload = b"" if sign is None else self.consents.draft_terms(work_id, LOCAL, allowed, licence)
            if sign is not None and (signatures := sign(payload)):
                envelope = dsse.encode(dsse.Envelope(payload, signatures))
                answer = self.consents.submit(work_id, envelope, LOCAL, changed.own_words)
            else:
                answer = self.consents.change(work_id, LOCAL, allowed, licence, changed.own_words)
        except LedgerError as error:
            reason = f"{changed.told.reason}. It is not recorded: {error.message}"
            return changed.told.model_copy(update={"reason": reason, "hint": error.hint})
        return changed.told.model_copy(update={"hint": None, "record_id": answer.record_id})


def _wanted(stated: Terms, present: Terms) -> tuple[Terms, str]:
    if stated == _NOTHING:
        return Terms(UNKNOWN_LICENCE, stated.allowed_uses & present.allowed_uses), "terms-none"
    if stated.licence != present.licence:
        return stated, "terms-changed"
    if stated.allowed_uses < present.allowed_uses:
        return stated, "terms-narrower"
    return stated, "terms-wider" if stated.allowed_uses > present.allowed_uses else "terms-changed"


def _terms(licence: str, uses: Iterable[AllowedUse]) -> Terms:
    return Terms(licence, frozenset(uses))


def _shown(terms: Terms) -> str:
    licence = "no licence" if terms.licence == UNKNOWN_LICENCE else terms.licence
    return f"{licence}, allowed uses {', '.join(use for use in ALL_USES if use in terms.allowed_uses) or 'none'}"
