"""Where things lie; FORETOKEN_WORK moves the archives, corpus, tokens and runs elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = Path(os.environ.get("FORETOKEN_WORK", HERE / "work"))
