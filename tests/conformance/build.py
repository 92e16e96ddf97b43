"""Builds the conformance cases under tests/conformance/bundle: `python -m tests.conformance.build` from the repository.

Other verifiers are welcome to them. A case is a folder with README.md (what and why), `bundle.json` (the exact bytes),
`log.vkey`, and where it matters `record_keys` (hex of raw public keys, one a line) and `policy`. A verifier accepts the
bundle of `<case>` and refuses that of `<case>_fail`. Keys and times are fixed, so building again changes nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ledger import canonical
from ledger.audit.bundle import Bundle, make_bundle
from ledger.log.checkpoint import Checkpoint, add_signatures, sign_checkpoint
from ledger.log.merkle import leaf_hash, root_of
from ledger.log.note import SignatureLine
from ledger.log.vkey import KeyType, NoteSigner, VerifierKey
from ledger.match.lists import Relation, Verdict
from ledger.record import dsse
from ledger.record.keyid import keyid_of
from ledger.record.keys import Signer
from ledger.record.parts import MemberText, ShareText
from tests.audit.material import ENTRIES, LOG_OF_SEVEN, LOG_VKEY, VERIFIED_INDEX, Log, leaf_of
from tests.record.samples import (
    ALL,
    ATTRIBUTION,
    GENERATION,
    MATCHES,
    ORIGIN,
    OTHER,
    SIGNER,
    match_text,
    uid,
    verification,
)

FOLDER = Path(__file__).parent / "bundle"
WITNESS = Signer.from_seed(bytes([7]) * 32)
WITNESS_KEY = VerifierKey("witness.example/w1", KeyType.COSIGNATURE, WITNESS.public_raw)
POLICY = f"log {LOG_VKEY}\nwitness w1 {WITNESS_KEY}\nquorum w1\n"


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


GOOD = LOG_OF_SEVEN.bundle(VERIFIED_INDEX)
DATA = GOOD.to_bytes()


def _with_proof(edit: Callable[[str], str]) -> bytes:
    value = json.loads(DATA)
    changed = edit(value["proof"])
    if changed == value["proof"]:
        raise ValueError("the edit changes nothing")
    return canonical.dumps(value | {"proof": changed})


def _with_envelope(edit: Callable[[dict[str, object]], object]) -> bytes:
    value = json.loads(DATA)
    edit(value["envelope"])
    return canonical.dumps(value)


def _logged(leaf: bytes, *signers: Signer) -> Bundle:
    return Log([*ENTRIES, leaf]).bundle(len(ENTRIES), *signers)


def _last(size: int) -> bytes:
    """The last leaf of a tree of `size` leaves."""
    entries = [leaf_of(ALL[1]) for _ in range(size - 1)] + [leaf_of(verification())]
    return Log(entries).bundle(size - 1).to_bytes()


def _cosigned() -> bytes:
    text = GOOD.proof.checkpoint.decode().rpartition("\n\n")[0] + "\n"
    cosignature = NoteSigner(WITNESS_KEY, WITNESS.sign).cosignature(text, 1_770_000_000)
    checkpoint = add_signatures(
        GOOD.proof.checkpoint, [SignatureLine(WITNESS_KEY.name, WITNESS_KEY.key_id, cosignature)]
    )
    return replace(GOOD, proof=replace(GOOD.proof, checkpoint=checkpoint)).to_bytes()


def _unsigned_checkpoint() -> bytes:
    """By a key of the same name that is not the log's."""
    stranger = NoteSigner(VerifierKey(ORIGIN, KeyType.ED25519, OTHER.public_raw), OTHER.sign)
    root = root_of(map(leaf_hash, ENTRIES))
    checkpoint = sign_checkpoint(Checkpoint(ORIGIN, len(ENTRIES), root), stranger)
    return replace(GOOD, proof=replace(GOOD.proof, checkpoint=checkpoint)).to_bytes()


def _forged_signature() -> bytes:
    envelope = canonical.loads(leaf_of(verification()))
    envelope["signatures"][0]["sig"] = canonical.loads(leaf_of(ALL[1]))["signatures"][0]["sig"]
    return _logged(canonical.dumps(envelope)).to_bytes()


def _small_order_key() -> bytes:
    """The identity as key and signature: a verifier that does not refuse it accepts it for every payload."""
    identity = bytes([1]) + bytes(31)
    envelope = canonical.loads(leaf_of(verification()))
    envelope["signatures"] = [{"keyid": keyid_of(identity), "sig": base64.b64encode(identity + bytes(32)).decode()}]
    leaf = canonical.dumps(envelope)
    log = Log([*ENTRIES, leaf])
    bundle = Log([*ENTRIES, leaf_of(verification())]).bundle(len(ENTRIES))
    proof = replace(bundle.proof, extra=identity, checkpoint=log.checkpoint)
    return replace(bundle, leaf=leaf, proof=proof).to_bytes()


def _swapped_payload() -> bytes:
    other = base64.b64encode(dsse.parse(ENTRIES[1]).payload).decode()
    return _with_envelope(lambda envelope: envelope.update(payload=other))


def _reported() -> bytes:
    payload = dsse.parse(leaf_of(GENERATION)).payload
    changed = payload.replace(b'"origin_of_image":"service"', b'"origin_of_image":"reported"')
    return _logged(dsse.sign(changed, [SIGNER])).to_bytes()


def _chance_as_style() -> bytes:
    called = MATCHES[1].model_copy(update={"relation": Relation.SIMILAR_STYLE})
    return _logged(leaf_of(verification((MATCHES[0], called, *MATCHES[2:])))).to_bytes()


def _other_shares() -> bytes:
    others = (ShareText(artists=(uid(301),), group=None, share="0.500000"),)
    attribution = ATTRIBUTION.model_copy(update={"shares": others, "unattributed": "0.500000"})
    return _logged(leaf_of(verification().model_copy(update={"attribution": attribution}))).to_bytes()


def _contested() -> bytes:
    members = tuple(MemberText(artist_id=uid(number), work_id=uid(number - 100)) for number in (301, 777))
    share = ShareText(artists=(uid(301), uid(777)), group=uid(201), share="0.993100")
    attribution = ATTRIBUTION.model_copy(update={"shares": (share,)})
    compared = verification((match_text(1, members=members), *MATCHES[1:]))
    return _logged(leaf_of(compared.model_copy(update={"attribution": attribution}))).to_bytes()


def _squatted(*artists: str, share: str, unattributed: str) -> bytes:
    """A work and a crop of it that somebody else registered, found at one place of the picture."""
    crop = match_text(2, Relation.PARTIAL_COPY, score="0.900000")
    shares = (ShareText(artists=artists, group=uid(201) if len(artists) > 1 else None, share=share),)
    attribution = ATTRIBUTION.model_copy(update={"shares": shares, "unattributed": unattributed})
    compared = verification((MATCHES[0], crop, *MATCHES[2:]))
    return _logged(leaf_of(compared.model_copy(update={"attribution": attribution}))).to_bytes()


def _accepted() -> list[Case]:
    both = _logged(leaf_of(ALL[9], SIGNER, OTHER), SIGNER, OTHER).to_bytes()
    return [
        Case("verification", "A verification record on leaf 5 of a tree of 7.", DATA),
        Case(
            "record-key-given", "The same, and the auditor knows the service's record key.", DATA, (SIGNER.public_raw,)
        ),
        Case("tree-of-one", "The only leaf of a tree: the path is empty and the leaf hash is the root.", _last(1)),
        Case("tree-of-256", "The last leaf of a full tree: eight hashes, all from the left.", _last(256)),
        Case("tree-of-257", "The leaf just after a full subtree: one hash covers 256 leaves.", _last(257)),
        Case("two-signatures", "A claim that the claimant signed too; the service's signature comes first.", both),
        Case(
            "one-place",
            "A work and another artist's crop of it at one place: it counts once, for both.",
            _squatted(uid(301), uid(302), share="0.993100", unattributed="0.006900"),
        ),
        Case("contested", "Two artists registered the work: the share is common and names both.", _contested()),
        Case(
            "generation",
            "A generated picture, warned about by the policy it names.",
            _logged(leaf_of(GENERATION)).to_bytes(),
        ),
        Case("cosigned", "A witness has cosigned the checkpoint, as the policy asks.", _cosigned(), policy=POLICY),
        Case("cosigned-no-policy", "Without a policy the witness's line means nothing and harms nothing.", _cosigned()),
    ]


def _refused_forms() -> list[Case]:
    return [
        Case("white-space_fail", "A space after a colon: not RFC 8785.", DATA.replace(b'"proof":', b'"proof": ')),
        Case("trailing-newline_fail", "A newline after the document.", DATA + b"\n"),
        Case("unknown-member_fail", "A member that no bundle has.", canonical.dumps(json.loads(DATA) | {"note": ""})),
        Case("other-media-type_fail", "A media type of another version.", DATA.replace(b"version=1", b"version=2")),
        Case("no-extra_fail", "No extra line with the signers' public keys.", _with_extra(None)),
        Case(
            "other-key_fail",
            "The extra line has a key that does not hash to the key id.",
            _with_extra(OTHER.public_raw),
        ),
        Case(
            "spare-key_fail",
            "The extra line has one key more than there are signatures.",
            _with_extra(SIGNER.public_raw + OTHER.public_raw),
        ),
        Case(
            "index-zeros_fail", "The index has a leading zero.", _with_proof(lambda p: p.replace("index 5", "index 05"))
        ),
        Case("base64-stray-bits_fail", "Base64 with stray bits in its last character.", _stray_bits()),
    ]


def _with_extra(extra: bytes | None) -> bytes:
    return replace(GOOD, proof=replace(GOOD.proof, extra=extra)).to_bytes()


def _stray_bits() -> bytes:
    key = base64.b64encode(SIGNER.public_raw).decode()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    changed = key[:-2] + alphabet[alphabet.index(key[-2]) ^ 1] + "="
    return _with_proof(lambda proof: proof.replace(key, changed))


def _refused_claims() -> list[Case]:
    keys = {SIGNER.keyid: SIGNER.public_raw}
    neighbour = make_bundle(GOOD.leaf, 4, LOG_OF_SEVEN.bundle(4).proof.path, GOOD.proof.checkpoint, keys).to_bytes()
    short = make_bundle(GOOD.leaf, 5, GOOD.proof.path[:-1], GOOD.proof.checkpoint, keys).to_bytes()
    earlier = make_bundle(GOOD.leaf, 5, GOOD.proof.path, Log(ENTRIES[:6]).checkpoint, keys).to_bytes()
    lie = _logged(leaf_of(verification(verdict=Verdict.NONE))).to_bytes()
    nonsense = _logged(dsse.sign(b"{}", [SIGNER])).to_bytes()
    stranger = _logged(leaf_of(verification(), OTHER), OTHER).to_bytes()
    elsewhere = _logged(leaf_of(verification().model_copy(update={"origin": "log.example/other"}))).to_bytes()
    return [
        Case("other-origin_fail", "On this log, but made and signed for another one.", elsewhere),
        Case("other-log_fail", "The checkpoint is signed by another key under the log's name.", _unsigned_checkpoint()),
        Case("wrong-index_fail", "The path of the neighbouring leaf.", neighbour),
        Case("short-path_fail", "The last hash of the path is missing.", short),
        Case("other-size_fail", "The proof for one tree size with the checkpoint of another.", earlier),
        Case("swapped-payload_fail", "Another record's payload under this one's signature.", _swapped_payload()),
        Case("forged-signature_fail", "On the log, but the record key never signed it.", _forged_signature()),
        Case("small-order-key_fail", "Key and signature are the identity, good for any payload.", _small_order_key()),
        Case(
            "unknown-record-key_fail", "Signed by a key that the auditor does not know.", stranger, (SIGNER.public_raw,)
        ),
        Case("no-statement_fail", "Signed and logged, but no statement.", nonsense),
        Case("wrong-relation_fail", "A chance neighbour is called similar in style.", _chance_as_style()),
        Case(
            "one-place-counted-twice_fail",
            "A work and another artist's crop of it at one place, counted as two.",
            _squatted(uid(301), share="0.999310", unattributed="0.000690"),
        ),
        Case("wrong-shares_fail", "Shares that sum to one and do not follow from the matches.", _other_shares()),
        Case("wrong-verdict_fail", "Its matches mean a copy, its verdict says none.", lie),
        Case("reported-policy_fail", "A reported picture names a policy, as if it were decided here.", _reported()),
        Case("no-quorum_fail", "The policy asks for a cosignature that is not there.", DATA, policy=POLICY),
    ]


def _relogged(leaf: bytes) -> bytes:
    """A bundle whose leaf is on the log, though it is no envelope in its one encoding."""
    whole = Log([*ENTRIES, leaf_of(verification())]).bundle(len(ENTRIES))
    proof = replace(whole.proof, checkpoint=Log([*ENTRIES, leaf]).checkpoint)
    members = (leaf, b"application/vnd.artledger.bundle+json;version=1", canonical.dumps(proof.text))
    return b'{"envelope":%s,"mediaType":"%s","proof":%s}' % members


def _said(edit: Callable[[bytes], bytes]) -> bytes:
    """The payload in other bytes, signed and logged as it stands."""
    payload = dsse.parse(leaf_of(verification())).payload
    changed = edit(payload)
    if changed == payload:
        raise ValueError("the edit changes nothing")
    return _relogged(dsse.sign(changed, [SIGNER]))


def _with_payload_text(edit: Callable[[bytes], bytes]) -> bytes:
    """The payload's base64 in another spelling, logged as it stands."""
    leaf = leaf_of(verification())
    text = leaf.split(b'"', 4)[3]
    return _relogged(leaf.replace(text, edit(text)))


def _refused_encodings() -> list[Case]:
    """One thing said in other bytes: everything else about these is good."""
    media = b'"media_type":"image/png"'
    width = b'"width":800'
    return [
        Case("lone-surrogate_fail", "Half a character, escaped.", _said(_swap(media, b'"media_type":"\\ud800"'))),
        Case(
            "raw-surrogate_fail", "Half a character in raw bytes.", _said(_swap(media, b'"media_type":"\xed\xa0\x80"'))
        ),
        Case("escaped_fail", "An escape that is not needed.", _said(_swap(media, b'"media_type":"image\\/png"'))),
        Case("duplicate-key_fail", "A member twice.", _said(_swap(width, width + b"," + width))),
        Case("key-order_fail", "Members in another order.", _said(_type_last)),
        Case("non-ascii-key_fail", "A key that is not ASCII.", _said(_swap(width, width + ',"é":1'.encode()))),
        Case("fraction_fail", "An integer written as 800.0.", _said(_swap(width, width + b".0"))),
        Case("exponent_fail", "An integer written as 8e2.", _said(_swap(width, b'"width":8e2'))),
        Case("minus-zero_fail", "Minus zero.", _said(_swap(width, b'"width":-0'))),
        Case("big-integer_fail", "An integer of 2^53.", _said(_swap(width, b'"width":9007199254740992'))),
        Case("payload-bom_fail", "A byte order mark.", _said(lambda payload: b"\xef\xbb\xbf" + payload)),
        Case("payload-space_fail", "A space in the statement.", _said(_swap(width, b'"width": 800'))),
        Case("bundle-bom_fail", "A byte order mark before the bundle.", b"\xef\xbb\xbf" + DATA),
        Case("bundle-key-order_fail", "The bundle's members in another order.", _turned(DATA)),
        Case(
            "unpadded_fail", "The payload's base64 without padding.", _with_payload_text(lambda text: text.rstrip(b"="))
        ),
        Case(
            "base64-break_fail",
            "A line break in the payload's base64.",
            _with_payload_text(lambda t: t[:76] + b"\\n" + t[76:]),
        ),
        Case("base64-url_fail", "The signature's base64 in the alphabet for URLs.", _with_url_alphabet()),
    ]


def _swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda payload: new.join(payload.split(old, 1))


def _type_last(payload: bytes) -> bytes:
    kind = b'"_type":"https://in-toto.io/Statement/v1"'
    return b"{" + payload.removeprefix(b"{" + kind + b",")[:-1] + b"," + kind + b"}"


def _turned(bundle: bytes) -> bytes:
    value = json.loads(bundle)
    return json.dumps(dict(reversed(value.items())), separators=(",", ":"), ensure_ascii=False).encode()


def _with_url_alphabet() -> bytes:
    """Of a record whose signature the two alphabets spell in different ways."""
    for leaf in map(leaf_of, ALL):
        text = leaf.split(b'"sig":"')[1].split(b'"')[0]
        changed = text.replace(b"+", b"-").replace(b"/", b"_")
        if changed != text:
            return _relogged(leaf.replace(text, changed))
    raise ValueError("every signature is spelt alike in both alphabets")


def cases() -> list[Case]:
    return [*_accepted(), *_refused_forms(), *_refused_encodings(), *_refused_claims()]


if __name__ == "__main__":
    for case in cases():
        case.write(FOLDER)
