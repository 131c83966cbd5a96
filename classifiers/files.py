"""The files a classifier reads: word lists that people edit, and models that only our scripts write.

A model is a folder with a manifest that names every file and its SHA-256; it is refused when one
differs.  Nothing here unpickles.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classifiers.base import ModelError

WORDS = Path(__file__).resolve().parent.parent / "config" / "words"


def checked_files(folder: Path) -> Mapping[str, Any]:
    """The manifest of the model in `folder`, once every file that it names is the one it names.

    Raises ModelError when the manifest or a file is missing, damaged, or not a pair.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        expected = {Path(name).name: str(hash_) for name, hash_ in manifest["files"].items()}
        found = {name: sha256(folder / name) for name in expected}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the model in {folder.name} cannot be read ({type(error).__name__}); "
            "restore the folder from the repository, or train it again with classifiers/training"
        ) from error
    for name, hash_ in expected.items():
        if found[name] != hash_:
            raise ModelError(
                f"{folder.name}/{name} is not the file that {folder.name}/manifest.json names; "
                "restore both from the repository, or train the model again with classifiers/training"
            )
    return manifest


def sha256(path: Path) -> str:
    """The hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def arrays(folder: Path, name: str = "model.npz") -> dict[str, Any]:
    """The arrays of the model in `folder`, by name.

    Raises ModelError as `checked_files` does.
    """
    import numpy as np

    checked_files(folder)
    with np.load(io.BytesIO((folder / name).read_bytes()), allow_pickle=False) as held:
        return {key: held[key] for key in held.files}


def sign(folder: Path, about: Mapping[str, Any]) -> None:
    """Writes the manifest of a model that was just made: `about` it, and the hash of every other file."""
    files = {
        path.name: sha256(path)
        for path in sorted(folder.iterdir())
        if path.suffix != ".md" and path.name != "manifest.json"
    }
    told = json.dumps({**about, "files": files}, indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(told + "\n", encoding="utf-8")
