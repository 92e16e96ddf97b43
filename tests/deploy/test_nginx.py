"""deploy/nginx.conf as it stands, in a real nginx before a real service: names, limits, sizes."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from api.app import create_app
from ledger.app import open_application
from tests.api.serving import served_app
from tests.applications import GENEROUS
from tests.needs import require

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NAME = "ledger.example.org"
WELL_KNOWN = "/.well-known/artledger.json"
PER_ADDRESS = 3
DIGEST = b'{"sha256": "%s"}' % (b"0" * 64)


@dataclass(frozen=True, slots=True)
class Proxy:
    http: int
    https: int

    def ask(
        self, method: str, path: str, *, name: str = NAME, body: bytes | None = None, source: str = "127.0.0.2",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:  # fmt: skip
        """Status and body, asked over TLS from an address that is not the proxy's."""
        status, _, answer = self.exchange(method, path, name=name, body=body, source=source, headers=headers)
        return status, answer

    def exchange(
        self, method: str, path: str, *, name: str = NAME, body: bytes | None = None, source: str = "127.0.0.2",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, HTTPMessage, bytes]:  # fmt: skip
        """The same with the answer's headers."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.https, timeout=20, context=context, source_address=(source, 0)
        )
        try:
            sent = {"Host": name, "Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def certificate(folder: Path) -> None:
    """A self-signed certificate, as files of the names that the configuration has."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def configured(folder: Path, service: str, http_port: int, https_port: int) -> Path:
    """The shipped file with ports and paths of the test, below the few lines that every nginx has around it."""
    text = CONFIGURATION.read_text()
    for old, new in (
        ("127.0.0.1:8000", service),
        ("listen 80", f"listen 127.0.0.1:{http_port}"),
        ("listen 443", f"listen 127.0.0.1:{https_port}"),
        ("/etc/ssl/ledger.example.org", str(folder)),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "site.conf").write_text(text)
    around = [
        *(["user root;"] if os.geteuid() == 0 else []),  # its workers must get into the test's folder
        "daemon off;", f"pid {folder}/nginx.pid;", f"error_log {folder}/error.log;", "events {}",
        "http {", "access_log off;",
        *(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")),
        f"include {folder}/site.conf;", "}",
    ]  # fmt: skip
    main = folder / "nginx.conf"
    main.write_text("\n".join(around))
    return main


@pytest.fixture(scope="module")
def proxy(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    require("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o711)
    certificate(folder)
    limits = {**GENEROUS, "limit_per_address": f"{PER_ADDRESS}/minute"}
    behind = {"allowed_hosts": NAME, "trusted_proxies": "127.0.0.1", "max_image_bytes": 2**20}
    with (
        open_application(data_dir=folder / "data", database_url=module_database_url, **limits, **behind) as application,
        served_app(create_app(application)) as url,
    ):
        application.log.keys.signer()
        application.log.settle()
        ports = Proxy(free_port(), free_port())
        main = configured(folder, url.removeprefix("http://"), ports.http, ports.https)
        tested = subprocess.run(["nginx", "-t", "-c", main], capture_output=True, text=True, check=False)
        assert tested.returncode == 0, tested.stderr
        with subprocess.Popen(["nginx", "-c", main], stderr=subprocess.PIPE) as running:
            try:
                wait_for(ports.https, running)
                yield ports
            finally:
                running.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(500):
        assert process.poll() is None, "nginx ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail("nginx does not listen")


def test_pages_and_the_log_come_through(proxy: Proxy) -> None:
    status, page = proxy.ask("GET", "/")
    assert (status, b"<title>" in page) == (200, True)
    assert proxy.ask("GET", "/checkpoint")[0] == 200
    assert proxy.ask("GET", "/healthz")[0] == 200


def test_browsers_of_other_sites_and_caches_read_the_log_through_it(proxy: Proxy) -> None:
    """nginx passes on what they send and what they are told."""
    site = {"Origin": "https://monitor.example", "Sec-Fetch-Site": "cross-site"}
    status, headers, whole = proxy.exchange("GET", "/checkpoint", headers=site)
    tag = headers["ETag"]
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert headers["Cache-Control"] == "public, max-age=2"
    assert proxy.exchange("GET", "/checkpoint", headers={"If-None-Match": tag})[0] == 304
    status, headers, part = proxy.exchange("GET", "/checkpoint", headers={"Range": "bytes=2-5", "If-Range": tag})
    assert (status, part, headers["Content-Range"]) == (206, whole[2:6], f"bytes 2-5/{len(whole)}")
    status, headers, body = proxy.exchange("HEAD", "/checkpoint")
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(whole)))
    status, headers, body = proxy.exchange("OPTIONS", "/checkpoint", headers=site)
    assert (status, body, headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS")
    assert headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    status, headers, packed = proxy.exchange("GET", WELL_KNOWN, headers={"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == proxy.ask("GET", WELL_KNOWN)[1]
    assert "Access-Control-Allow-Origin" not in proxy.exchange("OPTIONS", "/v1/works", headers=site)[1]


def test_other_names_get_nothing(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/healthz", name="elsewhere.example")[0] == 421, "the service itself refuses it, too"
    with plainly(proxy, "elsewhere.example") as connection, pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    with plainly(proxy, NAME) as connection:
        moved = connection.getresponse()
        assert (moved.status, moved.headers["Location"]) == (301, f"https://{NAME}/log")


@contextmanager
def plainly(proxy: Proxy, name: str) -> Iterator[http.client.HTTPConnection]:
    """A request without TLS, sent."""
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.http, timeout=10)) as connection:
        connection.request("GET", "/log", headers={"Host": name})
        yield connection


def test_each_asker_has_a_limit_whatever_they_say_of_themselves(proxy: Proxy) -> None:
    """Limits count the address that nginx saw, not what the asker claims to have come through."""
    said = [
        {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}", "X-Real-IP": "10.0.0.1"}
        for number in range(PER_ADDRESS + 2)
    ]
    answers = [proxy.ask("POST", "/v1/lookups", body=DIGEST, headers=each, source="127.0.0.3")[0] for each in said]
    assert answers == [200] * PER_ADDRESS + [429] * 2
    assert proxy.ask("POST", "/v1/lookups", body=DIGEST, source="127.0.0.4")[0] == 200, "others are not held up"


def test_nobody_is_the_owner_behind_it(proxy: Proxy) -> None:
    status, answer = proxy.ask("POST", "/v1/accounts", body=b'{"role": "artist", "name": "Ada"}', source="127.0.0.5")
    assert status == 401, answer


def test_large_pictures_come_through_and_larger_ones_are_told_so(proxy: Proxy) -> None:
    """nginx lets through what the service may accept; the service names its own limit."""
    size = int(re.findall(r"client_max_body_size (\d+)m;", CONFIGURATION.read_text())[0]) * 2**20
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    status, answer = proxy.ask(
        "POST", "/v1/lookups", body=head + b"\x89PNG" + bytes(2 * 2**20) + b"\r\n--b--\r\n", headers=form
    )
    assert (status, b"too-large" in answer) == (413, True), answer
    status, answer = proxy.ask("POST", "/v1/lookups", body=bytes(size + 1), headers=form)
    assert (status, b"nginx" in answer) == (413, True)


def test_only_this_machine_sees_how_the_service_is(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/readyz", source="127.0.0.1")[0] in (200, 503)
    assert proxy.ask("GET", "/readyz", source="127.0.0.2")[0] == 403
    assert proxy.ask("GET", "/metrics")[0] == 404
