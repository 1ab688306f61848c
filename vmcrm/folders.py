"""Where the project and its data lie. Reads `.env` first, so that both settings and beat agree,
and sees to it that what the process writes is for its owner only."""

from pathlib import Path

import environ

from vmcrm import env
from vmcrm.private_files import keep_private

BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(BASE_DIR / ".env")
HOME = env.read_path("HOME", BASE_DIR / "var")
keep_private(HOME)
