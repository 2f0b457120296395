import bcrypt


# --8<-- [start:hash]
def get_password_hash(password: str) -> bytes:
    return bcrypt.hashpw(password[:72].encode(), bcrypt.gensalt())
    # --8<-- [end:hash]
