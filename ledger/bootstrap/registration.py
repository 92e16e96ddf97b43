"""Artists' registrations, their consent, the opt-out list, erasure."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.bootstrap.people import PeopleParts

if TYPE_CHECKING:
    from ledger.flows.people.erase import PersonErasure
    from ledger.flows.upkeep.disk import DiskErasure
    from ledger.flows.works.consent import Consents
    from ledger.flows.works.opt_out import OptingOut
    from ledger.flows.works.register import Registering


class RegistrationParts(PeopleParts):
    """What artists and administrators do with works."""

    @property
    def sheets(self) -> Path:
        """Folder of contact sheets."""
        return self.data_dir / "copies"

    @cached_property
    def consents(self) -> Consents:
        from ledger.flows.works.consent import Consents

        return Consents(
            works=self.works,
            records=self.records,
            keys=self.log_keys,
            cosigning=self.cosigning,
            erasure=self.erasure,
            sequencer=lambda: self.sequencer,
        )

    @cached_property
    def registering(self) -> Registering:
        from ledger.flows.works.contest_limit import ContestLimit
        from ledger.flows.works.register import Registering

        return Registering(
            images=self.images,
            fingerprinter=self.fingerprinter,
            corpus=self.corpus,
            opt_outs=self.opt_outs,
            keys=self.log_keys,
            cosigning=self.cosigning,
            ingestion=self.ingestion,
            records=self.records,
            catalogue=self.catalogue,
            contest_limit=ContestLimit(
                per_day=self.settings.contested_per_day,
                works=self.works,
                is_copy=lambda image, artist_id: self.deduplication.is_copy_of_others(image, artist_id),  # noqa: PLW0108 - as below
            ),
            compare=lambda work_ids: self.deduplication.compare(work_ids),  # noqa: PLW0108 - made when it is needed
        )

    @cached_property
    def opting_out(self) -> OptingOut:
        from ledger.flows.works.opt_out import OptingOut, works_shown_in

        return OptingOut(
            images=self.images,
            store=self.opt_outs,
            works=self.works,
            consents=self.consents,
            index=self.index,
            shown_in=lambda image: works_shown_in(image, self.fingerprinter, self.index),
        )

    @cached_property
    def disk_erasure(self) -> DiskErasure:
        from ledger.flows.upkeep.disk import DiskErasure

        return DiskErasure(self.works, self.erasure, self.data_dir / "erased-through")

    @cached_property
    def person_erasure(self) -> PersonErasure:
        from ledger.flows.people.erase import PersonErasure

        return PersonErasure(
            works=self.works,
            consents=self.consents,
            keys=self.log_keys,
            revoke=self.keys.revoke,
            opting_out=self.opting_out,
            erasure=self.erasure,
            sheets=self.sheets,
        )
