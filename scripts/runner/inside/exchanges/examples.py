"""Examples of what an OpenAPI document describes by a schema."""

import re
from typing import Any

EXAMPLES = {
    "date": "2026-12-01",
    "date-time": "2026-12-01T12:00:00Z",
    "time": "12:00:00",
    "uuid": "0b6d7c1e-5f0a-4c38-9c51-2f1f6f1c7a10",
    "email": "ann@example.com",
    "uri": "https://example.com/",
    "binary": "text of a file",
}
DEEPEST = 4
"""Levels at which an object gets what it requires; a model may hold itself."""
WORDS = ("ann", "A-1", "tea", "1", "abc12345678", "a" * 32)


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
