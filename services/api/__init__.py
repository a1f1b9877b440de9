"""The HTTP API: FastAPI over the services, under /api/v1."""
