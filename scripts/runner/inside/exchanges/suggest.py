"""A request to an application that no recorded exchange asks for: its first path operation, with examples."""

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

from .text import Request

EXAMPLES = {
    "date": "2026-12-01",
    "date-time": "2026-12-01T12:00:00Z",
    "time": "12:00:00",
    "uuid": "0b6d7c1e-5f0a-4c38-9c51-2f1f6f1c7a10",
    "email": "ann@example.com",
    "uri": "https://example.com/",
    "binary": "text of a file",
}
WORDS = ("ann", "A-1", "tea", "1", "abc12345678", "a" * 32)
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


class Examples:
    """Makes values that fit the schemas of a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Look up references in an OpenAPI ``document``."""
        self.schemas: dict[str, Any] = document.get("components", {}).get("schemas", {})

    def of(self, schema: dict[str, Any], depth: int = 0) -> Any:
        """Return a value that fits a schema, as far as its simple keywords tell."""
        if reference := schema.get("$ref"):
            schema = self.schemas.get(reference.rpartition("/")[2], {})
        for key in ("examples", "enum"):
            if schema.get(key):
                return schema[key][0]
        for key in ("example", "const", "default"):
            if schema.get(key) is not None:
                return schema[key]
        for key in ("anyOf", "oneOf", "allOf"):
            if schema.get(key):
                return self.of(schema[key][0], depth)
        return self.typed(schema, depth)

    def typed(self, schema: dict[str, Any], depth: int) -> Any:
        """Return a value of a schema's type."""
        kind = schema.get("type")
        if kind in ("integer", "number"):
            least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
            return int(least) if kind == "integer" else least + 0.5
        if kind == "boolean":
            return True
        if kind == "array":
            return [
                self.of(schema.get("items", {}), depth + 1)
                for _ in range(max(1, schema.get("minItems", 1)))
            ]
        if kind == "object" or "properties" in schema:
            properties = schema.get("properties", {})
            wanted = schema.get("required", list(properties)[:1]) if depth < DEEPEST else []
            return {name: self.of(properties.get(name, {}), depth + 1) for name in wanted}
        return self.text(schema)

    def text(self, schema: dict[str, Any]) -> str:
        """Return a string that fits the length and pattern of a schema, or its format."""
        if schema.get("format") in EXAMPLES:
            return EXAMPLES[schema["format"]]
        least, most = schema.get("minLength", 0), schema.get("maxLength", 1000)
        pattern = re.compile(schema.get("pattern", ""))
        fitting = [w for w in WORDS if least <= len(w) <= most and pattern.search(w)]
        return fitting[0] if fitting else "a" * max(least, 1)


DEEPEST = 4


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def http_request(document: dict[str, Any], path: str, method: str) -> Request:
    """Return a request to an operation of an OpenAPI ``document``, with what it requires."""
    operation = document["paths"][path][method]
    examples = Examples(document)
    query, headers, cookies = (list[tuple[str, str]]() for _ in range(3))
    target = path
    for parameter in operation.get("parameters", []):
        value = examples.of(parameter.get("schema", {}))
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            target = target.replace(f"{{{name}}}", quote(_as_text(value), safe=""))
        elif parameter.get("required"):
            values = value if isinstance(value, list) else [value]
            pairs = [(name, _as_text(one)) for one in values]
            {"query": query, "header": headers, "cookie": cookies}[place].extend(pairs)
    target = re.sub(r"\{(\w+)(:path)?\}", r"\1", target)
    if cookies:
        headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies)))
    request = Request(method.upper(), target + (f"?{urlencode(query)}" if query else ""), headers)
    content = operation.get("requestBody", {}).get("content", {})
    for kind, media in content.items():
        value = examples.of(media.get("schema", {}))
        if kind == FORM:
            request.headers.append(("Content-Type", FORM))
            request.body = urlencode(value if isinstance(value, dict) else {})
        elif kind == MULTIPART:
            request.headers.append(("Content-Type", f"{MULTIPART}; boundary=part"))
            request.body = _multipart(value, media.get("schema", {}), examples)
        else:
            request.body = json.dumps(value)
        break
    return request


def _multipart(value: Any, schema: dict[str, Any], examples: Examples) -> str:
    if reference := schema.get("$ref"):
        schema = examples.schemas.get(reference.rpartition("/")[2], {})
    lines = list[str]()
    for name, one in (value if isinstance(value, dict) else {}).items():
        described = json.dumps(schema.get("properties", {}).get(name, {}))
        is_file = '"binary"' in described or "contentMediaType" in described
        for part in one if isinstance(one, list) else [one]:
            file = '; filename="note.txt"' if is_file else ""
            lines += ["--part", f'Content-Disposition: form-data; name="{name}"{file}']
            lines += ["Content-Type: text/plain"] if is_file else []
            lines += ["", "text of a file" if is_file else _as_text(part)]
    return "\n".join([*lines, "--part--", ""])


def suggestions(app: Any) -> list[tuple[Request, Any]]:
    """Return a request to each path operation and WebSocket, with the function it leads to."""
    found = list[tuple[Request, Any]]()
    document: dict[str, Any] = app.openapi() if hasattr(app, "openapi") else {"paths": {}}
    for route in _routes(app):
        path, methods = getattr(route, "path", ""), getattr(route, "methods", None)
        endpoint = getattr(route, "endpoint", None)
        if endpoint is None or getattr(endpoint, "__module__", "").startswith("fastapi."):
            continue
        if methods is None:
            target = re.sub(r"\{(\w+)(:\w+)?\}", "1", path)
            found.append((Request("WEBSOCKET", target, body="hi\nbye"), endpoint))
        for method in sorted(methods or (), key=lambda name: name == "HEAD"):
            documented = re.sub(r":\w+\}", "}", path)
            if method.lower() in document["paths"].get(documented, {}):
                found.append((http_request(document, documented, method.lower()), endpoint))
            else:
                target = re.sub(r"\{(\w+)(:\w+)?\}", "1", path)
                found.append((Request(method, target), endpoint))
    if rules := getattr(app, "url_map", None):  # of Flask
        for rule in (rule for rule in rules.iter_rules() if rule.endpoint != "static"):
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                target = re.sub(r"<(\w+:)?\w+>", "1", rule.rule)
                request = Request(method, target, body="" if method == "GET" else "{}")
                found.append((request, app.view_functions[rule.endpoint]))
    return found


def _routes(app: Any) -> list[Any]:
    """Return the routes of an application, those of included routers too."""
    listed = list[Any]()
    for route in getattr(app, "routes", []):
        inner = getattr(route, "routes", None)
        included = getattr(route, "effective_route_contexts", None)
        if included:
            listed += [context.starlette_route or context for context in included()]
        elif inner and not getattr(route, "endpoint", None):
            listed += _routes(route) if type(route).__name__ != "Mount" else []
        else:
            listed.append(route)
    return listed
