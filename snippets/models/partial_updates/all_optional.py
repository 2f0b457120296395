# --8<-- [start:program]
import copy
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI
from pydantic import MISSING, BaseModel, Field, create_model

Model = TypeVar("Model", bound=BaseModel)


def all_optional(model: type[Model]) -> type[Model]:
    """Give a model whose fields may all be left out, with the same types and rules."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        optional = copy.copy(field)
        optional.default, optional.default_factory = MISSING, None
        annotation: Any = field.annotation
        fields[name] = (annotation | MISSING, optional)
    return create_model(
        model.__name__,
        __base__=model,
        __module__=model.__module__,
        __doc__=model.__doc__,
        **fields,
    )


class Product(BaseModel):
    name: Annotated[str, Field(min_length=1)]
    cents: Annotated[int, Field(ge=0)]
    note: str | None = None


@all_optional
class ProductPatch(Product, extra="forbid"):
    """What a PATCH of a product may hold."""


app = FastAPI()


@app.patch("/changes")
async def changes(patch: ProductPatch) -> dict[str, Any]:
    return patch.model_dump()


# --8<-- [end:program]
