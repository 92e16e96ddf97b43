"""Checks a pipeline's folder before anything in it is loaded: its kind, its safety, its digests.

The layout is that of diffusers: `model_index.json` names the class of the pipeline and of each component, and each
component has a folder. The folder is untrusted. Only safetensors are read, because a pickle can run code, and only
known classes are loaded.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import canonical
from ledger.errors import InputError, NotFoundError
from ledger.files import open_regular, read_regular
from ledger.generate.families import FAMILIES, Family
from ledger.generate.picture import ModelFacts

PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib"})
MANIFEST = "manifest.txt"
INDEX = "model_index.json"
VARIANT = "fp16"
_CONFIGURATION = frozenset({".json", ".txt", ".model"})
_MAX_JSON = 16 * 2**20
_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion"})
_WEIGHTS = re.compile(r"(?:diffusion_pytorch_)?model(?P<variant>\.fp16)?(?:-\d{5}-of-\d{5})?\.safetensors")


@dataclass(frozen=True, slots=True)
class PipelineFolder:
    """A folder that passed the checks of `open_folder`."""

    path: Path
    family: Family
    components: Mapping[str, str]
    """Classes of the present components, in the order of their names."""
    variant: str | None
    """diffusers' name of an alternative set of weights, used if the usual set is missing."""
    weights: tuple[Path, ...]
    """The safetensors files to load."""

    @property
    def sampler(self) -> str:
        return self.components["scheduler"]

    def variant_of(self, component: str) -> str | None:
        """`variant` if this component has it, else None."""
        names = [path.name for path in self.weights if path.parent.name == component]
        return self.variant if any(f".{VARIANT}" in name for name in names) else None

    def config(self, component: str) -> Mapping[str, Any]:
        """The component's `config.json`. Raises InputError (`bad-pipeline`)."""
        return _read_json(self.path / component / "config.json")

    def numbers(self) -> Mapping[str, int]:
        """Number of parameters by component, from the headers. Raises InputError (`bad-weights`)."""
        counts: dict[str, int] = {}
        for path in self.weights:
            counts[path.parent.name] = counts.get(path.parent.name, 0) + _count_numbers(path)
        return counts

    def facts(self, name: str, revision: str | None) -> ModelFacts:
        """Facts from every file that influences a picture, each read once. `name`: `owner/name` for a hub model."""
        weights = {self._relative(path): _file_sha256(path) for path in self.weights}
        description = {
            "type": "artledger/model-spec",
            "version": 1,
            "pipeline": f"diffusers/{self.family.pipeline}",
            "hub": None if revision is None else {"repository": name, "revision": revision},
            "weights": weights,
            "configuration": {self._relative(path): _file_sha256(path) for path in self._configuration()},
        }
        manifest = self.path / MANIFEST
        return ModelFacts(
            name=name,
            format=f"diffusers/{self.family.pipeline}",
            revision=revision,
            files=weights,
            spec=canonical.dumps(description),
            manifest=manifest if manifest.is_file() else None,
        )

    def _configuration(self) -> Iterator[Path]:
        yield self.path / INDEX
        for component in self.components:
            for path in sorted((self.path / component).iterdir()):
                if path.suffix in _CONFIGURATION and path.name.isascii():
                    yield path

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()


def open_folder(path: Path) -> PipelineFolder:
    """Checks a folder. Raises NotFoundError (`model-missing`), InputError (`unsafe-weights`, `bad-pipeline`)."""
    if not path.is_dir():
        raise NotFoundError(
            f"{path}: there is no model here", code="model-missing", hint="Name the folder of a diffusers pipeline."
        )
    if not (path / INDEX).is_file():
        raise InputError(
            f"{path} has no {INDEX}, so it is not the folder of a pipeline",
            code="bad-pipeline",
            hint="Save one with pipeline.save_pretrained(FOLDER, safe_serialization=True).",
        )
    _refuse_pickles(path)
    family, index = open_index(path)
    components = dict(sorted(index.items()))
    files = {name: _weight_files(path / name) for name in components if _has_weights(name)}
    if missing := sorted(name for name in components if not (path / name).is_dir()):
        raise NotFoundError(f"the model's folder {path} lacks {', '.join(missing)}", code="model-missing")
    if missing := sorted(name for name, found in files.items() if not found):
        raise NotFoundError(
            f"the model's {', '.join(missing)} has no weights as safetensors in {path}",
            code="model-missing",
            hint="Save it again with safe_serialization=True.",
        )
    variant = VARIANT if any(None not in found for found in files.values()) else None
    weights = tuple(file for found in files.values() for file in found.get(variant, found.get(None, ())))
    return PipelineFolder(path, family, components, variant, weights)


def open_index(path: Path) -> tuple[Family, Mapping[str, str]]:
    """The kind of pipeline in `model_index.json`, and each component's class.

    diffusers imports the library and class that this file names, so only known ones are accepted.
    Raises InputError (`bad-pipeline`).
    """
    index = _read_json(path / INDEX)
    name = index.get("_class_name")
    family = FAMILIES.get(name) if isinstance(name, str) else None
    if family is None:
        raise InputError(
            f"the pipeline's class is {str(name)[:80]!r}, which is not among {', '.join(FAMILIES)}",
            code="bad-pipeline",
            hint="Wrap any other pipeline in Python: ledger.generate.attributed.",
        )
    classes: dict[str, str] = {}
    for component, allowed in family.components.items():
        match index.get(component):
            case [str(library), str(found)] if library in _LIBRARIES and found in allowed:
                classes[component] = found
            case None | [None, None] if component in family.optional:
                continue
            case other:
                raise InputError(
                    f"{INDEX} names {str(other)[:80]} as {component}; expected: {', '.join(sorted(allowed))}",
                    code="bad-pipeline",
                )
    if "safety_checker" not in classes:
        classes.pop("feature_extractor", None)  # only the safety checker needs it
    return family, classes


def _has_weights(component: str) -> bool:
    return not component.startswith(("tokenizer", "scheduler", "feature_extractor"))


def _refuse_pickles(path: Path) -> None:
    for found in sorted(path.rglob("*")):
        if found.suffix.lower() in PICKLES:
            raise InputError(
                f"{found.relative_to(path)} may be a pickle, which could run any code when it is read",
                code="unsafe-weights",
                hint="Only safetensors are loaded: convert it, and delete such files from the folder.",
            )


def _weight_files(folder: Path) -> Mapping[str | None, tuple[Path, ...]]:
    """Files by variant (several if the weights are sharded)."""
    found: dict[str | None, tuple[Path, ...]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if match := _WEIGHTS.fullmatch(path.name):
            variant = VARIANT if match["variant"] else None
            found[variant] = (*found.get(variant, ()), path)
    return found


def _count_numbers(path: Path) -> int:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} is not a safetensors file: {error}", code="bad-weights") from error
    total = 0
    for shape in shapes:
        count = 1
        for side in shape:
            count *= side
        total += count
    return total


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(read_regular(path, _MAX_JSON))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}", code="bad-pipeline") from error
    if not isinstance(value, dict):
        raise InputError(f"{path} is not a JSON object", code="bad-pipeline")
    return value


def _file_sha256(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
