"""A log of records of every kind, leaf by leaf: what the independent verifier and the project's must agree about."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from ledger import canonical
from ledger.log.merkle import leaf_hash
from ledger.record import dsse
from ledger.record.keys import Signer
from tests.record.kinds import ALL, subject_of
from tests.record.samples import SIGNER, key_record, sha, uid

SECOND, ARTIST_KEY, LATER_KEY, OPERATOR_KEY, AUDITOR_KEY, STRANGER = (
    Signer.from_seed(bytes([number]) * 32) for number in range(31, 37)
)
ARTIST, OPERATOR, AUDITOR, SILENT = (uid(number) for number in (601, 602, 603, 604))
"""SILENT has no key: the service speaks for that artist."""
SAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    each.kind: (subject_of(each), each.model_dump(mode="json")) for each in ALL
}


@dataclass
class Story:
    """Leaves in their order; what a leaf is called by its number."""

    leaves: list[bytes] = field(default_factory=list)

    def leaf(self, kind: str, *signers: Signer, subject: str | None = None, **changes: Any) -> bytes:
        """A leaf of the kind, the sample's predicate with other values."""
        sample, predicate = SAMPLES[kind]
        predicate = predicate | {"record_id": uid(100_000 + len(self.leaves))} | changes
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "predicate": predicate,
            "predicateType": f"urn:artledger:{kind}:v1",
            "subject": [{"digest": {"sha256": subject or sample}, "name": kind}],
        }
        return dsse.sign(canonical.dumps(statement), signers or (SIGNER,))

    def add(self, kind: str, *signers: Signer, subject: str | None = None, **changes: Any) -> dict[str, str]:
        """Appends a leaf; answers what a reference to it says."""
        self.leaves.append(self.leaf(kind, *signers, subject=subject, **changes))
        return self.ref(-1)

    def ref(self, index: int) -> dict[str, str]:
        predicate = json.loads(dsse.parse(self.leaves[index]).payload)["predicate"]
        return {"leaf_hash": leaf_hash(self.leaves[index]).hex(), "record_id": predicate["record_id"]}

    def payload(self, index: int) -> str:
        return hashlib.sha256(dsse.parse(self.leaves[index]).payload).hexdigest()


def key(signer: Signer, role: str, holder: str, event: str = "added", replaces: str | None = None) -> dict[str, Any]:
    """Subject and changes of a `key` record."""
    told = key_record(signer).model_dump(mode="json")
    return {
        "subject": signer.keyid,
        "public_key": told["public_key"],
        "role": role,
        "holder_id": holder,
        "event": event,
        "replaces": replaces,
    }


def work(number: int, artist: str = SILENT) -> dict[str, Any]:
    """Subject and changes of a `registration`."""
    return {"subject": sha(f"file {number}"), "work_id": uid(number), "artist_id": artist}


def told() -> Story:
    """About thirty leaves: keys and a rotation, works, pictures, a claim from its filing to its resolution."""
    story = Story()
    service = SAMPLES["key"][1]["holder_id"]
    story.add("key", **key(SIGNER, "service", service))
    story.add("key", SIGNER, SECOND, **key(SECOND, "service", service))
    story.add("key", SIGNER, ARTIST_KEY, **key(ARTIST_KEY, "artist", ARTIST))
    story.add("key", SECOND, OPERATOR_KEY, **key(OPERATOR_KEY, "generator", OPERATOR))
    story.add("key", SIGNER, AUDITOR_KEY, **key(AUDITOR_KEY, "auditor", AUDITOR))
    measured = story.add("calibration")
    model = story.add("model", model_id=uid(70), subject=sha("weights"))
    silent = story.add("registration", **work(800))
    own = story.add("registration", SIGNER, ARTIST_KEY, **work(801, ARTIST))
    story.add("consent", work_id=uid(800), subject=sha("file 800"), refs=[silent])
    rotated = key(LATER_KEY, "artist", ARTIST, "rotated", ARTIST_KEY.keyid)
    story.add("key", SIGNER, ARTIST_KEY, LATER_KEY, **rotated)
    story.add("key", **key(ARTIST_KEY, "artist", ARTIST, "revoked"))
    story.add(
        "consent", SIGNER, LATER_KEY, work_id=uid(801), subject=sha("file 801"), refs=[own], allowed_uses=["match"]
    )
    seen = story.add("verification", refs=[measured, silent, own])
    made = story.add(
        "generation", refs=[measured, model, own], model={"model_id": uid(70), "weights_sha256": sha("weights")}
    )
    again = story.add(
        "generation",
        refs=[made],
        policy=None,
        guard="allow",
        origin_of_image="reported",
        prompt="unknown",
        seed="unknown",
    )
    asset = story.add("asset", refs=[again])
    weights = {"model_id": uid(70), "weights_sha256": sha("weights")}
    claim = story.add(
        "claim", SIGNER, LATER_KEY, claimant_id=ARTIST, works=[uid(801)], refs=[own, model], model=weights
    )
    case = story.payload(-1)
    story.add("response", SIGNER, OPERATOR_KEY, party_id=OPERATOR, subject=case, refs=[claim])
    verdict = story.add(
        "verdict", subject=case, refs=[claim, seen, made], evidence=[{"finding": "verified-copy", "ref": seen}]
    )
    story.add("verdict", subject=case, refs=[claim, verdict, asset], evidence=[])
    story.add("resolution", SIGNER, AUDITOR_KEY, auditor_id=AUDITOR, subject=case, refs=[claim, verdict])
    story.add("withdrawal", work_id=uid(801), subject=sha("file 801"), refs=[own], reason="legal")
    story.add("usage", SECOND)
    story.add("domain", holder_id=ARTIST)
    story.add("finding", refs=[made, silent, model])
    return story
