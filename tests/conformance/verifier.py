"""Verifies bundles and logs of Artledger: written from FORMAT.md alone, with nothing of the project.

    python -m tests.conformance.verifier bundle|log FOLDER VKEY_FILE

A bundle's folder has bundle.json, and record_keys and policy where there are any; a log's is the published one. Exit
code 0: accepted; 1: refused, with a sentence that says why and where; 2: usage.
"""

import json
import re
import sys
from base64 import b64decode
from fractions import Fraction
from functools import cache
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TABLES = (Path(__file__).parents[2] / "FORMAT.md").read_text().partition("\n## For programs\n")[2]
SHAPES = dict(re.findall(r"^ {4}(\w+) = (.+(?:\n {6}.+)*)", TABLES, re.MULTILINE))
EXPRESSIONS = re.findall(r"^ {4}([\w -]+) ~ (.+)", TABLES, re.MULTILINE)
FORMS = dict(EXPRESSIONS)
RELATIONS = re.findall(r"^ {4}relation ([\w-]+) ~", TABLES, re.MULTILINE)


def need(holds: Any, why: str) -> Any:
    """What holds; refuses for the reason `why` what does not."""
    if not holds:
        raise ValueError(why)
    return holds


@cache
def pattern(form: str) -> str:
    """What matches a form's canonical JSON: see FORMAT.md about `a?`, `a*m,n`, `a>b*m,n` and `#a`."""
    form = SHAPES.get(form, form)
    if ":" in form:
        members = [member.partition(":") for member in form.split()]
        return r"\{" + ",".join(f'"{name}":{pattern(inner or name)}' for name, _, inner in members) + r"\}"
    if form.endswith("?"):
        return f"(?:{pattern(form[:-1])}|null)"
    if "*" in form:
        each, times = form.split("*")
        opening, closing = "{}" if ">" in each else "[]"
        return rf"\{opening}(?:{':'.join(map(pattern, each.split('>')))},?){{{times}}}(?<!,)\{closing}"
    return f"(?:{FORMS[form[1:]]})" if form[0] == "#" else f'"(?:{FORMS[form]})"'


def encode(value: object) -> str:
    """RFC 8785, for ASCII keys and integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read(data: str, form: str, kind: str = "") -> Any:
    """The value of a form that `data` encodes. Repeated names and large integers get lost: encoding again shows it."""
    whole = pattern(SHAPES[form].replace("KIND", kind))
    need(re.fullmatch(whole, data), f"the {form} has not the members and values of its form")
    value = json.loads(data, parse_int=lambda digits: min(int(digits), 2**53 - 1))
    need(encode(value) == data, f"the {form} is not in its RFC 8785 encoding")
    for rule in [rule for name, rule in EXPRESSIONS if name in (f"rule of {form}", f"rule of {kind}")]:
        need(re.search(rule, data), f"the {kind or form} breaks the rule {rule}")
    return value


def verify(raw: bytes, signature: bytes, message: bytes, whose: str) -> None:
    """Refuses a key of small order or in another than its one encoding, and a wrong signature."""
    p, y = 2**255 - 19, int.from_bytes(raw, "little") % 2**255
    small = y * (y * y - 1) * (121666 * (2 * y * y - 1) - 121665 * y**4) % p == 0
    need(y < p and not small, f"the public key of {whose} is not sound")
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except InvalidSignature:
        raise ValueError(f"the signature by {whose} is wrong") from None


def signed_by(note: str, vkey: str, kind: int) -> bool:
    """Whether a key of type 01 or 04 signed a note. Refuses what is no note, a wrong signature and a second one."""
    text, lines = need(re.fullmatch(FORMS["note"], note), "the checkpoint is no signed note").groups()
    name, key_id, key = need(re.fullmatch(FORMS["vkey"], vkey), f"{vkey} is no key").groups()
    raw, own = b64decode(key), sha256(name.encode() + b"\n" + b64decode(key)).hexdigest()[:8]
    need((raw[0], own) == (kind, key_id), f"{vkey} is not of type {kind:02}, or has not the id of its key")
    signatures = map(b64decode, re.findall(f"— {re.escape(name)} (.+)\n", lines))
    mine = [signature[4:] for signature in signatures if signature[:4].hex() == key_id]
    need(len(mine) < 2, f"{name} signed twice")
    for signature in mine:
        time = signature[:8] if kind == 4 else b""
        need(time < b"\x80", f"{name} signed after all time")
        before = f"cosignature/v1\ntime {int.from_bytes(time)}\n" if time else ""
        verify(raw[1:], signature[len(time) :], (before + text).encode(), name)
    return bool(mine)


def satisfied(policy: str, note: str) -> bool:
    """Whether a checkpoint has the quorum of a C2SP tlog-policy; refuses a policy against the rules."""
    counts, once = dict[str, bool](), ["none"]
    for words in [re.findall("[^ \t]+", line) for line in policy.split("\n")]:
        need(re.fullmatch(FORMS["policy line"], " ".join(words)), f"no line of a policy: {' '.join(words)}")
        match words:
            case ["log", key, *_]:
                once.append(f"log {key[-44:]}")
                signed_by(note, key, 1)
            case ["witness", name, key, *_]:
                once += [name, f"witness {key[-44:]}"]
                counts[name] = signed_by(note, key, 4)
            case ["group", name, least, *members]:
                once += [name, *(f"member {member}" for member in members)]
                number = {"any": 1, "all": len(members)}.get(least) or int(least)
                need(number <= len(members) and set(members) <= set(counts), f"the group {name} cannot count")
                counts[name] = sum(counts[member] for member in members) >= number
            case ["quorum", name]:
                once.append("quorum ")
                counts["quorum "] = name == "none" or counts.get(name, False)
            case _:
                continue
    need(len(set(once)) == len(once), "the policy names something twice")
    return counts.get("quorum ", False)


def open_checkpoint(note: str, vkey: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint that the log's key signed."""
    need(signed_by(note, vkey, 1), "the log's key did not sign the checkpoint")
    origin, size, root = need(re.match(FORMS["checkpoint"] + "\n", note), "the checkpoint has other lines").groups()
    need(origin == vkey.partition("+")[0] and int(size) < 2**63, f"the checkpoint is of another log: {origin}")
    return origin, int(size), b64decode(root)


def area(*matches: Any) -> Fraction:
    """The area that matches have in common. Equal pictures stand at the whole picture, an `unverified` one nowhere."""
    whole = {"left": "0", "top": "0", "right": "1", "bottom": "1"}
    regions = [each["evidence"]["query_region"] if each["evidence"] else whole for each in matches]
    width = min(Fraction(each["right"]) for each in regions) - max(Fraction(each["left"]) for each in regions)
    height = min(Fraction(each["bottom"]) for each in regions) - max(Fraction(each["top"]) for each in regions)
    stand = all(each["relation"] != "unverified" for each in matches)
    return width * height if stand and width > 0 and height > 0 else Fraction(0)


def attribution(near: list[Any], alpha: str) -> Any:
    """The attribution that follows from the matches with p <= alpha, apart from those in style."""
    places, weights, rest = list[list[Any]](), dict[Any, Fraction](), Fraction(1)
    pairs = [(one, other) for one in near for other in near if 2 * area(one, other) >= min(area(one), area(other)) > 0]
    for match in near:
        touched = [place for place in places if any((match, other) in pairs for other in place)]
        places = [*(place for place in places if place not in touched), sum(touched, [match])]
    for matches in ([match for match in near if match in place] for place in places):
        score = max(Fraction(match["score"]) for match in matches)
        artists = list(dict.fromkeys(each["artist_id"] for match in matches for each in match["members"] or [match]))
        group = (matches[0]["group"] or matches[0]["work_id"]) if len(artists) > 1 else ""
        weights[*artists, group] = weights.get((*artists, group), Fraction(0)) + score
        rest *= 1 - score
    total = sum(weights.values())
    order = sorted(
        ((rest - 1) * score / total, artists, group) for (*artists, group), score in weights.items() if total
    )
    parts = [(artists, group or None, f"{float(round(-part, 6)):.6f}") for part, artists, group in order]
    shares = [{"artists": artists, "group": group, "share": share} for artists, group, share in parts]
    return {"alpha": alpha, "shares": shares, "unattributed": f"{float(round(rest, 6)):.6f}"}


def check_conclusions(p: Any) -> None:
    """Refuses a record whose relations, verdict or shares do not follow from its matches."""
    image, alpha, near = p["image"], p["attribution"]["alpha"], []
    for rank, match in enumerate(p["matches"], 1):
        read(encode(match), "match")
        close = Fraction(match["p_value"]) <= Fraction(alpha)
        proven = [name for name in RELATIONS if re.search(FORMS[f"relation {name}"], encode([image, match]))]
        relation = [*proven, "unverified" if close else "nearest"][0]
        stated = (match["rank"], match["relation"])
        need(stated == (rank, relation), f"match {rank} has another rank, or is not {relation}")
        need(close or relation != "similar-style", f"match {rank} is not near in style")
        near += [match] if close else []
    found, known = {match["relation"] for match in near}, {match["relation"] for match in p["matches"]}
    short, long = sorted((image["width"], image["height"]))
    blank = p["verdict"] == "not-comparable" or short < 16 or long > 20 * short
    need(not blank or known <= {"exact"}, "only equal bytes can match here")
    verdict = "not-comparable" if blank else "style" if "similar-style" in found else "none"
    verdict = "copy" if found & {*RELATIONS[:4]} else verdict
    need(p["verdict"] == verdict, f"wrong-conclusion: the verdict that follows is {verdict}")
    follows = attribution([match for match in near if match["relation"] != "similar-style"], alpha)
    need(p["attribution"] == follows, f"wrong-conclusion: what follows is {follows}")


def open_leaf(leaf: bytes, keys: dict[str, Any], origin: str) -> Any:
    """The record on a leaf that is right in itself; `keys` are known by their ids, or announced by the record."""
    envelope = read(leaf.decode(), "envelope")
    payload = b64decode(envelope["payload"])
    announced = re.findall(r'"public_key":"([0-9a-f]{64})"', payload.decode())
    known = {sha256(bytes.fromhex(each)).hexdigest(): {"public_key": each} for each in announced} | keys
    for each in envelope["signatures"]:
        key = need(known.get(each["keyid"]), f"no earlier leaf announces the key {each['keyid']}")
        message = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
        verify(bytes.fromhex(key["public_key"]), b64decode(each["sig"]), message, each["keyid"])
    kind = need(re.search(f'"predicateType":"{FORMS["predicateType"]}"', payload.decode()), "no statement")[1]
    statement = read(payload.decode(), "statement", kind)
    p, subject = statement["predicate"], statement["subject"][0]["digest"]["sha256"]
    need(p["origin"] == origin, f"made for the log {p['origin']}, not for {origin}")
    need(kind != "key" or subject == sha256(bytes.fromhex(p["public_key"])).hexdigest(), "the subject is another key")
    if "matches" in p:
        check_conclusions(p)
    ref = {"leaf_hash": sha256(b"\0" + leaf).hexdigest(), "record_id": p["record_id"]}
    signers, digest = [each["keyid"] for each in envelope["signatures"]], sha256(payload).hexdigest()
    return p | {"kind": kind, "subject": subject, "ref": ref, "payload": digest, "signers": signers}


def add(record: Any, earlier: dict[str, Any], keys: dict[str, Any]) -> None:
    """Takes the next leaf's record in, by its names, and the key that it announces; refuses it against the rules."""
    kind, subject, event, work = record["kind"], record["subject"], record.get("event"), record.get("work_id")
    final = "registration" if kind == "registration" else "withdrawal"
    need(record["record_id"] not in earlier, f"the record id {record['record_id']} is on an earlier leaf")
    need(not work or f"{final} {work}" not in earlier, f"a {final} of the work is on an earlier leaf")
    refs = record.get("refs", []) + [each["ref"] for each in record.get("evidence", [])]
    need(len(refs) <= 256, "more than 256 references")
    named = [need(earlier.get(encode(ref)), f"no earlier leaf is {ref['record_id']}") for ref in refs]
    kinds = "".join(f"{each['kind']}," for each in named)
    need(re.fullmatch(FORMS.get(f"refs of {kind}", ""), kinds), f"{kind} cannot name {kinds}")
    own = record | (record.get("model") or {})
    for each in named:
        for mine, theirs in re.findall(r"(\w+)=(\w+)", FORMS.get(f"{kind} names {each['kind']}", "")):
            need(own.get(mine) == each[theirs], f"{mine} is not the {theirs} of the {each['kind']}")
    if kind == "claim":
        works = [each["work_id"] for each in named if each["kind"] == "registration"]
        models = len(named) - len(works)
        need(works == own["works"] and models == bool(own["model"]), "the claim has other works or models")
    check_signers(record, named[0] if work and named else record, keys)
    keys |= {subject: record} if event else {}
    earlier |= {record["record_id"]: record, encode(record["ref"]): record, f"{kind} {work}": record}


def check_signers(record: Any, says: Any, keys: dict[str, Any]) -> None:
    """Refuses signatures by others than the service and whom `says` names, and the latter's silence."""
    kind, subject, event, signers = record["kind"], record["subject"], record.get("event"), record["signers"]
    need(keys or (event, signers) == ("added", [subject]), "leaf 0 does not add the service's own key")
    good = {key: each for key, each in keys.items() if each["event"] != "revoked"} if keys else {subject: record}
    roles, member = FORMS.get(f"party of {kind}", "any nobody").split(" ")
    roles, service = record.get("role", roles).split("|"), record.get("role") == "service"
    theirs = {key for key, each in good.items() if each["role"] in roles and each["holder_id"] == says.get(member)}
    new = {subject} if event in ("added", "rotated") else set()
    signed = theirs if service else theirs & set(signers)
    free = service or event == "revoked" or record.get("reason") in ("operator", "legal")
    need(good.get(signers[0], {}).get("role") == "service", "the first signature is by no good key of the service")
    need(set(signers[1:]) - new <= (set(good) if roles == ["any"] else theirs), "somebody else's signature")
    need(new <= set(signers) - set(keys), "a key that was announced before, or did not sign")
    need(free or signed or not (theirs or kind == "resolution"), "signature-missing")
    need(event != "rotated" or record["replaces"] in signed, "the key replaced is not good, or did not sign")
    need(event != "revoked" or subject in theirs, "the key revoked is not good")


def check_bundle(folder: Path, vkey: str) -> None:
    """Refuses a case folder's bundle where it does not prove its record."""
    bundle = read((folder / "bundle.json").read_bytes().decode(), "bundle")
    proof = need(re.fullmatch(FORMS["proof"], bundle["proof"]), "the proof is no tlog-proof with an extra line")
    extra, index, path, note = b64decode(proof[1]), int(proof[2]), list(map(b64decode, proof[3].split())), proof[4]
    origin, size, root = open_checkpoint(note, vkey)
    raw = [extra[start : start + 32] for start in range(0, len(extra), 32)]
    keys = {sha256(key).hexdigest(): {"public_key": key.hex()} for key in raw}
    record = open_leaf(encode(bundle["envelope"]).encode(), keys, origin)
    need(list(keys) == record["signers"], "the extra line has other keys")
    node, inner = bytes.fromhex(record["ref"]["leaf_hash"]), (index ^ (size - 1)).bit_length()
    length = inner + (index >> inner).bit_count()
    need(index < size and len(path) == length, "the inclusion path has another length than the tree asks for")
    for level, other in enumerate(path):
        right = level >= inner or index >> level & 1
        node = sha256(b"\1" + (other + node if right else node + other)).digest()
    need(node == root, "the inclusion path leads to another root")
    for file in folder.glob("record_keys"):
        need(raw[0].hex() in file.read_text().split(), "the first signature is by no key given")
    for file in folder.glob("policy"):
        need(satisfied(file.read_bytes().decode(), note), "the checkpoint has not the quorum of the policy")


def read_tile(folder: Path, kind: str, start: int, width: int) -> bytes:
    """The tile or bundle of entries whose first leaf or node is `start`."""
    *high, low = [f"{int(group):03}" for group in f"{start // 256:,}".split(",")]
    name = "".join(f"x{group}/" for group in high) + low
    return (folder / "tile" / kind / (name if width == 256 else f"{name}.p/{width}")).read_bytes()


def check_log(folder: Path, vkey: str) -> None:
    """Refuses a published log whose checkpoint, tiles or leaves are not right."""
    origin, size, root = open_checkpoint((folder / "checkpoint").read_bytes().decode(), vkey)
    earlier, keys, nodes = dict[str, Any](), dict[str, Any](), list[bytes]()
    for start in range(0, size, 256):
        data = read_tile(folder, "entries", start, min(256, size - start))
        for index in range(start, min(start + 256, size)):
            end = 2 + int.from_bytes(data[:2])
            try:
                need(len(data) >= end, "breaks off")
                add(open_leaf(data[2:end], keys, origin), earlier, keys)
            except ValueError as error:
                raise ValueError(f"leaf {index}: {error}") from None
            nodes.append(sha256(b"\0" + data[2:end]).digest())
            data = data[end:]
        need(not data, f"something follows the leaves from {start}")
    for level in range(8):
        for start in range(0, size >> 8 * level, 256):
            tile = b"".join(nodes[start : min(start + 256, size >> 8 * level)])
            stored = read_tile(folder, str(level), start, len(tile) // 32)
            need(stored == tile, f"level {level} has another tile {start}")
        for _ in range(8):
            twos = zip_longest(nodes[::2], nodes[1::2])
            nodes = [sha256(b"\1" + left + right).digest() if right else left for left, right in twos]
    need((nodes or [sha256().digest()]) == [root], "the leaves have another root than the checkpoint")


if __name__ == "__main__":
    checks = {"bundle": check_bundle, "log": check_log}
    if len(sys.argv) != 4 or sys.argv[1] not in checks:
        print(__doc__)
        sys.exit(2)
    try:
        checks[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]).read_text().strip())
    except (ValueError, OSError) as error:
        print(f"refused: {error}")
        sys.exit(1)
    print("accepted")
