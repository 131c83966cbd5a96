"""One officer's browser in a process of its own: it opens a case, waits for the word, and presses *send*.

    python -m tests.send_driver FOLDER CASE USERNAME TEXT

Prints `ready`, waits until FOLDER/go is there, sends the reply, and prints the status and where it led.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.web.world import site_in, token_in, version_in


def main(folder: str, case: str, username: str, text: str) -> None:
    visitor = site_in(Path(folder)).visitor(username)
    page = visitor.get(f"/en/cases/{case}").text
    data = {"csrf": token_in(page), "version": version_in(page), "kind": "answer", "text_en": text}
    print("ready", flush=True)
    while not (Path(folder) / "go").exists():
        time.sleep(0.001)
    answer = visitor.post(f"/en/cases/{case}/reply", data=data)
    print(answer.status_code, flush=True)
    print("title: " + answer.text.partition("<title>")[2].partition("</title>")[0].strip(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
