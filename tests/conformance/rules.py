"""What records must say, and who must have signed them, by FORMAT.md. Nothing of the project."""

import re
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from tests.conformance.conclusions import check_conclusions
from tests.conformance.forms import FORMS, need

Record = SimpleNamespace


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
