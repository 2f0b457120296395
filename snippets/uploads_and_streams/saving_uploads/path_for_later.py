import shutil
from pathlib import Path
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, UploadFile
from fastapi.concurrency import run_in_threadpool

FOLDER = Path("uploads")

# --8<-- [start:endpoint]
app = FastAPI(max_body_size=10 * 1024 * 1024)


@app.post("/reports", status_code=202)
async def receive_report(file: UploadFile, tasks: BackgroundTasks) -> dict[str, str]:
    name = f"{uuid4().hex}.pdf"
    await run_in_threadpool(save, file, name)
    tasks.add_task(index, FOLDER / name)
    return {"name": name}


# --8<-- [end:endpoint]


def save(file: UploadFile, name: str) -> str:
    FOLDER.mkdir(exist_ok=True)
    partial = FOLDER / f"{name}.part"
    try:
        with partial.open("xb") as target:
            shutil.copyfileobj(file.file, target)
        partial.rename(FOLDER / name)
    finally:
        partial.unlink(missing_ok=True)
    return name


def index(path: Path) -> None:
    """Stand for work that takes longer than a client waits."""
    path.with_suffix(".txt").write_text(f"{path.stat().st_size} bytes")
