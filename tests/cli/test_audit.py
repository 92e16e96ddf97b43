"""The auditor's commands on bundles and logs from elsewhere, and each of their exit codes."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ledger.record.commitment import commit
from tests.audit.material import BUNDLE, LOG_VKEY, leaf_of
from tests.audit.material import Log as BundleLog
from tests.cli.commands import Commands
from tests.log.logs import Log
from tests.record.samples import GENERATION, SIGNER, key_record


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.json"
    path.write_bytes(BUNDLE)
    return path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Serves the test's folder over HTTP."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_good_bundle_exits_0_and_lists_its_checks(bundle: Path, artledger: Commands) -> None:
    ended = artledger("audit", "bundle", bundle, "--key", LOG_VKEY)
    assert ended.code == 0
    assert ended.stdout.splitlines()[0].startswith("passed       encoding")
    assert "not checked  record key" in ended.stdout
    assert ended.stdout.endswith("verified\n")


def test_a_trusted_record_key_is_checked(bundle: Path, artledger: Commands) -> None:
    line = ["audit", "bundle", str(bundle), "--key", LOG_VKEY, "--json", "--record-key"]
    ended = artledger(*line, SIGNER.public_raw.hex())
    assert ended.code == 0
    assert {check["name"]: check["outcome"] for check in ended.json["checks"]}["record key"] == "passed"
    assert artledger(*line, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").code == 1
    assert artledger(*line, "zz").code == 2
    assert artledger(*line, "00").code == 2


def test_a_changed_bundle_exits_1(bundle: Path, artledger: Commands) -> None:
    bundle.write_bytes(BUNDLE.replace(b"verification", b"verificatiom", 1)[:-1] + b" }")
    ended = artledger("audit", "bundle", bundle, "--key", LOG_VKEY)
    assert ended.code == 1
    assert ended.stdout.endswith("refuted\n")


def test_a_key_that_is_none_exits_2(bundle: Path, artledger: Commands) -> None:
    ended = artledger("audit", "bundle", bundle, "--key", "nonsense", "--json")
    assert ended.code == 2
    assert ended.json["error"]["code"] == "bad-vkey"


def test_a_bundle_that_is_not_there_exits_3(artledger: Commands, tmp_path: Path) -> None:
    assert artledger("audit", "bundle", tmp_path / "none", "--key", LOG_VKEY).code == 3


def test_a_folder_is_no_bundle(artledger: Commands, tmp_path: Path) -> None:
    assert artledger("audit", "bundle", tmp_path, "--key", LOG_VKEY).code == 2


def test_ten_megabytes_are_no_bundle(artledger: Commands, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"{" * 10_000_000)
    assert artledger("audit", "bundle", path, "--key", LOG_VKEY).code == 1


def test_a_policy_is_applied(bundle: Path, artledger: Commands, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text("quorum none\n")
    assert artledger("audit", "bundle", bundle, "--key", LOG_VKEY, "--policy", policy).code == 0
    policy.write_text("nonsense\n")
    assert artledger("audit", "bundle", bundle, "--key", LOG_VKEY, "--policy", policy).code == 2
    assert artledger("audit", "bundle", bundle, "--key", LOG_VKEY, "--policy", tmp_path / "none").code == 2


def test_explain_shows_each_hash(bundle: Path, artledger: Commands) -> None:
    ended = artledger("audit", "bundle", bundle, "--key", LOG_VKEY, "--explain")
    assert ended.code == 0
    assert "step 1: SHA-256(0x01 || left || right)" in ended.stdout
    in_json = artledger("audit", "bundle", bundle, "--key", LOG_VKEY, "--explain", "--json").json
    assert any(line.startswith("log entry 5") for line in in_json["explanation"])
    bundle.write_bytes(b"{}")
    refused = artledger("audit", "bundle", bundle, "--key", LOG_VKEY, "--explain")
    assert refused.code == 1
    assert "nothing to explain" in refused.stdout


def test_a_record_by_url(bundle: Path, site: str, artledger: Commands, tmp_path: Path) -> None:
    assert artledger("audit", "record", f"{site}/bundle.json", "--key", LOG_VKEY).code == 0
    assert artledger("audit", "record", f"{site}/none.json", "--key", LOG_VKEY).code == 3
    assert artledger("audit", "record", "http://127.0.0.1:1/x", "--key", LOG_VKEY).code == 4
    assert artledger("audit", "record", f"{site}/bundle.json").code == 2
    assert artledger("audit", "record", bundle).code == 2
    assert artledger("audit", "record", bundle, "--key", LOG_VKEY, "--image", tmp_path / "none").code == 2


def test_a_log_of_anybody(artledger: Commands, tmp_path: Path, site: str) -> None:
    log = Log.at(tmp_path)
    log.grow(300)
    line = ["audit", "log", log.location, "--key", str(log.signer.key)]
    ended = artledger(*line, "--json")
    assert ended.code == 0
    assert ended.json["entries"] == 300
    assert ended.stderr.splitlines()[-1].startswith("verifying entries: 300 of 300")
    assert artledger("audit", "log", f"{site}/log", *line[3:]).code == 0
    assert artledger(*line, "--records").code == 1
    assert artledger(*line, "--no-records").code == 0
    assert artledger(*line[:-1], LOG_VKEY).code == 1
    assert artledger(*line[:-1], "nonsense").code == 2


def test_a_log_that_shrank_is_refuted(artledger: Commands, tmp_path: Path) -> None:
    log = Log.at(tmp_path)
    log.grow(3)
    old = log.objects.get("checkpoint") or b""
    log.grow(4)
    line = ["audit", "log", log.location, "--key", str(log.signer.key), "--state", str(tmp_path / "state")]
    assert artledger(*line).code == 0
    log.objects.replace("checkpoint", old)
    assert artledger(*line).code == 1


def test_logs_that_are_not_there(artledger: Commands, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert artledger("audit", "log", tmp_path / "none", "--key", LOG_VKEY).code == 2
    assert artledger("audit", "log", tmp_path / "empty", "--key", LOG_VKEY).code == 3
    assert artledger("audit", "log", "http://127.0.0.1:1", "--key", LOG_VKEY).code == 4


def revealed(folder: Path, **changes: object) -> tuple[Path, Path]:
    """A generation's bundle, and a reveal of its prompt."""
    prompt = {"negative_prompt": "", "prompt": "a red car \u202e\x1b[31m"}
    made = commit(prompt)
    entries = (leaf_of(key_record()), leaf_of(GENERATION.model_copy(update={"prompt": made.digest})))
    (folder / "car.bundle.json").write_bytes(BundleLog(entries).bundle(1).to_bytes())
    shown = {"field": "prompt", "key": made.key.hex(), "record_id": GENERATION.record_id, "value": prompt}
    (folder / "car.reveal.json").write_text(json.dumps(shown | changes))
    return folder / "car.bundle.json", folder / "car.reveal.json"


def test_a_prompt_is_revealed_offline(tmp_path: Path, artledger: Commands) -> None:
    ended = artledger("audit", "reveal", *revealed(tmp_path))
    assert ended.code == 0
    assert "a red car" in ended.stdout
    assert not {"\x1b", "\u202e"} & set(ended.stdout)
    ended = artledger("audit", "reveal", *revealed(tmp_path), "--key", LOG_VKEY, "--json")
    assert ended.code == 0
    assert {check["name"]: check["outcome"] for check in ended.json["checks"]}["inclusion"] == "passed"


def test_another_prompt_is_refuted_and_not_shown_as_the_records(tmp_path: Path, artledger: Commands) -> None:
    ended = artledger("audit", "reveal", *revealed(tmp_path, value={"prompt": "a blue car"}))
    assert ended.code == 1
    assert "blue" not in ended.stdout


def test_a_reveal_that_is_none_exits_2(tmp_path: Path, artledger: Commands) -> None:
    ended = artledger("audit", "reveal", *revealed(tmp_path, more=1), "--json")
    assert ended.code == 2
    assert ended.json["error"]["code"] == "bad-reveal"
