# --8<-- [start:module]
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Base


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int]
    boxes: Mapped[int]


# --8<-- [end:module]
