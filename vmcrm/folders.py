"""Where the project and its data lie. Reads `.env` first, so that both settings and beat agree."""

from pathlib import Path

import environ

from vmcrm import env

BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(BASE_DIR / ".env")
HOME = env.read_path("HOME", BASE_DIR / "var")
