"""Narrows what a registration allows to what the picture's own statements leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ledger.corpus.credit import MAX_LINK
from ledger.corpus.file_terms.training_mining import terms_of_report
from ledger.corpus.file_terms.vocabulary import UNREAD
from ledger.corpus.file_terms.xmp import terms_in
from ledger.corpus.file_terms.xmp_packets import xmp_packets
from ledger.corpus.work import FileTerm, SourceItem
from ledger.errors import InputError
from ledger.image.formats import sniff
from ledger.image.pool import DecodePool
from ledger.text import clean_text

MAX_TERMS = 32
"""Statements that are kept with a work; all of them narrow."""
_IN_FILE = "in the file"
_PROVENANCE = b"provenance"
"""In XMP it names a remote manifest (C2PA 2.2, section 11.4)."""
_MANIFEST = (b"jumb", b"c2pa")
"""Every manifest store has both (ISO/IEC 19566-5, C2PA 2.2 section 11.1)."""


def file_terms_of(images: DecodePool, data: bytes) -> tuple[FileTerm, ...]:
    """What a picture's file says of its uses, and what of it cannot be read. No content makes it raise."""
    found = [each for packet in xmp_packets(data) for each in terms_in(packet, _IN_FILE)]
    if all(mark in data for mark in _MANIFEST) or _PROVENANCE in data:
        found.extend(_of_manifest(images, data))
    return tuple(found)


def _of_manifest(images: DecodePool, data: bytes) -> Iterable[FileTerm]:
    try:
        report = images.manifest_report(data, sniff(data).media_type, "")
    except InputError as error:
        if error.code == "credentials-remote":
            address = clean_text(error.message, MAX_LINK)
            is_address = address.startswith(("http://", "https://"))
            return (_unread(f"its Content Credentials are at {address}, and were not fetched"),) if is_address else ()
        problem = f"Content Credentials that cannot be read: {error.message}"
        return (_unread(problem),)
    return () if report is None else terms_of_report(report, _IN_FILE)


def _unread(problem: str) -> FileTerm:
    return FileTerm(UNREAD.name, UNREAD.version, _IN_FILE, "", (), problem)


def narrowed(item: SourceItem, terms: Iterable[FileTerm]) -> SourceItem:
    """The work with the uses that no statement forbids. It keeps those that forbid something or cannot be read."""
    known = dict.fromkeys(each for each in terms if each.forbids or each.problem)
    said = sorted(known, key=lambda each: not each.forbids)
    forbidden = {use for each in said for use in each.forbids}
    uses = tuple(use for use in item.allowed_uses if use not in forbidden)
    return replace(item, allowed_uses=uses, file_terms=tuple(said[:MAX_TERMS]))
