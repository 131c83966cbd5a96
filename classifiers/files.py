"""The files a classifier reads: word lists that people edit, and models that only our scripts write.

A model is npz beside a manifest with its SHA-256, and is refused when they differ.  Nothing
here unpickles.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

from classifiers.base import ModelError

WORDS = Path(__file__).resolve().parent.parent / "config" / "words"


def arrays(folder: Path) -> dict[str, Any]:
    """The arrays of the model in `folder`, by name.

    Raises ModelError when the manifest or the model is missing, damaged, or not a pair.
    """
    import numpy as np

    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        expected, name = str(manifest["sha256"]), Path(str(manifest["file"])).name
        body = (folder / name).read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the model in {folder.name} cannot be read ({type(error).__name__}); "
            "restore the folder from the repository, or train it again with classifiers/training"
        ) from error
    if hashlib.sha256(body).hexdigest() != expected:
        raise ModelError(
            f"{folder.name}/{name} is not the file that {folder.name}/manifest.json names; "
            "restore both from the repository, or train the model again with classifiers/training"
        )
    with np.load(io.BytesIO(body), allow_pickle=False) as held:
        return {key: held[key] for key in held.files}
