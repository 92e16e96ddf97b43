"""Callers without a token have a limit, from this machine too; each account has its own, which is higher."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.http.limits import RateLimits, address_key
from ledger.app import Application, open_application
from ledger.errors import InputError, PushbackError
from ledger.settings import Settings
from tests.conftest import DatabaseUrl, copied

HERE, FIRST, SECOND, THIRD = (
    (address, 50_000) for address in ("127.0.0.1", "203.0.113.7", "203.0.113.8", "2001:db8::1")
)


@pytest.fixture
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    with (
        copied(database_server, template) as url,
        open_application(
            data_dir=tmp_path_factory.mktemp("data"),
            database_url=url,
            limit_per_address="3/hour",
            limit_overall="5/hour",
            limit_pictures_per_account="4/hour",
        ) as opened,
    ):
        yield opened


def test_anonymous_callers_wait_and_others_do_not(application: Application) -> None:
    with TestClient(create_app(application), raise_server_exceptions=False, client=FIRST) as first:

        def asked(client: TestClient, **headers: str) -> int:
            return client.post("/v1/verifications", headers=headers).status_code

        def at(address: tuple[str, int]) -> TestClient:
            return TestClient(first.app, raise_server_exceptions=False, client=address)

        assert [asked(first) for _ in range(4)] == [415, 415, 415, 429]
        refused = first.post("/v1/lookups")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 3600
        assert first.get("/v1/records").status_code == 200, "reading is not counted"
        assert [asked(at(SECOND)) for _ in range(3)] == [415, 415, 429], "all together"
        assert asked(at(THIRD)) == 429
        assert asked(at(HERE)) == 429, "an address does not make anybody the machine's owner"
        accounts = application.people.accounts
        artist = accounts.create("artist", "Ada").account_id
        scoped, other = (accounts.issue_token(artist, [scope]).secret for scope in ("verifications", "works"))
        assert asked(first, authorization=f"Bearer {scoped}") == 415
        assert asked(first, authorization=f"Bearer {other}") == 429
        another = accounts.issue_token(artist, ["verifications"]).secret
        by_account = [asked(at(THIRD), authorization=f"Bearer {token}") for token in (another, scoped, scoped, another)]
        assert by_account == [415, 415, 415, 429], "whatever its tokens and addresses"
        assert asked(first, authorization="Bearer alt_forged") == 401


def test_an_address_that_a_proxy_tells() -> None:
    """Only where the proxy is trusted: else everybody chooses the address that counts."""

    def asked(app: Any, **headers: str) -> list[int]:
        client = TestClient(app, raise_server_exceptions=False, client=HERE)
        return [client.post("/v1/verifications", headers=headers).status_code for _ in range(4)]

    limits = {"limit_per_address": "3/hour", "limit_overall": "5/hour"}
    anybody = create_app(Application(Settings.model_validate(limits)))
    assert asked(anybody) == [415, 415, 415, 429]
    for header in ("x-forwarded-for", "x-real-ip", "true-client-ip"):
        assert asked(anybody, **{header: "198.51.100.1"}) == [429] * 4
    assert asked(anybody, forwarded="for=198.51.100.1") == [429] * 4
    behind = create_app(Application(Settings.model_validate(limits | {"trusted_proxies": "127.0.0.1"})))
    assert asked(behind, **{"x-forwarded-for": "6.6.6.6, 198.51.100.1"}) == [415, 415, 415, 429]
    assert asked(behind, **{"x-forwarded-for": "7.7.7.7, 198.51.100.1"}) == [429] * 4
    assert asked(behind, **{"x-forwarded-for": "198.51.100.2"}) == [415, 415, 429, 429], "all together"


def test_one_customer_has_many_ipv6_addresses() -> None:
    limits = RateLimits("2/hour", "100/hour", "1/hour", "1/hour")
    limits.take("2001:db8:1:2::1")
    limits.take("2001:db8:1:2:ffff::2")
    with pytest.raises(PushbackError) as caught:
        limits.take("2001:db8:1:2:aaaa::3")
    assert caught.value.code == "rate-limited"
    limits.take("2001:db8:1:3::1")
    assert address_key("::ffff:203.0.113.7") == address_key("203.0.113.7")
    assert address_key(None) == address_key("testclient") == "unknown"


def test_who_is_turned_away_is_not_counted() -> None:
    limits = RateLimits("1/hour", "2/hour", "1/hour", "1/hour")
    limits.take("203.0.113.1")
    for _ in range(5):
        with pytest.raises(PushbackError):
            limits.take("203.0.113.1")
    limits.take("203.0.113.2")


@pytest.mark.parametrize("text", ["", "often", "0/minute/x", "1 per fortnight"])
def test_limits_that_are_none(text: str) -> None:
    with pytest.raises(InputError) as caught:
        RateLimits(text, "1/minute", "1/minute", "1/minute")
    assert caught.value.code == "settings"
