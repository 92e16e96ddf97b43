"""Bundles that differ from a good one in one thing: what the conformance cases are made of."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace

from ledger import canonical
from ledger.audit.bundle import Bundle
from ledger.log.checkpoint import Checkpoint, add_signatures, sign_checkpoint
from ledger.log.merkle import leaf_hash, root_of
from ledger.log.note import SignatureLine
from ledger.log.vkey import KeyType, NoteSigner, VerifierKey
from ledger.match.lists import Relation
from ledger.record import dsse
from ledger.record.keyid import keyid_of
from ledger.record.keys import Signer
from ledger.record.parts import MemberText, ShareText
from tests.audit.material import ENTRIES, LOG_OF_SEVEN, LOG_VKEY, VERIFIED_INDEX, Log, leaf_of
from tests.record.kinds import ALL
from tests.record.samples import ATTRIBUTION, GENERATION, MATCHES, ORIGIN, OTHER, SIGNER, match_text, uid, verification

WITNESS = Signer.from_seed(bytes([7]) * 32)
WITNESS_KEY = VerifierKey("witness.example/w1", KeyType.COSIGNATURE, WITNESS.public_raw)
POLICY = f"log {LOG_VKEY}\nwitness w1 {WITNESS_KEY}\nquorum w1\n"
GOOD = LOG_OF_SEVEN.bundle(VERIFIED_INDEX)
DATA = GOOD.to_bytes()


def with_proof(edit: Callable[[str], str]) -> bytes:
    value = json.loads(DATA)
    changed = edit(value["proof"])
    if changed == value["proof"]:
        raise ValueError("the edit changes nothing")
    return canonical.dumps(value | {"proof": changed})


def _with_envelope(edit: Callable[[dict[str, object]], object]) -> bytes:
    value = json.loads(DATA)
    edit(value["envelope"])
    return canonical.dumps(value)


def logged(leaf: bytes, *signers: Signer) -> Bundle:
    return Log([*ENTRIES, leaf]).bundle(len(ENTRIES), *signers)


def last(size: int) -> bytes:
    """The last leaf of a tree of `size` leaves."""
    entries = [leaf_of(ALL[1]) for _ in range(size - 1)] + [leaf_of(verification())]
    return Log(entries).bundle(size - 1).to_bytes()


def cosigned() -> bytes:
    text = GOOD.proof.checkpoint.decode().rpartition("\n\n")[0] + "\n"
    cosignature = NoteSigner(WITNESS_KEY, WITNESS.sign).cosignature(text, 1_770_000_000)
    checkpoint = add_signatures(
        GOOD.proof.checkpoint, [SignatureLine(WITNESS_KEY.name, WITNESS_KEY.key_id, cosignature)]
    )
    return replace(GOOD, proof=replace(GOOD.proof, checkpoint=checkpoint)).to_bytes()


def unsigned_checkpoint() -> bytes:
    """By a key of the same name that is not the log's."""
    stranger = NoteSigner(VerifierKey(ORIGIN, KeyType.ED25519, OTHER.public_raw), OTHER.sign)
    root = root_of(map(leaf_hash, ENTRIES))
    checkpoint = sign_checkpoint(Checkpoint(ORIGIN, len(ENTRIES), root), stranger)
    return replace(GOOD, proof=replace(GOOD.proof, checkpoint=checkpoint)).to_bytes()


def forged_signature() -> bytes:
    envelope = canonical.loads(leaf_of(verification()))
    envelope["signatures"][0]["sig"] = canonical.loads(leaf_of(ALL[1]))["signatures"][0]["sig"]
    return logged(canonical.dumps(envelope)).to_bytes()


def small_order_key() -> bytes:
    """The identity as key and signature: a verifier that does not refuse it accepts it for every payload."""
    identity = bytes([1]) + bytes(31)
    envelope = canonical.loads(leaf_of(verification()))
    envelope["signatures"] = [{"keyid": keyid_of(identity), "sig": base64.b64encode(identity + bytes(32)).decode()}]
    leaf = canonical.dumps(envelope)
    log = Log([*ENTRIES, leaf])
    bundle = Log([*ENTRIES, leaf_of(verification())]).bundle(len(ENTRIES))
    proof = replace(bundle.proof, extra=identity, checkpoint=log.checkpoint)
    return replace(bundle, leaf=leaf, proof=proof).to_bytes()


def swapped_payload() -> bytes:
    other = base64.b64encode(dsse.parse(ENTRIES[1]).payload).decode()
    return _with_envelope(lambda envelope: envelope.update(payload=other))


def reported() -> bytes:
    payload = dsse.parse(leaf_of(GENERATION)).payload
    changed = payload.replace(b'"origin_of_image":"service"', b'"origin_of_image":"reported"')
    return logged(dsse.sign(changed, [SIGNER])).to_bytes()


def chance_as_style() -> bytes:
    called = MATCHES[1].model_copy(update={"relation": Relation.SIMILAR_STYLE})
    return logged(leaf_of(verification((MATCHES[0], called, *MATCHES[2:])))).to_bytes()


def other_shares() -> bytes:
    others = (ShareText(artists=(uid(301),), group=None, share="0.500000"),)
    attribution = ATTRIBUTION.model_copy(update={"shares": others, "unattributed": "0.500000"})
    return logged(leaf_of(verification().model_copy(update={"attribution": attribution}))).to_bytes()


def contested() -> bytes:
    members = tuple(MemberText(artist_id=uid(number), work_id=uid(number - 100)) for number in (301, 777))
    share = ShareText(artists=(uid(301), uid(777)), group=uid(201), share="0.993100")
    attribution = ATTRIBUTION.model_copy(update={"shares": (share,)})
    compared = verification((match_text(1, members=members), *MATCHES[1:]))
    return logged(leaf_of(compared.model_copy(update={"attribution": attribution}))).to_bytes()


def squatted(*artists: str, share: str, unattributed: str) -> bytes:
    """A work and a crop of it that somebody else registered, found at one place of the picture."""
    crop = match_text(2, Relation.PARTIAL_COPY, score="0.900000")
    shares = (ShareText(artists=artists, group=uid(201) if len(artists) > 1 else None, share=share),)
    attribution = ATTRIBUTION.model_copy(update={"shares": shares, "unattributed": unattributed})
    compared = verification((MATCHES[0], crop, *MATCHES[2:]))
    return logged(leaf_of(compared.model_copy(update={"attribution": attribution}))).to_bytes()


def with_extra(extra: bytes | None) -> bytes:
    return replace(GOOD, proof=replace(GOOD.proof, extra=extra)).to_bytes()


def stray_bits() -> bytes:
    key = base64.b64encode(SIGNER.public_raw).decode()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    changed = key[:-2] + alphabet[alphabet.index(key[-2]) ^ 1] + "="
    return with_proof(lambda proof: proof.replace(key, changed))


def _relogged(leaf: bytes) -> bytes:
    """A bundle whose leaf is on the log, though it is no envelope in its one encoding."""
    whole = Log([*ENTRIES, leaf_of(verification())]).bundle(len(ENTRIES))
    proof = replace(whole.proof, checkpoint=Log([*ENTRIES, leaf]).checkpoint)
    members = (leaf, b"application/vnd.artledger.bundle+json;version=1", canonical.dumps(proof.text))
    return b'{"envelope":%s,"mediaType":"%s","proof":%s}' % members


def said(edit: Callable[[bytes], bytes]) -> bytes:
    """The payload in other bytes, signed and logged as it stands."""
    payload = dsse.parse(leaf_of(verification())).payload
    changed = edit(payload)
    if changed == payload:
        raise ValueError("the edit changes nothing")
    return _relogged(dsse.sign(changed, [SIGNER]))


def with_payload_text(edit: Callable[[bytes], bytes]) -> bytes:
    """The payload's base64 in another spelling, logged as it stands."""
    leaf = leaf_of(verification())
    text = leaf.split(b'"', 4)[3]
    return _relogged(leaf.replace(text, edit(text)))


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda payload: new.join(payload.split(old, 1))


def type_last(payload: bytes) -> bytes:
    kind = b'"_type":"https://in-toto.io/Statement/v1"'
    return b"{" + payload.removeprefix(b"{" + kind + b",")[:-1] + b"," + kind + b"}"


def turned(bundle: bytes) -> bytes:
    value = json.loads(bundle)
    return json.dumps(dict(reversed(value.items())), separators=(",", ":"), ensure_ascii=False).encode()


def with_url_alphabet() -> bytes:
    """Of a record whose signature the two alphabets spell in different ways."""
    for leaf in map(leaf_of, ALL):
        text = leaf.split(b'"sig":"')[1].split(b'"')[0]
        changed = text.replace(b"+", b"-").replace(b"/", b"_")
        if changed != text:
            return _relogged(leaf.replace(text, changed))
    raise ValueError("every signature is spelt alike in both alphabets")
