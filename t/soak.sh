#!/bin/sh
# t/soak.sh: the daemon for SOAK_SECONDS (default 3600) on a simulated network that fails all the time, with a cycle
# every two seconds: an hour is 1,800 cycles, or thirty hours at the usual interval. Nothing may grow: memory, open
# files, threads; the state folder only by what its retention allows. Run by 'make soak'.

. ./lib-test.sh
test_needs perl

SOAK_SECONDS=${SOAK_SECONDS:-3600}
# for everything to be discovered, its files created and filled
warm_up=$((SOAK_SECONDS / 6 > 60 ? SOAK_SECONDS / 6 : 60))
SOAK_DEVICES=${SOAK_DEVICES:-40}

# A number that a process has in /proc: its resident kilobytes, its open files, its threads.
resident_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
open_files() { ls "/proc/$1/fd" | wc -l; }
threads() { awk '/^Threads/ { print $2 }' "/proc/$1/status"; }

# Those from 30 on are reached through two that fail; each tenth may not be asked often.
behind() {
	test "$1" -lt 30 || printf '  ping = false  parents = {"sw5", "sw6"}'
	test $(($1 % 10)) -ne 0 || printf '  request-rate = 20'
}

configure() {
	mkdir -p state
	echo 'public' >public.secret
	chmod 600 public.secret
	cat <<-END
	state = "$SCRATCH/state"
	user = "$(id -un)"
	poll { interval = 2s  status-interval = 1s }
	defaults { timeout = 500ms  retries = 1  credentials = "soak"  adaptive = true  window = 2 }
	credentials "soak" { version = "2c"  community-file = "$SCRATCH/public.secret" }
	END
	i=1
	while test $i -le "$SOAK_DEVICES"
	do
		echo "device \"sw$i\" { address = \"127.48.$(((i + 1) / 256)).$(((i + 1) % 256))\"  port = $SIM_PORT$(behind $i) }"
		i=$((i + 1))
	done
	echo 'group "access" { need = 1  full = 2  members = {"sw1", "sw2"} }'
	echo 'service "network" { needs = {"access", "sw3"} }'
}

# One fault a call, on twenty devices by turns; each is healed before the next kind of fault begins.
faults='silent
port 3 down
reboot
loss 50
psu 1 failed
delay 400
delay 3000
loop
renumber
truncate
port 1 reset
malformed
wrong-order
toobig 4
wrong-id
port 2 remove'
trouble() {
	device=127.48.0.$((2 + $1 % 20))
	fault=$(echo "$faults" | sed -n "$(($1 / 40 % 16 + 1))p")
	test $(($1 / 20 % 2)) -eq 0 || fault=heal
	sim_ctl "$device" $fault
}

measure() {
	echo "$(resident_kb "$FOREWARN_PID") $(open_files "$FOREWARN_PID") $(threads "$FOREWARN_PID") $(du -sk --apparent-size state | cut -f1)"
}

test_begin "forewarn for $SOAK_SECONDS s, $SOAK_DEVICES devices that fail by turns"
sim_start --for $((SOAK_SECONDS + 600)) --device "127.48.0.2+$SOAK_DEVICES kind=switch ports=4 fan=0 sensors=0 name=sw#"
configure >soak.conf
forewarn_start soak.conf

begin=$(date +%s)
round=0
first=
while now=$(date +%s) && test $((now - begin)) -lt "$SOAK_SECONDS" && alive "$FOREWARN_PID"
do
	trouble $round >trouble.out 2>&1 || test_fatal "the simulated network obeys" trouble.out
	round=$((round + 1))
	sleep 0.5
	if test -z "$first" && test $((now - begin)) -ge "$warm_up"
	then
		first=$(measure)
		echo "# after $((now - begin)) s: resident kB, open files, threads, state kB: $first"
	fi
done
test_run 'it still runs' 'alive "$FOREWARN_PID"'
last=$(measure)
echo "# after $((now - begin)) s: resident kB, open files, threads, state kB: $last"

# below FIELD PERCENT SLACK: the last value is at most so much above the first.
below() {
	set -- $(echo "$first" | cut -d' ' -f"$1") $(echo "$last" | cut -d' ' -f"$1") "$2" "$3"
	echo "first $1, last $2"
	test "$2" -le $(($1 + $1 * $3 / 100 + $4))
}
test_run 'memory does not grow' 'below 1 5 1024'
test_run 'no file stays open' 'below 2 0 8'
test_run 'no thread is left' 'below 3 0 0'
test_run 'the state folder grows by events alone' 'below 4 5 4096'
well() {
	"$FOREWARN" status -c soak.conf -s "$FOREWARN_STATE" >status.out
}
test_run 'when all is healed it says so' 'sim_ctl all heal && wait_for 60 well || { cat status.out; false; }'
test_run 'it ends when asked, well' 'forewarn_stop && test "$FOREWARN_STATUS" -eq 0'
test_run 'nothing was said that an operator must act on' '! grep " error " "$FOREWARN_LOG"'
test_end
