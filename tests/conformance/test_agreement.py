"""The project's auditor and the independent verifier accept the same leaves: variations of all kinds, drawn matches."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ledger.audit.entries import EntryChecker
from ledger.errors import LedgerError
from ledger.log.merkle import leaf_hash
from ledger.record import dsse
from ledger.record.keys import Signer
from tests.conformance.story import (
    ARTIST,
    ARTIST_KEY,
    AUDITOR,
    AUDITOR_KEY,
    LATER_KEY,
    OPERATOR,
    SAMPLES,
    SECOND,
    SILENT,
    STRANGER,
    Story,
    key,
    told,
    work,
)
from tests.conformance.verifier import add, attribution, encode, open_leaf, read
from tests.record.samples import ORIGIN, SIGNER, sha, uid

BASE = told()
SERVICE = SAMPLES["key"][1]["holder_id"]
CALIBRATION, MODEL, SILENTS, OWN = (BASE.ref(index) for index in (5, 6, 7, 8))
SEEN, MADE, AGAIN, ASSET, CLAIM, RESPONSE, VERDICT, LATER_VERDICT, RESOLUTION = (
    BASE.ref(index) for index in range(13, 22)
)
CASE = BASE.payload(17)
WEIGHTS = {"model_id": uid(70), "weights_sha256": sha("weights")}
ABOUT: dict[str, Any] = {"subject": CASE, "refs": [CLAIM]}
SAID = {"finding": "verified-copy", "ref": SEEN}
BIN = {"bin": "flat", "n": 5, "thresholds": {"0.01": "1"}}
MADE_IMAGE = SAMPLES["generation"][1]["image"]
EVIDENCE = SAMPLES["verification"][1]["matches"][0]["evidence"]
NOTHING: dict[str, Any] = {"alpha": "0.0100", "shares": [], "unattributed": "1.000000"}
MEMBER = {name: SAMPLES["verification"][1]["matches"][1][name] for name in ("artist_id", "work_id")}
FINGERPRINT = SAMPLES["registration"][1]["fingerprint"]


def ours(leaves: list[bytes]) -> int | None:
    """The first leaf that the project's auditor refuses."""
    checker = EntryChecker(ORIGIN)
    for index, leaf in enumerate(leaves):
        try:
            checker.check(index, leaf_hash(leaf), leaf)
        except LedgerError:
            return index
    return None


def independent(leaves: list[bytes]) -> int | None:
    """The first leaf that the independent verifier refuses."""
    earlier, keys = dict[str, Any](), dict[str, Any]()
    for index, leaf in enumerate(leaves):
        try:
            add(open_leaf(leaf, keys, ORIGIN), earlier, keys)
        except ValueError:
            return index
    return None


def agree(kind: str, *signers: Signer, **changes: Any) -> bool:
    """Whether both accept the story with this leaf after it; they must refuse the same leaf."""
    story = Story(list(BASE.leaves))
    story.add(kind, *signers, **changes)
    refused = ours(story.leaves)
    assert independent(story.leaves) == refused
    assert refused in (None, len(BASE.leaves))
    return refused is None


def keyed(*signers: Signer, of: Signer = STRANGER, role: str = "artist", holder: str = ARTIST, **more: Any) -> Any:
    changes = {name: more.pop(name) for name in ("event", "replaces") if name in more}
    return "key", signers, key(of, role, holder, **changes) | more


def told_as(kind: str, *signers: Signer, **changes: Any) -> Any:
    return kind, signers, changes


def claimed(works: list[str], refs: list[Any], claimant: str = SILENT, **more: Any) -> Any:
    return "claim", (SIGNER,), {"claimant_id": claimant, "works": works, "refs": refs} | more


def far(attribution: dict[str, Any] = NOTHING, **changes: Any) -> Any:
    """A verification of one match, above alpha where the changes do not say otherwise."""
    match = SAMPLES["verification"][1]["matches"][1] | {"rank": 1, "p_value": "0.3", "relation": "nearest"} | changes
    return told_as("verification", refs=[], matches=[match], attribution=attribution, verdict="none")


ACCEPTED = [
    keyed(SIGNER, STRANGER, role="service", holder=uid(999)),
    keyed(SIGNER, STRANGER, role="service", holder=SERVICE, event="rotated", replaces=SECOND.keyid),
    keyed(SIGNER, of=SIGNER, role="service", holder=SERVICE, event="revoked"),
    keyed(SIGNER, LATER_KEY, of=LATER_KEY, event="revoked"),
    keyed(SIGNER, LATER_KEY, STRANGER),
    keyed(SIGNER, STRANGER, LATER_KEY),
    keyed(SIGNER, STRANGER, role="generator"),
    keyed(SIGNER, LATER_KEY, STRANGER, event="rotated", replaces=LATER_KEY.keyid),
    told_as("verification", refs=[SILENTS, CALIBRATION, OWN, CALIBRATION]),
    told_as("verification", SIGNER, LATER_KEY, refs=[]),
    told_as("verification", refs=[CALIBRATION] * 256),
    told_as("generation", SIGNER, AUDITOR_KEY, refs=[]),
    told_as("verdict", **ABOUT, evidence=[SAID, SAID]),
    told_as("response", party_id=SILENT, **ABOUT),
    told_as("withdrawal", work_id=uid(800), subject=sha("file 800"), refs=[SILENTS]),
    told_as("registration", **work(900), allowed_uses=["style", "match"]),
    told_as("calibration", bins=[BIN | {"bin": f"b{number}"} for number in range(300)]),
    told_as("calibration", generated_at="2024-02-29T00:00:00.000Z"),
    told_as("model", manifest=None, manifest_status="undisclosed"),
    told_as("generation", refs=[], settings={f"a{number}": "1" for number in range(32)}),
    told_as("generation", refs=[], seed="1" * 20),
    far(),
    far(group=MEMBER["work_id"], members=[MEMBER]),
    far(group=uid(5), members=[MEMBER | {"artist_id": uid(6)}, MEMBER]),
    claimed([], []),
    claimed([uid(800)], [SILENTS, MODEL], model=WEIGHTS),
]
REFUSED = [
    keyed(SIGNER, of=SECOND, role="service", holder=uid(999), event="revoked"),
    keyed(SIGNER, AUDITOR_KEY, of=LATER_KEY, event="revoked"),
    keyed(SIGNER, of=ARTIST_KEY, event="revoked"),
    keyed(SIGNER, LATER_KEY, ARTIST_KEY, of=ARTIST_KEY),
    keyed(SIGNER, STRANGER),
    keyed(SIGNER, LATER_KEY),
    keyed(STRANGER, SIGNER, holder=SILENT),
    keyed(SIGNER, STRANGER, holder=SILENT, replaces=LATER_KEY.keyid),
    keyed(SIGNER, LATER_KEY, STRANGER, event="rotated"),
    keyed(SIGNER, LATER_KEY, STRANGER, event="rotated", replaces=ARTIST_KEY.keyid),
    keyed(SIGNER, LATER_KEY, STRANGER, role="generator", event="rotated", replaces=LATER_KEY.keyid),
    keyed(SIGNER, STRANGER, holder=SILENT, subject=SECOND.keyid),
    keyed(SIGNER, STRANGER, holder=SILENT, refs=[CALIBRATION]),
    keyed(SIGNER, of=LATER_KEY, event="revoked", replaces=ARTIST_KEY.keyid),
    told_as("verification", SIGNER, STRANGER, refs=[]),
    told_as("verification", SIGNER, ARTIST_KEY, refs=[]),
    told_as("verification", LATER_KEY, SIGNER, refs=[]),
    told_as("verification", refs=[MADE]),
    told_as("verification", refs=[CALIBRATION] * 257),
    told_as("verification", refs=[CALIBRATION | {"leaf_hash": sha("x")}]),
    told_as("generation", refs=[ASSET]),
    told_as("generation", refs=[], settings={f"a{number}": "1" for number in range(33)}),
    told_as("generation", refs=[], settings={"a": "-0.0"}),
    told_as("generation", refs=[], seed="1" * 21),
    told_as("generation", refs=[], policy=None),
    told_as("generation", refs=[], size={"height": MADE_IMAGE["height"] + 1, "width": MADE_IMAGE["width"]}),
    told_as("generation", refs=[], image=MADE_IMAGE | {"sha256": sha("file")}),
    told_as("generation", refs=[], subject=sha("x")),
    told_as("verification", refs=[], subject=sha("x")),
    far(rank=2),
    far(relation="unverified"),
    far(raw={}),
    far(raw={"fused": "1", "style": "1"}),
    far(raw={"style": "1"}, relation="similar-style"),
    far(group=uid(5)),
    far(members=[MEMBER]),
    far(group=uid(5), members=[MEMBER | {"artist_id": uid(6)}]),
    far(group=uid(5), members=[MEMBER, MEMBER]),
    far(evidence=EVIDENCE),
    far(evidence=EVIDENCE, work_sha256=SAMPLES["verification"][1]["image"]["sha256"], relation="exact"),
    far(NOTHING | {"unattributed": "1.0"}),
    told_as("asset", refs=[SEEN]),
    told_as("verdict", **ABOUT, evidence=[{"finding": "x", "ref": CLAIM}]),
    told_as("verdict", subject=CASE, refs=[CLAIM, CLAIM], evidence=[]),
    told_as("verdict", subject=CASE, refs=[CLAIM, RESPONSE], evidence=[]),
    told_as("verdict", subject=sha("x"), refs=[CLAIM], evidence=[]),
    told_as("verdict", subject=CASE, refs=[CLAIM] + [SEEN] * 200, evidence=[SAID] * 60),
    told_as("response", party_id=SILENT, subject=sha("x"), refs=[CLAIM]),
    told_as("response", party_id=OPERATOR, **ABOUT),
    told_as("resolution", auditor_id=uid(777), subject=CASE, refs=[CLAIM, VERDICT]),
    told_as("resolution", SIGNER, AUDITOR_KEY, auditor_id=AUDITOR, **ABOUT),
    told_as("consent", SIGNER, LATER_KEY, work_id=uid(801), subject=sha("file 801"), refs=[OWN]),
    told_as("consent", work_id=uid(800), subject=sha("file 8"), refs=[SILENTS]),
    told_as("consent", work_id=uid(800), subject=sha("file 800"), refs=[OWN]),
    told_as("registration", **work(800)),
    told_as("registration", SIGNER, SECOND, **work(900)),
    told_as("registration", **work(900), allowed_uses=["match", "match"]),
    told_as("registration", **work(900), fingerprint=FINGERPRINT | {"pdq_quality": 101}),
    told_as("registration", **work(900), fingerprint=FINGERPRINT | {"pdq_quality": True}),
    told_as("registration", **work(900), licence="MIT\n"),
    told_as("registration", **(work(900) | {"work_id": "019c0000-0000-4000-8000-000000000001"})),
    told_as("calibration", generated_at="2026-02-29T00:00:00.000Z"),
    told_as("calibration", generated_at="0000-01-01T00:00:00.000Z"),
    told_as("calibration", bins=[BIN | {"thresholds": {"alpha": "1"}}]),
    told_as("model", manifest=None),
    claimed([uid(800), uid(800)], [SILENTS, SILENTS]),
    claimed([uid(801)], [OWN]),
    claimed([uid(800)], [SILENTS, MODEL], model=WEIGHTS | {"weights_sha256": sha("w")}),
    claimed([], [MODEL], claimant=OPERATOR, model=WEIGHTS),
]


@pytest.mark.parametrize(
    ("leaf", "accepted"), [(each, True) for each in ACCEPTED] + [(each, False) for each in REFUSED]
)
def test_both_verifiers_agree(leaf: tuple[str, tuple[Signer, ...], dict[str, Any]], accepted: bool) -> None:
    kind, signers, changes = leaf
    assert agree(kind, *signers, **changes) == accepted


def test_service_keys_of_several_holders() -> None:
    """Any good key of the service signs for each of them."""
    other = Signer.from_seed(bytes([37]) * 32)
    story = Story(list(BASE.leaves))
    story.add("key", SIGNER, STRANGER, **key(STRANGER, "service", uid(999)))
    story.add("key", STRANGER, other, **key(other, "service", SERVICE))
    assert ours(story.leaves) is None
    assert independent(story.leaves) is None


@pytest.mark.parametrize("kind", ["image", "statement", "id", "none"])
def test_what_is_no_kind(kind: str) -> None:
    """Also where a part of records has that name."""
    statement = json.loads(dsse.parse(BASE.leaf("verification")).payload)
    predicate = statement["predicate"].get(kind, {"origin": ORIGIN})
    other = statement | {"predicateType": f"urn:artledger:{kind}:v1", "predicate": predicate}
    leaves = [*BASE.leaves, dsse.sign(encode(other).encode(), (SIGNER,))]
    assert ours(leaves) == independent(leaves) == len(BASE.leaves)


def drawn(chance: random.Random) -> dict[str, Any]:
    """A verification with matches by chance: artists in common, groups, regions that overlap, scores of many digits."""
    sample = SAMPLES["verification"][1]
    evidence, plain = sample["matches"][0]["evidence"], sample["matches"][1]
    matches = []
    for rank in range(1, chance.randint(2, 11)):
        match = plain | {"rank": rank, "work_id": uid(2000 + rank), "artist_id": uid(3000 + chance.randint(1, 4))}
        match["score"] = "0." + "".join(chance.choice("0123456789") for _ in range(chance.choice([4, 6, 20])))
        match["p_value"] = chance.choice(["0.0005", "0.01", "0.3"])
        if chance.random() < 0.3:
            others = [{"artist_id": uid(7000 + number), "work_id": uid(8000 + number)} for number in range(2)]
            own = {"artist_id": match["artist_id"], "work_id": match["work_id"]}
            match |= {"group": match["work_id"], "members": [own, *others[: chance.randint(0, 2)]]}
        if chance.random() < 0.7:
            left, top = chance.randint(0, 8), chance.randint(0, 8)
            edges = {"left": f"0.{left}", "right": f"0.{chance.randint(left, 9)}", "top": f"0.{top}", "bottom": "1"}
            match["evidence"] = evidence | {"work_cover": chance.choice(["0.5", "0.7"]), "query_region": edges}
        relation = "nearest" if match["p_value"] == "0.3" else "unverified"
        if match["evidence"]:
            whole = match["evidence"]["work_cover"] == "0.7" and float(match["evidence"]["query_cover"]) >= 0.7
            relation = "near-duplicate" if whole else "partial-copy"
        matches.append(match | {"relation": relation})
    near = [match for match in matches if match["p_value"] != "0.3"]
    copy = any(match["relation"] in ("near-duplicate", "partial-copy") for match in near)
    follows = attribution(near, "0.0100")
    return {"refs": [], "matches": matches, "attribution": follows, "verdict": "copy" if copy else "none"}


@pytest.mark.parametrize("index", range(len(BASE.leaves)))
def test_members_are_those_of_the_tables(index: int) -> None:
    """Of every kind: without any one member, and with one more, no record is read."""
    assert {json.loads(dsse.parse(leaf).payload)["predicateType"] for leaf in BASE.leaves} == {
        f"urn:artledger:{kind}:v1" for kind in SAMPLES
    }
    statement = json.loads(dsse.parse(BASE.leaves[index]).payload)
    kind, predicate = statement["predicateType"].split(":")[2], statement["predicate"]
    assert read(encode(statement), "statement", kind) == statement
    others = [{name: value for name, value in predicate.items() if name != left_out} for left_out in predicate]
    for other in [*others, predicate | {"note": None}, predicate | {"Z": "é"}]:
        with pytest.raises(ValueError, match="has not the members"):
            read(encode(statement | {"predicate": other}), "statement", kind)


@pytest.mark.parametrize("seed", range(60))
def test_both_compute_the_same_shares(seed: int) -> None:
    record = drawn(random.Random(seed))
    assert agree("verification", **record)
    if record["attribution"]["shares"]:
        first, *others = record["attribution"]["shares"]
        shifted = first | {"share": f"{float(first['share']) - 0.000002:.6f}"}
        assert not agree(
            "verification", **record | {"attribution": record["attribution"] | {"shares": [shifted, *others]}}
        )
