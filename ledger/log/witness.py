"""Client of C2SP tlog-witness: asks every configured witness at once to cosign a checkpoint."""

from __future__ import annotations

import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum

from ledger.errors import LedgerError, VerificationError
from ledger.log import encoding
from ledger.log.checkpoint import SignedCheckpoint, parse_decimal
from ledger.log.merkle import MAX_PATH
from ledger.log.note import SignatureLine, parse_note, parse_signature_lines
from ledger.log.witness_policy import Witness, WitnessPolicy

MAX_REPLY_BYTES = 64 * 1024
SIZE_TYPE = "text/x.tlog.size"
_MAX_ATTEMPTS = 3

Prove = Callable[[int], Sequence[bytes]]
"""Old size -> consistency proof from there to the submitted checkpoint."""

_log = logging.getLogger(__name__)


class WitnessState(StrEnum):
    """How the last submission to a witness ended."""

    COSIGNED = "cosigned"
    UNREACHABLE = "unreachable"
    UNKNOWN_LOG = "unknown-log"
    """404: the witness is not configured for this origin."""
    REFUSED = "refused"
    """400, 403, 422 or an impossible size: the witness rejects our checkpoint, signature or proof."""
    BAD_REPLY = "bad-reply"
    """The reply breaks the protocol, or its cosignature does not verify."""


@dataclass(frozen=True, slots=True)
class WitnessOutcome:
    """One witness's answer."""

    witness: Witness
    state: WitnessState
    detail: str
    line: SignatureLine | None = None
    """The verified cosignature."""


@dataclass(frozen=True, slots=True)
class WitnessReply:
    status: int
    content_type: str
    body: bytes


class WitnessClient:
    """Submits checkpoints to the policy's witnesses that have a URL. Remembers the size that each has reached."""

    def __init__(self, policy: WitnessPolicy, *, timeout: float = 5.0) -> None:
        """`timeout`: seconds for all witnesses of one checkpoint together; later answers are ignored."""
        self.policy = policy
        self._timeout = timeout
        self._witnesses = [witness for witness in policy.witnesses if witness.url is not None]
        self._sizes: dict[str, int] = {}
        self._latest: tuple[WitnessOutcome, ...] = ()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max(1, len(self._witnesses)), thread_name_prefix="witness")

    @property
    def latest(self) -> tuple[WitnessOutcome, ...]:
        """Outcomes of the last submission; empty before the first."""
        return self._latest

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def collect(self, signed: SignedCheckpoint, prove: Prove) -> list[WitnessOutcome]:
        """Asks all at once. One outcome per witness, in the policy's order. A witness's failure never raises."""
        deadline = time.monotonic() + self._timeout
        futures = {self._pool.submit(self._ask, each, signed, prove, deadline): each for each in self._witnesses}
        outcomes: dict[str, WitnessOutcome] = {}
        try:
            for future in as_completed(futures, timeout=self._timeout):
                outcomes[futures[future].name] = future.result()
        except TimeoutError:
            _log.warning("%d of %d witnesses answered in time", len(outcomes), len(futures))
        late = f"no answer within {self._timeout:g} s"
        in_order = [
            outcomes.get(each.name, WitnessOutcome(each, WitnessState.UNREACHABLE, late)) for each in self._witnesses
        ]
        self._latest = tuple(in_order)
        return in_order

    def _ask(self, witness: Witness, signed: SignedCheckpoint, prove: Prove, deadline: float) -> WitnessOutcome:
        try:
            return self._submit(witness, signed, prove, deadline)
        except (OSError, urllib.error.URLError, TimeoutError) as error:
            return WitnessOutcome(witness, WitnessState.UNREACHABLE, str(error) or type(error).__name__)
        except LedgerError as error:
            return WitnessOutcome(witness, WitnessState.BAD_REPLY, error.message)

    def _submit(self, witness: Witness, signed: SignedCheckpoint, prove: Prove, deadline: float) -> WitnessOutcome:
        with self._lock:
            old = min(self._sizes.get(witness.name, 0), signed.size)
        for _ in range(_MAX_ATTEMPTS):
            reply = _post(witness, _body(signed, old, prove(old)), deadline - time.monotonic())
            if reply.status == 409:
                old = _size_of(witness, reply)
                self._remember(witness, old)
                if old > signed.size:
                    return WitnessOutcome(
                        witness, WitnessState.REFUSED, f"has seen size {old}, beyond our {signed.size}: is this a fork?"
                    )
                continue
            if reply.status == 200:
                line = _cosignature(witness, signed, reply.body)
                self._remember(witness, signed.size)
                return WitnessOutcome(witness, WitnessState.COSIGNED, f"size {signed.size}", line)
            return WitnessOutcome(witness, *_failure(reply))
        return WitnessOutcome(witness, WitnessState.BAD_REPLY, f"answered 409 {_MAX_ATTEMPTS} times in a row")

    def _remember(self, witness: Witness, size: int) -> None:
        with self._lock:
            self._sizes[witness.name] = size


def _body(signed: SignedCheckpoint, old: int, proof: Sequence[bytes]) -> bytes:
    if len(proof) > MAX_PATH:
        raise VerificationError(f"a proof of {len(proof)} hashes is over the protocol's {MAX_PATH}", code="bad-proof")
    lines = [f"old {old}", *map(encoding.encode, proof), ""]
    return "".join(f"{line}\n" for line in lines).encode() + signed.data


def _post(witness: Witness, body: bytes, timeout: float) -> WitnessReply:
    if timeout <= 0:
        raise TimeoutError("no time left")
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked by _url
        f"{_url(witness)}/add-checkpoint", data=body, method="POST", headers={"Content-Type": "text/plain"}
    )
    try:
        with _OPENER.open(request, timeout=timeout) as response:
            return WitnessReply(response.status, response.headers.get_content_type(), response.read(MAX_REPLY_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            return WitnessReply(error.code, error.headers.get_content_type(), error.read(MAX_REPLY_BYTES))


def _url(witness: Witness) -> str:
    url = (witness.url or "").rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise VerificationError(f"witness {witness.name}: {url[:120]!r} is not an http(s) URL", code="bad-witness-url")
    return url


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follows no redirect, so that a POST does not become a GET elsewhere; the redirect counts as a bad reply."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def _size_of(witness: Witness, reply: WitnessReply) -> int:
    if reply.content_type != SIZE_TYPE or not reply.body.endswith(b"\n"):
        raise VerificationError(f"409 without a {SIZE_TYPE} body", code="bad-reply")
    return parse_decimal(reply.body[:-1].decode("ascii", "replace"), f"size known to witness {witness.name}")


def _cosignature(witness: Witness, signed: SignedCheckpoint, body: bytes) -> SignatureLine:
    try:
        lines = parse_signature_lines(body.decode())
    except UnicodeDecodeError as error:
        raise VerificationError("reply is not UTF-8", code="bad-reply") from error
    ours = [line for line in lines if line.is_by(witness.key)]
    if len(ours) != 1:
        raise VerificationError(
            f"expected one cosignature by {witness.key.name}+{witness.key.key_id.hex()}, got {len(ours)}",
            code="bad-reply",
        )
    witness.key.verify(parse_note(signed.data).text, ours[0].signature)
    return ours[0]


def _failure(reply: WitnessReply) -> tuple[WitnessState, str]:
    said = reply.body[:200].decode("utf-8", "replace").strip()
    detail = f"status {reply.status}" + (f": {said!r}" if said else "")
    match reply.status:
        case 404:
            return WitnessState.UNKNOWN_LOG, detail
        case 400 | 403 | 422:
            return WitnessState.REFUSED, detail
        case status if status == 429 or status >= 500:
            return WitnessState.UNREACHABLE, detail
        case _:
            return WitnessState.BAD_REPLY, detail
