"""Put the npm packages of package.json where node finds them, once, and print that folder.

    python tests/peers/install.py

The folder lies in the user's cache directory and is named after what it holds, so that a checkout stays clean and a
new version never meets an old one. Exit code 3, with the reason on stderr, where node, npm or a package is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs

MANIFEST = Path(__file__).with_name("package.json")
INSTALL_SECONDS = 120


class PeerMissing(Exception):
    """A peer cannot be had here; the text says why."""


def install() -> Path:
    """The folder that holds `node_modules` with the packages of the manifest.

    Raises:
        PeerMissing: node or npm is not installed, or npm cannot get a package.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise PeerMissing(f"{program} is not installed here")
    cache = platformdirs.user_cache_path("binwatt") / "peers"
    folder = cache / hashlib.sha256(MANIFEST.read_bytes()).hexdigest()[:16]
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=cache))
    try:
        shutil.copyfile(MANIFEST, fresh / "package.json")
        _run_npm(fresh)
        if not folder.is_dir():  # another run may have been quicker
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _run_npm(folder: Path) -> None:
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        done = subprocess.run(
            [*command, "--prefix", str(folder)],
            cwd=folder,
            env={**os.environ, "NO_UPDATE_NOTIFIER": "1"},
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PeerMissing(f"npm did not end within {INSTALL_SECONDS} s") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["no reason given"]
        raise PeerMissing(f"npm could not install: {said[0]}")


if __name__ == "__main__":
    try:
        print(install())
    except PeerMissing as error:
        print(error, file=sys.stderr)
        sys.exit(3)
