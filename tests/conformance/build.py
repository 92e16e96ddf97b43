"""Builds the conformance cases under tests/conformance/bundle: `python -m tests.conformance.build` from the repository.

Other verifiers are welcome to them. A case is a folder with README.md (what and why), `bundle.json` (the exact bytes),
`log.vkey`, and where it matters `record_keys` (hex of raw public keys, one a line) and `policy`. A verifier accepts the
bundle of `<case>` and refuses that of `<case>_fail`. Keys and times are fixed, so building again changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ledger import canonical
from ledger.audit.bundle import make_bundle
from ledger.match.lists import Verdict
from ledger.record import dsse
from tests.audit.material import ENTRIES, LOG_OF_SEVEN, LOG_VKEY, Log, leaf_of
from tests.conformance.edits import (
    DATA,
    GOOD,
    POLICY,
    chance_as_style,
    contested,
    cosigned,
    forged_signature,
    last,
    logged,
    other_shares,
    reported,
    said,
    small_order_key,
    squatted,
    stray_bits,
    swap,
    swapped_payload,
    turned,
    type_last,
    unsigned_checkpoint,
    with_extra,
    with_payload_text,
    with_proof,
    with_url_alphabet,
)
from tests.record.kinds import ALL
from tests.record.samples import GENERATION, OTHER, SIGNER, uid, verification

FOLDER = Path(__file__).parent / "bundle"


@dataclass(frozen=True)
class Case:
    name: str
    why: str
    bundle: bytes
    record_keys: tuple[bytes, ...] = ()
    policy: str | None = None

    def write(self, folder: Path) -> None:
        target = folder / self.name
        target.mkdir(parents=True, exist_ok=True)
        verdict = "refuse" if self.name.endswith("_fail") else "accept"
        (target / "README.md").write_text(f"# {self.name}\n\n{self.why}\n\nA verifier must {verdict} this bundle.\n")
        (target / "bundle.json").write_bytes(self.bundle)
        (target / "log.vkey").write_text(f"{LOG_VKEY}\n")
        if self.record_keys:
            (target / "record_keys").write_text("".join(f"{raw.hex()}\n" for raw in self.record_keys))
        if self.policy is not None:
            (target / "policy").write_text(self.policy)


def _accepted() -> list[Case]:
    both = logged(leaf_of(ALL[9], SIGNER, OTHER), SIGNER, OTHER).to_bytes()
    return [
        Case("verification", "A verification record on leaf 5 of a tree of 7.", DATA),
        Case(
            "record-key-given", "The same, and the auditor knows the service's record key.", DATA, (SIGNER.public_raw,)
        ),
        Case("tree-of-one", "The only leaf of a tree: the path is empty and the leaf hash is the root.", last(1)),
        Case("tree-of-256", "The last leaf of a full tree: eight hashes, all from the left.", last(256)),
        Case("tree-of-257", "The leaf just after a full subtree: one hash covers 256 leaves.", last(257)),
        Case("two-signatures", "A claim that the claimant signed too; the service's signature comes first.", both),
        Case(
            "one-place",
            "A work and another artist's crop of it at one place: it counts once, for both.",
            squatted(uid(301), uid(302), share="0.993100", unattributed="0.006900"),
        ),
        Case("contested", "Two artists registered the work: the share is common and names both.", contested()),
        Case(
            "generation",
            "A generated picture, warned about by the policy it names.",
            logged(leaf_of(GENERATION)).to_bytes(),
        ),
        Case("cosigned", "A witness has cosigned the checkpoint, as the policy asks.", cosigned(), policy=POLICY),
        Case("cosigned-no-policy", "Without a policy the witness's line means nothing and harms nothing.", cosigned()),
    ]


def _refused_forms() -> list[Case]:
    return [
        Case("white-space_fail", "A space after a colon: not RFC 8785.", DATA.replace(b'"proof":', b'"proof": ')),
        Case("trailing-newline_fail", "A newline after the document.", DATA + b"\n"),
        Case("unknown-member_fail", "A member that no bundle has.", canonical.dumps(json.loads(DATA) | {"note": ""})),
        Case("other-media-type_fail", "A media type of another version.", DATA.replace(b"version=1", b"version=2")),
        Case("no-extra_fail", "No extra line with the signers' public keys.", with_extra(None)),
        Case(
            "other-key_fail",
            "The extra line has a key that does not hash to the key id.",
            with_extra(OTHER.public_raw),
        ),
        Case(
            "spare-key_fail",
            "The extra line has one key more than there are signatures.",
            with_extra(SIGNER.public_raw + OTHER.public_raw),
        ),
        Case(
            "index-zeros_fail", "The index has a leading zero.", with_proof(lambda p: p.replace("index 5", "index 05"))
        ),
        Case("base64-stray-bits_fail", "Base64 with stray bits in its last character.", stray_bits()),
    ]


def _refused_claims() -> list[Case]:
    keys = {SIGNER.keyid: SIGNER.public_raw}
    neighbour = make_bundle(GOOD.leaf, 4, LOG_OF_SEVEN.bundle(4).proof.path, GOOD.proof.checkpoint, keys).to_bytes()
    short = make_bundle(GOOD.leaf, 5, GOOD.proof.path[:-1], GOOD.proof.checkpoint, keys).to_bytes()
    earlier = make_bundle(GOOD.leaf, 5, GOOD.proof.path, Log(ENTRIES[:6]).checkpoint, keys).to_bytes()
    lie = logged(leaf_of(verification(verdict=Verdict.NONE))).to_bytes()
    nonsense = logged(dsse.sign(b"{}", [SIGNER])).to_bytes()
    stranger = logged(leaf_of(verification(), OTHER), OTHER).to_bytes()
    elsewhere = logged(leaf_of(verification().model_copy(update={"origin": "log.example/other"}))).to_bytes()
    return [
        Case("other-origin_fail", "On this log, but made and signed for another one.", elsewhere),
        Case("other-log_fail", "The checkpoint is signed by another key under the log's name.", unsigned_checkpoint()),
        Case("wrong-index_fail", "The path of the neighbouring leaf.", neighbour),
        Case("short-path_fail", "The last hash of the path is missing.", short),
        Case("other-size_fail", "The proof for one tree size with the checkpoint of another.", earlier),
        Case("swapped-payload_fail", "Another record's payload under this one's signature.", swapped_payload()),
        Case("forged-signature_fail", "On the log, but the record key never signed it.", forged_signature()),
        Case("small-order-key_fail", "Key and signature are the identity, good for any payload.", small_order_key()),
        Case(
            "unknown-record-key_fail", "Signed by a key that the auditor does not know.", stranger, (SIGNER.public_raw,)
        ),
        Case("no-statement_fail", "Signed and logged, but no statement.", nonsense),
        Case("wrong-relation_fail", "A chance neighbour is called similar in style.", chance_as_style()),
        Case(
            "one-place-counted-twice_fail",
            "A work and another artist's crop of it at one place, counted as two.",
            squatted(uid(301), share="0.999310", unattributed="0.000690"),
        ),
        Case("wrong-shares_fail", "Shares that sum to one and do not follow from the matches.", other_shares()),
        Case("wrong-verdict_fail", "Its matches mean a copy, its verdict says none.", lie),
        Case("reported-policy_fail", "A reported picture names a policy, as if it were decided here.", reported()),
        Case("no-quorum_fail", "The policy asks for a cosignature that is not there.", DATA, policy=POLICY),
    ]


def _refused_encodings() -> list[Case]:
    """One thing said in other bytes: everything else about these is good."""
    media = b'"media_type":"image/png"'
    width = b'"width":800'
    return [
        Case("lone-surrogate_fail", "Half a character, escaped.", said(swap(media, b'"media_type":"\\ud800"'))),
        Case("raw-surrogate_fail", "Half a character in raw bytes.", said(swap(media, b'"media_type":"\xed\xa0\x80"'))),
        Case("escaped_fail", "An escape that is not needed.", said(swap(media, b'"media_type":"image\\/png"'))),
        Case("duplicate-key_fail", "A member twice.", said(swap(width, width + b"," + width))),
        Case("key-order_fail", "Members in another order.", said(type_last)),
        Case("non-ascii-key_fail", "A key that is not ASCII.", said(swap(width, width + ',"é":1'.encode()))),
        Case("fraction_fail", "An integer written as 800.0.", said(swap(width, width + b".0"))),
        Case("exponent_fail", "An integer written as 8e2.", said(swap(width, b'"width":8e2'))),
        Case("minus-zero_fail", "Minus zero.", said(swap(width, b'"width":-0'))),
        Case("big-integer_fail", "An integer of 2^53.", said(swap(width, b'"width":9007199254740992'))),
        Case("payload-bom_fail", "A byte order mark.", said(lambda payload: b"\xef\xbb\xbf" + payload)),
        Case("payload-space_fail", "A space in the statement.", said(swap(width, b'"width": 800'))),
        Case("bundle-bom_fail", "A byte order mark before the bundle.", b"\xef\xbb\xbf" + DATA),
        Case("bundle-key-order_fail", "The bundle's members in another order.", turned(DATA)),
        Case(
            "unpadded_fail", "The payload's base64 without padding.", with_payload_text(lambda text: text.rstrip(b"="))
        ),
        Case(
            "base64-break_fail",
            "A line break in the payload's base64.",
            with_payload_text(lambda t: t[:76] + b"\\n" + t[76:]),
        ),
        Case("base64-url_fail", "The signature's base64 in the alphabet for URLs.", with_url_alphabet()),
    ]


def cases() -> list[Case]:
    return [*_accepted(), *_refused_forms(), *_refused_encodings(), *_refused_claims()]


if __name__ == "__main__":
    for case in cases():
        case.write(FOLDER)
