"""The witness client against a witness in another process: cosignatures, every status, quorum, forks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ledger.audit.whole_log.replay import replay_log
from ledger.log.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint, sign_checkpoint
from ledger.log.entry import Draft
from ledger.log.reader import TileReader
from ledger.log.witness import WitnessClient, WitnessOutcome, WitnessState
from ledger.log.witness_policy import WitnessPolicy, parse_policy
from tests.log.keys import note_signer, witness_signer
from tests.log.logs import Log
from tests.log.memory import MemoryEntries

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., str]
"""(number, misbehave="") -> the witness line of a policy"""


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log.at(tmp_path)


@pytest.fixture
def start(tmp_path: Path, log: Log) -> Iterator[Start]:
    with ExitStack() as stack:

        def starter(number: int, misbehave: str = "", log_vkey: str = "") -> str:
            signer = witness_signer(number)
            folder = tmp_path / f"witness{number}"
            folder.mkdir(exist_ok=True)
            command = [sys.executable, "-m", "tests.log.witness_server", "--name", signer.key.name]
            command += ["--seed", f"{100 + number:02x}" * 32, "--log", log_vkey or str(log.signer.key)]
            command += ["--folder", str(folder), "--misbehave", misbehave]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            stack.callback(end, process)
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            return f"witness W{number} {signer.key} http://127.0.0.1:{port}\n"

        yield starter


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.fixture
def client() -> Iterator[Callable[[WitnessPolicy], WitnessClient]]:
    with ExitStack() as stack:

        def make(policy: WitnessPolicy, timeout: float = 20.0) -> WitnessClient:
            made = WitnessClient(policy, timeout=timeout)
            stack.callback(made.close)
            return made

        yield make


Client = Callable[..., WitnessClient]


def collect(client: WitnessClient, log: Log, signed: SignedCheckpoint) -> list[WitnessOutcome]:
    reader = TileReader(log.objects)
    return client.collect(signed, lambda old: reader.consistency_proof(old, signed.size))


def test_a_growing_log_is_cosigned_and_a_fork_is_not(log: Log, start: Start, client: Client, tmp_path: Path) -> None:
    policy_text = start(1) + start(2) + "group both all W1 W2\nquorum both\n"
    policy = parse_policy(policy_text.encode())
    witnesses = client(policy)
    for count in (3, 0, 300, 1):
        log.add(count)
        publication = log.publisher(witnesses).publish()
        assert publication is not None
        assert publication.published
        served = log.objects.get("checkpoint")
        assert served is not None
        signed = open_checkpoint(served, log.signer.key, policy.witness_keys)
        assert len(signed.cosignatures) == 2
        policy.require_quorum(signed)
    assert replay_log(log.location, log.signer.key, policy=policy).audit.exit_code == 0
    # Another process of the service knows nothing of the witnesses' state: they tell it.
    log.add(5)
    again = log.publisher(client(policy)).publish()
    assert again is not None
    assert [outcome.state for outcome in again.outcomes] == [WitnessState.COSIGNED] * 2
    fork = Log.at(tmp_path / "fork")
    fork.entries.append([Draft(f"r{number}", b"other %d" % number) for number in range(400)])
    refused = fork.publisher(client(policy)).publish()
    assert refused is not None
    assert not refused.published
    assert [outcome.state for outcome in refused.outcomes] == [WitnessState.REFUSED] * 2
    assert all("422" in outcome.detail for outcome in refused.outcomes)
    assert fork.objects.get("checkpoint") is None


def test_a_smaller_fork_is_refused_too(log: Log, start: Start, client: Client, tmp_path: Path) -> None:
    policy = parse_policy((start(1) + "quorum W1\n").encode())
    log.add(100)
    log.publisher(client(policy)).publish()
    fork = Log.at(tmp_path / "fork")
    fork.add(50)
    publication = fork.publisher(client(policy)).publish()
    assert publication is not None
    assert publication.outcomes[0].state is WitnessState.REFUSED
    assert "has seen size 100" in publication.outcomes[0].detail


@pytest.mark.parametrize(
    ("misbehave", "state"),
    [
        ("status:400", WitnessState.REFUSED),
        ("status:403", WitnessState.REFUSED),
        ("status:404", WitnessState.UNKNOWN_LOG),
        ("status:422", WitnessState.REFUSED),
        ("status:429", WitnessState.UNREACHABLE),
        ("status:503", WitnessState.UNREACHABLE),
        ("status:302", WitnessState.BAD_REPLY),
        ("status:418", WitnessState.BAD_REPLY),
        ("conflict:2", WitnessState.BAD_REPLY),
        ("conflict:5", WitnessState.REFUSED),
        ("conflict:-1", WitnessState.BAD_REPLY),
        ("conflict-type:2", WitnessState.BAD_REPLY),
        ("rubbish", WitnessState.BAD_REPLY),
        ("forged", WitnessState.BAD_REPLY),
    ],
)
def test_every_answer_has_its_state(
    log: Log, start: Start, client: Client, misbehave: str, state: WitnessState
) -> None:
    policy = parse_policy((start(1, misbehave) + "quorum W1\n").encode())
    (outcome,) = collect(client(policy), log, log.grow(4).signed)
    assert outcome.state is state, outcome.detail
    assert outcome.line is None


def test_an_unknown_log_and_a_wrong_signature(log: Log, start: Start, client: Client) -> None:
    policy = parse_policy((start(1, log_vkey=str(note_signer("other.example", 7).key)) + "quorum W1\n").encode())
    signed = log.grow(4).signed
    (outcome,) = collect(client(policy), log, signed)
    assert outcome.state is WitnessState.UNKNOWN_LOG
    policy = parse_policy((start(2, log_vkey=str(note_signer(seed=8).key)) + "quorum W2\n").encode())
    (outcome,) = collect(client(policy), log, signed)
    assert outcome.state is WitnessState.REFUSED
    assert "403" in outcome.detail


def test_one_witness_down_and_one_that_hangs(log: Log, start: Start, client: Client) -> None:
    definitions = start(1) + start(2, "hang") + f"witness W3 {witness_signer(3).key} http://127.0.0.1:9\n"
    one = parse_policy((definitions + "group any-one any W1 W2 W3\nquorum any-one\n").encode())
    log.add(3)
    publication = log.publisher(client(one, timeout=1.0)).publish()
    assert publication is not None
    assert publication.published
    assert [outcome.state for outcome in publication.outcomes] == [
        WitnessState.COSIGNED,
        WitnessState.UNREACHABLE,
        WitnessState.UNREACHABLE,
    ]


def test_a_missing_quorum_holds_the_checkpoint_back_until_it_is_there(log: Log, start: Start, client: Client) -> None:
    absent = f"witness W1 {witness_signer(1).key} http://127.0.0.1:9\nquorum W1\n"
    log.add(3)
    held = log.publisher(client(parse_policy(absent.encode()))).publish()
    assert held is not None
    assert not held.published
    assert log.objects.get("checkpoint") is None
    assert log.last_checkpoint.exists(), "what was shown to a witness is remembered"
    policy = parse_policy((start(1) + "quorum W1\n").encode())
    publication = log.publisher(client(policy)).publish()
    assert publication is not None
    assert publication.published
    log.entries = MemoryEntries()
    log.add(3)
    log.add(1)
    lenient = log.publisher(client(parse_policy(absent.encode())), require_quorum=False).publish()
    assert lenient is not None
    assert lenient.published
    assert log.served().size == 4


def test_a_witness_that_answers_for_another_checkpoint(log: Log, start: Start, client: Client) -> None:
    policy = parse_policy((start(1) + "quorum W1\n").encode())
    other = Checkpoint(log.signer.key.name, 3, bytes(32))
    signed = SignedCheckpoint(other, sign_checkpoint(other, log.signer))
    log.grow(3)
    (outcome,) = collect(client(policy), log, signed)
    assert outcome.state is WitnessState.COSIGNED, "from nothing, any tree is consistent"
    (outcome,) = collect(client(policy), log, log.served())
    assert outcome.state is WitnessState.REFUSED


def test_only_http_urls(log: Log, client: Client) -> None:
    policy = parse_policy(f"witness W1 {witness_signer(1).key} file:///etc/passwd\nquorum W1\n".encode())
    (outcome,) = collect(client(policy), log, log.grow(1).signed)
    assert outcome.state is WitnessState.BAD_REPLY
    assert "not an http(s) URL" in outcome.detail
