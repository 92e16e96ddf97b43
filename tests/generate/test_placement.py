"""Where models run: pure decisions about machines that need not be here."""

from __future__ import annotations

import pytest

from ledger.errors import InputError, PushbackError
from ledger.generate.families import FLUX, STABLE_DIFFUSION, STABLE_DIFFUSION_XL, Family
from ledger.generate.placement import Device, Dtype, Machine, Offload, Placement, place, this_machine

GIB = 2**30
XL = {"unet": 2_567_000_000, "text_encoder": 123_000_000, "text_encoder_2": 695_000_000, "vae": 84_000_000}
SCHNELL = {
    "transformer": 11_900_000_000,
    "text_encoder_2": 4_760_000_000,
    "text_encoder": 123_000_000,
    "vae": 84_000_000,
}


@pytest.mark.parametrize(
    ("family", "numbers", "machine", "expected"),
    [
        (STABLE_DIFFUSION_XL, XL, Machine(64 * GIB, 24 * GIB, None), Placement("cuda", "float16", Offload.NONE)),
        (STABLE_DIFFUSION_XL, XL, Machine(64 * GIB, 7 * GIB, None), Placement("cuda", "float16", Offload.COMPONENTS)),
        (STABLE_DIFFUSION_XL, XL, Machine(64 * GIB, 4 * GIB, None), Placement("cuda", "float16", Offload.LAYERS)),
        (STABLE_DIFFUSION_XL, XL, Machine(64 * GIB, None, 64 * GIB), Placement("mps", "float16", Offload.NONE)),
        (STABLE_DIFFUSION_XL, XL, Machine(64 * GIB, None, None), Placement("cpu", "float32", Offload.NONE)),
        (FLUX, SCHNELL, Machine(64 * GIB, 24 * GIB, None), Placement("cuda", "bfloat16", Offload.LAYERS)),
        (FLUX, SCHNELL, Machine(64 * GIB, None, None), Placement("cpu", "bfloat16", Offload.NONE)),
    ],
)
def test_whole_where_it_fits_else_in_parts(
    family: Family, numbers: dict[str, int], machine: Machine, expected: Placement
) -> None:
    assert place(family, numbers, machine, "auto", "auto") == expected


@pytest.mark.parametrize(
    ("device", "dtype", "expected"),
    [
        ("cpu", "auto", Placement("cpu", "float32", Offload.NONE)),
        ("cpu", "bfloat16", Placement("cpu", "bfloat16", Offload.NONE)),
        ("cuda", "float32", Placement("cuda", "float32", Offload.NONE)),
    ],
)
def test_what_the_settings_say_counts(device: Device, dtype: Dtype, expected: Placement) -> None:
    assert place(STABLE_DIFFUSION, {"unet": 10**9}, Machine(64 * GIB, 24 * GIB, None), device, dtype) == expected


def test_a_device_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError) as caught:
        place(STABLE_DIFFUSION, {"unet": 1}, Machine(GIB, None, None), "cuda", "auto")
    assert caught.value.code == "device-missing"


def test_too_little_memory_is_said_with_figures_whatever_the_accelerator_has() -> None:
    for machine in (Machine(16 * GIB, None, None), Machine(16 * GIB, 80 * GIB, None)):
        with pytest.raises(PushbackError) as caught:
            place(FLUX, SCHNELL, machine, "auto", "auto")
        assert caught.value.code == "too-little-memory"
        assert "37.7 GiB" in caught.value.message
        assert "16.0 GiB" in caught.value.message


def test_the_numbers_do_not_depend_on_what_is_free() -> None:
    kinds = {
        place(STABLE_DIFFUSION_XL, XL, Machine(64 * GIB, free * GIB, None), "auto", "auto").dtype for free in (3, 7, 80)
    }
    assert kinds == {"float16"}


def test_this_machine_has_memory() -> None:
    assert this_machine().memory > 0
