"""`artledger generate`: files beside each other, nothing overwritten, everything audited offline."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ledger.audit.checks import AuditVerdict
from ledger.audit.verifier import audit_bundle
from tests.cli.commands import ART, Commands
from tests.generate.tiny import save_tiny_sd


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_sd(tmp_path_factory.mktemp("tiny") / "sd")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture
def generate(
    data: Path, tiny: Path, module_database_url: str, artledger: Commands, monkeypatch: pytest.MonkeyPatch
) -> Commands:
    """The command line over one ledger with the tiny pipeline, in a folder of the test's own."""
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", module_database_url)
    monkeypatch.setenv("ARTLEDGER_DATA_DIR", str(data))
    monkeypatch.setenv("ARTLEDGER_GENERATOR", str(tiny))
    return artledger


def test_a_picture_with_proof_and_reveal(generate: Commands, tmp_path: Path) -> None:
    out = tmp_path / "car.png"
    ran = generate("generate", "a red car", "--seed", "7", "--steps", "2", "--out", out, "--json", "--quiet")
    assert ran.code == 0, ran.stderr
    answer = ran.json
    assert answer["files"] == {
        "image": str(out),
        "bundle": str(tmp_path / "car.bundle.json"),
        "reveal": str(tmp_path / "car.reveal.json"),
    }
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "car.bundle.json", "car.png", "car.reveal.json",
    ]  # fmt: skip
    assert answer["kind"] == "generation"
    assert answer["guard"] in ("allow", "warn")
    assert answer["reference"]
    assert answer["statement"]["predicate"]["seed"] == "7"
    assert stat.S_IMODE((tmp_path / "car.reveal.json").stat().st_mode) == 0o600
    keys = generate("keys", "show", "--json").json
    bundle = (tmp_path / "car.bundle.json").read_bytes()
    assert audit_bundle(bundle, keys["log_vkey"]).verdict is AuditVerdict.VERIFIED
    reveal = generate("audit", "reveal", tmp_path / "car.bundle.json", tmp_path / "car.reveal.json", "--json")
    assert reveal.code == 0, reveal.stderr
    changed = json.loads((tmp_path / "car.reveal.json").read_text())
    changed["value"]["prompt"] = "a blue car"
    (tmp_path / "other.json").write_text(json.dumps(changed))
    assert generate("audit", "reveal", tmp_path / "car.bundle.json", tmp_path / "other.json").code == 1
    looked_up = generate("lookup", out, "--json").json
    assert answer["record_id"] in [record["record_id"] for record in looked_up["records"]]
    assert looked_up["credentials"]["state"] == "valid"
    said = looked_up["headline"]
    assert said["title"].startswith("This picture was made by StableDiffusionPipeline (weights ")
    assert (said["answer"], said["record_id"]) == ("generated", answer["record_id"])
    for command in ("lookup", "verify"):
        told = generate(command, out).stdout
        assert told.startswith(f"{said['title']}\nThis server made it: the file is the one that it handed out.\n")
        assert f"Made       record {answer['record_id']}" in told


def test_the_same_seed_gives_the_same_picture(generate: Commands, tmp_path: Path) -> None:
    digests = []
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        ran = generate(
            "generate", "a tree", "--seed", str(seed), "--steps", "2", "--out", tmp_path / f"{name}.webp", "--json"
        )
        digests.append(ran.json["statement"]["predicate"]["image"]["pixel_sha256"])
    assert digests[0] == digests[1] != digests[2]


def test_several_are_numbered_and_answered_in_an_array(generate: Commands, tmp_path: Path) -> None:
    ran = generate("generate", "a star", "--count", "2", "--steps", "2", "--out", tmp_path / "star.jpg", "--json")
    assert [answer["files"]["image"] for answer in ran.json] == [str(tmp_path / f"star-{n}.jpg") for n in (1, 2)]
    assert (tmp_path / "star-2.jpg").read_bytes()[:2] == b"\xff\xd8"
    told = generate("generate", "a star", "--count", "2", "--steps", "2", "--out", tmp_path / "s.png", "--quiet")
    assert f"── {tmp_path / 's-1.png'}" in told.stdout
    assert "Content Credentials" in told.stdout


@pytest.mark.parametrize("taken", ["car.png", "car.bundle.json", "car.reveal.json"])
def test_nothing_is_overwritten_without_force(generate: Commands, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    refused = generate("generate", "a red car", "--steps", "2", "--out", tmp_path / "car.png", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "file-exists")
    assert (tmp_path / taken).read_text() == "mine"
    forced = generate("generate", "a red car", "--steps", "2", "--out", tmp_path / "car.png", "--force")
    assert forced.code == 0, forced.stderr
    assert (tmp_path / taken).read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--out", "no-such-folder/car.png"], "file-unwritable"),
        (["--out", "car.gif"], "output-format"),
        (["--out", "car"], "output-format"),
        (["--count", "0"], "bad-count"),
        (["--count", "1000000000"], "bad-count"),
        (["--seed", "-1"], "bad-seed"),
        (["--seed", f"{2**64}"], "bad-seed"),
        (["--steps", "-5"], "bad-steps"),
        (["--width", "17"], "bad-size"),
        (["--guidance", "strong"], "bad-guidance"),
        (["--policy", "missing.toml"], "unreadable"),
    ],
)
def test_bad_input(
    generate: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = generate("generate", "a red car", *arguments, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, code)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("prompt", ["", "   ", "a\nb", "x" * 5000])
def test_bad_prompts(generate: Commands, tmp_path: Path, prompt: str) -> None:
    ran = generate("generate", prompt, "--out", tmp_path / "x.png", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "bad-prompt")


def test_a_policy_with_unknown_keys_and_a_folder_with_pickles(
    generate: Commands, tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "policy.toml").write_text("version = 1\nlenient = true\n")
    ran = generate("generate", "a car", "--policy", tmp_path / "policy.toml", "--out", tmp_path / "x.png", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "bad-policy")
    folder = save_tiny_sd(tmp_path / "pickled")
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")
    monkeypatch.setenv("ARTLEDGER_GENERATOR", str(folder))
    ran = generate("generate", "a car", "--out", tmp_path / "x.png", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "unsafe-weights")
    monkeypatch.setenv("ARTLEDGER_GENERATOR", str(tmp_path / "nowhere"))
    ran = generate("generate", "a car", "--out", tmp_path / "x.png", "--json")
    assert ran.code in (2, 3)
    assert not (tmp_path / "x.png").exists()


def test_a_blocked_picture_is_said_and_not_written(
    generate: Commands, tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a policy that blocks what is nearest by rank, as some work always is: the reason says so, and no more."""
    assert generate("corpus", "ingest", ART, "--quiet").code == 0
    (tmp_path / "strict.toml").write_text(
        'version = 1\nnamed_artists = "warn"\nnot_comparable = "block"\nretries = 0\nexhausted = "block"\n'
        '[[rules]]\naction = "block"\nrelations = ["nearest"]\n'
        'p_at_most = "1"\n'
    )
    out = tmp_path / "blocked.png"
    ran = generate(
        "generate", "a red car", "--steps", "2", "--policy", tmp_path / "strict.toml", "--out", out, "--json"
    )
    assert ran.code == 1, ran.stderr
    assert ran.json["guard"] == "block"
    assert ran.json["reasons"]
    assert ran.json["files"]["image"] is None
    assert not out.exists()
    assert (tmp_path / "blocked.bundle.json").exists()
    told = generate(
        "generate", "a red car", "--steps", "2", "--policy", tmp_path / "strict.toml", "--out", tmp_path / "b.png"
    )
    assert "Guard      block" in told.stdout
    assert "Blocked: nearest by rank is “" in told.stdout
    guarded = told.stdout.partition("Guard      block")[2]
    assert "as near as" not in guarded
    assert "style" not in guarded
