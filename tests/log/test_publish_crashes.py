"""A publisher that crashes at any step: the next one goes on, and nothing is signed that was not kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.log.fetch import open_log
from ledger.log.merkle import root_of, verify_consistency
from ledger.log.reader import TileReader
from tests.log.logs import Log


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log.at(tmp_path)


class Crash(BaseException):
    """Like SIGKILL: nothing of ours handles it."""


STEPS = ["put_new", "sync", "sign", "advance", "replace"]


@pytest.mark.parametrize("durable", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [0, 3])
def test_a_crash_at_any_step_is_recovered_from(
    log: Log, step: str, nth: int, durable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = log.grow(200).signed
    log.add(300)
    publisher = log.publisher()
    owner: object = {"sign": publisher._signer, "advance": publisher._last_seen}.get(step, log.objects)
    if step == "sign":
        monkeypatch.setattr(publisher, "_signer", replace(publisher._signer, sign=crash_sign(log, durable)))
    else:
        crash_at(monkeypatch, owner, step, nth if step == "put_new" else 0, durable=durable)
    with pytest.raises(Crash):
        publisher.publish()
    monkeypatch.undo()
    log.add(70)
    last = log.grow(0).signed
    assert last.size == 570
    assert last.root == root_of(entry.leaf_hash for entry in log.entries.entries)
    reader = TileReader(open_log(log.location))
    verify_consistency(200, first.root, 570, last.root, reader.consistency_proof(200, 570))


def crash_sign(log: Log, durable: bool) -> Callable[[bytes], bytes]:
    def sign(message: bytes) -> bytes:
        if durable:
            log.signer.sign(message)
        raise Crash

    return sign


def crash_at(patch: pytest.MonkeyPatch, owner: object, name: str, nth: int, *, durable: bool) -> None:
    original = getattr(owner, name)
    calls = [0]

    def crashing(*args: object) -> object:
        calls[0] += 1
        if calls[0] <= nth:
            return original(*args)
        if durable:
            original(*args)
        raise Crash

    target = owner if not hasattr(type(owner), "__slots__") else type(owner)
    patch.setattr(target, name, crashing)
