"""The web process's server: uvicorn with limits on what a stranger may hold open."""
