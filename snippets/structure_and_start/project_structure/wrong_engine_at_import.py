# --8<-- [start:module]
import os

from sqlalchemy import create_engine

engine = create_engine(os.environ["SHOP_DATABASE_URL"])
# --8<-- [end:module]
