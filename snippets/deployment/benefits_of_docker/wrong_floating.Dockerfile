# --8<-- [start:image]
FROM python:3
WORKDIR /srv
# requirements.txt says fastapi>=0.100
COPY requirements.txt .
RUN pip install -r requirements.txt
# --8<-- [end:image]
