"""A real S3 server and web servers on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from fsspec.implementations.http import HTTPFileSystem
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from tests import sample_store


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an S3 server that has one empty bucket, ``models``."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    S3FileSystem.clear_instance_cache()
    client = boto3.client("s3")
    client.create_bucket(Bucket="models")
    yield client
    for each in keys(client):
        client.delete_object(Bucket="models", Key=each)
    client.delete_bucket(Bucket="models")
    client.close()


def keys(client: Any) -> list[str]:
    found = client.list_objects_v2(Bucket="models").get("Contents", [])
    return [each["Key"] for each in found]


@pytest.fixture(scope="session")
def model() -> Path:
    """A small model that needs an upgrade."""
    return next(each.path for each in sample_store.samples("keras-2.2.4") if each.name == "crnn")


@dataclass
class Web:
    """A web server of one folder, and what it has sent."""

    url: str
    sent: list[int] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, folder: Path, ranges: bool, length: bool, web: Web) -> None:
        self.folder, self.ranges, self.length, self.web = folder, ranges, length, web
        super().__init__(*args)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.folder / self.path.lstrip("/").partition("?")[0]
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        said = self.headers.get("Range")
        if said and self.ranges:
            first, last = said.removeprefix("bytes=").split("-")
            whole = len(content)
            content = content[int(first) : int(last) + 1]
            self.send_response(206)
            end = int(first) + len(content) - 1
            self.send_header("Content-Range", f"bytes {first}-{end}/{whole}")
        else:
            self.send_response(200)
        if self.length:
            self.send_header("Content-Length", str(len(content)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if body:
            self.web.sent.append(len(content))
            try:
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Web]:
    """Serves ``tmp_path``; the parameter says ``ranges``, ``whole`` or ``endless``."""
    kind = getattr(request, "param", "ranges")
    HTTPFileSystem.clear_instance_cache()
    web = Web("")
    handler = partial(
        _Handler, folder=tmp_path, ranges=kind == "ranges", length=kind != "endless", web=web
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    web.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield web
    server.shutdown()
    thread.join()
    server.server_close()
