#!/bin/sh
# t/t9226-places.t: an exception or no value in every place where an agent can put one, answers that are too long, late, or not
# whole: what is missing has its reason, everything else is read, nothing is made up, and all comes back.
#
# Each case of what an agent may do wrong, and where a whole daemon meets it:
#
#	names that do not increase, or loop                t9220 wrong-order, loop; t9225 loops
#	answers to another request; wrong community        t9225 stranger; t9230 wrongid, wrongcommunity, stranger
#	fewer, more, shuffled varbinds                     t9225 short, more, shuffle
#	an exception or NULL in a GET: first, in the       here: first, middle, last, all
#	  middle, last, all
#	an exception or NULL in a walk: among the rows     here: hole, ends, nothing
#	  of a column, instead of all (a walk has no non-repeaters)
#	GET denies what GETNEXT tells                      t9225 next, nextold
#	NULL; text, Counter64, Counter32, negative         t9225 types; here: the rates of counters of the other size
#	cut, garbage, too long                             t9230 truncated, malformed; here: cut, padded, jumbo
#	another address or port, refused or allowed        t9225 refused, manyways; t9230 wrongsource, wrongaddress
#	twice, late                                        t9230 twice, slow; here: late
#	counters renewed every few polls                   t9225 cache; t9227
#	answers whose fragments are lost                   t9225 cut

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'exceptions in every place'
ifx=1.3.6.1.2.1.31.1.1.1 ift=1.3.6.1.2.1.2.2.1 uptime=1.3.6.1.2.1.1.3.0

# name, last octet, what is wrong with it later: commands of the simulator, parted by commas. Port 8 is the last of what is asked.
agents="first:10:say instance $uptime
firstnull:11:say null $uptime
middle:12:say object $ift.14.3,say instance $ift.14.4,say end $ift.14.5,say null $ift.14.6,say end $ift.8.2
last:13:say end $ift.8.8,say object $ift.14.8,say instance $ift.20.8,say null $ift.13.8,say end $ift.19.8,say end $ifx.19.8
all:14:say object 1.3
allend:15:say end 1.3
oldmiddle:16:no-such-instance $ift.14.4
oldfirst:17:no-such-instance $uptime
cut:18:truncate 700
padded:19:pad 60
late:20:delay 250
hole:22:say instance $ift.8.3,say end $ifx.1.5,say null $ifx.1.6
nothing:23:no-such-instance 1.3
none:24:"

sim_start --device '127.16.1.1+30 kind=switch ports=8 psu=0 fan=0 sensors=0 name=sw#' --device '127.16.1.50 kind=switch ports=100 bulk=60000 name=jumbo' \
	--device '127.16.1.51 kind=switch ports=8 name=sizes' --device '127.16.1.52 kind=switch ports=8 name=bare'
for c in 6 7 8 9 10 11 2 3 4 5 14 15 19
do
	sim_ctl 127.16.1.52 hide $ifx.$c.3 >/dev/null
done
for c in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21
do
	sim_ctl 127.16.1.52 hide $ift.$c.3 >/dev/null
done
sim_ctl 127.16.1.51 set $ifx.6.3 c 4294900000 >/dev/null
set -- "device \"jumbo\" { address = \"127.16.1.50:$SIM_PORT\"  ping = false }" \
	"device \"sizes\" { address = \"127.16.1.51:$SIM_PORT\"  ping = false }" \
	"device \"bare\" { address = \"127.16.1.52:$SIM_PORT\"  ping = false }"
old_ifs=$IFS
IFS='
'
for a in $agents
do
	rest=${a#*:}
	more=
	case $a in old*) more='credentials = "old"' ;; esac
	set -- "$@" "device \"${a%%:*}\" { address = \"127.16.1.${rest%%:*}:$SIM_PORT\"  ping = false  $more }"
	test -z "${rest#*:}" || echo "${rest#*:}" | tr ',' '\n' | sed "s/^/127.16.1.${rest%%:*} /" >>commands
done
IFS=$old_ifs
names=$(echo "$agents" | cut -d: -f1)
POLL_INTERVAL=1s
poll_conf a.conf "$@"
forewarn_start "$POLL_CONF"
rrd=$FOREWARN_STATE/rrd

odd_of() { says debug --json device "$1" | jq -r '.items[0].oddities | map(.odd) | sort | join(" ")'; }
# moves DEVICE PORT: its octets are read, again and again.
moves() {
	key=ifHCInOctets
	case $1 in old*) key=ifInOctets ;; esac
	was=$(value "$1/interface/Gi0/$2" $key)
	wait_for 20 "test \"\$(value $1/interface/Gi0/$2 $key)\" -ne \"$was\""
}
# reason DEVICE COLUMN WORD [COUNT]: so many parts lack a column for that reason.
reason() {
	says debug --json device "$1" | jq -e --arg c "$2" --arg w "$3" "[.items[0].missing[] | select(.object == \$c and .why == \$w) | .count] | add == ${4:-1}" ||
		{ says debug device "$1"; return 1; }
}

none_gone() { ! says events --json | jq -e '.items[] | select(.what == "gone" or .what == "rename" or .what == "new")'; }

test_run 'all is read at first' '
	for d in $names; do wait_for 30 "test \"\$(value $d/interface/Gi0/8 state)\" = up" && moves $d 8 || return 1; done'
sim_ctl - <commands >/dev/null
test_run 'polled on' 'wait_cycles none 4 30'

test_run 'GET: sysUpTime comes first, and is not there: said, and the rest is read' '
	for d in first firstnull oldfirst
	do
		wait_for 20 "odd_of $d | grep -w no-uptime" && moves $d 4 && test "$(debug_of $d missing | jq length)" = 0 || return 1
	done &&
	written first/interface/Gi0/4 && ! gap_is $rrd/first/interface/Gi0%2F4.rrd in_octets 99 && test "$(events reboot)" = 0'
test_run 'GET: in the middle: each exception has its reason, a NULL its own' '
	wait_for 20 "missing middle/interface/Gi0/3 ifInErrors \"agent has no such object\"" &&
	wait_for 20 "missing middle/interface/Gi0/4 ifInErrors \"agent has no such instance\"" &&
	wait_for 20 "missing middle/interface/Gi0/5 ifInErrors \"agent has no such instance\"" &&
	wait_for 20 "missing middle/interface/Gi0/6 ifInErrors \"value has another type than defined\"" &&
	is middle/interface/Gi0/3 ifInErrors null && is middle/interface/Gi0/6 ifInErrors null && is middle/interface/Gi0/2 state unknown &&
	is middle/interface/Gi0/7 ifInErrors 0 && reason middle ifInErrors no-instance 2 && reason middle ifInErrors no-object &&
	reason middle ifInErrors type && odd_of middle | grep -w null && moves middle 3 && moves middle 8'
test_run '... and from SNMPv1, which refuses the whole' '
	wait_for 20 "missing oldmiddle/interface/Gi0/4 ifInErrors \"agent has no such instance\"" && reason oldmiddle ifInErrors no-instance &&
	is oldmiddle/interface/Gi0/5 ifInErrors 0 && moves oldmiddle 8'
test_run 'GET: the last ones' '
	wait_for 20 "is last/interface/Gi0/8 state unknown" && wait_for 20 "reason last ifOutDiscards no-instance >/dev/null" &&
	reason last ifOperStatus no-instance && reason last ifInErrors no-object && reason last ifOutErrors no-instance &&
	reason last ifInDiscards type && is last/interface/Gi0/8 ifInErrors null && is last/interface/Gi0/7 ifInErrors 0 && moves last 8 && moves last 1'
test_run 'GET: all of them, and walks tell nothing else: each value is missing, nothing is down, and nothing is gone' '
	for d in all allend
	do
		wait_for 20 "is $d/interface/Gi0/4 state unknown" && is $d snmp answers && is $d/interface/Gi0/4 ifHCInOctets null &&
		wait_for 20 "test \"\$(debug_of $d missing | jq \"map(select(.object == \\\"ifOperStatus\\\") | .count) | add\")\" = 8" || return 1
	done &&
	debug_of all missing_by_reason | jq -e "keys == [\"no-object\"]" && debug_of allend missing_by_reason | jq -e "keys == [\"no-instance\"]" &&
	none_gone'
test_run 'the whole view is taken away: unknown, and not down or gone' '
	wait_for 30 "debug_of nothing discovery_trouble | grep \"tells none of its objects\"" && wait_cycles nothing 3 20 &&
	is nothing/interface/Gi0/4 state unknown && none_gone && test "$(says show --json interface nothing | jq ".items | length")" = 8'

test_run 'answers that are cut behind 700 octets: shorter ones are asked for' '
	wait_for 60 "moves cut 8" && odd_of cut | grep -w malformed && test "$(debug_of cut objects_per_get)" -lt 60 && is cut snmp answers'
test_run 'octets behind an answer: it cannot be decoded, and that is said' '
	wait_for 20 "is padded snmp silent" && debug_of padded snmp_trouble | grep "cannot be decoded" && odd_of padded | grep -w malformed'
test_run 'answers that come after the first time-out are taken' '
	wait_for 30 "moves late 8" && is late snmp answers && test "$(debug_of late missing | jq length)" = 0'
test_run 'answers of many datagrams of Ethernet are read whole' '
	wait_for 20 "moves jumbo 100" && test "$(says show --json interface jumbo | jq "[.items[] | select(.state == \"up\")] | length")" = 100'
test_run 'a counter of 32 bits in a column of 64 wraps at 32' '
	wait_cycles sizes 1 20 && sim_ctl 127.16.1.51 set $ifx.6.3 c 5000 && wait_cycles sizes 4 20 && written sizes/interface/Gi0/3 &&
	rrdtool fetch $rrd/sizes/interface/Gi0%2F3.rrd AVERAGE -r 1 -s -60 >fetched &&
	awk "\$2 !~ /nan/ && \$2 + 0 > 0 { n++; sum += \$2 } END { exit !(n > 0 && sum < 80000) }" fetched || { cat fetched; false; }'

# Walked again: what is missing among the rows is no end, and no row is lost by it.
test_run 'a walk: exceptions and NULL among the rows: the others are found, and no row is gone' '
	sim_ctl 127.16.1.22 reboot && wait_for 20 "missing hole/interface/Gi0/3 ifOperStatus \"agent has no such instance\"" && wait_cycles hole 8 40 &&
	test "$(says show --json interface hole | jq ".items | length")" = 8 && none_gone && odd_of hole | grep -w exception &&
	is hole/interface/Gi0/3 state unknown && is hole/interface/Gi0/5 state up && is hole/interface/Gi0/8 ifDescr "simulated port 8" && moves hole 8 && moves hole 5'
# Its name and nothing else: as of radios that an agent lists while they are not fitted.
test_run 'a row of which nothing but the name is told: unknown, and for what reason, though it was never read' '
	is bare/interface/Gi0/3 state unknown && is bare/interface/Gi0/3 reason "ifOperStatus: agent has no such instance" && is bare/interface/Gi0/3 polled null &&
	is bare/interface/Gi0/4 state up'
test_run 'counted for each device, and in all' '
	debug_of middle missing_by_reason | jq -e ".\"no-instance\" == 3 and .\"no-object\" == 1 and .type == 1" &&
	says debug --json | jq -e "[.items[].values_missing_by_reason | select(. != null)] | map(.\"no-object\" // 0) | add > 0"'
test_run 'all comes back' '
	sim_ctl all heal && sim_ctl 127.16.1.1+30 reboot &&
	for d in $names
	do
		wait_for 40 "test \"\$(value $d/interface/Gi0/8 state)\" = up" && wait_for 20 "test \"\$(value $d/interface/Gi0/4 state)\" = up" && moves $d 8 &&
		wait_for 40 "test \"\$(debug_of $d missing | jq length)\" = 0" || { says debug device $d; return 1; }
	done'
test_run 'no other device lacked anything' 'test "$(debug_of none lost)" = 0 && test "$(odd_of none)" = ""'
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
