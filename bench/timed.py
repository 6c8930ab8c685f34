"""Runs a shell script and prints its wall time, its CPU time and the largest resident set of any of its processes."""

import json
import resource
import subprocess
import sys
import time

start = time.monotonic()
status = subprocess.call(
    ["bash", "-o", "pipefail", "-c", sys.argv[1]],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
)
wall = time.monotonic() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024}))
sys.exit(status)
