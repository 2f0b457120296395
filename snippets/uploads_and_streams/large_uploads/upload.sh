# --8<-- [start:command]
curl -T film.mp4 http://127.0.0.1:8000/files
# --8<-- [end:command]
