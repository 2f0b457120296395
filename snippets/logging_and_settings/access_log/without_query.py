import logging

from fastapi import FastAPI


# --8<-- [start:filter]
class NoQuery(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args
        if isinstance(args, tuple) and len(args) == 5:
            path = str(args[2]).partition("?")[0]
            record.args = (*args[:2], path, *args[3:])
        return True
        # --8<-- [end:filter]


app = FastAPI()
