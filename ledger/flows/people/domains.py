"""An account's holder proves a domain: a file on its web server, or a DNS record, names the account.

That shows who controls the domain on that day, and nothing else. The log gets a commitment to the domain, because a
domain may name a person; the name is kept beside the log and can be erased.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger.answers.people import DomainChallenge, VerifiedDomain
from ledger.errors import InputError
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.holder_keys import HOLDER_ROLES
from ledger.log.append import Sequencer
from ledger.outbound import Outbound
from ledger.record.commitment import commit
from ledger.record.ids import new_id
from ledger.record.predicates import DomainMethod, DomainRecord
from ledger.record.statement import statement_payload
from ledger.record.times import format_time, now_text
from ledger.storage.people.domains import DomainStore, StoredDomain

PATH = "/.well-known/artledger-account"
DNS_LABEL = "_artledger"
MOST_DOMAINS = 5
"""Of one account."""
LASTS = timedelta(days=366)
"""How long a proof is shown: domains change hands."""
MAX_WAIT = 20.0
_DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+\Z)[a-z0-9-]{2,63}")

TextRecords = Callable[[str], Sequence[str]]
"""The TXT records of a name. Raises PushbackError (`unreachable`)."""


@dataclass(frozen=True, slots=True)
class Domains:
    """Threads may share it."""

    store: DomainStore
    accounts: Accounts
    outbound: Outbound
    text_records: TextRecords
    sequencer: Callable[[], Sequencer]

    def challenge(self, account_id: str, domain: str) -> DomainChallenge:
        """What to publish so that the proof is found. Raises InputError (`bad-domain`)."""
        name = _domain(domain)
        return DomainChallenge(
            domain=name, url=f"https://{name}{PATH}", dns_name=f"{DNS_LABEL}.{name}", text=_text(account_id)
        )

    def verify(self, account_id: str, domain: str, method: DomainMethod) -> VerifiedDomain:
        """Looks for the proof, and records that it is there. Looked for once a day: earlier, the last result is given.

        Raises InputError (`bad-domain`, `domain-not-proven`, `too-many-domains`, `role-without-keys`,
        `private-address`), PushbackError (`unreachable`), NotFoundError (`account-not-found`).
        """
        challenge = self.challenge(account_id, domain)
        if self.accounts.get(account_id).role not in HOLDER_ROLES:
            raise InputError("administrators make no statements, so they prove no domain", code="role-without-keys")
        known = self.of([account_id]).get(account_id, ())
        today = [each for each in known if each.domain == challenge.domain and _is_recent(each)]
        if today:
            return today[0]
        if len({each.domain for each in known} | {challenge.domain}) > MOST_DOMAINS:
            raise InputError(f"an account may prove {MOST_DOMAINS} domains", code="too-many-domains")
        if challenge.text not in self._published(challenge, method):
            raise InputError(
                f"{challenge.domain} does not name this account",
                code="domain-not-proven",
                hint=f"Publish {challenge.text} at {challenge.url}, or as a TXT record of {challenge.dns_name}.",
            )
        self._record(account_id, challenge.domain, method)
        return next(each for each in self.of([account_id])[account_id] if each.domain == challenge.domain)

    def of(self, account_ids: Iterable[str]) -> Mapping[str, tuple[VerifiedDomain, ...]]:
        """Domains by account, as far as the proofs are not older than a year."""
        found = self.store.of(account_ids, LASTS)
        return {account_id: tuple(map(_verified, domains)) for account_id, domains in found.items()}

    def _published(self, challenge: DomainChallenge, method: DomainMethod) -> Sequence[str]:
        if method == "dns":
            return self.text_records(challenge.dns_name)
        answer = self.outbound.send("GET", challenge.url, headers={"User-Agent": "artledger-domains"})
        return answer.body.decode(errors="replace").split() if answer.status == 200 else ()

    def _record(self, account_id: str, domain: str, method: DomainMethod) -> None:
        commitment, sequencer = commit({"domain": domain}), self.sequencer()
        predicate = DomainRecord(
            domain=commitment.digest,
            generated_at=now_text(),
            holder_id=account_id,
            method=method,
            origin=sequencer.origin,
            record_id=new_id(),
        )
        writer = self.store.writer(account_id, domain, predicate.record_id, commitment.key)
        payload = statement_payload("domain", commitment.digest, predicate)
        sequencer.submit(predicate.record_id, payload, alongside=writer).result(MAX_WAIT)


def _domain(text: str) -> str:
    name = text.strip().lower().removesuffix(".")
    if not _DOMAIN.fullmatch(name):
        raise InputError(
            f"{text[:80]!r} is not a domain",
            code="bad-domain",
            hint="For example: ada.example.org. Write other scripts as their DNS name (xn--...).",
        )
    return name


def _text(account_id: str) -> str:
    return f"artledger-account={account_id}"


def _is_recent(domain: VerifiedDomain) -> bool:
    return datetime.fromisoformat(domain.checked_at) > datetime.now(UTC) - timedelta(days=1)


def _verified(stored: StoredDomain) -> VerifiedDomain:
    return VerifiedDomain(domain=stored.domain, checked_at=format_time(stored.checked_at), record_id=stored.record_id)
