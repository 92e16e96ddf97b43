"""Verifies bundles and logs of Artledger: written from FORMAT.md alone, with nothing of the project.

    python -m tests.conformance.verifier bundle FOLDER | log FOLDER VKEY_FILE

A bundle's folder has bundle.json and log.vkey, and record_keys and policy where there are any. Exit code 0: accepted;
1: refused, with a sentence that says why and where; 2: usage. Beside it: forms.py, rules.py and conclusions.py.
"""

import base64
import re
import sys
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.conformance.forms import FORMS, SHAPES, encode, need, read
from tests.conformance.rules import Record, Replay, check_record

P = 2**255 - 19
D = -121665 * pow(121666, -1, P)


def unbase64(text: str) -> bytes:
    """Standard base64 in its one form."""
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, f"base64 with stray bits: {text[-80:]}")
    return data


def verify(raw: bytes, signature: bytes, message: bytes, whose: str) -> None:
    """Refuses a key that is no point of the curve, not in its one encoding or of small order, and a wrong signature."""
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    on_curve = y < P and pow((y * y - 1) * (D * y * y + 1), P // 2, P) == 1
    small = y in (0, 1, P - 1) or (D * y**4 + 2 * y * y - 1) % P == 0
    need(len(raw) == 32 and on_curve and not small, f"the public key of {whose} is not sound")
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except InvalidSignature:
        raise ValueError(f"the signature by {whose} is wrong") from None


def signed_by(note: str, vkey: str, kind: int) -> bool:
    """Whether a key of type 01 or 04 signed a note. Refuses what is no note, a wrong signature and a second one."""
    text, lines = need(re.fullmatch(FORMS["note"], note), "the checkpoint is no signed note").groups()
    name, key_id, key = [*vkey.split("+", 2), "", ""][:3]
    need(sha256(name.encode() + b"\n" + unbase64(key)).hexdigest()[:8] == key_id, f"{vkey} has not the id of its key")
    need(unbase64(key)[:1] == bytes([kind]), f"{vkey} is not of type {kind:02}")
    signatures = [(line.split(" ")[1], unbase64(line.split(" ")[2])) for line in lines.split("\n")[:-1]]
    need(all(len(data) > 4 for _, data in signatures), "a signature of the checkpoint is too short")
    mine = [data[4:] for signer, data in signatures if (signer, data[:4].hex()) == (name, key_id)]
    need(len(mine) < 2, f"{name} signed twice")
    for data in mine:
        time, signature = (int.from_bytes(data[:8]), data[8:]) if kind == 4 else (0, data)
        before = f"cosignature/v1\ntime {time}\n" if kind == 4 else ""
        verify(unbase64(key)[1:], signature, (before + text).encode(), name)
        need(time < 2**63, f"{name} signed after all time")
    return bool(mine)


def satisfied(policy: str, note: str) -> bool:
    """Whether a checkpoint has the quorum of a C2SP tlog-policy; refuses a policy against the rules."""
    need(not re.search(r"[\0-\x08\x0b-\x1f\x7f]", policy), "the policy has control characters")
    counts, once, quorums = {"none": True}, ["none"], []
    for words in [re.findall("[^ \t]+", line) for line in policy.split("\n")]:
        match words:
            case ["log", key, *url] if len(url) < 2:
                signed_by(note, key, 1)
                once.append("log " + key.partition("+")[2].partition("+")[2])
            case ["witness", name, key, *url] if len(url) < 2 and name not in counts:
                counts[name] = signed_by(note, key, 4)
                once.append("witness " + key.partition("+")[2].partition("+")[2])
            case ["group", name, least, *members] if name not in counts and set(members) <= set(counts):
                number = {"any": "1", "all": str(len(members))}.get(least, least)
                need(number in map(str, range(1, len(members) + 1)), f"the group {name} has no threshold")
                counts[name] = sum(counts[member] for member in members) >= int(number)
                once += members
            case ["quorum", name] if name in counts:
                quorums.append(counts[name])
            case [word, *_] if word[0] != "#":
                raise ValueError(f"the policy has a line against the rules: {' '.join(words)}")
    need(len(quorums) == 1 and len(set(once)) == len(once), "the policy has not one quorum, or names something twice")
    return quorums[0]


def open_checkpoint(note: str, vkey: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint that the log's key signed."""
    need(signed_by(note, vkey, 1), "the log's key did not sign the checkpoint")
    found = need(re.match(FORMS["checkpoint"] + "\n", note), "the checkpoint is not origin, size and root")
    need(found[1] == vkey.partition("+")[0] and int(found[2]) < 2**63, f"the checkpoint is of another log: {found[1]}")
    return found[1], int(found[2]), unbase64(found[3])


def root_of(hashes: list[bytes]) -> bytes:
    """RFC 9162's root over leaf hashes."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256().digest()
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(hashes[:split]) + root_of(hashes[split:])).digest()


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which RFC 9162's inclusion path leads, from the leaf's sibling upward."""
    need(index < size and (size == 1) == (not path), "the inclusion path has another length than the tree asks for")
    if not path:
        return leaf
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return sha256(b"\1" + root_from(leaf, index, split, path[:-1]) + path[-1]).digest()
    return sha256(b"\1" + path[-1] + root_from(leaf, index - split, size - split, path[:-1])).digest()


def open_leaf(leaf: bytes, keys: dict[str, bytes], origin: str) -> Record:
    """The record on a leaf that is right in itself; `keys` are known by their ids, or announced by the record."""
    need(len(leaf) <= 65535, "the leaf has more than 65,535 bytes")
    envelope = read(leaf, "envelope")
    payload, signers = unbase64(envelope["payload"]), [each["keyid"] for each in envelope["signatures"]]
    need(len(set(signers)) == len(signers), "two signatures by one key")
    announced = [bytes.fromhex(each.decode()) for each in re.findall(rb'"public_key":"([0-9a-f]{64})"', payload)]
    known = {sha256(raw).hexdigest(): raw for raw in announced} | keys
    message = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
    for each in envelope["signatures"]:
        raw = need(known.get(each["keyid"]), f"no earlier leaf announces the key {each['keyid']}")
        verify(raw, unbase64(each["sig"]), message, each["keyid"])
    kind = b"".join(re.findall(rb'"predicateType":"urn:artledger:([a-z]+):v1"', payload)).decode()
    SHAPES["statement of " + kind] = SHAPES["statement"].replace("KIND", need(kind in SHAPES and kind, "no statement"))
    statement = read(payload, "statement of " + kind)
    p, subject = statement["predicate"], statement["subject"][0]["digest"]["sha256"]
    need(p["origin"] == origin, f"made for the log {p['origin']}, not for {origin}")
    check_record(kind, p, subject)
    leaf_hash, digest = sha256(b"\0" + leaf).hexdigest(), sha256(payload).hexdigest()
    return Record(kind=kind, p=p, subject=subject, signers=signers, leaf_hash=leaf_hash, payload=digest)


def check_bundle(data: bytes, vkey: str, record_keys: str | None, policy: str | None) -> None:
    """Refuses a bundle that does not prove its record."""
    bundle = read(data, "bundle")
    proof = need(re.fullmatch(FORMS["proof"], bundle["proof"]), "the proof is no tlog-proof with an extra line")
    extra, path, note = unbase64(proof[1]), [unbase64(line) for line in proof[3].split()], proof[4]
    origin, size, root = open_checkpoint(note, vkey)
    keys = {sha256(extra[i : i + 32]).hexdigest(): extra[i : i + 32] for i in range(0, len(extra), 32)}
    need(list(keys) == [each["keyid"] for each in bundle["envelope"]["signatures"]], "the extra line has other keys")
    record = open_leaf(encode(bundle["envelope"]), keys, origin)
    reached = root_from(bytes.fromhex(record.leaf_hash), int(proof[2]), size, path)
    need(reached == root, "the inclusion path leads to another root")
    need(record_keys is None or extra[:32].hex() in record_keys.split(), "the first signature is by no key given")
    need(policy is None or satisfied(policy, note), "the checkpoint has not the quorum of the policy")


def read_tile(folder: Path, kind: str, start: int, width: int) -> bytes:
    """The tile or bundle of entries whose first leaf or node is `start`."""
    groups = [f"x{int(group):03}" for group in f"{start // 256:,}".split(",")]
    name = "/".join([*groups[:-1], groups[-1][1:]])
    return (folder / "tile" / kind / (name if width == 256 else f"{name}.p/{width}")).read_bytes()


def check_log(folder: Path, vkey: str) -> None:
    """Refuses a published log whose checkpoint, tiles or leaves are not right."""
    origin, size, root = open_checkpoint((folder / "checkpoint").read_bytes().decode(), vkey)
    replay, nodes = Replay(), list[bytes]()
    for start in range(0, size, 256):
        data, at = read_tile(folder, "entries", start, min(256, size - start)), 0
        for index in range(start, min(start + 256, size)):
            leaf = data[at + 2 : at + 2 + int.from_bytes(data[at : at + 2])]
            at += 2 + len(leaf)
            try:
                replay.add(open_leaf(leaf, replay.keys, origin))
            except (ValueError, RecursionError) as error:
                raise ValueError(f"leaf {index}: {error}") from None
            nodes.append(sha256(b"\0" + leaf).digest())
        need(at == len(data), f"something follows leaf {index} in its bundle")
    need(root_of(nodes) == root, "the leaves have another root than the checkpoint")
    for level in range(8):
        for start in range(0, len(nodes), 256):
            tile = b"".join(nodes[start : start + 256])
            stored = read_tile(folder, str(level), start, len(tile) // 32)
            need(stored == tile, f"level {level} has another tile {start}")
        nodes = [root_of(nodes[start : start + 256]) for start in range(0, len(nodes) - 255, 256)]


def main(what: str, path: str, vkey: str = "") -> None:
    """Refuses a case folder's bundle, or a log by the key in a file."""
    folder = Path(path)
    if what == "log":
        return check_log(folder, Path(vkey).read_text().strip())
    texts = [file.read_text() if file.exists() else None for file in (folder / "record_keys", folder / "policy")]
    return check_bundle((folder / "bundle.json").read_bytes(), (folder / "log.vkey").read_text().strip(), *texts)


if __name__ == "__main__":
    if sys.argv[1:2] not in (["bundle"], ["log"]) or len(sys.argv) != (3 if sys.argv[1] == "bundle" else 4):
        print(__doc__)
        sys.exit(2)
    try:
        main(*sys.argv[1:])
    except (ValueError, OSError, RecursionError) as error:
        print(f"refused: {error}")
        sys.exit(1)
    print("accepted")
