"""A ledger elsewhere (`--server URL`), with a token for what needs one: statements are prepared there, signed here."""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.parse
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import Base64Bytes, BaseModel, ConfigDict

from cli.ui.http_service import SECONDS, HttpService
from ledger.errors import InputError, PushbackError
from ledger.match.lists import MATCHES
from ledger.record.ids import ID_PATTERN

if TYPE_CHECKING:
    from ledger.answers.claims import ClaimAnswer, ClaimPage
    from ledger.answers.drafts import StatementDraft
    from ledger.answers.people import KeyAnswer
    from ledger.answers.records import LookupAnswer, RecordAnswer
    from ledger.answers.works import RegisteredWork
    from ledger.flows.claims.statements import ClaimOrder
    from ledger.flows.claims.submission import SentStatement
    from ledger.flows.works.register import WorkDetails
    from ledger.record.keys import Signer

TOKEN = "ARTLEDGER_TOKEN"  # noqa: S105 - the name of a variable
"""The token of an account there. There is no option for it: other users of the machine could read it."""
MOST_WAITS = 6
LONGEST_WAIT = 60.0
R = TypeVar("R")
A = TypeVar("A", bound=BaseModel)
Signing = Callable[["StatementDraft"], "SentStatement"]


class Prepared(BaseModel):
    """What a server answers with `prepare=true`: a statement to sign, with what comes back beside it."""

    model_config = ConfigDict(extra="ignore")

    payload: Base64Bytes
    record_id: str = ""
    text: str | None = None
    text_key: str | None = None
    metadata_key: str | None = None

    def signed(self, keys: Sequence[Signer]) -> Any:
        """The envelope, as JSON."""
        from ledger.record import dsse

        return json.loads(dsse.sign(self.payload, keys))

    def sent(self, sign: Signing) -> dict[str, Any]:
        """The signed statement of a claim or an answer, as JSON. Raises InputError (`no-key`)."""
        from ledger.answers.drafts import StatementDraft

        draft = StatementDraft(record_id=self.record_id, payload=self.payload, text=self.text, text_key=self.text_key)
        made = sign(draft)
        if made.envelope is None:
            raise InputError("a server takes signed statements only", code="no-key", hint="Give your key: --key FILE")
        return {"envelope": json.loads(made.envelope), "text": made.text, "text_key": made.text_key}


class RemoteLedger:
    """What commands ask of a ledger, over its HTTP interface."""

    def __init__(self, url: str) -> None:
        """Raises InputError (`bad-server`)."""
        token = os.environ.get(TOKEN, "").strip()
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        connect, prefix = _connector(url)
        self._prefix = prefix
        self._service = HttpService(connect, "the server", headers)

    def verify(self, data: bytes, *, top_k: int = MATCHES) -> RecordAnswer:
        """As `Pictures.verify`; raises what the server refuses."""
        from ledger.answers.records import RecordAnswer

        return self._form(f"/v1/verifications?top_k={top_k}", data, RecordAnswer)

    def look_up(self, data: bytes, *, top_k: int = MATCHES) -> LookupAnswer:
        """As `verify`, recording nothing."""
        from ledger.answers.records import LookupAnswer

        return self._form(f"/v1/lookups?top_k={top_k}", data, LookupAnswer)

    def look_up_sha256(self, sha256: str) -> LookupAnswer:
        from ledger.answers.records import LookupAnswer

        return self._post("/v1/lookups", {"sha256": sha256}, LookupAnswer)

    def record(self, record_id: str) -> RecordAnswer:
        from ledger.answers.records import RecordAnswer

        return self._service.get(self._path(f"/v1/records/{record_id}"), RecordAnswer)

    def bundle(self, record_id: str) -> bytes:
        """The bundle of a record. Raises PushbackError (`not-yet-published`)."""
        return _patiently(lambda: self._service.read(self._path(f"/v1/records/{record_id}/bundle")))

    def claim_bundle(self, claim_id: str) -> bytes:
        return _patiently(lambda: self._service.read(self._path(f"/v1/claims/{claim_id}/bundle")))

    def add_work(self, data: bytes, details: WorkDetails, key: Signer | None) -> RegisteredWork:
        """Registers a work for the token's artist, signed where there is a key."""
        from ledger.answers.works import RegisteredWork

        work: dict[str, Any] = {
            "title": details.title,
            "licence": details.licence,
            "terms": details.terms,
            "allowed_uses": list(details.allowed_uses),
            "credit_line": details.credit_line,
            "link": details.link,
        }
        if key is not None:
            draft = self._form("/v1/works?prepare=true", data, Prepared, work=work)
            work["signed"] = {"envelope": draft.signed([key]), "metadata_key": draft.metadata_key}
        return self._form("/v1/works", data, RegisteredWork, work=work)

    def change_terms(self, work_id: str, uses: Sequence[str], licence: str | None, key: Signer | None) -> RecordAnswer:
        stated = {"allowed_uses": list(uses), **({} if licence is None else {"licence": licence})}
        return self._state(f"/v1/works/{work_id}/consents", stated, key)

    def withdraw(self, work_id: str, key: Signer | None) -> RecordAnswer:
        return self._state(f"/v1/works/{work_id}/withdrawals", {"reason": "artist"}, key)

    def announce(self, keys: Sequence[Signer]) -> KeyAnswer:
        """The first key, signed by it and by the others, which are of the same account."""
        from ledger.answers.people import KeyAnswer
        from ledger.answers.records import RecordAnswer

        draft = self._post("/v1/keys?prepare=true", {"public_key": keys[0].public_raw.hex()}, Prepared)
        record = self._post("/v1/keys", draft.signed([*keys[1:], keys[0]]), RecordAnswer)
        predicate = record.statement["predicate"]
        return KeyAnswer(
            keyid=keys[0].keyid,
            public_key=predicate["public_key"],
            role=predicate["role"],
            holder_id=predicate["holder_id"],
            leaf_index=record.leaf_index,
            revoked_index=None,
            signs=False,
        )

    def claims(self, *, after: int, limit: int, **wanted: str | None) -> ClaimPage:
        """`wanted`: filters by their names in the HTTP interface."""
        from ledger.answers.claims import ClaimPage

        stated = {name: value for name, value in wanted.items() if value is not None}
        query = urllib.parse.urlencode({**stated, "after": after, "limit": limit})
        return self._service.get(self._path(f"/v1/claims?{query}"), ClaimPage)

    def claim(self, claim_id: str) -> ClaimAnswer:
        from ledger.answers.claims import ClaimAnswer

        return self._service.get(self._path(f"/v1/claims/{claim_id}"), ClaimAnswer)

    def file_claim(self, order: ClaimOrder, data: bytes | None, sign: Signing) -> ClaimAnswer:
        """`sign` makes the signed statement of what the server prepared."""
        asked: dict[str, Any] = {"claim_type": order.claim_type, "works": list(order.works)}
        asked |= {} if order.model_id is None else {"model_id": order.model_id}
        asked |= {} if order.text is None else {"text": order.text}
        from ledger.answers.claims import ClaimAnswer

        if data is None:
            draft = self._post("/v1/claims?prepare=true", asked, Prepared)
            return self._post("/v1/claims", draft.sent(sign), ClaimAnswer)
        draft = self._form("/v1/claims?prepare=true", data, Prepared, claim=asked)
        return self._form("/v1/claims", data, ClaimAnswer, claim=draft.sent(sign))

    def answer_claim(
        self, claim_id: str, kind: Literal["responses", "resolutions"], asked: dict[str, Any], sign: Signing
    ) -> ClaimAnswer:
        """A response, or an auditor's resolution."""
        from ledger.answers.claims import ClaimAnswer

        path = f"/v1/claims/{claim_id}/{kind}"
        return self._post(path, self._post(f"{path}?prepare=true", asked, Prepared).sent(sign), ClaimAnswer)

    def review(self, claim_id: str, data: bytes | None) -> ClaimAnswer:
        from ledger.answers.claims import ClaimAnswer

        path = f"/v1/claims/{claim_id}/reviews"
        return self._post(path, None, ClaimAnswer) if data is None else self._form(path, data, ClaimAnswer)

    def _state(self, path: str, stated: dict[str, Any], key: Signer | None) -> RecordAnswer:
        from ledger.answers.records import RecordAnswer

        if key is None:
            return self._post(path, stated, RecordAnswer)
        draft = self._post(f"{path}?prepare=true", stated, Prepared)
        return self._post(path, {"envelope": draft.signed([key])}, RecordAnswer)

    def _post(self, path: str, document: Any, kind: type[A]) -> A:
        return _patiently(lambda: self._service.post(self._path(path), document, kind))

    def _form(self, path: str, image: bytes, kind: type[A], **documents: Any) -> A:
        return _patiently(lambda: self._service.form(self._path(path), image, kind, **documents))

    def _path(self, path: str) -> str:
        return f"{self._prefix}{path}"


def required_id(text: str, what: str) -> str:
    """Names are not looked up on a server: an id is needed. Raises InputError (`id-needed`)."""
    if not re.fullmatch(ID_PATTERN, text):
        raise InputError(
            f"{text[:80]!r} is not the id of {what}",
            code="id-needed",
            hint="With --server, give ids. The pages of the service show them.",
        )
    return text


def _patiently(ask: Callable[[], R]) -> R:
    """Waits where the server asks to, and asks again."""
    for _ in range(MOST_WAITS):
        try:
            return ask()
        except PushbackError as error:
            if error.code == "service-lost" or not error.retry_after or error.retry_after > LONGEST_WAIT:
                raise
            time.sleep(error.retry_after)
    return ask()


def _connector(url: str) -> tuple[Callable[[], http.client.HTTPConnection], str]:
    """What connects, and the path below which the ledger is. Raises InputError (`bad-server`)."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _bad(url, "it cannot be read") from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username is not None:
        raise _bad(url, "expected https:// and a host")
    if parts.scheme == "http":
        if not _is_loopback(host):
            raise _bad(url, "expected https://, because a token goes there")
        return lambda: http.client.HTTPConnection(host, port, timeout=SECONDS), parts.path.rstrip("/")
    return lambda: http.client.HTTPSConnection(host, port, timeout=SECONDS), parts.path.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _bad(url: str, why: str) -> InputError:
    return InputError(
        f"--server {url[:80]!r}: {why}", code="bad-server", hint="For example: --server https://ledger.example.org"
    )
