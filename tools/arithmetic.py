"""`make arithmetic`: the tests of what is computed with floating point, as other machines would compute it.

Sums depend on the number of threads and on the instructions of the processor, so a model that a test trains comes
out slightly different elsewhere. Each variant runs the same tests. What does not pass in all of them rests on luck:
make it deterministic, or let it state a rate.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ("fingerprint", "match", "generate", "lab", "image", "flows", "e2e/test_story.py")
"""In `tests`: what has outcomes that depend on floating point."""

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_NUMPY_BEYOND_AVX2 = ("X86_V4", "AVX512_ICL", "AVX512_SPR")
_AVX2: Mapping[str, str] = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}


def variants() -> dict[str, dict[str, str]]:
    """Name -> environment."""
    older = {**_AVX2, "NPY_DISABLE_CPU_FEATURES": " ".join(_numpy_features())}
    return {
        f"{threads}-{instructions}": {**dict.fromkeys(_THREADS, threads), "OMP_WAIT_POLICY": "PASSIVE", **limits}
        for instructions, limits in {"native": {}, "avx2": older}.items()
        for threads in ("1", "4")
    }


def _numpy_features() -> list[str]:
    """What NumPy can be asked not to use here: naming more makes it warn."""
    found: Mapping[str, bool] = import_module("numpy._core._multiarray_umath").__cpu_features__
    return [name for name in _NUMPY_BEYOND_AVX2 if found.get(name)]


def main() -> int:
    """Runs the tests in each variant that was asked for; returns how many variants did not pass."""
    known = variants()
    parser = argparse.ArgumentParser(prog="python -m tools.arithmetic", description=__doc__)
    parser.add_argument("tests", nargs="*", default=[f"tests/{each}" for each in TESTS])
    parser.add_argument("--variant", action="append", choices=known, help="instead of all of them")
    asked = parser.parse_args()
    failed = 0
    for name in asked.variant or known:
        start = time.monotonic()
        command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *asked.tests)
        done = subprocess.run(command, cwd=ROOT, env=os.environ | known[name], check=False)
        failed += done.returncode != 0
        outcome = "passed" if done.returncode == 0 else "FAILED"
        sys.stdout.write(f"arithmetic {name}: {outcome}, {time.monotonic() - start:.0f} s\n")
        sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
