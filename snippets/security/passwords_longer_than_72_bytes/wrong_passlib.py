# mypy: disable-error-code="import-untyped, no-any-return"
# --8<-- [start:hash]
from passlib.context import CryptContext

pwd_context = CryptContext(schemes=["bcrypt"], deprecated="auto")


def get_password_hash(password: str) -> str:
    return pwd_context.hash(password)
    # --8<-- [end:hash]
