#!/bin/sh
# t/soak-days.sh: the daemon for SOAK_DAYS (default 2) at its usual interval of a minute, on a simulated network of which half
# fails by turns. Time is injected (t/soak/fast.c): SOAK_FACTOR (default 60) as fast, so that a day takes 24 minutes, and none while
# the machine is at something else. Nothing may grow, the healthy half misses no poll in all those days, and its history has no
# hole. Run by 'make soak'.

. ./lib-test.sh
test_needs perl jq rrdtool taskset

SOAK_DAYS=${SOAK_DAYS:-2} SOAK_FACTOR=${SOAK_FACTOR:-60}
devices=40 healthy='sw2[3-9]|sw3[0-9]|sw40'
test_begin "$SOAK_DAYS days at $SOAK_FACTOR times the speed, $devices devices of which half fail by turns"

FAST_FACTOR=$SOAK_FACTOR FAST_CLOCK=$SCRATCH/clock FAST_WALL_US=$(date +%s)000000
FAST_MONO_US=$(awk '{ printf "%.0f", $1 * 1000000 }' /proc/uptime)
export FAST_FACTOR FAST_CLOCK FAST_WALL_US FAST_MONO_US
# All on one processor: when that stands still, so does the clock.
cpu=$(taskset -cp $$ | sed 's/.*: \([0-9]*\).*/\1/')
run_behind tick.out taskset -c "$cpu" "$FOREWARN_OUT/soak/tick" "$FAST_CLOCK"
wait_for 5 'test -s "$FAST_CLOCK"' || test_fatal 'the clock ticks' tick.out
# The same programs, in a hurry.
mkdir fast
for program in forewarn simnet
do
	printf '#!/bin/sh\nexec taskset -c %s env LD_PRELOAD=%s %s "$@"\n' "$cpu" "$FOREWARN_OUT/soak/fast.so" "$FOREWARN_OUT/$program" >fast/$program
	chmod 755 fast/$program
done
PATH=$SCRATCH/fast:$PATH FOREWARN=$SCRATCH/fast/forewarn
# now_s: seconds since 1970 of theirs
now_s() { LD_PRELOAD=$FOREWARN_OUT/soak/fast.so date +%s; }
left_out_s() { od -A n -t d8 -j 8 "$FAST_CLOCK" | awk '{ printf "%.1f", $1 / 1000000 }'; }

status_kb() { awk -v what="$1" '$1 == what ":" { print $2 }' "/proc/$FOREWARN_PID/status"; }
measure() { echo "$(status_kb VmRSS) $(ls /proc/$FOREWARN_PID/fd | wc -l) $(status_kb Threads) $(du -sk --apparent-size state | cut -f1)"; }

sim_start --for "$(awk -v d="$SOAK_DAYS" "BEGIN { printf \"%.0f\", (d + 1) * 86400 }")" --device "127.48.0.2+$devices kind=switch ports=4 fan=0 sensors=0 name=sw#"
mkdir -p state
{
	cat <<-END
	state = "$SCRATCH/state"
	user = "$(id -un)"
	defaults { timeout = 10s  retries = 1  credentials = "soak"  ping = false }
	credentials "soak" { version = "2c"  community = "public" }
	END
	for i in $(seq 1 $devices)
	do
		echo "device \"sw$i\" { address = \"127.48.0.$((i + 1))\"  port = $SIM_PORT }"
	done
	echo 'service "network" { needs = {"sw24", "sw25"} }'
} >soak.conf
chmod 640 soak.conf
began=$(now_s) end=$(awk -v d="$SOAK_DAYS" 'BEGIN { printf "%.0f", d * 86400 }')
end=$((began + end)) warm=$((began + (end - began) / 4))
forewarn_start soak.conf

# One fault a call, on twenty devices by turns; each is healed before the next kind of fault begins.
faults='silent|port 3 down|reboot|loss 50|psu 1 failed|loop|renumber|truncate|port 1 reset|malformed|wrong-order|toobig 4|wrong-id|port 2 remove'
trouble() {
	fault=$(echo "$faults" | cut -d'|' -f$(($1 / 40 % 14 + 1)))
	test $(($1 / 20 % 2)) -eq 0 || fault=heal
	sim_ctl "127.48.0.$((2 + $1 % 20))" $fault
}

round=0 first= eighths=0
while test "$(now_s)" -lt "$end" && alive "$FOREWARN_PID"
do
	trouble $round >trouble.out 2>&1 || test_fatal 'the simulated network obeys' trouble.out
	round=$((round + 1))
	sleep 0.5
	test -n "$first" || test "$(now_s)" -lt $warm || first=$(measure)
	test "$(now_s)" -lt $((began + (end - began) * (eighths + 1) / 8)) || { eighths=$((eighths + 1)); echo "# $eighths/8: $(measure)"; }
done
last=$(measure)
hours=$((($(now_s) - began) / 3600))
echo "# $hours hours, $round faults and recoveries; resident kB, open files, threads, state kB: a quarter in $first; at the end $last"
echo "# left out of time, while the machine was at something else: $(left_out_s) s of its own"
test_run 'it still runs' 'alive "$FOREWARN_PID"'

# below FIELD PERCENT SLACK: the last value is at most so much above the first.
below() {
	set -- $(echo "$first" | cut -d' ' -f"$1") $(echo "$last" | cut -d' ' -f"$1") "$2" "$3"
	echo "first $1, last $2"
	test "$2" -le $(($1 + $1 * $3 / 100 + $4))
}
test_run 'memory is flat' 'below 1 5 1024'
test_run 'no file stays open, no thread is left' 'below 2 0 8 && below 3 0 0'
test_run 'the state folder grows by events alone' 'below 4 10 8192'

"$FOREWARN" show -c soak.conf -s state --json device >show.json 2>/dev/null
worst() { jq -r --arg h "^($healthy)\$" "[.items[] | select(.component | test(\$h)) | .$1] | max" show.json; }
echo "# the healthy: polls missed $(worst missed), late $(worst late), worst distance of two polls from a minute $(worst jitter_s) s"
test_run 'the healthy are there, and answer' \
	'test "$(jq --arg h "^($healthy)\$" "[.items[] | select((.component | test(\$h)) and .snmp == \"answers\")] | length" show.json)" = 18'
test_run '... and missed no poll' 'test "$(worst missed)" = 0'
test_run '... and were never late' 'test "$(worst late)" = 0'
# Rows of five minutes: of the last two days at most, not the first and the last half hour.
from=$((began + 1800)) to=$(($(now_s) - 1800))
test $((to - from)) -lt 165000 || from=$((to - 165000))
holes() {
	rrdtool fetch "state/rrd/sw30/interface/$1.rrd" AVERAGE -r 300 -s $((from / 300 * 300)) -e $((to / 300 * 300)) |
		awk 'NF > 1 && /^[0-9]+:/ { n++; if ($2 ~ /nan/) h++ } END { print n + 0, h + 0 }'
}
port=$(ls state/rrd/sw30/interface 2>/dev/null | sed -n 's/\.rrd$//p' | grep -v keep | head -1)
"$FOREWARN" poll -c soak.conf -s state sw30 >/dev/null 2>&1
set -- $(holes "$port")
rows=$1 unknown=$2
echo "# history of sw30/interface/$port: $rows rows of five minutes, $unknown unknown"
test_run 'the history of days has no hole' 'test "$rows" -ge $(((to - from) / 300 - 2)) && test "$unknown" = 0'
well() {
	"$FOREWARN" status -c soak.conf -s state >status.out
}
test_run 'when all is healed it says so' 'sim_ctl all heal && wait_for 60 well || { cat status.out; false; }'
test_run 'it ends when asked, well' 'forewarn_stop && test "$FOREWARN_STATUS" -eq 0'
test_run 'nothing was said that an operator must act on' '! grep " error " "$FOREWARN_LOG"'
test_end
