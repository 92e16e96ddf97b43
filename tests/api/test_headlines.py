"""What an answer says first: pictures made here, works, contested works, reports; chance neighbours are not named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.app import create_app
from ledger import canonical
from ledger.app import Application
from ledger.generate.picture import ModelFacts
from tests.applications import ART, DRAWINGS, application_with
from tests.conftest import DatabaseUrl
from tests.flows.people import artist, made_here
from tests.generated import encoded
from tests.match.drawings import drawing

MODEL = ModelFacts(
    "painters/nine",
    "diffusers/StableDiffusionPipeline",
    "a" * 40,
    {"weights": canonical.digest("painters/nine")},
    canonical.dumps({"hub": {"repository": "painters/nine", "revision": "a" * 40}}),
    None,
)
MADE = 701
CONTESTED = 703
REGISTERED_LATER = 704
DATE = r"\d{1,2} [A-Z][a-z]+ \d{4}"


@dataclass(frozen=True)
class Web:
    application: Application
    client: TestClient
    artists: frozenset[str]
    operator: str
    """Token of a generator's operator."""

    def look_up(self, picture: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post("/v1/lookups", files={"image": picture}).json()
        return answer

    def verified(self, picture: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post("/v1/verifications", files={"image": picture}).json()
        assert self.client.get(answer["links"]["self"]).json()["headline"] == answer["headline"]
        return answer

    def report(self, picture: bytes) -> str:
        """By a generator's operator: the record's id."""
        response = self.client.post(
            "/v1/generations",
            params={"weights_sha256": "ab" * 32},
            files={"image": ("a.png", picture)},
            headers={"authorization": f"Bearer {self.operator}"},
        )
        assert response.status_code == 201, response.text
        record_id: str = response.json()["images"][0]["record_id"]
        return record_id

    def page(self, picture: bytes) -> str:
        """The page of a look-up, as somebody reads it before unfolding anything."""
        page = self.client.post("/lookup", files={"image": picture}, headers={"origin": "http://testserver"})
        assert page.status_code == 200, page.text
        return above_the_fold(page.text)


def stranger(number: int) -> bytes:
    """Unlike every drawing here."""
    extent = (-2.2 + number / 4, -1.3, 0.7 - number / 5, 1.3 - number / 3)
    return encoded(Image.effect_mandelbrot((420, 380), extent, 60).convert("RGB"), "PNG")


def above_the_fold(page: str) -> str:
    return re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)


@pytest.fixture(scope="module")
def web(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("headlines")
    with application_with(
        database_server,
        template,
        folder / "data",
        [ART],
        work_per_address="100000/minute",
        work_overall="100000/minute",
    ) as application:
        artist(application, "Zora First", folder / "first", drawing(CONTESTED))
        artist(application, "Quentin Second", folder / "second", drawing(CONTESTED))
        application.log.settle()
        registered = application.store.records.find(kind="registration", limit=200)
        names = {
            work.artist for work in application.store.works.works(_work_ids(application, len(registered))).values()
        }
        account = application.people.accounts.create("generator", "Painter 9")
        operator = application.people.accounts.issue_token(account.account_id, ["generations"]).secret
        with TestClient(create_app(application), client=("127.0.0.1", 50_000)) as client:
            yield Web(application, client, frozenset(names), operator)


def _work_ids(application: Application, count: int) -> list[str]:
    page = application.records.page(kind="registration", limit=count).records
    return [record.statement["predicate"]["work_id"] for record in page]


@pytest.fixture(scope="module")
def made(web: Web) -> bytes:
    """A picture that this server made, as it was handed out."""
    return made_here(web.application, drawing(MADE), MODEL)


@pytest.fixture(scope="module")
def edited(made: bytes) -> bytes:
    assert made
    return encoded(drawing(MADE).resize((300, 300)), "JPEG", quality=80)


def test_a_picture_made_here_is_headlined_as_that(web: Web, made: bytes) -> None:
    for said in (web.look_up(made)["headline"], web.verified(made)["headline"]):
        assert re.fullmatch(rf"This picture was made by painters/nine on {DATE}", said["title"])
        assert (said["answer"], said["origin_of_image"], said["model"]) == ("generated", "service", "painters/nine")
        assert said["says"] == "This server made it: the file is the one that it handed out."
        record = web.client.get(f"/v1/records/{said['record_id']}").json()
        assert record["kind"] == "generation"
        assert record["headline"]["title"] == said["title"]
    page = web.page(made)
    assert f"<bdi>{said['title']}</bdi></h1>" in page
    assert f'href="/records/{said["record_id"]}"' in page


def test_so_is_an_edited_copy_of_it(web: Web, edited: bytes) -> None:
    """A record is found by its hashes: it does not hold the picture."""
    looked_up, verified = web.look_up(edited)["headline"], web.verified(edited)["headline"]
    assert looked_up["says"].startswith("This server made that picture. Aligning both pictures")
    assert verified["says"].startswith("This server made that picture. Its two perceptual hashes")
    for said in (looked_up, verified):
        assert re.fullmatch(rf"This is an edited copy of a picture made by painters/nine on {DATE}", said["title"])
        assert said["answer"] == "generated-edited"
    assert "Made by a generator recorded here" in web.page(edited)


def test_the_record_says_how_the_picture_was_made(web: Web, made: bytes) -> None:
    record_id = web.look_up(made)["headline"]["record_id"]
    page = web.client.get(f"/records/{record_id}").text
    for words in ("How this server made it", "painters/nine", "<dt>Steps</dt><dd>4</dd>", "<dt>Seed</dt><dd>7</dd>"):
        assert words in page
    assert "how the picture was made, and with which" not in page
    other = web.verified(stranger(0))
    assert "how the picture was made, and with which" in web.client.get(other["links"]["page"]).text


def test_an_unrelated_picture_names_nobody_above_the_fold(web: Web) -> None:
    """Chance neighbours stay in the JSON and folded, without probability, without the word style."""
    picture = stranger(0)
    answer = web.look_up(picture)
    assert {match["relation"] for match in answer["matches"]} == {"nearest"}
    works, artists = web.application.store.works.state().works, web.application.store.works.count_artists()
    verified = web.verified(picture)
    assert verified["headline"]["title"] == "No registered work was found in this picture"
    unseen = stranger(1)
    said = web.look_up(unseen)["headline"]
    assert said["title"] == "We have no record of this picture"
    assert said["says"] == (f"That does not mean it is original: {works} works by {artists} artists were compared.")
    assert said["notes"] == []
    folded = web.client.post("/lookup", files={"image": unseen}, headers={"origin": "http://testserver"}).text
    for page in (web.page(unseen), above_the_fold(web.client.get(verified["links"]["page"]).text)):
        assert not [name for name in web.artists if re.search(rf"\b{re.escape(name)}\b", page)]
        assert "robability of a copy" not in page
    assert "Nearest by rank, no claim (10 works)" in folded
    hidden = "".join(re.findall(r"<details.*?</details>", folded, flags=re.DOTALL))
    assert "style" not in hidden
    assert "robability" not in hidden
    assert "unrelated pictures comes this close" not in hidden


def test_a_contested_work_has_one_headline_and_names_everybody(web: Web) -> None:
    picture = encoded(drawing(CONTESTED), "PNG")
    answer = web.look_up(picture)
    said = answer["headline"]
    assert said["answer"] == "registered"
    assert said["title"] == ("This is “Zora First's 0.png”, registered by Zora First and by Quentin Second")
    assert said["says"] == "The file is identical to the registered one."
    assert said["notes"] == ["Contested: 2 artists registered it. Registering first does not prove authorship."]
    assert answer["matches"][0]["names"] == ["Zora First", "Quentin Second"]
    shares = web.verified(picture)["report"]["shares"]
    assert [share["names"] for share in shares] == [["Zora First", "Quentin Second"]]


def test_a_report_never_takes_a_registered_work(web: Web) -> None:
    """Whoever runs a generator reports an artist's file as its own: the work stays the headline, the report a claim."""
    picture = DRAWINGS[4].read_bytes()
    record_id = web.report(picture)
    record = web.client.get(f"/v1/records/{record_id}").json()
    for said in (web.look_up(picture)["headline"], web.verified(picture)["headline"], record["headline"]):
        assert said["answer"] == "registered"
        assert said["title"].startswith("This is “")
        assert re.search(rf"^Reported on {DATE} as made by a model with weights abababababab…. That", said["notes"][0])
        assert (said["record_id"], said["origin_of_image"]) == (record_id, "reported")


def test_what_is_only_reported_is_said_to_be(web: Web) -> None:
    picture = stranger(2)
    web.report(picture)
    said = web.look_up(picture)["headline"]
    assert re.fullmatch(
        rf"This picture was reported on {DATE} as made by a model with weights abababababab…", said["title"]
    )
    assert said["says"].startswith("Painter 9 reported it. That is a claim, and no proof")


def test_registering_a_picture_made_here_does_not_take_it(web: Web, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One headline, and the work on a line below it."""
    file = made_here(web.application, drawing(REGISTERED_LATER), MODEL)
    folder = tmp_path_factory.mktemp("later") / "thief"
    artist(web.application, "Later Larry", folder, drawing(REGISTERED_LATER))
    for said in (web.look_up(file)["headline"], web.verified(file)["headline"]):
        assert said["title"].startswith("This picture was made by painters/nine on ")
        assert said["notes"] == ["Also the same pixels as “Later Larry's 0.png” by Later Larry, a registered work."]


def test_a_digest_is_headlined_too(web: Web, made: bytes) -> None:
    application = web.application
    digests = {
        application.pictures.images.decode(made).sha256: "This picture was made by painters/nine on ",
        application.pictures.images.decode(DRAWINGS[6].read_bytes()).sha256: "This is “",
        "00" * 32: "We have no record of this file",
    }
    for sha256, title in digests.items():
        said = web.client.post("/v1/lookups", json={"sha256": sha256}).json()["headline"]
        assert said["title"].startswith(title)
        assert said["title"] in web.client.get("/search", params={"q": sha256}).text.replace("&#39;", "'")
