"""Download the archives named in packages.json; nothing is unpacked and nothing is run.

npm packages come through `npm pack`, Debian packages through `apt-get download`, so the machine's
own registries and caches apply. A name that cannot be fetched is reported and left out; an archive
that is already there is kept, so a broken download is resumed by running the command again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from paths import HERE, WORK

SPLITS = ("train", "validation", "test")
PARALLEL_DOWNLOADS = 4


def slug(name: str) -> str:
    """A package name as a file name: `@tanstack/store` -> `tanstack+store`."""
    return name.lstrip("@").replace("/", "+")


def archive_path(root: Path, kind: str, name: str) -> Path:
    """Where the archive of a package lies under the archives' folder."""
    return root / kind / (f"{slug(name)}.tgz" if kind == "npm" else f"{name}.deb")


def locked_versions() -> dict[str, str]:
    """npm versions of packages.lock.json; empty without that file."""
    lock = HERE / "packages.lock.json"
    entries = json.loads(lock.read_text())["npm"] if lock.exists() else {}
    return {name: entry["version"] for name, entry in entries.items()}


def fetch_npm(name: str, folder: Path) -> bool:
    """`folder/<slug>.tgz` from the npm registry; True when it is there afterwards."""
    target = folder / f"{slug(name)}.tgz"
    if target.exists():
        return True
    version = locked_versions().get(name)
    spec = f"{name}@{version}" if version else name
    scratch = folder / f".{slug(name)}"
    scratch.mkdir(parents=True, exist_ok=True)
    options = ["--silent", "--ignore-scripts", "--pack-destination", str(scratch)]
    command = ["npm", "pack", spec, *options]
    subprocess.run(command, capture_output=True, cwd=scratch, check=False)
    for archive in scratch.glob("*.tgz"):
        archive.rename(target)
    scratch.rmdir()
    return target.exists()


def fetch_debian(name: str, folder: Path) -> bool:
    """`folder/<name>.deb` from the configured Debian mirrors; True when it is there afterwards."""
    target = folder / f"{name}.deb"
    if target.exists():
        return True
    scratch = folder / f".{name}"
    scratch.mkdir(parents=True, exist_ok=True)
    command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", name]
    subprocess.run(command, capture_output=True, cwd=scratch, check=False)
    for archive in scratch.glob("*.deb"):
        archive.rename(target)
    scratch.rmdir()
    return target.exists()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WORK / "archives")
    options = parser.parse_args()
    packages = json.loads((HERE / "packages.json").read_text())
    for kind, fetch in (("npm", fetch_npm), ("debian", fetch_debian)):
        folder = options.out / kind
        folder.mkdir(parents=True, exist_ok=True)
        names = [name for split in SPLITS for name in packages[kind][split]]
        with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
            fetched = list(pool.map(lambda name: fetch(name, folder), names))
        missing = [name for name, ok in zip(names, fetched) if not ok]
        print(f"{kind}: {sum(fetched)} of {len(names)} archives; missing: {missing}", flush=True)


if __name__ == "__main__":
    main()
