#!/bin/sh
# --8<-- [start:commands]
pip install "fastapi[standard]" sqlmodel "psycopg[binary]"
export DATABASE_URL=postgresql+psycopg://shop:secret@localhost:5432/shop?connect_timeout=5
python -c "
import main, os, sqlmodel
engine = sqlmodel.create_engine(os.environ['DATABASE_URL'])
sqlmodel.SQLModel.metadata.create_all(engine)
"
fastapi run main.py
# --8<-- [end:commands]
