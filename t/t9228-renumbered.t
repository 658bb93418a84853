#!/bin/sh
# t/t9228-renumbered.t: interfaces that are renumbered, exchanged, removed, renamed and doubled while sysUpTime runs on, seen by one
# marker alone: by ifNumber, by ifTableLastChange, or by nothing but the names themselves. What a name has counted stays with it, and
# not one row holds what another port has counted: counters of two ports are a million octets and more apart.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'interfaces that are renumbered'
ifname=1.3.6.1.2.1.31.1.1.1.1 ifnumber=1.3.6.1.2.1.2.1 lastchange=1.3.6.1.2.1.31.1.5

sim_start --device '127.16.0.10+4 kind=switch ports=6 psu=0 fan=0 sensors=0 name=sw#'
devices='numbers changes names'
address() { case $1 in numbers) echo 127.16.0.10 ;; changes) echo 127.16.0.11 ;; names) echo 127.16.0.12 ;; esac; }
sim_ctl 127.16.0.10 hide $lastchange >/dev/null
sim_ctl 127.16.0.11 hide $ifnumber >/dev/null
sim_ctl 127.16.0.12 hide $lastchange >/dev/null
sim_ctl 127.16.0.12 hide $ifnumber >/dev/null
# own PORT: its octets a second: each port four times as many as the one before.
own() { echo $((500 << 2 * $1)); }
for p in 1 2 3 4 5
do
	sim_ctl 127.16.0.10-127.16.0.12 port $p rate in $(own $p) >/dev/null
done
POLL_INTERVAL=1s
set --
for d in $devices
do
	set -- "$@" "device \"$d\" { address = \"$(address $d):$SIM_PORT\"  ping = false }"
done
poll_conf a.conf "$@"
forewarn_start "$POLL_CONF"
rrd=$FOREWARN_STATE/rrd

all=127.16.0.10-127.16.0.12

# counted KIND N: each device has so many such events.
counted() {
	says events --json | jq -e --arg k "$1" --argjson n "$2" '[.items[] | select(.what == $k) | .name] | [("numbers", "changes", "names") as $d | map(select(. == $d)) | length] == [$n, $n, $n]' >/dev/null
}
# states INSTANCE STATE: of each device.
states() {
	says show --json interface | jq -e --arg i "/interface/$1" --arg s "$2" '[.items[] | select((.component | endswith($i)) and .state == $s)] | length == 3' >/dev/null
}
# on N: so many more full rounds of each device.
on() {
	on_until=
	for d in $devices
	do
		on_until="$on_until $d $(($(cycles $d) + $1))"
	done
	set -- $on_until
	while test $# -gt 0
	do
		wait_for 30 "test \"\$(cycles $1)\" -ge $2" || return 1
		shift 2
	done
}
# index DEVICE NAME: the first ifIndex of that name at the agent.
index() {
	snmpwalk -v2c -c public -On "$(address $1):$SIM_PORT" $ifname | sed -n "s,^\.$ifname\.\([0-9]*\) = STRING: \"$2\"\$,\1,p" | head -n 1
}
# called OLD NEW: the port of that name is called otherwise; show OLD - ends that.
called() {
	for d in $devices
	do
		sim_ctl $(address $d) set $ifname.$(index $d "$1") s "$2" || return 1
	done
}
# A sixth port comes or goes: that is how ifNumber, and ifTableLastChange where nothing else does, move.
sixth() { for d in $*; do sim_ctl $(address $d) port 6 $six || return 1; done; test $six = add && six=remove || six=add; }
six=remove
settled() { counted reindex $1 && on 4 && counted reindex $1; }

test_run 'polled for a while' 'wait_for 20 "states Gi0/5 up" && on 4'
test_run 'all get other numbers: one event each' '
	sixth numbers && sim_ctl $all renumber && wait_for 30 "counted reindex 1" && settled 1'
test_run 'two ports exchange their numbers, and their counters with them: one event' '
	sim_ctl $all port 1 swap 2 && sixth numbers && wait_for 30 "counted reindex 2" && settled 2'
test_run 'two ports exchange their names alone: one event' '
	sim_ctl $all port 3 swap-names 4 && sixth numbers && wait_for 30 "counted reindex 3" && settled 3'
test_run 'a port vanishes, and comes back with other counters' '
	sim_ctl $all port 5 remove && wait_for 40 "states Gi0/5 down" && sim_ctl $all port 5 value in 90000000 && sim_ctl $all port 5 add &&
	wait_for 40 "states Gi0/5 up" && settled 3'
test_run 'a port is renamed, and has its name back later' '
	called Gi0/1 uplink && sixth numbers changes && wait_for 40 "states uplink up" && wait_for 40 "states Gi0/1 down" && counted rename 1 && on 3 &&
	for d in $devices; do sim_ctl $(address $d) show $ifname.$(index $d uplink) || return 1; done &&
	sixth numbers changes && wait_for 40 "states Gi0/1 up" && on 3 && wait_for 40 "states uplink down" && counted rename 2'
test_run 'a name that two ports have: both with their index' '
	for d in $devices; do index $d Gi0/1 >$d.one; index $d Gi0/2 >$d.two; done &&
	called Gi0/2 Gi0/1 && sixth numbers changes && wait_for 40 "states Gi0/1 down && states Gi0/2 down" && on 4'
test_run 'no reboot was seen, and it ends well' 'test $(events reboot) = 0 && forewarn_stop && test "$FOREWARN_STATUS" = 0'

# Now all rows are in their files. only DEVICE INSTANCE LEAST RATE...: each step that is known is one of these rates within 4 in 10 (a
# busy machine lets one come late, the next early), and so many are.
only() {
	only_file=$rrd/$1/interface/$(echo "$2" | sed 's,/,%2F,g; s,~,%7E,').rrd only_least=$3
	only_name=$1/$2
	shift 3
	rrdtool fetch "$only_file" AVERAGE -r 1 -s -900 | awk -v name="$only_name" -v all="$*" -v least="$only_least" '
		NR == 1 { n = split(all, rate, " "); for (i = 1; i <= NF; i++) if ($i == "in_octets") column = i + 1; next }
		NF < 2 || $column ~ /nan/ { next }
		{ known++; good = 0; for (i = 1; i <= n; i++) { off = $column / rate[i] - 1; good += off < .4 && off > -.4 } if (!good) { print name, "at", $1, $column, "is none of", all; bad = 1 } }
		END { if (known < least) print name, known + 0, "steps, not", least; exit bad || known < least }'
}
for d in $devices
do
	test_run "$d: each name has its own history, without one row of another port" '
		bad=0
		only $d Gi0/1 12 $(own 1) && only $d Gi0/2 12 $(own 2) && only $d Gi0/5 12 $(own 5) && only $d uplink 2 $(own 1) || bad=1
		for p in 3 4; do only $d Gi0/$p 12 $(own 3) $(own 4) || bad=1; done
		only $d Gi0/1~$(cat $d.one) 2 $(own 1) && only $d Gi0/1~$(cat $d.two) 2 $(own 2) || bad=1
		test $bad = 0'
done
test_end
