"""Which NVIDIA devices CUDA_VISIBLE_DEVICES leaves to us: by index, by UUID, by MIG UUID."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """What a device can be named by: a whole card, or one MIG instance of a card."""

    card: int
    card_uuid: str | None
    mig_uuid: str | None = None  # None for a whole card
    instance: tuple[int, int] | None = None  # GPU instance, compute instance


def visible_devices(setting: str | None, devices: Sequence[Device]) -> frozenset[int]:
    """Positions in `devices` that the setting leaves visible; all when it is None (not set).

    As CUDA reads it: the list ends at the first entry that names nothing, a repeated entry hides
    everything, a UUID may be cut short while it stays unambiguous, and a card that is split by MIG
    stands for its first instance. Indices count in the driver's order, which CUDA shares with
    CUDA_DEVICE_ORDER=PCI_BUS_ID and wherever all cards are of one model."""
    if setting is None:
        return frozenset(range(len(devices)))
    found: list[int] = []
    for entry in setting.split(","):
        position = _position(entry.strip(), devices)
        if position is None:
            break
        if position in found:
            return frozenset()
        found.append(position)
    return frozenset(found)


def _position(entry: str, devices: Sequence[Device]) -> int | None:
    """The one device that an entry names, or None."""
    if instance := re.fullmatch(r"MIG-(GPU-[^/]+)/(\d+)/(\d+)", entry):
        wanted = (int(instance[2]), int(instance[3]))
        named = [
            position
            for position, device in enumerate(devices)
            if device.instance == wanted and (device.card_uuid or "").startswith(instance[1])
        ]
        return named[0] if len(named) == 1 else None
    if entry.startswith("MIG-"):
        named = [p for p, d in enumerate(devices) if (d.mig_uuid or "").startswith(entry)]
        return named[0] if len(named) == 1 else None
    if entry.startswith("GPU-"):
        cards = {d.card for d in devices if (d.card_uuid or "").startswith(entry)}
    else:
        number = re.match(r"\d+", entry)
        cards = {int(number[0])} if number else set()
    if len(cards) != 1:
        return None
    return next((p for p, d in enumerate(devices) if d.card in cards), None)
