"""What the site holds beside answers and topics, and what names of files and slugs say."""

# Pages that are no answers, in the order in which they follow the topics.
OTHER_PAGES = (
    "all.md",
    "paths.md",
    "reviews.md",
    "review-your-code.md",
    "corrections.md",
    "questions.md",
    "programs-in-the-page.md",
    "programs.md",
    "contributing.md",
)
PUBLISHED = (
    "answers.json",
    "answers.schema.json",
    "feed.xml",
    "llms-full.txt",
    "llms.txt",
    "opensearch.xml",
    "rules.yml",
    "sitemap.xml",
)
"""What the build writes for programs, beside a file for each answer and each copy of the rules."""
SPELLING = {
    "api": "API",
    "apis": "APIs",
    "asgi": "ASGI",
    "async": "async",
    "await": "await",
    "cors": "CORS",
    "cpu": "CPU",
    "def": "def",
    "django": "Django",
    "docker": "Docker",
    "fastapi": "FastAPI",
    "flask": "Flask",
    "graphql": "GraphQL",
    "http": "HTTP",
    "json": "JSON",
    "jwt": "JWT",
    "kubernetes": "Kubernetes",
    "mongodb": "MongoDB",
    "oauth2": "OAuth2",
    "openapi": "OpenAPI",
    "postgresql": "PostgreSQL",
    "pydantic": "Pydantic",
    "sse": "SSE",
    "websocket": "WebSocket",
    "websockets": "WebSockets",
    "wsgi": "WSGI",
    "yield": "yield",
}
"""Words of slugs that are written in a way of their own."""


def is_wrong(path: str) -> bool:
    """Tell whether a file holds wrong code, by its name."""
    return path.rpartition("/")[2].startswith("wrong_")


def is_test(path: str) -> bool:
    """Tell whether a file of Python holds tests, or what they share, by its name."""
    return path.rpartition("/")[2].startswith(("test_", "conftest"))


def name_of(slug: str) -> str:
    """Return a slug as words: ``Blocking the event loop`` for ``blocking-the-event-loop``."""
    words = slug.split("-")
    text = " ".join(SPELLING.get(word, word) for word in words)
    return text if words[0] in SPELLING else text[0].upper() + text[1:]
