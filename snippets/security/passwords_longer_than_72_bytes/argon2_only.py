# --8<-- [start:hash]
from pwdlib import PasswordHash

passwords = PasswordHash.recommended()  # Argon2


def get_password_hash(password: str) -> str:
    return passwords.hash(password)
    # --8<-- [end:hash]
