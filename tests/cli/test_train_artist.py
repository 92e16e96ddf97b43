"""From registered works to a classifier that speaks in records, and its silence about those who do not want it."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.cli.commands import Commands

HANDS = {"Ada Outline": "outline", "Ben Pastel": "pastel", "Cy Hatch": "hatch"}
EACH = 10
OTHERS = 12


def drawn(hand: str, seed: int) -> Image.Image:
    """A picture of three shapes, drawn in one of several manners."""
    random = np.random.default_rng([seed, *hand.encode()])
    image = Image.new("RGB", (256, 256), "white")
    draw = ImageDraw.Draw(image)
    for _ in range(int(random.integers(2, 6))):
        left, top = random.integers(0, 160, 2).tolist()
        width, height = random.integers(30, 130, 2).tolist()
        box = (left, top, left + width, top + height)
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        match hand:
            case "outline":
                shape(box, fill=tuple(random.choice([40, 220], 3).tolist()), outline="black", width=7)
            case "pastel":
                shape(box, fill=tuple(random.integers(190, 245, 3).tolist()))
            case "hatch":
                lean = int(random.integers(-60, 60))
                for x in range(left, left + width, 6):
                    draw.line((x, top, x + lean, top + height), fill="black", width=1)
            case _:
                shape(box, fill=tuple(random.integers(0, 255, 3).tolist()), outline="grey", width=seed % 4 + 1)
    return image.filter(ImageFilter.GaussianBlur(2)) if hand == "pastel" else image


GENRES = ("landscape", "portrait", "still life", "Unknown Genre")
STYLES = ("Outline", "Pastel")


@pytest.fixture
def wikiart(tmp_path: Path) -> Path:
    """A Parquet file with the columns of WikiArt, and with the uses that works are registered for."""
    import datasets

    artists = [*HANDS, *(f"somebody-{number}" for number in range(OTHERS)), "Unknown Artist"]
    rows: dict[str, list[object]] = {"image": [], "artist": [], "genre": [], "style": [], "allowed_uses": []}
    for artist in artists:
        hand = HANDS.get(artist, artist)
        for number in range(EACH + 2 if artist in HANDS else 2):
            file = BytesIO()
            drawn(hand, number).save(file, "PNG")
            rows["image"].append({"bytes": file.getvalue(), "path": None})
            rows["artist"].append(artists.index(artist))
            rows["genre"].append((number + artists.index(artist)) % len(GENRES))
            rows["style"].append(int(hand == "pastel" or artists.index(artist) % 2))
            rows["allowed_uses"].append("match|train|style")
    features = datasets.Features(
        image=datasets.Image(),
        artist=datasets.ClassLabel(names=artists),
        genre=datasets.ClassLabel(names=list(GENRES)),
        style=datasets.ClassLabel(names=list(STYLES)),
        allowed_uses=datasets.Value("string"),
    )
    path = tmp_path / "wikiart" / "train-00000-of-00001.parquet"
    path.parent.mkdir()
    datasets.Dataset.from_dict(rows, features=features).to_parquet(path)
    return path.parent


def test_a_set_in_wikiarts_schema_goes_all_the_way(
    artledger: Commands, wikiart: Path, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    source = f"hf:{wikiart}"
    ingested = artledger("corpus", "ingest", source, "--json", "--quiet")
    assert ingested.code == 0, ingested.stderr

    trained = artledger("train", "artist", "--smoke", "--out", tmp_path / "made", "--json", "--quiet")
    assert trained.code == 0, trained.stderr
    assert trained.json["report"]["artists"] == len(HANDS)
    assert trained.json["skipped"] == {}
    assert set(trained.json["labels"]) == {"genre", "style"}
    assert trained.json["labels"]["genre"]["report"]["artists"] == 3, "nobody learns what an unknown genre looks like"
    assert {path.name for path in (tmp_path / "made").iterdir()} >= {"artist-model.md", "genre-training.json"}

    measured = artledger("evaluate", "artists", "--corpus", source, "--smoke", "--out", tmp_path / "measured", "--json")
    assert measured.code == 0, measured.stderr
    assert measured.json["artists"] == len(HANDS)
    assert measured.json["macro_top1"] > 0.6

    asked = tmp_path / "asked.png"
    drawn("hatch", 99).save(asked)
    found = artledger("verify", asked, "--json").json["report"]
    first = found["artist_reference"]["artists"][0]
    assert first["name"] == "Cy Hatch"
    assert 1 <= len(first["works"]) <= 3
    assert {each["kind"] for each in found["labels"]} == {"genre", "style"}
    looked_up = artledger("lookup", asked, "--json").json
    assert looked_up["artist_reference"]["artists"][0]["works"] == first["works"]
    assert looked_up["labels"] == found["labels"]
    shown = artledger("lookup", asked).stdout
    assert "Looks like Cy Hatch" in shown
    assert "drawn most like it, by Cy Hatch" in shown
    assert "Style" in shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "works"
    found.mkdir()
    rows = []
    for artist, hand in HANDS.items():
        for number in range(EACH):
            file = f"{hand}-{number}.png"
            drawn(hand, number).save(found / file)
            rows.append(f"{file},{file},{artist},CC0-1.0,match|train|style")
    for number in range(OTHERS):
        file = f"other-{number}.png"
        drawn(f"other {number}", number).save(found / file)
        rows.append(f"{file},{file},Somebody {number},CC0-1.0,match|train|style")
    (found / "labels.csv").write_text("\n".join(("file,title,artist,licence,allowed_uses", *rows, "")))
    return found


def test_a_classifier_is_trained_and_speaks_in_records(
    artledger: Commands, folder: Path, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    assert artledger("corpus", "ingest", folder, "--labels", folder / "labels.csv", "--json", "--quiet").code == 0
    asked = tmp_path / "asked.png"
    drawn("hatch", 99).save(asked)
    before = artledger("verify", asked, "--json").json
    assert before["statement"]["predicate"]["artist_reference"] is None

    trained = artledger("train", "artist", "--json", "--quiet")
    assert trained.code == 0, trained.stderr
    model = trained.json["model"]
    assert trained.json["report"]["artists"] == len(HANDS)
    assert trained.json["report"]["macro_top1"] > 0.6

    found = artledger("verify", asked, "--json").json
    assert not found["repeated"]
    reference = found["statement"]["predicate"]["artist_reference"]
    assert reference["model"] == model
    total = float(reference["none"]) + sum(float(each["probability"]) for each in reference["artists"])
    assert 0 < total <= 1.000001
    report = found["report"]["artist_reference"]
    assert report["artists"][0]["name"] == "Cy Hatch"
    assert report["right_first"] == str(trained.json["report"]["macro_top1"])
    again = artledger("verify", asked, "--json").json
    assert again["repeated"]
    assert again["record_id"] == found["record_id"]
    shown = artledger("verify", asked).stdout
    assert "Looks like Cy Hatch" in shown
    assert "not what it was made from" in shown

    # Whoever forbids style is not named any more, and nobody else becomes likelier.
    hatch = report["artists"][0]["artist_id"]
    works = artledger("artist", "works", hatch, "--json").json["works"]
    for work in works:
        changed = artledger("artist", "consent", work["work_id"], "--uses", "match", "--json", "--quiet")
        assert changed.code == 0, changed.stderr
    after = artledger("verify", asked, "--json").json["statement"]["predicate"]["artist_reference"]
    assert hatch not in {each["artist_id"] for each in after["artists"]}
    others = {each["artist_id"]: each["probability"] for each in reference["artists"] if each["artist_id"] != hatch}
    assert {each["artist_id"]: each["probability"] for each in after["artists"]} == others
    assert float(after["none"]) > float(reference["none"])

    # Erased: the classifier that knew the person is gone.
    assert artledger("artist", "erase", hatch, "--yes", "--json", "--quiet").code == 0
    assert json.loads(artledger("verify", asked, "--json").stdout)["statement"]["predicate"]["artist_reference"] is None
