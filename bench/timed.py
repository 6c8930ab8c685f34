"""Runs a shell script and prints its wall time, its CPU time and the largest resident set of any of its processes."""

import json
import resource
import subprocess
import sys
import time

# A wrapper that python was started through may have had children, which count as this process's.
before = resource.getrusage(resource.RUSAGE_CHILDREN)
start = time.monotonic()
status = subprocess.call(
    ["bash", "-o", "pipefail", "-c", sys.argv[1]],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
)
wall = time.monotonic() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps({"wall": wall, "cpu": cpu, "memory": usage.ru_maxrss / 1024}))
sys.exit(status)
