"""A hub on this machine: what huggingface_hub's client asks for to fetch models and to put them there."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Files = dict[str, bytes]


class Hub:
    """Models by name and revision. ``asked`` are the paths that were asked for; ``status`` answers all, if it is told;
    ``tokens`` may write."""

    def __init__(self) -> None:
        self.models: dict[str, dict[str, Files]] = {}
        self.asked: list[str] = []
        self.status: int | None = None
        self.tokens = {"hf_mayWrite"}
        self.address = ""

    def fetched(self) -> set[str]:
        return {path.rpartition("/")[2] for path in self.asked if "/resolve/" in path}


def commit_of(files: Files) -> str:
    return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve a hub, until the end, at ``hub.address``."""

    class Answers(_Answers):
        pass

    Answers.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Answers(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        self.hub.asked.append(self.path)
        if self.hub.status is not None:
            return self._answer(self.hub.status)
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            found = self._revision("/".join(parts[2:4]), parts[5] if len(parts) > 4 else "main")
            about = {"id": "/".join(parts[2:4]), "sha": found and commit_of(found), "siblings": []}
            return None if found is None else self._answer(200, json.dumps(about).encode())
        owner, name, _, revision, file = parts
        found = self._revision(f"{owner}/{name}", revision)
        if found is None:
            return None
        if file not in found:
            return self._answer(404, code="EntryNotFound")
        tag = hashlib.sha1(found[file]).hexdigest()
        return self._answer(200, found[file], {"X-Repo-Commit": commit_of(found), "ETag": f'"{tag}"'})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.hub.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.hub.tokens:
            return self._answer(401)
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts[1] == "validate-yaml":
            return self._answer(200, b'{"errors": [], "warnings": []}')
        if parts[1:] == ["repos", "create"]:
            told = json.loads(body)
            name = "/".join(filter(None, (told.get("organization"), told["name"])))
            self.hub.models.setdefault(name, {"main": {}})
            return self._answer(200, json.dumps({"url": f"{self.hub.address}/{name}"}).encode())
        name = "/".join(parts[2:4])
        if parts[4] == "preupload":
            how = {"uploadMode": "regular", "shouldIgnore": False}
            files = [{"path": one["path"], **how} for one in json.loads(body)["files"]]
            return self._answer(200, json.dumps({"files": files}).encode())
        lines = [json.loads(line) for line in body.splitlines()]
        added = [one["value"] for one in lines if one["key"] == "file"]
        files = self.hub.models[name]["main"]
        files.update({one["path"]: base64.b64decode(one["content"]) for one in added})
        done = {"commitUrl": f"{self.hub.address}/{name}/commit/1", "commitOid": commit_of(files)}
        return self._answer(200, json.dumps({"success": True, **done}).encode())

    def _revision(self, name: str, revision: str) -> Files | None:
        revisions = self.hub.models.get(name)
        if revisions is None:
            return self._answer(404, code="RepoNotFound")
        by_commit = {commit_of(files): files for files in revisions.values()}
        found = revisions.get(revision, by_commit.get(revision))
        return self._answer(404, code="RevisionNotFound") if found is None else found

    def _answer(self, status: int, body: bytes = b"", headers: Any = (), *, code: str = "") -> None:
        self.send_response(status)
        for name, value in {**dict(headers), "Content-Length": str(len(body)), "X-Error-Code": code}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""
