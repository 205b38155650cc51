"""Archives -> work/corpus/{test,validation,train}.jsonl: {package, path, language, text} per line.

The split is by package. Test packages are read first and their lines remembered, so that a training
file which repeats them is dropped as a near duplicate. Python's hash seed must be fixed (run.sh
sets PYTHONHASHSEED=0).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from fetch_corpus import archive_path
from paths import HERE, WORK
from source_filter import (
    PERMISSIVE,
    clean,
    is_built,
    is_near_duplicate,
    language_of,
    line_hashes,
    prefer_sources,
)

Document = dict[str, str]
BENCHMARK_SHINGLE = (
    60  # characters without whitespace that a corpus file must not share with a benchmark
)


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """(path inside the package, content) of every regular file under 200 kB."""
    if archive.suffix == ".deb":
        stream = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", str(archive)], capture_output=True, check=True
        ).stdout
        tar = tarfile.open(fileobj=io.BytesIO(stream), mode="r|")
    else:
        tar = tarfile.open(archive, mode="r|gz")
    with tar:
        for member in tar:
            if member.isfile() and member.size < 200_000:
                yield member.name.removeprefix("./").removeprefix("package/"), tar.extractfile(
                    member
                ).read()


def licence_of(archive: Path, files: dict[str, bytes]) -> str:
    """Licence names as package.json or debian/copyright state them."""
    if archive.suffix == ".tgz":
        declared = json.loads(files.get("package.json", b"{}")).get("license", "")
        return declared if isinstance(declared, str) else str(declared.get("type", ""))
    notices = [
        content
        for path, content in files.items()
        if path.startswith("usr/share/doc/") and "copyright" in path
    ]
    return ", ".join(
        sorted(
            set(
                re.findall(
                    r"^License: *(\S.*)$", b"\n".join(notices).decode("utf8", "replace"), re.M
                )
            )
        )
    )


def read_package(cap: int, kind: str, name: str, root: Path) -> tuple[str, str, list[Document]]:
    """(name, licence, at most `cap` characters of cleaned documents in a fixed random order)."""
    archive = archive_path(root, kind, name)
    if not archive.exists():
        return name, "missing", []
    wanted = ("package.json", "copyright")
    files = {
        path: data for path, data in members(archive) if language_of(path) or path.endswith(wanted)
    }
    licence = licence_of(archive, files)
    if kind == "npm" and not PERMISSIVE.search(licence):
        return name, f"refused: {licence}", []
    paths = sorted(path for path in files if language_of(path) and not is_built(path))
    paths = prefer_sources(paths) if kind == "npm" else paths
    random.Random(name).shuffle(paths)
    documents, size = [], 0
    for path in paths:
        text = clean(files[path].decode("utf8", "replace"))
        if text is not None and size < cap:
            documents.append(
                {"package": name, "path": path, "language": language_of(path) or "", "text": text}
            )
            size += len(text)
    return name, licence, documents


def benchmark_shingles() -> set[str]:
    """Pieces of the benchmarks named in FORETOKEN_BENCHMARKS (JSONL files, colon separated)."""
    shingles: set[str] = set()
    for file in filter(None, os.environ.get("FORETOKEN_BENCHMARKS", "").split(":")):
        opener = subprocess.run(["zcat", "-f", file], capture_output=True, check=True).stdout
        for row in opener.decode("utf8").splitlines():
            for value in filter(lambda v: isinstance(v, str), json.loads(row).values()):
                squeezed = re.sub(r"\s+", "", value)
                shingles.update(
                    squeezed[i : i + BENCHMARK_SHINGLE]
                    for i in range(0, len(squeezed) - BENCHMARK_SHINGLE, 15)
                )
    return shingles


def repeats_benchmark(text: str, shingles: set[str]) -> bool:
    """True when the text shares a shingle with a benchmark, or names one."""
    if "HumanEval" in text or "MBPP" in text:
        return True
    squeezed = re.sub(r"\s+", "", text) if shingles else ""
    return any(
        squeezed[i : i + BENCHMARK_SHINGLE] in shingles
        for i in range(len(squeezed) - BENCHMARK_SHINGLE + 1)
    )


def write_split(
    split: str, jobs: list[tuple[str, str]], options: argparse.Namespace, seen: set[int]
) -> dict[str, str]:
    """Write one split; returns {package: licence}. `seen` collects line hashes over all splits."""
    shingles = benchmark_shingles() if split == "train" else set()
    licences: dict[str, str] = {}
    characters: Counter[str] = Counter()
    read = partial(read_package, int(options.cap_mb * 1e6), root=options.archives)
    with ProcessPoolExecutor(options.workers) as pool, (options.out / f"{split}.jsonl").open(
        "w"
    ) as out:
        for name, licence, documents in pool.map(read, *zip(*jobs)):
            licences[name] = licence
            for document in documents:
                lines = line_hashes(document["text"])
                if is_near_duplicate(lines, seen) or repeats_benchmark(document["text"], shingles):
                    continue
                seen |= lines
                characters[document["language"]] += len(document["text"])
                out.write(json.dumps(document) + "\n")
    print(
        split,
        {language: f"{size / 1e6:.1f} MB" for language, size in characters.most_common()},
        flush=True,
    )
    return licences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archives", type=Path, default=WORK / "archives")
    parser.add_argument("--out", type=Path, default=WORK / "corpus")
    parser.add_argument(
        "--cap-mb", type=float, default=4.0, help="most text taken from one package, in MB"
    )
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    packages = json.loads((HERE / "packages.json").read_text())
    seen: set[int] = set()
    licences: dict[str, str] = {}
    for split in ("test", "validation", "train"):
        jobs = [(kind, name) for kind in ("npm", "debian") for name in packages[kind][split]]
        licences |= write_split(split, jobs, options, seen)
    (options.out / "licences.json").write_text(
        json.dumps(licences, indent=2, sort_keys=True) + "\n"
    )


if __name__ == "__main__":
    main()
