"""All tables, by content. They never leave this room: other rooms get dataclasses.

Three kinds: the *log* (insert only; a trigger enforces this even for the owner); *primary* data that no entry holds or
that may be erased (names, vectors, previews), and valid keys, which every append checks; and *projections*, which are
dropped and rebuilt from the log.
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
    people.session, people.webhook, people.webhook_delivery, people.found_copy,
    people.verified_domain,
    corpus.work_detail, corpus.work_vector, corpus.work_local, corpus.work_style, corpus.work_hand,
    corpus.classifier, corpus.likeness, corpus.second_view, corpus.preview, corpus.uncompared_work,
    corpus.duplicate_asked, corpus.duplicate_pair, corpus.duplicate_group, corpus.opt_out,
    corpus.null_query, corpus.null_pair,
    generated.pending_image, generated.seen_picture, generated.seen_vector,
)  # fmt: skip
PROJECTIONS = (
    projections.record, projections.record_match, projections.work, projections.calibration, projections.key_event,
    projections.claim, projections.claim_party, projections.notice, projections.projection_head,
)  # fmt: skip
