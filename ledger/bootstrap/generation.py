"""What makes pictures, judges them and hands them out."""

from __future__ import annotations

import logging
import threading
from functools import cached_property
from typing import TYPE_CHECKING

from ledger.bootstrap.flows import FlowParts
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from ledger.flows.demo.demo import Demo
    from ledger.flows.pictures.attribute import Attribution
    from ledger.flows.pictures.generate import Generation
    from ledger.flows.pictures.hand_out import HandingOut, MakeFile
    from ledger.flows.pictures.report import Reports
    from ledger.generate.guard import Requester
    from ledger.generate.picture import Attributor, Generator
    from ledger.storage.people.pending import PendingImages


ERASE_EVERY = 60.0
"""Seconds between looks for pictures whose time to be confirmed is over."""

_OPENING = threading.Lock()
"""Two threads that ask for the model at once must not both open it."""
_log = logging.getLogger(__name__)


class GenerationParts(FlowParts):
    """Generators and the way of generated pictures."""

    @cached_property
    def generator(self) -> Generator:
        """Raises InputError (`bad-generator`), and as `open_generator` does. Its weights are loaded when it is used."""
        from ledger.generate.generator import open_generator
        from ledger.generate.profiles import generator_source

        settings = self.settings
        source = generator_source(settings.profile, settings.generator)
        return open_generator(source, device=settings.device, dtype=settings.dtype)

    @cached_property
    def attribution(self) -> Attribution:
        from ledger.flows.pictures.attribute import Attribution

        return Attribution(
            verification=self.verification,
            models=self.models,
            policy=self.policy,
            unwilling=self.works.artists_without_style,
        )

    @cached_property
    def pending_images(self) -> PendingImages:
        from ledger.storage.people.pending import PendingImages

        return PendingImages(self.database)

    def erase_unconfirmed(self, stop: threading.Event) -> None:
        """Until `stop` is set: what nobody confirmed in time goes, also where nobody asks for anything else."""
        while not stop.wait(ERASE_EVERY):
            try:
                self.pending_images.erase_expired()
            except LedgerError as error:
                _log.warning("unconfirmed pictures are not erased yet: %s", error.message)

    @cached_property
    def handing_out(self) -> HandingOut:
        from ledger.flows.pictures.hand_out import HandingOut

        return HandingOut(
            make_file=self._make_file,
            origin=self.origin,
            images=self.images,
            fingerprinter=self.fingerprinter,
            sequencer=self.sequencer,
            entries=self.entries,
            pending=self.pending_images,
            remember=self.seen.remember,
        )

    @property
    def _make_file(self) -> MakeFile:
        from ledger.image.credentials.write import with_credentials

        signer = self.credential_keys.signer()
        return lambda pixels, media_type, assertion: with_credentials(pixels, media_type, assertion, signer)

    @cached_property
    def generation(self) -> Generation:
        from ledger.flows.pictures.generate import Generation

        def generator() -> Generator:
            with _OPENING:
                return self.generator

        return Generation(generator, self.attribution, self.handing_out)

    @property
    def attributor(self) -> Attributor:
        """For `ledger.generate.attributed`: records what any pipeline made, and hands it out or not."""
        return self.generation.attribute

    @cached_property
    def reports(self) -> Reports:
        from ledger.flows.pictures.report import Reports

        return Reports(self.verification, self.models, self.seen.remember)

    @cached_property
    def demo(self) -> Demo:
        from ledger.flows.demo.demo import Demo
        from ledger.flows.demo.generation import DemoGeneration

        folder = self.data_dir / "demo"
        return Demo(
            folder=folder,
            open_source=self.open_source,
            ingestion=self.ingestion,
            calibrations=self.recalibration,
            verification=self.verification,
            generation=DemoGeneration(folder, lambda: self.generation, self.records),
            catalogue=self.catalogue,
            records=self.records,
            publish=self.settle,
            log_vkey=self.log_vkey,
        )

    def requester(self, artist_id: str | None) -> Requester:
        """Whoever asks, on behalf of a registered artist where one is named: the caller vouches for that.

        Raises NotFoundError (`artist-not-found`), InputError (`bad-id`).
        """
        from ledger.generate.guard import ANYBODY, Requester

        return ANYBODY if artist_id is None else Requester(self.catalogue.artist(artist_id).artist_id)
