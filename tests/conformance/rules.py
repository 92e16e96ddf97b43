"""What records must look like and say, from FORMAT.md alone: the other half of verifier.py. Nothing of the project."""

import json
import re
from fractions import Fraction
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

TABLES = (Path(__file__).parents[2] / "FORMAT.md").read_text().partition("\n## For programs\n")[2]
SHAPES = dict(re.findall(r"^ {4}(\w+) = (.+(?:\n {6}.+)*)", TABLES, re.MULTILINE))
FORMS = dict(re.findall(r"^ {4}([\w ]+) ~ (.+)", TABLES, re.MULTILINE))
T = TypeVar("T")
Record = SimpleNamespace


def need(holds: T | None, why: str) -> T:
    """What holds; refuses for the reason `why` what does not."""
    if not holds:
        raise ValueError(why)
    return holds


@cache
def pattern(form: str) -> str:
    """What matches a form's canonical JSON: see FORMAT.md about `a?`, `a*m,n`, `a>b*m,n` and `#a`."""
    if form.endswith("?"):
        return f"(?:{pattern(form[:-1])}|null)"
    if "*" in form:
        each, times = form.split("*")
        opening, closing = "{}" if ">" in each else "[]"
        return rf"\{opening}(?:{':'.join(map(pattern, each.split('>')))},?){{{times}}}(?<!,)\{closing}"
    if form in SHAPES:
        members = [member.partition(":") for member in SHAPES[form].split()]
        return r"\{" + ",".join(f'"{name}":{pattern(inner or name)}' for name, _, inner in members) + r"\}"
    return f"(?:{FORMS[form[1:]]})" if form[0] == "#" else f'"(?:{FORMS[form]})"'


def encode(value: object) -> bytes:
    """RFC 8785, for ASCII keys and integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read(data: bytes, form: str) -> Any:
    """The value of a form that `data` encodes. Repeated names and large integers get lost: encoding again shows it."""
    need(re.fullmatch(pattern(form).encode(), data), f"the {form} has not the members and values of its form")
    value = json.loads(data, parse_int=lambda digits: min(int(digits), 2**53 - 1))
    need(encode(value) == data, f"the {form} is not in its RFC 8785 encoding")
    return value


def relation_of(match: Any, image: Any, near: bool) -> str:
    """The first rule that applies to a match's own figures."""
    evidence = match["evidence"]
    covers = [Fraction(evidence[name]) for name in ("query_cover", "work_cover")] if evidence else []
    rules = {
        "exact": match["work_sha256"] == image["sha256"],
        "same-pixels": match["work_pixel_sha256"] == image["pixel_sha256"],
        "near-duplicate": covers and min(covers) >= Fraction("0.7"),
        "partial-copy": covers,
        "similar-style": "style" in match["raw"],
        "unverified": near,
        "nearest": True,
    }
    return next(relation for relation, applies in rules.items() if applies)


def check_match(match: Any, rank: int, relation: str, near: bool) -> None:
    """Refuses a match whose parts contradict each other."""
    at, style, artists = f"match {rank}", relation == "similar-style", [each["artist_id"] for each in match["members"]]
    need((match["rank"], match["relation"]) == (rank, relation), f"{at} has another rank, or is not {relation}")
    need(style == ("style" in match["raw"]) != ("fused" in match["raw"]), f"{at} is measured by other figures")
    need(near or not style, f"{at} is not near in style")
    need(not match["evidence"] or relation in ("near-duplicate", "partial-copy"), f"{at} has evidence for equality")
    need(len(set(artists)) == len(artists) and bool(artists) == bool(match["group"]), f"{at} has wrong members")
    need(not artists or match["artist_id"] in artists, f"{at}: the artist is no member")


def check_conclusions(p: Any) -> None:
    """Refuses a record whose relations, shares or verdict do not follow from its matches."""
    image, alpha = p["image"], Fraction(p["attribution"]["alpha"])
    weights: dict[tuple[tuple[str, ...], str | None], Fraction] = {}
    rest, found = Fraction(1), set()
    for rank, match in enumerate(p["matches"], 1):
        near, score = Fraction(match["p_value"]) <= alpha, Fraction(match["score"])
        relation = relation_of(match, image, near)
        check_match(match, rank, relation, near)
        found |= {relation} if near else set()
        if near and relation != "similar-style":
            artists = tuple(member["artist_id"] for member in match["members"]) or (match["artist_id"],)
            whose = artists, match["group"] if len(artists) > 1 else None
            weights[whose] = weights.get(whose, Fraction(0)) + score
            rest *= 1 - score
    ranked = sorted(weights.items(), key=lambda each: (-each[1], each[0][0])) if any(weights.values()) else []
    parts = [(whose, float(round((1 - rest) * weight / sum(weights.values()), 6))) for whose, weight in ranked]
    shares = [{"artists": list(artists), "group": group, "share": f"{part:.6f}"} for (artists, group), part in parts]
    follows = {"alpha": p["attribution"]["alpha"], "shares": shares, "unattributed": f"{float(round(rest, 6)):.6f}"}
    need(p["attribution"] == follows, f"wrong-conclusion: what follows is {follows}")
    sides = sorted((image["width"], image["height"]))
    blank = sides[0] < 16 or sides[1] > 20 * sides[0] or p["verdict"] == "not-comparable"
    need(not blank or all(match["relation"] == "exact" for match in p["matches"]), "only equal bytes can match here")
    verdict = "not-comparable" if blank else "style" if "similar-style" in found else "none"
    verdict = "copy" if found & {"exact", "same-pixels", "near-duplicate", "partial-copy"} else verdict
    need(p["verdict"] == verdict, f"wrong-conclusion: the verdict that follows is {verdict}")


def check_record(kind: str, p: Any, subject: str) -> None:
    """Refuses a predicate that contradicts itself or its subject."""
    if kind == "key":
        need(sha256(bytes.fromhex(p["public_key"])).hexdigest() == subject, "the subject is another key")
        need((p["event"] == "rotated") == (p["replaces"] is not None), "`replaces` is for rotations")
    if kind == "model":
        need((p["manifest"] is None) == (p["manifest_status"] == "undisclosed"), "a manifest against its status")
    if kind == "generation":
        need((p["policy"] is None) == (p["origin_of_image"] == "reported"), "a policy, or none, against the origin")
        need(p["policy"] or p["guard"] == "allow", "nothing is decided about a reported picture")
    if kind in ("verification", "generation"):
        need(subject == p["image"]["sha256" if kind == "verification" else "pixel_sha256"], "another picture's subject")
        check_conclusions(p)
    for name in ("allowed_uses", "works"):
        need(len(set(p.get(name, []))) == len(p.get(name, [])), f"{name} names something twice")


class Replay:
    """What the leaves so far say: records by id, works, and role and holder of the good keys."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.works, self.withdrawn = set[str](), set[str]()
        self.keys: dict[str, bytes] = {}
        self.good: dict[str, tuple[str, str]] = {}

    def add(self, record: Record) -> None:
        """Takes the next leaf's record in, where the rules that look at earlier leaves hold for it."""
        p = record.p
        need(p["record_id"] not in self.records, f"the record id {p['record_id']} is on an earlier leaf")
        named = [self.named(ref) for ref in p.get("refs", [])]
        evidence = [self.named(each["ref"]) for each in p.get("evidence", [])]
        need(len(named + evidence) <= 256, "more than 256 references")
        for form, records in ((record.kind, named), ("evidence", evidence)):
            kinds = "".join(f"{each.kind}," for each in records)
            need(re.fullmatch(FORMS.get(f"refs of {form}", ""), kinds), f"{form} cannot name {kinds}")
        self.check_references(record, named, evidence)
        self.check_signers(record, named)
        self.records[p["record_id"]] = record
        if record.kind == "registration":
            self.works.add(p["work_id"])
        elif record.kind == "withdrawal":
            self.withdrawn.add(p["work_id"])
        elif record.kind == "key":
            self.keys[record.subject] = bytes.fromhex(p["public_key"])
            self.good[record.subject] = (p["role"], p["holder_id"])
            if p["event"] == "revoked":
                del self.good[record.subject]

    def named(self, ref: Any) -> Record:
        """The record at an earlier leaf that a reference names."""
        found = self.records.get(ref["record_id"])
        need(found and found.leaf_hash == ref["leaf_hash"], f"no earlier leaf is {ref['record_id']}")
        return self.records[ref["record_id"]]

    def check_references(self, record: Record, named: list[Record], evidence: list[Record]) -> None:
        """Refuses references of the right kinds to the wrong records."""
        p, works = record.p, [each.p for each in named if each.kind == "registration"]
        need(record.kind != "registration" or p["work_id"] not in self.works, "the work is on an earlier leaf")
        if record.kind in ("consent", "withdrawal"):
            same = (named[0].subject, works[0]["work_id"]) == (record.subject, p["work_id"])
            need(same, "refers to the registration of another work")
            need(p["work_id"] not in self.withdrawn, "the work is withdrawn")
        if record.kind == "claim":
            own = [(work, p["claimant_id"]) for work in p["works"]]
            need([(each["work_id"], each["artist_id"]) for each in works] == own, "not the claimant's own works")
            models = [{"model_id": m.p["model_id"], "weights_sha256": m.subject} for m in named[len(works) :]]
            need(models == [model for model in [p["model"]] if model], "another model than the claim's")
        if record.kind in ("verdict", "response", "resolution"):
            cases = {each.subject for each in named + evidence if each.kind == "verdict"} | {record.subject}
            need(cases == {named[0].payload}, "the subject, or that of a verdict named, is another claim")

    def check_signers(self, record: Record, named: list[Record]) -> None:
        """Refuses signatures by others than the service and who makes the statement, and the latter's silence."""
        p, first, signers, event = record.p, record.signers[0], set(record.signers), record.p.get("event")
        new = {record.subject} if event in ("added", "rotated") else set()
        roles, member = FORMS.get(f"party of {record.kind}", "any nobody").split(" ")
        roles, says = p.get("role", roles), named[0].p if record.kind in ("consent", "withdrawal") else p
        theirs = {key for key, (role, who) in self.good.items() if role in roles.split("|") and who == says.get(member)}
        if not self.records:
            need(event == "added" and p["role"] == "service" and signers == new, "leaf 0 is not the service's own key")
            return
        need(self.good.get(first, ("",))[0] == "service", "the first signature is by no good key of the service")
        need(signers - new - {first} <= (set(self.good) if roles == "any" else theirs), "somebody else's signature")
        need(new <= signers and not new & set(self.keys), "a key that was announced before, or did not sign")
        free = event == "revoked" or p.get("reason") in ("operator", "legal")
        need(free or theirs & signers or not (theirs or record.kind == "resolution"), "signature-missing")
        if event == "rotated":
            by = theirs if p["role"] == "service" else theirs & signers
            need(p["replaces"] in by, "the key replaced is not good, or did not sign")
        need(event != "revoked" or record.subject in theirs, "the key revoked is not good")
