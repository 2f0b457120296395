#!/bin/sh
# --8<-- [start:command]
SHOP_PAGE_SIZE=100 uvicorn main:app
# --8<-- [end:command]
