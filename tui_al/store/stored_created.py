"""The second copy of a session's first event, in the table `meta`: with a checksum before it."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

#: Under which key it stands.
COPY = "created"


def packed(plain: Mapping[str, Any]) -> str:
    """As it is stored."""
    body = json.dumps(plain)
    return f"{zlib.crc32(body.encode()):08x} {body}"


def unpacked(text: str) -> dict[str, Any] | None:
    """What was stored; None if it is not as it was written."""
    said, _, body = text.partition(" ")
    if said != f"{zlib.crc32(body.encode('utf-8', 'surrogatepass')):08x}":
        return None
    plain = json.loads(body)
    return plain if isinstance(plain, dict) else None
