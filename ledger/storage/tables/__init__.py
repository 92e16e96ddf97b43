"""Every table, by what it holds. They never leave this room: other rooms get dataclasses.

Three kinds: the *log* (insert only; a trigger refuses the rest even to the owner), *primary* data beside it (what may
be erased, what no leaf holds: names, vectors, previews, and what an append asks: good keys), and *projections*, dropped
and rebuilt from the log.
Digests and hashes are 32 raw bytes, ids are UUIDs, times have a time zone. Roles and triggers are in the migrations.
"""

from __future__ import annotations

from ledger.storage.tables import corpus, documents, generated, log, people, projections
from ledger.storage.tables.columns import metadata

__all__ = ["LOG", "PRIMARY", "PROJECTIONS", "metadata"]

LOG = (log.entry, log.log_head)
PRIMARY = (
    log.holder_key,
    documents.fingerprint_spec, documents.calibration_file, documents.document,
    people.artist, people.account, people.access_token, people.claim_detail,
    corpus.work_detail, corpus.work_vector, corpus.work_local, corpus.work_style, corpus.preview,
    corpus.duplicate_asked, corpus.duplicate_pair, corpus.duplicate_group, corpus.opt_out,
    generated.pending_image, generated.seen_picture, generated.seen_vector,
)  # fmt: skip
PROJECTIONS = (
    projections.record, projections.record_match, projections.work, projections.calibration, projections.key_event,
    projections.projection_head,
)  # fmt: skip
