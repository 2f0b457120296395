# --8<-- [start:image]
FROM python:3.14-slim
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir \
    --require-hashes -r requirements.txt
# --8<-- [end:image]
