"""Tools that nobody here wrote, asked about what we make."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def tool(*command: str | Path, home: Path) -> str:
    """What the tool says, on both channels; a tool that is not there is a failure."""
    path = shutil.which(str(command[0]))
    assert path is not None, f"{command[0]} is missing"
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"}
    done = subprocess.run([path, *command[1:]], capture_output=True, text=True, check=False, env=environment, timeout=60)
    return done.stdout + done.stderr
