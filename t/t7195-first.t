# t/t7195-first.t: what is wrong when the poller first looks is in the history, once, over restarts.
. ./lib-test.sh
test_begin 'the first fall of a service'
sim_start --device '127.16.0.1+2 kind=switch ports=2 name=sw#'
cat >forewarn.conf <<EOF
user = "$(id -un)"
poll { interval = 4s  status-interval = 1s  threads = 1 }
defaults { credentials = "sim"  timeout = 300ms  retries = 1  ping = false  port = $SIM_PORT }
credentials "sim" { version = "2c"  community = "public" }
rrd { write = false }
device "sw1" { address = "127.16.0.1" }
device "sw2" { address = "127.16.0.2" }
service "lan" { needs = {"sw1"} }
service "wan" { needs = {"sw2"} }
EOF
chmod 640 forewarn.conf
mkdir state
fw() { forewarn -c forewarn.conf -s "$SCRATCH/state" "$@"; }
history() { fw events "$1" --json | jq -r '.items[] | select(.what == "service") | .before + " " + .now'; }
sim_ctl 127.16.0.1 silent
test_run 'a service that is down at the first look' 'fw poll; test "$(history lan)" = "unknown down"'
test_run '... and one that is well has no history' 'test -z "$(history wan)"'
test_run 'the next look tells nothing new' 'fw poll; test "$(history lan)" = "unknown down"'
test_run 'it is back while nobody looked' 'sim_ctl 127.16.0.1 answer && fw poll && test "$(history lan | head -n 1)" = "down up"'
test_end
