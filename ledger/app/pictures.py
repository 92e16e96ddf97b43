"""Pictures: compared, looked up, generated, reported and handed out, and the models that compare them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property

from ledger.answers.claims import ClaimAnswer
from ledger.answers.generations import HandedOut
from ledger.answers.records import LookupAnswer, RecordAnswer
from ledger.app.log import Log
from ledger.app.store import Store
from ledger.errors import InputError
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.pictures.artist_references import ArtistReferences
from ledger.flows.pictures.attribute import Attributing
from ledger.flows.pictures.credential_keys import CREDENTIAL_KEY_FILE, OperatorCredentials, OwnCredentials
from ledger.flows.pictures.credentials import Credentials
from ledger.flows.pictures.generate import Generating
from ledger.flows.pictures.hand_out import HandingOut, MakeFile
from ledger.flows.pictures.headlines import Headlines
from ledger.flows.pictures.lookup import Lookup
from ledger.flows.pictures.recognise import GeneratedPictures
from ledger.flows.pictures.recompute import LocalRecompute
from ledger.flows.pictures.report import Reports
from ledger.flows.pictures.verify import Verifying
from ledger.flows.upkeep.calibrate import Calibrations
from ledger.flows.upkeep.self_null import SelfNulls
from ledger.generate.guard_policy import Policy, default_policy, load_policy
from ledger.generate.picture import Attributor, Generator
from ledger.image.limits import DecodeLimits
from ledger.image.pool import DecodePool
from ledger.match.lists import MATCHES
from ledger.match.style.null import StyleNull, shipped_style_null, style_null_in
from ledger.storage.locks import CALIBRATION, ProcessLock
from ledger.storage.people.pending import PendingImages

_OPENING = threading.Lock()
"""Prevents that two threads that need the model at once both open it."""


class Pictures:
    """All that can be done with a picture."""

    def __init__(
        self, store: Store, log: Log, stack: ExitStack, claims_about: Callable[[str], Sequence[ClaimAnswer]]
    ) -> None:
        """`claims_about`: the first claims about a file, by its SHA-256. A function, because claims are built from
        pictures."""
        self.store = store
        self.log = log
        self._stack = stack
        self._claims_about = claims_about

    def verify(self, data: bytes, *, top_k: int = MATCHES) -> RecordAnswer:
        """See `Verifying.verify`."""
        return self.verification.verify(data, top_k=top_k)

    def look_up(self, data: bytes, *, top_k: int = MATCHES) -> LookupAnswer:
        """See `Lookup.by_image`."""
        return self.lookups.by_image(data, top_k=top_k)

    def confirm(self, token: str) -> HandedOut:
        """See `HandingOut.confirm`."""
        return self.handing_out.confirm(token)

    @cached_property
    def images(self) -> DecodePool:
        limits = DecodeLimits(max_bytes=self.store.settings.max_image_bytes)
        return self._stack.enter_context(DecodePool(self.store.settings.decode_workers, limits))

    @cached_property
    def fingerprinter(self) -> Fingerprinter:
        from ledger.fingerprint.encoders import load_encoders

        return Fingerprinter(load_encoders(self.store.style_models), self.store.spec)

    @cached_property
    def style_null(self) -> StyleNull | None:
        """Unrelated pictures as the models of style see them. None where there are none; then style is not compared."""
        if self.store.style_models is None:
            return None
        folder = self.store.settings.style_models
        found = shipped_style_null() if folder is None else style_null_in(folder)
        return found if found is not None and found.spec == self.store.spec.style_part else None

    @cached_property
    def calibrations(self) -> Calibrations:
        return Calibrations(
            corpus=self.store.corpus,
            files=self.store.calibrations,
            sequencer=self.log.sequencer,
            spec=self.store.spec,
            style=self.style_null,
            alone=ProcessLock(self.store.database, CALIBRATION),
            self_nulls=SelfNulls(self.store.null_queries, self.store.index, lambda: self.fingerprinter),
        )

    @cached_property
    def verification(self) -> Verifying:
        return Verifying(
            images=self.images,
            fingerprinter=lambda: self.fingerprinter,
            index=self.store.index,
            references=self._references,
            calibrations=self.calibrations,
            sequencer=self.log.sequencer,
            records=self.log.records,
            credentials=self.credentials,
            headlines=self.headlines,
        )

    @property
    def _references(self) -> ArtistReferences:
        store = self.store
        return ArtistReferences(store.classifiers, store.hands, store.spec, lambda: self.fingerprinter)

    @cached_property
    def headlines(self) -> Headlines:
        return Headlines(
            records=self.log.records,
            seen=self.store.generated_pictures,
            documents=self.store.documents,
            accounts=self.store.accounts,
            claims=self._claims_about,
        )

    @cached_property
    def lookups(self) -> Lookup:
        return Lookup(
            records=self.log.records,
            seen=self.recognition,
            credentials=self.credentials,
            headlines=self.headlines,
            verification=lambda: self.verification,
        )

    @cached_property
    def credentials(self) -> Credentials:
        return Credentials(self.images, self.log.records, lambda: self.credential_keys.roots())  # noqa: PLW0108 - made late

    @cached_property
    def credential_keys(self) -> OwnCredentials | OperatorCredentials:
        """The key that signs Content Credentials. Raises InputError (`settings`) where one of two settings is
        missing."""
        certificate, key = self.store.settings.c2pa_certificate, self.store.settings.c2pa_key
        if certificate is not None and key is not None:
            return OperatorCredentials(certificate, key, self.log.key_passphrase)
        if certificate is not None or key is not None:
            raise InputError(
                "ARTLEDGER_C2PA_CERTIFICATE and ARTLEDGER_C2PA_KEY must be set together, but only one is set",
                code="settings",
            )
        path = self.log.key_path(CREDENTIAL_KEY_FILE)
        return OwnCredentials(path, f"Artledger {self.log.origin}", self.log.key_passphrase)

    @cached_property
    def recognition(self) -> GeneratedPictures:
        return GeneratedPictures(self.store.generated_pictures, self.log.records)

    @cached_property
    def policy(self) -> Policy:
        """The rules of the guard. They are stored, so that records that name them can be understood after a change."""
        path = self.store.settings.guard_policy
        policy = default_policy() if path is None else load_policy(path)
        self.store.documents.put("policy", policy.digest, policy.to_bytes())
        return policy

    @cached_property
    def generator(self) -> Generator:
        """Raises InputError (`bad-generator`), and as `open_generator` does. The weights are loaded on first use."""
        from ledger.generate.generator import open_generator
        from ledger.generate.profiles import generator_source

        settings = self.store.settings
        source = generator_source(settings.profile, settings.generator)
        return open_generator(source, device=settings.device, dtype=settings.dtype)

    @cached_property
    def attribution(self) -> Attributing:
        return Attributing(
            verification=self.verification,
            models=self.log.models,
            policy=self.policy,
            unwilling=self.store.works.artists_without_style,
        )

    @cached_property
    def pending_images(self) -> PendingImages:
        return PendingImages(self.store.database)

    @cached_property
    def handing_out(self) -> HandingOut:
        return HandingOut(
            make_file=self._make_file(),
            origin=self.log.origin,
            images=self.images,
            fingerprinter=self.fingerprinter,
            sequencer=self.log.sequencer,
            entries=self.store.entries,
            pending=self.pending_images,
            remember=self.recognition.remember,
        )

    def _make_file(self) -> MakeFile:
        from ledger.image.credentials.write import with_credentials

        signer, mining = self.credential_keys.signer(), self.store.settings.data_mining
        return lambda pixels, media_type, assertion: with_credentials(pixels, media_type, assertion, signer, mining)

    @cached_property
    def generation(self) -> Generating:
        def generator() -> Generator:
            with _OPENING:
                return self.generator

        return Generating(generator, self.attribution, self.handing_out)

    @property
    def attributor(self) -> Attributor:
        """For `ledger.generate.attributed`: records what any pipeline made, and hands it out if the guard allows it."""
        return self.generation.attribute

    @cached_property
    def reports(self) -> Reports:
        return Reports(self.verification, self.log.models, self.recognition.remember)

    @cached_property
    def recompute(self) -> LocalRecompute:
        return LocalRecompute(
            images=self.images,
            fingerprinter=self.fingerprinter,
            index=lambda: self.store.index,
            calibrations=lambda: self.store.calibrations,
            style=self.style_null,
        )
