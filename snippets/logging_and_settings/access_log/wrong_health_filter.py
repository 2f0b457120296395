import logging

from fastapi import FastAPI


# --8<-- [start:filter]
class NoHealthChecks(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return "/health" not in record.getMessage()
        # --8<-- [end:filter]


app = FastAPI()
