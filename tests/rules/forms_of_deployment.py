"""Forms of what starts, checks and sets up an application, right ones and wrong ones, as in ``forms.py``."""

DEPLOYMENT = {
    "gunicorn.Dockerfile": """
FROM python:3.14-slim
CMD gunicorn --worker-class uvicorn_worker.UvicornWorker --bind 0.0.0.0:8000 app.main:app
""",
    "gunicorn.Procfile": """
web: gunicorn --worker-class uvicorn_worker.UvicornWorker app.main:app --reload
""",
    "trust.sh": """
# never --forwarded-allow-ips '*', nor --forwarded-allow-ips proxy
uvicorn app.main:app --forwarded-allow-ips "$PROXY"
uvicorn app.main:app --uds /run/app.sock --forwarded-allow-ips '*'
uvicorn app.main:app --forwarded-allow-ips='*' # fastapi-147-trust-everybody
uvicorn app.main:app --forwarded-allow-ips proxy # fastapi-147-proxy-by-name
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
}
