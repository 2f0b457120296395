# --8<-- [start:path]
import sys

sys.path.append("../src")
# --8<-- [end:path]
