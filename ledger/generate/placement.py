"""Decides, before anything is loaded, on which device a model runs, in which floating-point precision, and whether the
memory suffices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from ledger.errors import InputError, PushbackError
from ledger.generate.families import Family

Device = Literal["auto", "cpu", "cuda", "mps"]
Dtype = Literal["auto", "float32", "float16", "bfloat16"]

WORKING_SHARE = 1.2
"""Total memory needed per byte of weights, including memory for the picture in progress."""
_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


class Offload(StrEnum):
    """The parts that stay in main memory until the accelerator needs them (accelerate's hooks)."""

    NONE = "none"
    COMPONENTS = "components"
    LAYERS = "layers"


@dataclass(frozen=True, slots=True)
class Machine:
    """Free bytes per device; None: no such device."""

    memory: int
    cuda: int | None
    mps: int | None


@dataclass(frozen=True, slots=True)
class Placement:
    device: str
    dtype: str
    """Name of a torch type."""
    offload: Offload


def place(family: Family, numbers: Mapping[str, int], machine: Machine, device: Device, dtype: Dtype) -> Placement:
    """Chooses device, precision and offloading. `numbers`: number of parameters by component.

    On CUDA, the whole model if it fits, else component by component, else layer by layer. Free memory never changes the
    precision, since the same request must give the same picture later.
    Raises InputError (`device-missing`), PushbackError (`too-little-memory`).
    """
    chosen = _device(machine, device)
    kind = dtype if dtype != "auto" else family.cpu if chosen == "cpu" else family.half
    weights = {name: count * _BYTES[kind] for name, count in numbers.items()}
    whole, largest = sum(weights.values()), max(weights.values(), default=0)
    _require(whole, machine.memory)
    if chosen != "cuda" or machine.cuda is None:
        return Placement(chosen, kind, Offload.NONE)
    if whole * WORKING_SHARE <= machine.cuda:
        return Placement(chosen, kind, Offload.NONE)
    return Placement(chosen, kind, Offload.COMPONENTS if largest * WORKING_SHARE <= machine.cuda else Offload.LAYERS)


def this_machine() -> Machine:
    """Free memory according to torch and the system, within a container's limit."""
    import psutil
    import torch

    memory = int(psutil.virtual_memory().available)
    return Machine(
        memory=min(memory, _cgroup_limit(memory)),
        cuda=torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else None,
        mps=memory if torch.backends.mps.is_available() else None,
    )


def _cgroup_limit(otherwise: int) -> int:
    try:
        return int(_CGROUP_LIMIT.read_text())
    except (OSError, ValueError):  # no such limit, or "max"
        return otherwise


def _device(machine: Machine, device: Device) -> Literal["cpu", "cuda", "mps"]:
    there = {"cuda": machine.cuda is not None, "mps": machine.mps is not None, "cpu": True}
    if device == "auto":
        return "cuda" if there["cuda"] else "mps" if there["mps"] else "cpu"
    if not there[device]:
        raise InputError(
            f"there is no {device} device here that torch can use",
            code="device-missing",
            hint="Set ARTLEDGER_DEVICE to auto or cpu.",
        )
    return device


def _require(weights: int, free: int) -> None:
    needed = int(weights * WORKING_SHARE)
    if needed > free:
        raise PushbackError(
            f"the model needs about {needed / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free",
            code="too-little-memory",
            hint="End other programs, or choose a smaller model (ARTLEDGER_GENERATOR).",
            retry_after=60.0,
        )
