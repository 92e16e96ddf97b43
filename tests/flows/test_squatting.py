"""Whoever registers near-duplicates of somebody else's work gains nothing by claiming, however many they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from ledger.answers.claims import ClaimAnswer
from ledger.app import Application
from ledger.audit.checks import AuditVerdict
from ledger.audit.claims.claim import audit_claim
from ledger.flows.people.principal import LOCAL
from ledger.flows.works.register import WorkDetails
from tests.applications import application_with
from tests.conftest import DatabaseUrl
from tests.flows.people import Person, artist, model_facts
from tests.generated import encoded
from tests.match.drawings import drawing

CROPS = 12


@dataclass(frozen=True)
class World:
    application: Application
    ada: Person
    ada_work: str
    sid: Person
    sid_works: list[str]


def part(side: int = 360) -> Image.Image:
    """Half of Ada's picture, where Sid has seen it."""
    return drawing(401).crop((0, 0, 360, 360)).resize((side, side))


@pytest.fixture(scope="module")
def world(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Nothing is known of the crops: they came in by a folder, whose works are not compared."""
    folder = tmp_path_factory.mktemp("squatting")
    with application_with(database_server, template, folder / "data") as application:
        ada, [work] = artist(application, "Ada", folder / "ada", drawing(401))
        crops = [part(300 + 7 * number) for number in range(CROPS)]
        sid, works = artist(application, "Sid", folder / "sid", *crops)
        yield World(application, ada, work, sid, works)


def stripes() -> Image.Image:
    """Five stripes, like many a flag."""
    flag = Image.new("RGB", (600, 400), "white")
    for colour, top, bottom in (("navy", 0, 66), ("red", 133, 266), ("navy", 333, 400)):
        flag.paste(colour, (0, top, 600, bottom))
    return flag


def told(answer: ClaimAnswer) -> tuple[str, set[str]]:
    assert answer.verdict is not None
    return answer.verdict.verdict, {reason.finding for reason in answer.verdict.reasons}


def audited(world: World, answer: ClaimAnswer) -> None:
    world.application.log.settle()
    audit = audit_claim(world.application.claims.bundles.get(answer.claim_id), world.application.log.vkey)
    assert audit.verdict is AuditVerdict.VERIFIED, audit


def test_crops_do_not_hide_the_true_artist_from_a_claim(world: World) -> None:
    seen = encoded(part(333), "JPEG", quality=80)
    answer = world.sid.claim("authored-image", seen)
    verdict, codes = told(answer)
    assert verdict == "inconclusive"
    assert codes & {"shows-anothers", "registered-by-another", "contested-earlier"}
    assert answer.verdict is not None
    assert answer.verdict.contested
    audited(world, answer)
    posted = encoded(drawing(401), "JPEG", quality=85)
    for picture in (seen, posted):
        copied = world.sid.claim("copies-work", picture, world.sid_works[0])
        assert told(copied)[0] == "inconclusive"
        assert copied.verdict is not None
        assert copied.verdict.contested
        audited(world, copied)


def test_a_picture_too_plain_to_align_supports_nobody(world: World, tmp_path: Path) -> None:
    """A crop of a flag of stripes cannot be told from another flag: nobody would find the artist's own registration."""
    flag = stripes()
    crop = flag.crop((0, 60, 420, 360))
    sam, _ = artist(world.application, "Sam", tmp_path / "sam", crop)
    zoe, _ = artist(world.application, "Zoe", tmp_path / "zoe", flag)
    for person, picture in ((sam, crop), (zoe, flag)):
        for sent in (encoded(picture, "PNG"), encoded(picture, "JPEG", quality=30)):
            answer = person.claim("authored-image", sent)
            verdict, codes = told(answer)
            assert verdict == "inconclusive"
            assert "not-alignable" in codes
            audited(world, answer)


def test_a_work_named_is_aligned_however_many_are_nearer(world: World) -> None:
    answer = world.ada.claim("copies-work", encoded(part(345), "JPEG", quality=75), world.ada_work)
    verdict, codes = told(answer)
    assert verdict == "inconclusive", "contested, by an artist whom an auditor can look at"
    assert "work-shown" in codes
    assert "work-not-shown" not in codes
    audited(world, answer)


def test_a_contested_work_supports_no_claim(world: World, tmp_path: Path) -> None:
    """A model was trained on three works by Bea. Of one somebody registers the very file, of the other a copy."""
    application = world.application
    bea, works = artist(application, "Bea", tmp_path / "bea", drawing(411), drawing(412), drawing(413))
    known = application.store.works.works(works)
    manifest = tmp_path / "manifest.txt"
    manifest.write_text("".join(f"{digest}\n" for digest in sorted(work.sha256 for work in known.values())))
    model = application.log.models.register(model_facts("on Bea", manifest)).in_record
    tom, [same] = artist(application, "Tom", tmp_path / "tom", drawing(411))
    copy = encoded(drawing(412).resize((300, 300)), "JPEG", quality=80)
    una = application.people.accounts.create("artist", "Una").account_id
    application.works.registering.register(copy, WorkDetails(), una, LOCAL)
    by_tom = tom.claim("trained-on", None, same, model_id=model.model_id)
    assert told(by_tom) == ("inconclusive", {"contested-earlier", "copy-of-anothers", "listed"})
    for work, code in ((works[0], "contested-later"), (works[1], "copy-of-anothers")):
        answer = bea.claim("trained-on", None, work, model_id=model.model_id)
        verdict, codes = told(answer)
        assert verdict == "inconclusive"
        assert codes >= {code, "copy-of-anothers", "listed"}
        audited(world, answer)
    assert told(bea.claim("trained-on", None, works[2], model_id=model.model_id))[0] == "supported"
