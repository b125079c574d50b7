"""A real nginx with the example of deploy/ before web servers of this machine."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.deploy.examples import TEXTS
from tests.web.test_respond_kill import free_port

NAME = "ask.example.org"
_LIVE = f"/etc/letsencrypt/live/{NAME}"
_MAIN = """
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    port: int
    trust: ssl.SSLContext  # which knows its certificate
    log: Path


@contextmanager
def nginx_before(ports: Sequence[int], folder: Path) -> Iterator[Nginx]:
    """The example, with its own ports and certificate, and these web servers."""
    program = shutil.which("nginx")
    assert program, "nginx is not installed; `apt-get install nginx-light` as root brings it"
    folder.mkdir()
    plain, port = free_port(), free_port()
    site = TEXTS["nginx.conf"]
    for example, here in (
        ("server 127.0.0.1:8000;", " ".join(f"server 127.0.0.1:{each};" for each in ports)),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        (_LIVE, str(folder)),
    ):
        assert example in site, example
        site = site.replace(example, here)
    (folder / "site.conf").write_text(site)
    # As root it would work as somebody who may not enter the folder.
    user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
    (folder / "main.conf").write_text(_MAIN.format(folder=folder, user=user))
    certificate = _certificate(folder)
    process = subprocess.Popen([program, "-c", str(folder / "main.conf"), "-p", str(folder)])
    try:
        _wait_for(port, process)
        trust = ssl.create_default_context(cafile=str(certificate))
        yield Nginx(port, trust, folder / "access.log")
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, "nginx did not start"
            time.sleep(0.05)


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    written = serialization.Encoding.PEM
    form, secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(written, form, secret))
    path = folder / "fullchain.pem"
    path.write_bytes(made.public_bytes(written))
    return path
