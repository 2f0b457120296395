# --8<-- [start:command]
curl -F "file=@holiday.jpg" http://127.0.0.1:8000/files
# --8<-- [end:command]
