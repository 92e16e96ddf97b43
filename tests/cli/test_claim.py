"""Claims on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger import canonical
from tests.applications import UNKNOWN_ID, labelled
from tests.cli.commands import Commands
from tests.generated import encoded
from tests.match.drawings import drawing


@pytest.fixture
def story(tmp_path: Path, module_database_url: str, artledger: Commands, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", module_database_url)
    return artledger


def done(ran: Any) -> Any:
    assert ran.code == 0, ran.stderr
    return ran.json


def artist(artledger: Commands, folder: Path, name: str, number: int) -> tuple[str, Path, str]:
    """Registers a drawing; the artist's id, private key and work."""
    folder.mkdir()
    (folder / "work.png").write_bytes(encoded(drawing(number), "PNG"))
    labelled(folder, [("work.png", f"{name}'s work", name)])
    done(artledger("corpus", "ingest", folder, "--labels", folder / "labels.csv", "--json", "--quiet"))
    found = done(artledger("lookup", folder / "work.png", "--json", "--quiet"))["matches"][0]
    artist_id = found["artist_id"]
    done(artledger("accounts", "adopt", artist_id, "--json", "--quiet"))
    key = folder / "key.pem"
    done(artledger("keys", "new", "--out", key, "--account", artist_id, "--json", "--quiet"))
    return artist_id, key, found["work_id"]


def test_what_only_commands_do(story: Commands, tmp_path: Path) -> None:
    """Texts that can be opened, words for people, reviews, and what is refused; the whole story is in tests/e2e."""
    ada, ada_key, ada_work = artist(story, tmp_path / "ada", "Ada", 301)
    bob, bob_key, _ = artist(story, tmp_path / "bob", "Bob", 302)
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(encoded(drawing(301).resize((280, 280)), "JPEG", quality=75))
    about = ("claim", "file", "copies-work", copy, "--work", ada_work)
    filed = story(*about, "--by", ada, "--key", ada_key, "--fail-on", "supported", "--json", "--quiet")
    assert (filed.code, filed.json["verdict"]["verdict"]) == (1, "supported"), "as it was asked to"
    claim_id = filed.json["claim_id"]
    answered = story(
        "claim", "respond", claim_id, "--by", bob, "--key", bob_key, "--text", "She allowed it.",
        "--reveal", tmp_path / "words.json", "--json", "--quiet",
    )  # fmt: skip
    assert done(answered)["responses"][0]["text"] == "She allowed it."
    assert json.loads((tmp_path / "words.json").read_text())["value"] == {"text": "She allowed it."}
    vera = done(story("accounts", "create", "Vera", "--role", "auditor", "--json", "--quiet"))["account_id"]
    vera_key = tmp_path / "vera.pem"
    done(story("keys", "new", "--out", vera_key, "--account", vera, "--json", "--quiet"))
    done(
        story(
            "claim", "resolve", claim_id, "--outcome", "supported", "--by", vera, "--key", vera_key,
            "--text", "I looked.", "--json", "--quiet",
        )
    )  # fmt: skip
    _audited(story, claim_id, tmp_path / "claim.json")
    done(story("claim", "file", "authored-image", copy, "--by", bob, "--key", bob_key, "--json", "--quiet"))
    _told(story, claim_id)
    refused = story(*about, "--by", bob, "--key", bob_key)
    assert refused.code == 2
    assert "somebody else" in refused.stderr
    assert story("claim", "file", "authored-image", copy, "--by", bob).code == 2, "it is not signed"
    nobody = story("claim", "file", "authored-image", copy, "--by", UNKNOWN_ID, "--json")
    assert (nobody.code, nobody.json["error"]["code"]) == (3, "account-not-found")
    assert story("claim", "show", UNKNOWN_ID).code == 3
    assert story("audit", "claim", UNKNOWN_ID).code == 3


def _audited(artledger: Commands, claim_id: str, bundle: Path) -> None:
    """By its id with this ledger's own key; a file needs one from elsewhere; where no verdict is, none is checked."""
    assert done(artledger("audit", "claim", claim_id, "--json", "--quiet"))["verdict"] == "verified"
    done(artledger("claim", "show", claim_id, "--bundle", bundle, "--json", "--quiet"))
    assert artledger("audit", "claim", bundle, "--json").code == 2
    key = done(artledger("keys", "show", "--json"))["log_vkey"]
    unjudged = json.loads(bundle.read_bytes()) | {"verdicts": [], "resolutions": []}
    bundle.write_bytes(canonical.dumps(unjudged))
    assert artledger("audit", "claim", bundle, "--key", key, "--json").code == 4


def _told(artledger: Commands, claim_id: str) -> None:
    """In words: verdict, reasons, answers, limits."""
    shown = artledger("claim", "show", claim_id)
    assert shown.code == 0
    for words in ("supported", "Because", "Response", "Resolution ✓ supported: Vera", "She allowed it.", "Limit"):
        assert words in shown.stdout
    assert shown.stdout.startswith("✓ resolved: supported by Vera\n")
    listed = artledger("claim", "list", "--limit", "1")
    assert "✓ resolved: supported by Vera" in listed.stdout
    assert "Ada" in listed.stdout
    assert "Continue with --after" in listed.stdout
    assert done(artledger("claim", "review", claim_id, "--json"))["claim_id"] == claim_id
    assert done(artledger("claim", "review", "--all", "--json", "--quiet")) == {"reviewed": 2, "changed": []}
    assert artledger("claim", "review").code == 2
