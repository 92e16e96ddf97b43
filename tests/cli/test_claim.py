"""The story of two artists, a generated picture and an auditor, through the command line alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from cli import claim
from ledger.bootstrap import open_application
from ledger.record.predicates import ClaimType, ClaimVerdict
from tests.applications import UNKNOWN_ID, labelled
from tests.cli.commands import Commands
from tests.flows.people import made_here, model_facts
from tests.generated import encoded
from tests.match.drawings import drawing


@pytest.fixture
def story(tmp_path: Path, module_database_url: str, artledger: Commands, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", module_database_url)
    return artledger


def test_the_lists_are_those_of_records() -> None:
    assert set(get_args(claim.ClaimType)) == set(get_args(ClaimType))
    assert set(get_args(claim.ClaimVerdict)) == set(get_args(ClaimVerdict))


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


def test_the_story(story: Commands, module_database_url: str, tmp_path: Path) -> None:
    ada, ada_key, ada_work = artist(story, tmp_path / "ada", "Ada", 301)
    bob, bob_key, _ = artist(story, tmp_path / "bob", "Bob", 302)
    with open_application(data_dir=tmp_path / "data", database_url=module_database_url) as application:
        made_here(application, drawing(303, 256), model_facts("a model"))
    pictures = {
        "mine": drawing(301).resize((300, 300)),
        "generated": drawing(303, 256).resize((200, 200)),
        "copy": drawing(301).resize((280, 280)),
        "other": drawing(304),
        "unknown": drawing(305),
    }
    for name, picture in pictures.items():
        (tmp_path / f"{name}.jpg").write_bytes(encoded(picture, "JPEG", quality=75))

    def file(kind: str, name: str, by: str, key: Path, *more: str) -> Any:
        return done(
            story("claim", "file", kind, tmp_path / f"{name}.jpg", "--by", by, "--key", key, *more, "--json", "--quiet")
        )

    claims = [
        (file("authored-image", "mine", ada, ada_key, "--text", "Drawn in 2019."), "supported"),
        (file("authored-image", "generated", bob, bob_key), "contradicted"),
        (file("copies-work", "copy", ada, ada_key, "--work", ada_work), "supported"),
        (file("copies-work", "other", ada, ada_key, "--work", ada_work), "inconclusive"),
        (file("authored-image", "unknown", bob, bob_key), "inconclusive"),
    ]
    for each, expected in claims:
        assert each["verdict"]["verdict"] == expected
        assert each["signed"]
    copied = claims[2][0]["claim_id"]
    answered = story(
        "claim", "respond", copied, "--by", bob, "--key", bob_key, "--text", "She allowed it.",
        "--reveal", tmp_path / "words.json", "--json", "--quiet",
    )  # fmt: skip
    assert done(answered)["responses"][0]["text"] == "She allowed it."
    assert json.loads((tmp_path / "words.json").read_text())["value"] == {"text": "She allowed it."}
    vera = done(story("accounts", "create", "Vera", "--role", "auditor", "--json", "--quiet"))["account_id"]
    vera_key = tmp_path / "vera.pem"
    done(story("keys", "new", "--out", vera_key, "--account", vera, "--json", "--quiet"))
    resolved = story(
        "claim", "resolve", copied, "--outcome", "supported", "--by", vera, "--key", vera_key, "--text", "I looked.",
        "--json", "--quiet",
    )  # fmt: skip
    assert done(resolved)["resolutions"][0]["outcome"] == "supported"
    for each, _ in claims:
        assert done(story("audit", "claim", each["claim_id"], "--json", "--quiet"))["verdict"] == "verified"
    _audit_offline(story, copied, tmp_path)
    _told(story, copied)
    refused = story(
        "claim", "file", "copies-work", tmp_path / "copy.jpg", "--by", bob, "--key", bob_key, "--work", ada_work
    )
    assert refused.code == 2
    assert "somebody else" in refused.stderr
    unsigned = story("claim", "file", "authored-image", tmp_path / "copy.jpg", "--by", bob)
    assert unsigned.code == 2
    assert story("claim", "show", UNKNOWN_ID).code == 3
    assert story("audit", "claim", UNKNOWN_ID).code == 3


def _audit_offline(artledger: Commands, claim_id: str, folder: Path) -> None:
    """Without a ledger: a bundle and a key; and the same bundle with a verdict taken away or replaced."""
    bundle = folder / "claim.json"
    done(artledger("claim", "show", claim_id, "--bundle", bundle, "--json", "--quiet"))
    key = done(artledger("keys", "show", "--json"))["log_vkey"]
    audit = artledger("audit", "claim", bundle, "--key", key, "--json")
    assert audit.code == 0
    assert all(check["outcome"] != "failed" for check in audit.json["checks"])
    document = json.loads(bundle.read_bytes())
    tampered = folder / "tampered.json"
    changes: list[dict[str, Any]] = [{"verdicts": []}, {"evidence": []}, {"proofs": [1]}]
    for change in changes:
        value = document | change
        tampered.write_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
        assert artledger("audit", "claim", tampered, "--key", key, "--json").code in (1, 4)
    assert artledger("audit", "claim", bundle, "--json").code == 2


def _told(artledger: Commands, claim_id: str) -> None:
    """In words: verdict, reasons, answers, limits."""
    shown = artledger("claim", "show", claim_id)
    assert shown.code == 0
    for words in ("supported", "because", "Response", "Resolution supported", "She allowed it.", "Not said"):
        assert words in shown.stdout
    listed = artledger("claim", "list", "--limit", "2")
    assert "More: --after" in listed.stdout
    assert done(artledger("claim", "review", claim_id, "--json"))["claim_id"] == claim_id
    assert done(artledger("claim", "review", "--all", "--json", "--quiet")) == {"reviewed": 5, "changed": []}
    assert artledger("claim", "review").code == 2
