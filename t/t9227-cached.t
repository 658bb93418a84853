#!/bin/sh
# t/t9227-cached.t: agents that renew their counters every few polls, from the first poll on: no rate is 0 or a spike before it is
# known that they do, by a daemon and from cron; and agents that do not are drawn as ever.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'cached counters, from the first poll on'
sim_start --device '127.16.2.1+4 kind=switch ports=24 psu=0 fan=0 sensors=0 name=sw#'
sim_ctl 127.16.2.1 cache 3 >/dev/null && sim_ctl 127.16.2.2 cache 4 >/dev/null && sim_ctl 127.16.2.4 port 6 down >/dev/null
d() { echo "device \"$1\" { address = \"127.16.2.$2:$SIM_PORT\"  ping = false }"; }
POLL_INTERVAL=1s
poll_conf a.conf "$(d three 1)" "$(d four 2)" "$(d plain 3)" "$(d idle 4)"
forewarn_start "$POLL_CONF"
rrd=$FOREWARN_STATE/rrd

# even FOLDER DEVICE OCTET LEAST: of its ports' rates at least so many are known, and all that are known are right.
even() {
	for p in 1 4
	do
		rates "$1/$2/interface/Gi0%2F$p.rrd" in_octets >"rates.$2" && awk -v want=$((p * 1000 + (1048576 + 512 + $3) % 1000)) -v least="$4" '
			$2 !~ /nan/ { n++; if ($2 < want * .6 || $2 > want * 1.6) { print "at", $1, "rate", $2, "not", want; bad = 1 } }
			END { print n + 0, "known"; exit bad || n < least }' "rates.$2" || { cat "rates.$2"; return 1; }
	done
}
flushed() { written "$1/interface/Gi0/1" && written "$1/interface/Gi0/4"; }

test_run 'while it is not known: nothing is drawn, or what is right' '
	wait_cycles three 6 30 && for d in three:1 four:2
	do
		! flushed ${d%:*} || even $rrd ${d%:*} ${d#*:} 0 || return 1
	done'
test_run 'the others: from the third poll on' '
	wait_cycles plain 1 20 && flushed plain && even $rrd plain 3 3 && says debug device plain | grep -w cache && return 1
	! gap_is $rrd/plain/interface/Gi0%2F4.rrd in_octets 99'
test_run '... also a port that is idle' '
	written idle/interface/Gi0/6 && rates $rrd/idle/interface/Gi0%2F6.rrd in_octets >idle && grep -v nan idle | awk "
		{ n++; if (\$2 != 0) bad = 1 } END { exit bad || n < 3 }" || { cat idle; false; }'
test_run 'it is learned, and all that was drawn was right' '
	wait_for 60 "says debug device three | grep -q \"cache *its counters are renewed every 3 s\"" &&
	wait_for 60 "says debug device four | grep -q \"cache *its counters are renewed every 4 s\"" && wait_cycles four 9 30 &&
	flushed three && flushed four && even $rrd three 1 9 && even $rrd four 2 8'
test_run 'a restart forgets nothing of it' '
	forewarn_stop && forewarn_start "$POLL_CONF" && wait_cycles three 7 30 && flushed three && even $rrd three 1 12'
test_run 'a reboot: the counters begin at a renewal' '
	sim_ctl 127.16.2.1 reboot && wait_for 20 "test \$(events reboot) = 1" && wait_cycles three 9 40 && flushed three && even $rrd three 1 15'
forewarn_stop

FOREWARN_STATE=$SCRATCH/cron
mkdir "$FOREWARN_STATE"
poll_conf cron.conf "$(d three 1)" "$(d plain 3)"
# From cron: each run is another process. The simulated clock is moved on, and ours is what it is: so runs are a second apart.
test_run 'from cron it is learned as well, and nothing wrong is drawn' '
	end=$(($(date +%s) + 60))
	until says debug device three 2>/dev/null | grep -q "cache *its counters are renewed" && test "${n:-0}" -ge 14
	do
		says poll >poll.out 2>&1 || { cat poll.out; return 1; }
		n=$((${n:-0} + 1))
		test "$(date +%s)" -lt "$end" || { says debug device three; return 1; }
		sleep "$(perl -MTime::HiRes=time -e "printf q(%.3f), 1 - (time - int time)")"
	done
	even $FOREWARN_STATE/rrd three 1 4 && even $FOREWARN_STATE/rrd plain 3 4'
test_end
