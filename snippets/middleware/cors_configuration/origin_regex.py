from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
# --8<-- [start:regex]
SUBDOMAINS = r"https://[a-z0-9-]+\.example\.com"
app.add_middleware(
    CORSMiddleware,
    allow_origin_regex=SUBDOMAINS,
)
# --8<-- [end:regex]
