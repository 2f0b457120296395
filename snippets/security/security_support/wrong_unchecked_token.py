from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer

# --8<-- [start:endpoint]
app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


@app.get("/reports/{year}")
async def report(
    year: int, token: Annotated[str, Depends(oauth2_scheme)]
) -> dict[str, int]:
    return {"year": year}


# --8<-- [end:endpoint]
