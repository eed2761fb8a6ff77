"""A stranger with an evidence pack: unzips it and does what its README says, with the tools named there and none of our code."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from pathlib import Path

READMES = ("README.txt", "README.zh-CN.txt")
_COMMAND = re.compile(r"^ {7}(\S.*)$", re.MULTILINE)


def unpack(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def commands(folder: Path, readme: str = "README.txt") -> list[str]:
    """The commands as the README prints them: the lines that are indented most."""
    return _COMMAND.findall((folder / readme).read_text(encoding="utf-8"))


def follow(folder: Path, readme: str = "README.txt") -> dict[str, str]:
    """Type every command of the README, as it stands there, in the folder of the pack; what each said. Each one succeeds."""
    said = {}
    for command in commands(folder, readme):
        done = run(folder, "sh", "-ec", command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        said[command] = done.stdout
    return said


def refusal(folder: Path) -> str:
    """Why the check of the pack refuses it; empty when it does not."""
    done = run(folder, "sh", "check.sh")
    assert (done.returncode == 0) == ("Root: " in done.stdout), done.stdout
    return "" if done.returncode == 0 else done.stderr.strip() or "refused"


def told(folder: Path, what: str) -> str:
    """What the check prints for the stranger to compare: ``Key of the log`` or ``Root``."""
    lines = run(folder, "sh", "check.sh").stdout.splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith(f"{what}: "))


def change_one_character(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(content))
