"""What runs in a Ray process: models, and the pipelines and deployments around them.

Ray reads its environment when it is imported, which happens below this package only; so what it
shall find there is settled here.
"""

import os
import secrets

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing phones home
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else its C++ side writes to stderr
os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # else it remarks on forks when all is ended
os.environ.setdefault("RAY_worker_niceness", "0")  # clicks; bulk work makes itself nice
if not os.environ.get("RAY_ADDRESS"):
    # Ray listens on all interfaces, and whoever reaches it can run code: only this process may.
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
