# mypy: disable-error-code="import-not-found"
# --8<-- [start:module]
from fastapi import APIRouter
from shop.main import get_session  # main imports this module

router = APIRouter(prefix="/orders")
# --8<-- [end:module]
