"""Installs the npm client `ocpp-rpc` into a folder of its own, once a machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
NODE_MAJOR = 16
INSTALL_SECONDS = 120


def install() -> tuple[Path | None, str]:
    """The folder to run the scripts in, or None and the reason why there is none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None, "node and npm are not installed here"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    if int(version.strip().removeprefix("v").partition(".")[0] or 0) < NODE_MAJOR:
        return None, f"node {version.strip()} is older than {NODE_MAJOR}"
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]["ocpp-rpc"]
    folder = Path(tempfile.gettempdir()) / f"binwatt-peer-ocpp-rpc-{wanted}"
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "server.mjs", "station.mjs"):
        shutil.copyfile(HERE / name, folder / name)
    if not (folder / "node_modules" / "ocpp-rpc").is_dir():
        quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        try:
            done = subprocess.run(
                [npm, "install", *quiet], cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return None, f"npm could not install ocpp-rpc {wanted} within {INSTALL_SECONDS} s"
        if done.returncode != 0 or not (folder / "node_modules" / "ocpp-rpc").is_dir():
            return None, f"npm could not install ocpp-rpc {wanted}"
    return folder, ""
