# --8<-- [start:layers]
FROM python:latest
WORKDIR /srv
COPY . .
ARG DB_PASSWORD
ENV DB_PASSWORD=$DB_PASSWORD
RUN pip install -r requirements.txt
# --8<-- [end:layers]
# --8<-- [start:command]
CMD uvicorn app.main:app --port 8000
# --8<-- [end:command]
