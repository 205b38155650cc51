"""Record version and licence of every archive that was fetched: archives -> packages.lock.json.

fetch_corpus.py asks for the npm versions in that file, so that a later run reads the same text.
Debian versions are only recorded, since a mirror offers one version of a package at a time.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from fetch_corpus import SPLITS, archive_path
from paths import HERE, WORK
from prepare_corpus import licence_of, members


def describe(archive: Path) -> dict[str, str]:
    """Version and licence as the archive states them."""
    wanted = ("package.json", "copyright")
    files = {path: content for path, content in members(archive) if path.endswith(wanted)}
    if archive.suffix == ".tgz":
        version = str(json.loads(files["package.json"])["version"])
    else:
        command = ["dpkg-deb", "--field", str(archive), "Version"]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return {"version": version, "licence": licence_of(archive, files)}


def main() -> None:
    packages = json.loads((HERE / "packages.json").read_text())
    lock = {
        kind: {
            name: describe(archive_path(WORK / "archives", kind, name))
            for name in sorted(name for split in SPLITS for name in packages[kind][split])
        }
        for kind in ("npm", "debian")
    }
    (HERE / "packages.lock.json").write_text(json.dumps(lock, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
