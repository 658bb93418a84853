#!/bin/sh
# t/bench/bench-isolation.sh: 10,000 devices of which a third fails, at an interval of half a minute (DEVICES, INTERVAL to change):
# what it prints is of t9310-isolation.t. Ten minutes.
cd "$(dirname "$0")/.." || exit 1
export ISOLATION_DEVICES="${DEVICES:-10000}" ISOLATION_INTERVAL="${INTERVAL:-30}" FOREWARN_TEST_SECONDS=2400
exec sh ./t9310-isolation.t
