"""Webhooks: signed so that another implementation verifies them, tried again, given up; only one's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from ledger.app import Application
from ledger.errors import LedgerError
from ledger.flows.people import webhooks
from ledger.flows.people.principal import LOCAL
from ledger.flows.people.webhooks import RETRIES, signature
from ledger.record.keys import Signer
from tests.applications import application_with
from tests.conftest import DatabaseUrl

KEYS: dict[str, list[Signer]] = {}


class Receiver:
    """An address that keeps what it gets, and answers as it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        received = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(received.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    folder: Path = tmp_path_factory.mktemp("webhooks") / "data"
    with application_with(database_server, template, folder, outbound_private=True) as opened:
        yield opened


def account(application: Application, name: str) -> str:
    return application.people.accounts.create("artist", name).account_id


def tell(application: Application, account_id: str) -> None:
    """Something is recorded in the account's name."""
    keys = KEYS.setdefault(account_id, [])
    keys.append(Signer.generate())
    application.people.keys.announce(account_id, keys[-1], LOCAL, *keys[:-1][:1])
    application.people.inbox.page(account_id)


def send(application: Application) -> None:
    """One round of sending."""
    stop, hooks = threading.Event(), application.people.webhooks
    for webhook_id in hooks.store.due(100):
        hooks._send_all(webhook_id, stop)


def now(application: Application) -> None:
    """What waits is due."""
    with application.store.database.begin() as connection:
        connection.execute(sa.text("UPDATE webhook_delivery SET next_try_at = now()"))


def test_the_published_vector() -> None:
    secret = __import__("base64").b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_told_is_sent_once_and_another_implementation_verifies_it(
    application: Application, receiver: Receiver
) -> None:
    ada = account(application, "Ada Hooks")
    hook = application.people.webhooks.add(ada, receiver.url)
    assert "secret=" not in repr(hook)
    tell(application, ada)
    send(application)
    send(application)
    [(headers, body)] = receiver.got
    document = Webhook(hook.secret).verify(body, headers)
    assert document["type"] == "notice.own-name"
    assert document["data"]["account_id"] == ada
    assert document["data"]["kind"] == "key"
    assert "." not in headers["webhook-id"]
    with pytest.raises(Exception, match="signature"):
        Webhook(hook.secret).verify(body.replace(b"own-name", b"use"), headers)
    [listed] = application.people.webhooks.of(ada)
    assert (listed.waiting, listed.problem, listed.disabled_at) == (0, None, None)


def test_a_failure_is_tried_again_with_the_same_id_and_then_given_up(
    application: Application, receiver: Receiver
) -> None:
    bob = account(application, "Bob Hooks")
    application.people.webhooks.add(bob, receiver.url)
    receiver.status = 503
    tell(application, bob)
    send(application)
    send(application)
    assert len(receiver.got) == 1, "not before its time"
    [listed] = application.people.webhooks.of(bob)
    assert (listed.waiting, listed.problem) == (1, "the address answered 503")
    receiver.status = 200
    now(application)
    send(application)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    [listed] = application.people.webhooks.of(bob)
    assert (listed.waiting, listed.problem) == (0, None)
    receiver.status = 302
    tell(application, bob)
    for _ in range(len(RETRIES) + 3):
        now(application)
        send(application)
    [listed] = application.people.webhooks.of(bob)
    assert listed.disabled_at is not None
    assert (listed.waiting, listed.problem) == (0, "given up after 10 tries: the address answered 302")
    assert len(receiver.got) == 2 + len(RETRIES) + 1


def test_gone_means_nothing_more(application: Application, receiver: Receiver) -> None:
    eve = account(application, "Eve Hooks")
    application.people.webhooks.add(eve, receiver.url)
    receiver.status = 410
    tell(application, eve)
    assert application.people.webhooks.of(eve)[0].waiting == 1
    send(application)
    [listed] = application.people.webhooks.of(eve)
    assert listed.disabled_at is not None
    before = receiver.got[:]
    tell(application, eve)
    assert application.people.webhooks.of(eve)[0].waiting == 0, "nothing more is kept for it"
    send(application)
    assert receiver.got == before


def test_a_long_queue_lets_others_go_first(application: Application, receiver: Receiver) -> None:
    """Whoever was served stands back behind those who have waited."""
    slow, patient = account(application, "Slow Hooks"), account(application, "Patient Hooks")
    hooks = application.people.webhooks
    first = hooks.add(slow, receiver.url).webhook_id
    second = hooks.add(patient, receiver.url).webhook_id
    tell(application, slow)
    tell(application, slow)
    tell(application, patient)
    assert [each for each in hooks.store.due(10) if each in (first, second)] == [first, second]
    hooks.store.stand_back(first)
    assert [each for each in hooks.store.due(10) if each in (first, second)] == [second, first]
    send(application)


def test_a_test_says_what_came_back(application: Application, receiver: Receiver) -> None:
    fay = account(application, "Fay Hooks")
    hooks = application.people.webhooks
    hook = hooks.add(fay, receiver.url)
    assert hooks.test(fay, hook.webhook_id).model_dump() == {"ok": True, "status": 200, "problem": None}
    assert json.loads(receiver.got[-1][1])["type"] == "test"
    receiver.status = 404
    assert not hooks.test(fay, hook.webhook_id).ok
    gone = hooks.add(fay, "http://127.0.0.1:1/")
    assert "cannot be reached" in (hooks.test(fay, gone.webhook_id).problem or "")
    other = account(application, "Gus Hooks")
    for call in (lambda: hooks.test(other, hook.webhook_id), lambda: hooks.remove(other, hook.webhook_id)):
        with pytest.raises(LedgerError) as caught:
            call()
        assert caught.value.code == "webhook-not-found"
    hooks.remove(fay, hook.webhook_id)
    for _ in range(webhooks.MOST_WEBHOOKS - 1):
        hooks.add(fay, receiver.url)
    with pytest.raises(LedgerError, match="the most that one may have"):
        hooks.add(fay, receiver.url)


def test_the_thread_sends_and_stops(application: Application, receiver: Receiver) -> None:
    ida = account(application, "Ida Hooks")
    application.people.webhooks.add(ida, receiver.url)
    stop = threading.Event()
    thread = threading.Thread(target=application.people.webhooks.run, args=(stop,), kwargs={"interval": 0.05})
    thread.start()
    try:
        tell(application, ida)
        for _ in range(400):
            if receiver.got:
                break
            stop.wait(0.05)
    finally:
        stop.set()
        thread.join()
    assert receiver.got


def test_a_private_address_is_refused_unless_the_operator_allows_it(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    jan = account(application, "Jan Hooks")
    closed = application.people.webhooks
    from dataclasses import replace

    from ledger.outbound import Outbound

    hooks = replace(closed, outbound=Outbound())
    for url in ("https://10.0.0.1/", "https://169.254.169.254/", "http://ada.example/"):
        with pytest.raises(LedgerError) as caught:
            hooks.add(jan, url)
        assert caught.value.code in ("private-address", "bad-address")
    hook = hooks.add(jan, "https://localhost/")
    assert "private network" in (hooks.test(jan, hook.webhook_id).problem or "")
