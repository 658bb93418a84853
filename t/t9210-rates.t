#!/bin/sh
# t/t9210-rates.t: rates in RRD are those of the simulator's formulas to 1 in 1,000: over a wrap of 32 bits, a reboot, a reset of
# one port, a restart and a kill of forewarn, and from cron.
#
# Port p of device d moves (1000 p + d mod 1000) octets a second in, twice that out; d are the last three octets.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'rates'
sim_start --device '127.16.0.1 kind=switch ports=4 name=wide' --device '127.16.0.2 kind=switch ports=4 hc=no name=narrow' \
	--device '127.16.0.3 kind=switch ports=4 name=boots' --device '127.16.0.4 kind=switch ports=4 hc=no name=wraps'
sim_ctl 127.16.0.4 port 1 wrap 7 >/dev/null
sim_ctl 127.16.0.4 port 2 wrap 9 >/dev/null
POLL_INTERVAL=1s
poll_conf a.conf "device \"wide\"   { address = \"127.16.0.1:$SIM_PORT\" }" \
	"device \"narrow\" { address = \"127.16.0.2:$SIM_PORT\" }" \
	"device \"boots\"  { address = \"127.16.0.3:$SIM_PORT\" }" \
	"device \"wraps\"  { address = \"127.16.0.4:$SIM_PORT\" }" \
	"device \"one\"    { address = \"127.16.0.2:$SIM_PORT\"  credentials = \"old\" }"
forewarn_start "$POLL_CONF"
rrd=$FOREWARN_STATE/rrd
d1=577 d2=578 d3=579 d4=580		# 16 * 65536 + n, mod 1000

test_run 'polled for a while' 'wait_cycles wide 6 40'
sim_ctl 127.16.0.3 reboot >/dev/null
sim_ctl 127.16.0.1 port 3 reset >/dev/null
test_run 'and after a reboot' 'wait_cycles boots 6 40 && wait_cycles wraps 1 20'

test_run '64-bit counters' 'written wide/interface/Gi0/1 && written wide/interface/Gi0/2 &&
	rate_is $rrd/wide/interface/Gi0%2F1.rrd in_octets $((1000 + d1)) 6 &&
	rate_is $rrd/wide/interface/Gi0%2F1.rrd out_octets $((2000 + d1)) 6 &&
	rate_is $rrd/wide/interface/Gi0%2F2.rrd in_octets $((2000 + d1)) 6'
test_run '32-bit counters, where there are no others' 'written narrow/interface/Gi0/2 &&
	rate_is $rrd/narrow/interface/Gi0%2F2.rrd in_octets $((2000 + d2)) 6'
test_run 'SNMPv1' 'written one/interface/Gi0/2 && rate_is $rrd/one/interface/Gi0%2F2.rrd out_octets $((4000 + d2)) 6'
test_run 'over the end of 32 bits, without a gap' '
	for p in 1 2
	do
		written wraps/interface/Gi0/$p &&
		rate_is $rrd/wraps/interface/Gi0%2F$p.rrd in_octets $((p * 1000 + d4)) 6 &&
		test "$(value wraps/interface/Gi0/$p ifInOctets)" -lt 1000000 &&
		! gap_is $rrd/wraps/interface/Gi0%2F$p.rrd in_octets 99 || return 1
	done'
test_run 'a reboot is a gap of two steps at most, and no spike' 'written boots/interface/Gi0/4 &&
	rate_is $rrd/boots/interface/Gi0%2F4.rrd in_octets $((4000 + d3)) 6 &&
	gap_is $rrd/boots/interface/Gi0%2F4.rrd in_octets 2 && test "$(events reboot)" = 1'
test_run 'so is a reset of one port' 'written wide/interface/Gi0/3 &&
	rate_is $rrd/wide/interface/Gi0%2F3.rrd in_octets $((3000 + d1)) 6 &&
	gap_is $rrd/wide/interface/Gi0%2F3.rrd in_octets 2'
test_run 'the other ports of its device have none' '! gap_is $rrd/wide/interface/Gi0%2F1.rrd in_octets 99'

# What was counted while forewarn was away is not lost when it comes back within the heartbeat, and no spike otherwise.
test_run 'over a restart' '
	forewarn_stop && test "$FOREWARN_STATUS" = 0 && forewarn_start "$POLL_CONF" && wait_cycles wide 4 20 &&
	written wide/interface/Gi0/1 && rate_is $rrd/wide/interface/Gi0%2F1.rrd in_octets $((1000 + d1)) 9'
test_run 'over a kill' '
	forewarn_stop KILL; forewarn_start "$POLL_CONF" && wait_cycles wide 4 20 &&
	written wide/interface/Gi0/2 && rate_is $rrd/wide/interface/Gi0%2F2.rrd in_octets $((2000 + d1)) 12'
test_run 'no cycle was late, nothing was lost' '
	for d in wide narrow boots wraps one
	do
		test "$(debug_of $d late)/$(debug_of $d lost)" = 0/0 || { says debug device $d; return 1; }
	done'
forewarn_stop

# From cron: each run continues what the one before left.
FOREWARN_STATE=$SCRATCH/cron
mkdir "$FOREWARN_STATE"
poll_conf cron.conf "device \"wide\" { address = \"127.16.0.1:$SIM_PORT\"  ping = false }"
test_run 'seven runs by cron, silent' '
	for n in 1 2 3 4 5 6 7
	do
		says poll >poll.out 2>&1 && test ! -s poll.out || { cat poll.out; return 1; }
		sleep 0.7
	done'
test_run 'their rates' '
	rate_is $FOREWARN_STATE/rrd/wide/interface/Gi0%2F1.rrd in_octets $((1000 + d1)) 3 &&
	rate_is $FOREWARN_STATE/rrd/wide/interface/Gi0%2F4.rrd out_octets $((8000 + d1)) 3'
test_run 'the tables were walked once: by the first' '
	at=$(value wide discovered) && says poll && test "$(value wide discovered)" = "$at"'
test_end
