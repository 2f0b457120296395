from pathlib import Path

from fastapi.templating import Jinja2Templates

# --8<-- [start:templates]
folder = Path(__file__).parent / "templates"
templates = Jinja2Templates(directory=folder)
page = "item.html.j2"
# --8<-- [end:templates]
