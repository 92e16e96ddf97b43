"""Very many claims at once: what is not taken is told to come again, and nothing that was taken is lost."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import pytest

from api.app import create_app
from ledger.answers.claims import ClaimAnswer
from ledger.app import Application
from ledger.claim.standing import ClaimsWanted
from ledger.flows.claims.statements import ClaimOrder, claim_draft
from ledger.flows.people.principal import SCOPES_OF_ROLE
from ledger.record import dsse
from ledger.record.parts import ModelRef, Ref
from tests.api.conftest import HERE
from tests.applications import application_with
from tests.conftest import DatabaseUrl
from tests.flows.people import Person, artist, model_facts
from tests.generated import encoded
from tests.match.drawings import drawing
from tests.people import require_good_log

ELSEWHERE = ("203.0.113.7", 50_000)
WORKS = 14
"""Of one artist: their subsets, about one model, make as many different claims as anybody could want."""
LIMITS: dict[str, Any] = {"limit_per_account": "20/minute", "trust_loopback": True}
TAKEN, PUSHED_BACK = {200, 201}, {429, 503}


@dataclass(frozen=True)
class Flood:
    application: Application
    ada: Person
    token: str
    claims: Sequence[dict[str, Any]]
    """Signed, each another one."""


@pytest.fixture
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    data = tmp_path_factory.mktemp("flood") / "data"
    with application_with(database_server, template, data, max_image_bytes=2**20, **LIMITS) as one:
        yield one


def flood(application: Application, folder: Any, count: int) -> Flood:
    ada, works = artist(application, "Ada", folder / "ada", *(drawing(700 + number, 128) for number in range(WORKS)))
    model = application.log.models.register(model_facts("a model"))
    subsets = itertools.chain.from_iterable(itertools.combinations(works, size) for size in range(1, WORKS + 1))
    known = application.store.works.works(works)
    refs = {
        work_id: Ref(leaf_hash=work.registration_leaf_hash, record_id=work.registration_record_id)
        for work_id, work in known.items()
    }
    about = ModelRef(model_id=model.in_record.model_id, weights_sha256=model_facts("a model").weights_sha256)
    model_ref = application.claims.requirements.subject(
        ClaimOrder("trained-on", (works[0],), about.model_id), ada.account_id, None
    ).refs[-1]
    claims = []
    for subset in itertools.islice(subsets, count):
        order = ClaimOrder("trained-on", subset, about.model_id)
        named = (*(refs[work_id] for work_id in subset), model_ref)
        payload = claim_draft(
            order, ada.account_id, known[subset[0]].sha256, named, about, origin=application.log.origin
        ).payload
        claims.append({"envelope": json.loads(dsse.sign(payload, [ada.key]))})
    token = application.people.accounts.issue_token(ada.account_id, SCOPES_OF_ROLE["artist"]).secret
    return Flood(application, ada, token, claims)


@asynccontextmanager
async def client_at(app: Any, address: tuple[str, int], token: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=address)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers, timeout=3600) as client:
        yield client


async def filed(client: httpx.AsyncClient, claim: dict[str, Any]) -> httpx.Response:
    answer = await client.post("/v1/claims", json=claim)
    assert answer.status_code in TAKEN | PUSHED_BACK, answer.text
    if answer.status_code in PUSHED_BACK:
        assert int(answer.headers["retry-after"]) >= 1
    return answer


async def all_at_once(app: Any, wave: Flood, askers: int) -> tuple[Counter[int], list[str]]:
    """Everybody asks at once; who is pushed back comes again, `askers` at a time, until every claim is taken.

    Returns how often each status was answered in the first wave, and the ids of the claims that were acknowledged.
    """
    async with client_at(app, HERE, wave.token) as client:
        first = await asyncio.gather(*(filed(client, claim) for claim in wave.claims))
        taken = [answer.json()["claim_id"] for answer in first if answer.status_code in TAKEN]
        again = [claim for claim, answer in zip(wave.claims, first, strict=True) if answer.status_code in PUSHED_BACK]

        async def come_again() -> None:
            while again:
                claim = again.pop()
                while (answer := await filed(client, claim)).status_code in PUSHED_BACK:
                    await asyncio.sleep(random.uniform(0.01, 0.05))
                taken.append(answer.json()["claim_id"])

        await asyncio.gather(*(come_again() for _ in range(askers)))
    return Counter(answer.status_code for answer in first), taken


@pytest.mark.parametrize("count", [80, pytest.param(10_000, marks=pytest.mark.slow)])
def test_nothing_acknowledged_is_lost(
    application: Application, tmp_path_factory: pytest.TempPathFactory, count: int
) -> None:
    wave = flood(application, tmp_path_factory.mktemp("works"), count)
    app = create_app(application)
    first, taken = asyncio.run(all_at_once(app, wave, 30))
    assert first[503] > 0, "more came than can wait"
    assert first[201] > 0
    assert Counter(taken) == Counter(set(taken))
    assert len(taken) == count
    listed: list[ClaimAnswer] = []
    after = -1
    while True:
        page = application.claims.reading.page(ClaimsWanted(wave.ada.account_id), after=after, limit=200)
        listed += page.claims
        if page.next_after is None:
            break
        after = page.next_after
    assert Counter(each.claim_id for each in listed) == Counter(taken)
    assert all(each.verdict is not None and len(each.verdicts) == 1 for each in listed)
    kinds = application.store.records.count_by_kind()
    assert (kinds["claim"], kinds["verdict"]) == (count, count)
    application.log.settle()
    require_good_log(application)


def test_a_token_cannot_flood(application: Application, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever an account's tokens and addresses: it may so often. The machine's owner, who asked to be trusted on
    loopback, as often as he likes."""
    wave = flood(application, tmp_path_factory.mktemp("works"), 30)
    app = create_app(application)

    async def statuses(address: tuple[str, int], claims: Sequence[dict[str, Any]]) -> Counter[int]:
        async with client_at(app, address, wave.token) as client:
            return Counter([(await filed(client, claim)).status_code for claim in claims])

    assert asyncio.run(statuses(ELSEWHERE, wave.claims)) == {201: 20, 429: 10}
    other = application.people.accounts.issue_token(wave.ada.account_id, ["claims"]).secret

    async def answered() -> httpx.Response:
        async with client_at(app, ("203.0.113.99", 50_000), other) as client:
            path = f"/v1/claims/{next(iter(application.claims.reading.page(limit=1).claims)).claim_id}/responses"
            return await client.post(path, json={"text": "no"}, params={"prepare": "true"})

    refused = asyncio.run(answered())
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert asyncio.run(statuses(HERE, wave.claims)) == {200: 20, 201: 10}


def test_bytes_that_are_no_picture_are_not_claimed(
    application: Application, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wave = flood(application, tmp_path_factory.mktemp("works"), 1)
    app, claims = create_app(application), application.claims
    before = application.store.entries.head().size

    async def sent(picture: bytes) -> httpx.Response:
        draft = claims.draft(ClaimOrder("authored-image"), wave.ada.account_id, picture, wave.ada.principal)
        document = json.dumps({"envelope": json.loads(dsse.sign(draft.payload, [wave.ada.key]))}).encode()
        async with client_at(app, HERE, wave.token) as client:
            return await client.post("/v1/claims", files={"image": ("a.png", picture), "claim": ("", document)})

    refused = asyncio.run(sent(b"no picture"))
    assert (refused.status_code, refused.json()["code"]) == (422, "not-an-image")
    assert application.store.entries.head().size == before
    assert asyncio.run(sent(encoded(drawing(1, 128), "PNG"))).status_code == 201
