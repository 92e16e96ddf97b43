"""C2SP tlog-policy: the known logs, and the witnesses that must have cosigned a checkpoint."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from ledger.errors import InputError, VerificationError
from ledger.log.checkpoint import SignedCheckpoint
from ledger.log.vkey import KeyType, VerifierKey, parse_vkey

MAX_POLICY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class LogLine:
    key: VerifierKey
    url: str | None


@dataclass(frozen=True, slots=True)
class Witness:
    name: str
    """Name within the policy; the key has a separate name."""
    key: VerifierKey
    url: str | None


@dataclass(frozen=True, slots=True)
class WitnessGroup:
    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    logs: tuple[LogLine, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[WitnessGroup, ...]
    quorum: str | None
    """Name of a witness or group; None requires no cosignature."""

    @property
    def witness_keys(self) -> list[VerifierKey]:
        return [witness.key for witness in self.witnesses]

    def is_quorum(self, cosigners: Collection[VerifierKey]) -> bool:
        """Whether cosignatures by these keys satisfy the policy."""
        if self.quorum is None:
            return True
        satisfied = {witness.name for witness in self.witnesses if witness.key in cosigners}
        for group in self.groups:
            if sum(member in satisfied for member in group.members) >= group.threshold:
                satisfied.add(group.name)
        return self.quorum in satisfied

    def require_quorum(self, signed: SignedCheckpoint) -> None:
        """Raises VerificationError (`no-quorum`) when the verified cosignatures do not satisfy the policy."""
        cosigners = [each.key for each in signed.cosignatures]
        if not self.is_quorum(cosigners):
            got = ", ".join(witness.name for witness in self.witnesses if witness.key in cosigners) or "none"
            raise VerificationError(
                f"checkpoint of size {signed.size}: expected cosignatures for the quorum {self.quorum!r}, got {got}",
                code="no-quorum",
            )

    def log_key(self, origin: str) -> VerifierKey:
        """The key of the log with this origin. Raises VerificationError (`unknown-log`)."""
        for log in self.logs:
            if log.key.name == origin:
                return log.key
        raise VerificationError(f"the policy does not name the log {origin[:120]!r}", code="unknown-log")


def parse_policy(data: bytes) -> WitnessPolicy:
    """Parses a policy file. Raises InputError (`bad-policy`) that names the line."""
    if len(data) > MAX_POLICY_BYTES or re.search(rb"[^\t\n\x20-\x7e\x80-\xff]", data):
        raise InputError("policy: over 1 MB, or has control characters other than tab and newline", code="bad-policy")
    parser = _Parser()
    # The format treats bytes beyond ASCII as opaque. UTF-8 names are kept; other bytes become lone surrogates.
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        words = [word for word in re.split("[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            try:
                parser.line(words)
            except (ValueError, VerificationError) as error:
                raise InputError(f"policy line {number}: {error}", code="bad-policy") from error
    if not parser.has_quorum:
        raise InputError("policy: expected one quorum line, got none", code="bad-policy")
    return WitnessPolicy(tuple(parser.logs), tuple(parser.witnesses), tuple(parser.groups), parser.quorum)


class _Parser:
    """The definitions read so far. Methods raise ValueError or VerificationError that say what is wrong in the line."""

    def __init__(self) -> None:
        self.logs: list[LogLine] = []
        self.witnesses: list[Witness] = []
        self.groups: list[WitnessGroup] = []
        self.quorum: str | None = None
        self.has_quorum = False

    def line(self, words: list[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                self._log(parse_vkey(vkey), url[0] if url else None)
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._witness(name, parse_vkey(vkey), url[0] if url else None)
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, members)
            case ["quorum", name]:
                self._quorum(name)
            case _:
                raise ValueError(
                    "expected 'log <vkey> [<url>]', 'witness <name> <vkey> [<url>]', "
                    "'group <name> all|any|<k> <member>...' or 'quorum <name>|none'"
                )

    def _log(self, key: VerifierKey, url: str | None) -> None:
        if key.type is not KeyType.ED25519:
            raise ValueError(f"{key.name} has a witness's key: a log's has signature type 0x01")
        if any(log.key.public == key.public for log in self.logs):
            raise ValueError(f"the key of log {key.name} is listed twice")
        self.logs.append(LogLine(key, url))

    def _witness(self, name: str, key: VerifierKey, url: str | None) -> None:
        self._define(name)
        if key.type is KeyType.ED25519:
            raise ValueError(f"{name} has a log's key: a witness's has signature type 0x04 or 0x06")
        if any(witness.key.public == key.public for witness in self.witnesses):
            raise ValueError(f"the key of witness {name} is listed twice")
        self.witnesses.append(Witness(name, key, url))

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        self._define(name)
        taken = {member for group in self.groups for member in group.members}
        for position, member in enumerate(members):
            if member not in self._names() or member in members[:position] or member in taken:
                raise ValueError(f"member {member} is not defined above or is a member already")
        if threshold not in ("all", "any") and re.fullmatch("[1-9][0-9]{0,5}", threshold, re.ASCII) is None:
            raise ValueError(f"expected all, any or a number, got {threshold}")
        count = {"all": len(members), "any": 1}.get(threshold) or int(threshold)
        if count > len(members):
            raise ValueError(f"{count} of {len(members)} members can never be reached")
        self.groups.append(WitnessGroup(name, count, tuple(members)))

    def _quorum(self, name: str) -> None:
        if self.has_quorum:
            raise ValueError("a second quorum line")
        if name != "none" and name not in self._names():
            raise ValueError(f"{name} is not defined above")
        self.quorum = None if name == "none" else name
        self.has_quorum = True

    def _define(self, name: str) -> None:
        if name == "none" or name in self._names():
            raise ValueError(f"the name {name} is taken")

    def _names(self) -> set[str]:
        return {witness.name for witness in self.witnesses} | {group.name for group in self.groups}
