"""A small stand-in for the Hugging Face Hub on 127.0.0.1: repositories, revisions, pull requests,
and the ways it fails."""

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

#: Path in the repository -> content.
Files = Mapping[str, bytes]


def commit_of(files: Files) -> str:
    """The commit id of a revision that holds these files: 40 hex digits of their content."""
    return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()


def pull_request(num: int, title: str, author: str, status: str = "open") -> dict[str, Any]:
    """An entry of a discussion list, as the Hub gives it."""
    return {
        "num": num,
        "title": title,
        "author": {"name": author},
        "status": status,
        "isPullRequest": True,
        "createdAt": "2023-03-21T09:05:27.000Z",
    }


@dataclass
class HubDouble:
    """Serves `models` and `datasets` (id -> revision -> files) while used as a context manager.

    The fields below `requests` may be changed at any time and make it fail.
    """

    models: dict[str, dict[str, Files]] = field(default_factory=dict)
    datasets: dict[str, dict[str, Files]] = field(default_factory=dict)
    discussions: dict[str, Sequence[dict[str, Any]]] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)  #: method, path, Range
    private: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    status: int | None = None  #: answer everything with it
    status_of_files: int | None = None  #: answer requests for files with it
    drops: int = 0  #: so many file bodies still break off halfway
    silent: str | None = None  #: never answer paths that contain this

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """From here on, connections are refused."""
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fetched(self) -> list[str]:
        """The paths of the files that were downloaded (not only asked about), as `id/path`."""
        paths = (path.split("/resolve/") for method, path, _ in self.requests if method == "GET")
        return [f"{parts[0][1:]}/{parts[1].split('/', 1)[1]}" for parts in paths if len(parts) == 2]

    def environment(self, home: Path) -> dict[str, str]:
        """Variables that turn a fresh process to this Hub, with its cache in `home`."""
        return {"HF_ENDPOINT": self.url, "HF_HOME": str(home)}


class _Handler(BaseHTTPRequestHandler):
    hub: HubDouble
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, *args: object) -> None:
        """Nothing on stderr."""

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.hub.requests.append((self.command, unquote(path), self.headers.get("Range", "")))
        if self.hub.silent is not None and self.hub.silent in unquote(path):
            self.hub._stop.wait(30)
            self.close_connection = True
        elif self.hub.status is not None:
            self._fail(self.hub.status)
        elif path == "/":
            self._send(b"a double of the Hub")
        elif path.startswith("/api/"):
            self._answer_api(path.removeprefix("/api/"))
        elif "/resolve/" in path:
            self._answer_file(path)
        else:
            self._fail(404)

    def _answer_api(self, path: str) -> None:
        """models/{id}[/revision/{rev}], .../tree/{rev}, .../discussions; the same under
        datasets/."""
        kind, _, rest = path.partition("/")
        for verb in ("/revision/", "/tree/", "/discussions"):
            if verb in rest:
                repo_id, _, revision = rest.partition(verb)
                break
        else:
            repo_id, verb, revision = rest, "/revision/", "main"
        repository = self._repository(kind, repo_id)
        if repository is None:
            return
        if verb == "/discussions":
            self._send_json(self._discussions(kind, repo_id))
            return
        files = repository.get(unquote(revision))
        if files is None:
            self._fail(404, "RevisionNotFound")
        elif verb == "/tree/":
            self._send_json(
                [
                    {"type": "file", "path": name, "size": len(data), "oid": _git_id(data)}
                    for name, data in files.items()
                ]
            )
        else:
            self._send_json(
                {
                    "id": repo_id,
                    "sha": commit_of(files),
                    "private": False,
                    "siblings": [
                        {"rfilename": name, "size": len(data), "blobId": _git_id(data)}
                        for name, data in files.items()
                    ],
                }
            )

    def _discussions(self, kind: str, repo_id: str) -> dict[str, Any]:
        repo = {"name": repo_id, "type": kind.removesuffix("s")}
        entries = [{**entry, "repo": repo} for entry in self.hub.discussions.get(repo_id, ())]
        return {"discussions": entries, "count": len(entries), "start": 0}

    def _answer_file(self, path: str) -> None:
        """{id}/resolve/{rev}/{file} and datasets/{id}/resolve/{rev}/{file}."""
        place, _, rest = path[1:].partition("/resolve/")
        kind = "datasets" if place.startswith("datasets/") else "models"
        repository = self._repository(kind, place.removeprefix("datasets/"))
        if repository is None:
            return
        if self.hub.status_of_files is not None:
            self._fail(self.hub.status_of_files)
            return
        revision, _, name = (unquote(part) for part in rest.partition("/"))
        files = repository.get(revision) or next(
            (files for files in repository.values() if commit_of(files) == revision), None
        )
        if files is None:
            self._fail(404, "RevisionNotFound")
        elif name not in files:
            self._fail(404, "EntryNotFound")
        else:
            headers = {"ETag": f'"{_git_id(files[name])}"', "X-Repo-Commit": commit_of(files)}
            self._send(files[name], headers, breakable=True)

    def _repository(self, kind: str, repo_id: str) -> Mapping[str, Files] | None:
        """The revisions of a repository; answers with an error and gives None where there is
        nothing to be seen."""
        revisions = getattr(self.hub, kind).get(unquote(repo_id))
        if repo_id in self.hub.gated and "/resolve/" in self.path:
            self._fail(403, "GatedRepo")
        elif revisions is None or repo_id in self.hub.private:
            self._fail(401, "RepoNotFound")
        else:
            return revisions  # type: ignore[no-any-return]
        return None

    def _send_json(self, value: object) -> None:
        self._send(json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(
        self, body: bytes, headers: Mapping[str, str] | None = None, breakable: bool = False
    ) -> None:
        """The body, or what Range asks of it; a breakable one stops halfway while the Hub has drops
        left."""
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        part = body[start:]
        self.send_response(206 if start else 200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if breakable and self.hub.drops > 0:
            self.hub.drops -= 1
            part = part[: len(part) // 2]
            self.close_connection = True
        self.wfile.write(part)

    def _fail(self, status: int, code: str = "") -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _git_id(data: bytes) -> str:
    """The id git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
