"""`gwylio classify` over 20,000 and over 200,000 lines: comments a second, and whether memory stays flat.

The command is run as anybody would run it, as a process of its own; its peak memory is the kernel's
figure.  The lines carry no author, so no history is remembered.

    python -m bench.classify [--few 20000] [--many 200000]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAID = (
    "Pryd fydd y biniau'n cael eu casglu yn ein stryd ni? Mae'n ddeg diwrnod bellach, ac mae'r gwylanod wrthi.",
    "The street light outside number 12 has been out for a fortnight now, who do I tell so that it is mended?",
    "Diolch yn fawr i'r criw am glirio'r lôn mor handi after the storm, you have no idea what it meant to us!",
    "Absolute clowns, the lot of you. Three weeks I have been waiting for one answer about one blue bin.",
)


def written(folder: Path, number: int) -> Path:
    file = folder / f"{number}.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        for n in range(number):
            lines.write(json.dumps({"id": n, "text": f"{SAID[n % len(SAID)]} ({n})"}, ensure_ascii=False) + "\n")
    return file


def run(file: Path) -> tuple[float, float]:
    """Seconds taken and peak memory in MiB."""
    started = time.perf_counter()
    with file.with_suffix(".out").open("wb") as out:
        child = subprocess.Popen([sys.executable, "-m", "cli", "classify", str(file)], stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"gwylio classify ended with {child.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--few", type=int, default=20_000)
    words.add_argument("--many", type=int, default=200_000)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        memory = []
        for number in (asked.few, asked.many):
            seconds, peak = run(written(Path(folder), number))
            memory.append(peak)
            print(
                f"classify, {number:>8,} lines: {number / seconds:>6,.0f} a second with start-up; peak {peak:.0f} MiB"
            )
    print(f"  memory, {asked.many:,} beside {asked.few:,} lines: {memory[1] / memory[0]:.3f}")


if __name__ == "__main__":
    main()
