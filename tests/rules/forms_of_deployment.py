"""Forms of what starts, checks and sets up an application, right ones and wrong ones, as in ``forms.py``."""

DEPLOYMENT = {
    "gunicorn.Dockerfile": """
FROM python:3.14-slim
CMD gunicorn --worker-class uvicorn_worker.UvicornWorker --bind 0.0.0.0:8000 app.main:app
""",
    "gunicorn.Procfile": """
web: gunicorn --worker-class uvicorn_worker.UvicornWorker app.main:app --reload
""",
    "Procfile.dev": """
web: uvicorn app.main:app --reload
""",
    "reloading.Procfile": """
web: uvicorn app.main:app --reload # fastapi-143-development-start-command
""",
    "trust.sh": """
# never --forwarded-allow-ips '*', nor --forwarded-allow-ips proxy
uvicorn app.main:app --forwarded-allow-ips "$PROXY"
exec uvicorn app.main:app "$@"  # --forwarded-allow-ips is in FORWARDED_ALLOW_IPS
uvicorn app.main:app --forwarded-allow-ips='*' # fastapi-147-trust-everybody
uvicorn app.main:app --forwarded-allow-ips proxy # fastapi-147-proxy-by-name
""",
    "socket.sh": """
uvicorn app.main:app --uds /run/app.sock --forwarded-allow-ips '*'
""",
    "socket.yaml": """
command:
  - uvicorn
  - app.main:app
  - --uds=/run/app.sock
  - --forwarded-allow-ips=*
""",
    "folded.yaml": """
command: >
  uvicorn app.main:app
  --forwarded-allow-ips=* # fastapi-147-trust-everybody
""",
    "retrying-entrypoint.sh": """
retry() {
  for _ in 1 2 3; do
    "$@"
  done
}
retry alembic upgrade head
exec "$@"
""",
    "probes.py": """
from fastapi import FastAPI

app = FastAPI()


@app.get("/verifications/{number}/liveness")
async def of_a_face(number: int, database: Database):
    return await database.scalar(select(Check).where(Check.number == number))


@app.get("/api/health/live")
async def live(database: Database):
    await database.ping()  # fastapi-142-liveness-asks-the-database
""",
    "database_files.py": """
import os

from fastapi import FastAPI

ON_A_VOLUME = os.getenv("DATABASE_URL", "sqlite:////data/app.db")
IN_MEMORY = os.getenv("DATABASE_URL", "sqlite:///:memory:")
BESIDE = os.getenv("DATABASE_URL", "sqlite+aiosqlite:///./app.db")  # fastapi-143-setting-with-default
FOR_A_WHILE = os.getenv("DATABASE_URL", "sqlite:////tmp/app.db")  # fastapi-143-setting-with-default
""",
}
