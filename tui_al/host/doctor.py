"""`tui-al doctor`: in a page, what this machine can do and what to do about what is missing."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from textwrap import wrap

from tui_al.host import hardware, installation, storage, terminal
from tui_al.host.background import in_background
from tui_al.host.diagnostic import Finding, Status

Examination = Callable[[], tuple[Finding, ...]]

_SECONDS = 2.7  # for all examinations together
_SYMBOLS: dict[Status, tuple[str, str]] = {
    "ok": ("✓", "ok"),
    "info": ("·", "--"),
    "warn": ("!", "!!"),
    "bad": ("✗", "XX"),
}


def examine(home: Path) -> tuple[Finding, ...]:
    """All findings, in under three seconds: what does not answer by then is reported as that."""
    return gather(
        {
            "Python": installation.python_findings,
            "Packages": installation.package_findings,
            "GPU": hardware.gpu_findings,
            "CPU": hardware.cpu_findings,
            "Memory": hardware.memory_findings,
            "Disk": partial(storage.disk_findings, home),
            "Home": partial(storage.home_findings, home),
            "Sessions": partial(storage.session_findings, home),
            "Terminal": terminal.terminal_findings,
            "Bundled encoder": installation.encoder_findings,
            "Cached models": installation.cache_findings,
            "Hub": installation.hub_findings,
        },
        _SECONDS,
    )


def gather(examinations: dict[str, Examination], seconds: float) -> tuple[Finding, ...]:
    """Run all at once and wait `seconds` in all; one that fails or hangs spoils no other."""
    end = time.monotonic() + seconds
    started = {topic: in_background(call) for topic, call in examinations.items()}
    findings: list[Finding] = []
    for topic, future in started.items():
        findings.extend(_outcome(topic, future, max(0.0, end - time.monotonic())))
    return tuple(findings)


def _outcome(
    topic: str, future: Future[tuple[Finding, ...]], seconds: float
) -> tuple[Finding, ...]:
    try:
        return future.result(seconds)
    except TimeoutError:
        return (Finding(topic, "warn", "no answer in time", "It hangs or is very slow."),)
    except Exception as error:
        fact = f"could not be examined: {type(error).__name__}: {error}"
        return (Finding(topic, "warn", fact),)


def render(findings: Sequence[Finding], *, unicode: bool = True, width: int = 80) -> str:
    """The findings as plain lines: a symbol, the topic, the fact; advice below it, indented.

    Texts from outside are shown without control characters; without `unicode` everything is ASCII.
    """
    topics = max((len(finding.topic) for finding in findings), default=0)
    lines = [line for finding in findings for line in _lines(finding, topics, unicode, width)]
    lines += ["", _summary(findings)]
    text = "\n".join(lines)
    return text if unicode else text.encode("ascii", "replace").decode()


def _lines(finding: Finding, topics: int, unicode: bool, width: int) -> Iterator[str]:
    symbol = _SYMBOLS[finding.status][0 if unicode else 1]
    start = f"{symbol} {finding.topic:<{topics}}  "
    arrow = "→ " if unicode else "-> "
    indent = " " * len(start)
    yield from _wrapped(finding.fact, start, indent, width)
    if finding.advice:
        yield from _wrapped(finding.advice, indent + arrow, indent + " " * len(arrow), width)


def _wrapped(text: str, first: str, rest: str, width: int) -> list[str]:
    shown = "".join(letter if letter.isprintable() else "�" for letter in text)
    return wrap(
        shown,
        max(width, len(rest) + 20),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _summary(findings: Sequence[Finding]) -> str:
    bad = sum(finding.status == "bad" for finding in findings)
    warned = sum(finding.status == "warn" for finding in findings)
    if bad:
        return f"{bad} to mend, {warned} to look at."
    if warned:
        return f"tui-al works here; {warned} to look at."
    return "All is well: tui-al works here."
