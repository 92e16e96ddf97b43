"""Draw pictures with a diffusers pipeline; each gets a record on the log, credentials in the file, and a proof.

    python examples/wrap_pipeline.py ./my-model "a red car" --out pictures --data ./ledger

Pictures that the guard blocks are not saved. The exit code is 1 where there was one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from diffusers import DiffusionPipeline

from ledger import attributed, open_application, verify_bundle


def draw(model: Path, prompt: str, out: Path, data: Path | None, steps: int) -> int:
    """How many pictures were blocked. Writes `RECORD_ID.png` and `RECORD_ID.bundle.json` into `out`."""
    pipeline = DiffusionPipeline.from_pretrained(model, use_safetensors=True)
    out.mkdir(parents=True, exist_ok=True)
    blocked = 0
    with open_application(data) as ledger:
        draws = attributed(pipeline, ledger.attributor, name=model.name)
        for picture in draws(prompt, num_inference_steps=steps).pictures:
            record_id = str(picture.record["record_id"])
            print(picture.record["reference"])
            if picture.file is None:
                blocked += 1
                print("  blocked:", *picture.reasons)
                continue
            (out / f"{record_id}.png").write_bytes(picture.file)
            bundle = ledger.bundle(record_id)
            verify_bundle(bundle, ledger.log_key).require()
            (out / f"{record_id}.bundle.json").write_bytes(bundle)
    return blocked


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder of a pipeline, as diffusers saves it")
    parser.add_argument("prompt")
    parser.add_argument("--out", type=Path, default=Path("pictures"))
    parser.add_argument("--data", type=Path, help="the ledger's data folder")
    parser.add_argument("--steps", type=int, default=25)
    given = parser.parse_args(arguments)
    return 1 if draw(given.model, given.prompt, given.out, given.data, given.steps) else 0


if __name__ == "__main__":
    raise SystemExit(main())
