"""A small C2SP tlog-witness, run as a process of its own: python -m tests.log.witness_server --help."""

from __future__ import annotations

import argparse
import hashlib
import http.server
import os
import sys
import threading
import time
from pathlib import Path

from ledger.errors import VerificationError
from ledger.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, parse_decimal, parse_hash
from ledger.log.merkle import EMPTY_ROOT, verify_consistency
from ledger.log.note import SignatureLine, parse_note
from ledger.log.vkey import KeyType, NoteSigner, VerifierKey, parse_vkey
from ledger.record.keys import Signer

MAX_BODY = 16 * 1024


class Refused(Exception):  # noqa: N818 - it is an answer of the protocol
    def __init__(self, status: int, body: str, content_type: str = "text/plain") -> None:
        super().__init__(body)
        self.status = status
        self.body = body
        self.content_type = content_type


class Witness:
    """Cosigns what extends the largest checkpoint that it has seen, which it keeps in a file."""

    def __init__(self, signer: NoteSigner, log_key: VerifierKey, folder: Path) -> None:
        self.signer = signer
        self.log_key = log_key
        self.file = folder / hashlib.sha256(log_key.name.encode()).hexdigest()
        self.lock = threading.Lock()

    def latest(self) -> Checkpoint | None:
        return parse_checkpoint(self.file.read_text()) if self.file.exists() else None

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature line. Raises Refused with the protocol's status."""
        old, proof, data = self.parse(body)
        try:
            text = parse_note(data).text
        except VerificationError as error:
            raise Refused(400, error.message) from error
        if text.split("\n")[0] != self.log_key.name:
            raise Refused(404, "unknown origin")
        try:
            checkpoint = open_checkpoint(data, self.log_key).checkpoint
        except VerificationError as error:
            raise Refused(403 if error.code in ("unsigned", "bad-signature") else 400, error.message) from error
        if old > checkpoint.size:
            raise Refused(400, "the old size is beyond the checkpoint's")
        with self.lock:
            self.require_consistent(old, proof, checkpoint)
            self.store(checkpoint)
        signature = self.signer.cosignature(text, int(time.time()))
        return str(SignatureLine(self.signer.key.name, self.signer.key.key_id, signature))

    def parse(self, body: bytes) -> tuple[int, list[bytes], bytes]:
        head, separator, data = body.partition(b"\n\n")
        try:
            first, *lines = head.decode().split("\n")
            if not separator or not first.startswith("old ") or len(lines) > 63:
                raise Refused(400, "expected an old size, at most 63 hashes, an empty line and a checkpoint")
            return parse_decimal(first[4:], "old size"), [parse_hash(line, "proof") for line in lines], data
        except (VerificationError, UnicodeDecodeError) as error:
            raise Refused(400, str(error)) from error

    def require_consistent(self, old: int, proof: list[bytes], checkpoint: Checkpoint) -> None:
        latest = self.latest() or Checkpoint(checkpoint.origin, 0, EMPTY_ROOT)
        if old != latest.size:
            raise Refused(409, f"{latest.size}\n", "text/x.tlog.size")
        try:
            verify_consistency(old, latest.root, checkpoint.size, checkpoint.root, proof)
        except VerificationError as error:
            raise Refused(422, error.message) from error

    def store(self, checkpoint: Checkpoint) -> None:
        temporary = self.file.with_suffix(".new")
        with temporary.open("w") as file:
            file.write(checkpoint.text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.file)


def handler_for(witness: Witness, misbehave: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), MAX_BODY + 1))
            status, content_type, answer = 200, "text/plain", ""
            try:
                answer = self.misbehaviour() or self.answer(body)
            except Refused as refusal:
                status, content_type, answer = refusal.status, refusal.content_type, refusal.body
            data = answer.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def answer(self, body: bytes) -> str:
            if self.path != "/add-checkpoint":
                raise Refused(404, "no such path")
            if len(body) > MAX_BODY:
                raise Refused(413, "too large")
            return witness.add_checkpoint(body)

        def misbehaviour(self) -> str:
            match misbehave.partition(":"):
                case ("", _, _):
                    return ""
                case ("status", _, status):
                    raise Refused(int(status), "as told")
                case ("conflict", _, size):
                    raise Refused(409, f"{size}\n", "text/x.tlog.size")
                case ("conflict-type", _, size):
                    raise Refused(409, f"{size}\n")
                case ("hang", _, _):
                    threading.Event().wait()
                case ("forged", _, _):
                    signature = witness.signer.cosignature("another\n1\n", 1_700_000_000)
                    return str(SignatureLine(witness.signer.key.name, witness.signer.key.key_id, signature))
                case _:
                    pass
            return "not a signature line\n"

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--seed", required=True, help="32 bytes of private key in hex")
    parser.add_argument("--log", required=True, help="the log's vkey")
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--misbehave", default="")
    options = parser.parse_args()
    key = Signer.from_seed(bytes.fromhex(options.seed))
    signer = NoteSigner(VerifierKey(options.name, KeyType.COSIGNATURE, key.public_raw), key.sign)
    witness = Witness(signer, parse_vkey(options.log), options.folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_for(witness, options.misbehave))
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
