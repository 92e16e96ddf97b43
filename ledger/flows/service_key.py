"""The log begins with the key that signs its records; a further key of the service is announced before it is used."""

from __future__ import annotations

import hashlib

from ledger.log.append import Sequencer
from ledger.record.ids import new_id
from ledger.record.keys import Signer
from ledger.record.predicates import KeyRecord
from ledger.record.statement import statement_payload
from ledger.record.times import now_text


def announce_service_key(sequencer: Sequencer, signer: Signer) -> None:
    """Appends the `key` record of `signer` unless it is on the log already. Raises PushbackError."""
    predicate = KeyRecord(
        event="added",
        generated_at=now_text(),
        holder_id=new_id(),
        public_key=signer.public_raw.hex(),
        record_id=new_id(),
        refs=(),
        replaces=None,
        role="service",
    )
    payload = statement_payload("key", signer.keyid, predicate)
    dedup_key = hashlib.sha256(f"artledger/key/v1\nadded\n{signer.keyid}\n".encode()).digest()
    sequencer.submit(predicate.record_id, payload, dedup_key).result()
