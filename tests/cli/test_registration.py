"""Artists on the command line: registered, a portfolio signed with their own key, terms, withdrawals, erasure."""

from __future__ import annotations

import shutil
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from tests.applications import DRAWINGS, UNKNOWN_ID
from tests.cli.commands import Commands
from tests.crafted import pattern_like
from tests.flows.test_erase import in_files


@pytest.fixture
def ledger(artledger: Commands, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    return artledger


@pytest.fixture
def portfolio(tmp_path: Path) -> Path:
    folder = tmp_path / "portfolio"
    folder.mkdir()
    for path in DRAWINGS[:3]:
        shutil.copy(path, folder)
    return folder


def test_from_a_key_to_erasure(ledger: Commands, portfolio: Path, tmp_path: Path) -> None:
    key = tmp_path / "ada.pem"
    assert ledger("keys", "new", "--out", key).code == 0
    ada = ledger("artist", "register", "Ada\u202e Example", "--key", key, "--json").json
    assert ada["name"] == "Ada Example"
    artist_id = ada["artist_id"]
    ingest = ("corpus", "ingest", portfolio, "--artist", artist_id, "--json")
    unsigned = ledger(*ingest)
    assert (unsigned.code, unsigned.json["error"]["code"]) == (2, "signature-required")
    said = (
        "--licence",
        "CC-BY-4.0",
        "--uses",
        "match,style",
        "--credit-line",
        "© Ada",
        "--link",
        "https://ada.example/",
    )
    done = ledger(*ingest, "--key", key, *said)
    assert (done.code, done.json["registered"], done.json["contested"]) == (0, 3, [])
    assert ledger(*ingest, "--key", key).json["already_registered"] == 3
    first, second, _ = done.json["registered_ids"]

    terms = ("artist", "consent", first, "--uses", "match", "--json")
    assert ledger(*terms).json["error"]["code"] == "signature-required"
    changed = ledger(*terms, "--key", key)
    assert (changed.code, changed.json["statement"]["predicate"]["allowed_uses"]) == (0, ["match"])
    assert len(changed.json["envelope"]["signatures"]) == 2
    assert ledger("artist", "withdraw", second, "--key", key, "--json").json["kind"] == "withdrawal"
    wrong = ledger("artist", "withdraw", first, "--key", key, "--reason", "legal", "--json")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "bad-reason")

    unasked = ledger("artist", "erase", artist_id, "--json")
    assert (unasked.code, unasked.json["error"]["code"]) == (2, "not-confirmed"), "nobody is there to say yes"
    erased = ledger("artist", "erase", artist_id, "--yes", "--json").json
    assert (erased["withdrawn"], erased["keys_revoked"], erased["left"]) == (2, [ada["keyid"]], [])
    assert "Ada" not in ledger("accounts", "show").stdout
    assert ledger("db", "check").code == 0
    gone = ledger("artist", "erase", UNKNOWN_ID, "--yes", "--json")
    assert (gone.code, gone.json["error"]["code"]) == (3, "artist-not-found")


def test_terms_without_an_artist_are_a_mistake(ledger: Commands, portfolio: Path) -> None:
    ended = ledger("corpus", "ingest", portfolio, "--licence", "CC0-1.0", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (2, "artist-missing")


def test_opting_out(ledger: Commands, portfolio: Path) -> None:
    artist_id = ledger("artist", "register", "Ada", "--json").json["artist_id"]
    ingest = ("corpus", "ingest", portfolio, "--artist", artist_id, "--json")
    assert ledger(*ingest).json["registered"] == 3
    asked = ledger("corpus", "optout", "add", DRAWINGS[0], "--json")
    assert (asked.code, asked.json["error"]["code"]) == (2, "not-confirmed")
    (named,) = asked.json["would_withdraw"]
    assert (named["title"], named["artist"], named["because"]) == ("apple bitten dan gerhard 01", "Ada", "digest")
    with Image.open(asked.json["sheets"][0]) as sheet:
        assert sheet.getcolors(2**20) is not None
        assert len(sheet.getcolors(2**20) or ()) > 50, "the work is drawn on it"
    plain = ledger("corpus", "optout", "add", DRAWINGS[0])
    assert plain.code == 2
    assert named["work_id"] in plain.stdout
    assert asked.json["sheets"][0] in plain.stdout
    assert ledger("corpus", "optout", "show", "--json").json["entries"] == [], "nothing is done unless somebody says so"
    added = ledger("corpus", "optout", "add", DRAWINGS[0], "--yes", "--json").json
    assert added["withdrawn"] == [named["work_id"]]
    listed = ledger("corpus", "optout", "show", "--json").json["entries"]
    assert len(listed) == added["added"] > 2
    assert f"look:{listed[0]['value']}" in ledger("corpus", "optout", "show").stdout
    wrong = ledger("corpus", "optout", "add", "no-such-file.png", "--json")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "bad-opt-out")
    assert ledger("corpus", "optout", "remove", DRAWINGS[0], "--json").json == {"removed": added["added"]}
    assert ledger("corpus", "optout", "add", "sha256:" + "0" * 64).code == 0


def test_opting_out_asks_whoever_can_answer(
    ledger: Commands, portfolio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    artist_id = ledger("artist", "register", "Ada", "--json").json["artist_id"]
    assert ledger("corpus", "ingest", portfolio, "--artist", artist_id, "--json").json["registered"] == 3
    pattern = tmp_path / "pattern.png"
    pattern.write_bytes(pattern_like(DRAWINGS[0]))
    crafted = ledger("corpus", "optout", "add", pattern, "--yes", "--json").json
    assert crafted["withdrawn"] == [], "a pattern made to order withdraws nothing, not even with --yes"
    for answer, code in (("n", 2), ("y", 0)):
        monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
        assert ledger("corpus", "optout", "add", DRAWINGS[1]).code == code
        assert not list((tmp_path / "data" / "copies").glob("opt-out-*.png")), "the pictures go when it is decided"
    monkeypatch.setattr("sys.stdin", Terminal())
    assert ledger("corpus", "optout", "add", DRAWINGS[1], "--json").json["withdrawn"] == [], "it was withdrawn before"


def test_a_withdrawn_title_is_gone_from_the_disk_when_the_command_ends(
    artledger: Commands, portfolio: Path, tmp_path: Path
) -> None:
    """By both commands that withdraw, on the embedded database."""
    artist_id = artledger("artist", "register", "Ada", "--json").json["artist_id"]
    done = artledger("corpus", "ingest", portfolio, "--artist", artist_id, "--json").json
    titles = {path.stem.replace("_", " "): path.stem.replace("_", " ").encode() for path in DRAWINGS[:3]}
    assert in_files(tmp_path / "data", titles) == set(titles)
    first, *_ = done["registered_ids"]
    assert artledger("artist", "withdraw", first).code == 0
    assert len(in_files(tmp_path / "data", titles)) == 2
    listed = artledger("corpus", "optout", "add", DRAWINGS[1], DRAWINGS[2], "--yes", "--json")
    assert listed.code == 0
    assert len(listed.json["withdrawn"]) == 2, (listed.json, listed.stderr)
    assert in_files(tmp_path / "data", titles) == set()
