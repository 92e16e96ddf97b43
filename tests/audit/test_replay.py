"""Replay of whole logs: the golden one and ours, accepted, and refused after any change, naming what is wrong."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from ledger.audit.checks import AuditVerdict, Check, Outcome
from ledger.audit.whole_log.replay import LogAudit, replay_log
from ledger.errors import ConflictError, InputError, NotFoundError, PushbackError
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import Draft
from ledger.log.vkey import parse_vkey
from ledger.log.witness_policy import parse_policy
from tests.log.keys import GOLDEN, GOLDEN_KEY, note_signer, witness_signer
from tests.log.logs import Log

KEY = note_signer().key


def audit(location: str | Path, **more: object) -> LogAudit:
    return replay_log(str(location), KEY, **more)  # type: ignore[arg-type]  # whatever a test varies


def failed(result: LogAudit) -> Check:
    (check,) = [check for check in result.audit.checks if check.outcome is Outcome.FAILED]
    assert result.audit.exit_code == 1
    after = result.audit.checks[result.audit.checks.index(check) + 1 :]
    assert all(each.outcome is Outcome.NOT_CHECKED for each in after)
    return check


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A log of 1,000 entries, published at three sizes."""
    log = Log.at(tmp_path_factory.mktemp("made"))
    for count in (3, 297, 700):
        log.grow(count)
    return log


@pytest.fixture
def log(made: Log, tmp_path: Path) -> Log:
    """A copy that a test may damage or grow."""
    shutil.copytree(made.objects.folder, tmp_path / "log")
    copy = Log.at(tmp_path)
    copy.add(1000)
    return copy


def test_the_golden_log_is_accepted() -> None:
    result = replay_log(str(GOLDEN), parse_vkey(GOLDEN_KEY))
    assert result.audit.verdict is AuditVerdict.VERIFIED
    assert result.entries == 15
    detail = {check.name: check.detail for check in result.audit.checks}
    assert detail["older objects"] == "46 older tiles and checkpoints agree; 0 other files"


def test_the_golden_log_is_refused_after_a_change_of_any_byte(tmp_path: Path) -> None:
    folder = tmp_path / "golden"
    shutil.copytree(GOLDEN, folder)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        path.chmod(0o600)
        data = path.read_bytes()
        for position in range(0, len(data), max(1, len(data) // 6)):
            path.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
            result = replay_log(str(folder), parse_vkey(GOLDEN_KEY))
            check = failed(result)
            name = path.relative_to(folder).as_posix()
            if name != "checkpoint":
                assert name in check.detail, f"{name}, byte {position}: {check}"
        path.write_bytes(data)


def test_ours_is_accepted(log: Log) -> None:
    calls: list[tuple[int, int]] = []
    result = audit(log.location, progress=lambda done, total: calls.append((done, total)))
    assert result.audit.exit_code == 0
    assert result.entries == 1000
    assert calls[0] == (0, 1000)
    assert calls[-1] == (1000, 1000)


CHANGED = [
    ("checkpoint", "checkpoint", ""),
    ("tile/0/000", "entries", "tile/0/000"),
    ("tile/0/003.p/232", "tiles", "tile/0/003.p/232"),
    ("tile/1/000.p/3", "tiles", "tile/1/000.p/3"),
    ("tile/entries/002", "entries", "tile/entries/002"),
    ("tile/entries/003.p/232", "entries", "tile/entries/003.p/232"),
    ("tile/0/001.p/44", "older objects", "tile/0/001.p/44"),
    ("tile/1/000.p/1", "older objects", "tile/1/000.p/1"),
    ("tile/entries/000.p/3", "older objects", "tile/entries/000.p/3"),
]


@pytest.mark.parametrize(
    ("path", "name", "says", "change"),
    [
        (*changed, change)
        for change in ("flip", "cut", "longer", "empty", "missing")
        for changed in CHANGED
        # What only the folder's past knows of cannot be missed.
        if change != "missing" or changed[1] not in ("older objects", "checkpoint")
    ],
)
def test_a_changed_object_is_named(log: Log, path: str, name: str, says: str, change: str) -> None:
    file = log.objects.folder / path
    data = file.read_bytes()
    match change:
        case "flip":
            middle = len(data) // 2
            file.write_bytes(data[:middle] + bytes([data[middle] ^ 8]) + data[middle + 1 :])
        case "cut":
            file.write_bytes(data[:-1])
        case "longer":
            file.write_bytes(data + b"\n")
        case "empty":
            file.write_bytes(b"")
        case _:
            file.unlink()
    check = failed(audit(log.location))
    assert check.name == name
    assert says in check.detail


def test_an_exchanged_entry_is_named(log: Log) -> None:
    file = log.objects.folder / "tile/entries/001"
    file.write_bytes(file.read_bytes().replace(b"entry 300", b"entry 003"))
    check = failed(audit(log.location))
    assert "entry 300" in check.detail
    assert check.code == "entry-mismatch"


def test_a_checkpoint_of_another_tree(log: Log) -> None:
    other = sign_checkpoint(Checkpoint(KEY.name, 1000, bytes(32)), log.signer)
    log.objects.replace("checkpoint", other)
    check = failed(audit(log.location))
    assert check.code == "root-mismatch"
    assert "0" * 64 in check.detail


def test_a_checkpoint_beyond_the_tiles(log: Log) -> None:
    log.objects.replace("checkpoint", sign_checkpoint(Checkpoint(KEY.name, 2000, bytes(32)), log.signer))
    assert failed(audit(log.location)).code == "missing-tile"


def test_the_empty_log(tmp_path: Path) -> None:
    log = Log.at(tmp_path)
    log.grow(0)
    assert audit(log.location).audit.exit_code == 0
    log.objects.replace("checkpoint", sign_checkpoint(Checkpoint(KEY.name, 0, bytes(32)), log.signer))
    assert failed(audit(log.location)).code == "root-mismatch"


def test_another_key(log: Log) -> None:
    result = replay_log(log.location, note_signer(seed=2).key)
    assert failed(result).code == "unsigned"
    assert result.signed is None


def test_a_policy_is_asked_for_its_quorum(log: Log) -> None:
    policy = parse_policy(b"quorum none\n")
    assert audit(log.location, policy=policy).audit.exit_code == 0
    policy = parse_policy(f"witness W {witness_signer(1).key}\nquorum W\n".encode())
    check = failed(audit(log.location, policy=policy))
    assert (check.name, check.code) == ("witnesses", "no-quorum")


def test_remembers_and_goes_on(log: Log, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert audit(log.location, state_dir=state).audit.exit_code == 0
    log.last_checkpoint.unlink(missing_ok=True)
    log.grow(500)
    calls: list[int] = []
    result = audit(log.location, state_dir=state, progress=lambda done, _: calls.append(done))
    assert result.audit.exit_code == 0
    assert calls[0] == 1000
    assert result.entries == 1500
    detail = {check.name: check.detail for check in result.audit.checks}
    assert "1000 entries" in detail["consistency"]


def test_a_fork_is_noticed_by_who_saw_the_log_before(log: Log, tmp_path: Path) -> None:
    state = tmp_path / "state"
    audit(log.location, state_dir=state)
    fork = Log.at(tmp_path / "fork")
    fork.entries.append([Draft(f"{number}", b"other %d" % number) for number in range(1500)])
    fork.grow(0)
    check = failed(audit(fork.location, state_dir=state))
    assert (check.name, check.code) == ("consistency", "log-forked")
    assert audit(log.location, state_dir=state).audit.exit_code == 0, "a failed audit is not remembered"


def test_a_log_that_shrank(log: Log, tmp_path: Path) -> None:
    state = tmp_path / "state"
    audit(log.location, state_dir=state)
    shorter = Log.at(tmp_path / "shorter")
    shorter.grow(900)
    assert failed(audit(shorter.location, state_dir=state)).code == "log-shrunk"


def test_an_interrupted_replay_goes_on(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state"
    monkeypatch.setattr("ledger.audit.whole_log.replay._BUNDLES_PER_CHUNK", 1)

    def interrupt(done: int, _: int) -> None:
        if done == 512:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(log.location, state_dir=state, progress=interrupt)
    calls: list[int] = []
    result = audit(log.location, state_dir=state, progress=lambda done, _: calls.append(done))
    assert calls[0] == 512
    assert result.audit.exit_code == 0


def test_damaged_state_is_said_aloud(log: Log, tmp_path: Path) -> None:
    state = tmp_path / "state"
    audit(log.location, state_dir=state)
    (file,) = state.glob("*.checkpoint")
    file.write_bytes(b"rubbish")
    with pytest.raises(ConflictError) as error:
        audit(log.location, state_dir=state)
    assert error.value.code == "audit-state"


def test_processes_find_the_same(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.audit.whole_log.replay._FEW_BUNDLES", 0)
    monkeypatch.setattr("ledger.audit.whole_log.replay._BUNDLES_PER_CHUNK", 1)
    assert audit(log.location, jobs=2).audit.exit_code == 0
    file = log.objects.folder / "tile/entries/002"
    file.write_bytes(file.read_bytes().replace(b"entry 600", b"entry 006"))
    assert "entry 600" in failed(audit(log.location, jobs=2)).detail


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


def test_over_http_and_file_urls(log: Log) -> None:
    assert audit(log.objects.folder.as_uri()).audit.exit_code == 0
    with served(log.objects.folder.parent) as url:
        assert audit(f"{url}/log/").audit.exit_code == 0
        file = log.objects.folder / "tile/0/001"
        file.write_bytes(file.read_bytes()[::-1])
        assert "tile/0/001" in failed(audit(f"{url}/log")).detail
        with pytest.raises(NotFoundError):
            audit(f"{url}/elsewhere")


def test_an_unreachable_log_is_not_refuted(log: Log) -> None:
    with served(log.objects.folder) as url:
        pass
    with pytest.raises(PushbackError) as error:
        audit(url)
    assert error.value.code == "log-unreachable"


@pytest.mark.parametrize("location", ["", "/nowhere/at/all", "http://", "http://user:pass@host/", "ftp://host/log"])
def test_locations_that_are_none(location: str) -> None:
    with pytest.raises((InputError, NotFoundError)):
        audit(location)
