#!/bin/sh
# t/t9225-agents.t: agents that answer, but not as they should: what they do is said, every value that can be had is read, none is
# made up, and how much they are asked at once is learned and remembered.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'odd agents'

# name, last octet, what is wrong with it from the start: commands of the simulator, parted by commas
agents='next:10:deny 1.3.6.1.2.1.31.1.1.1.6,deny 1.3.6.1.2.1.2.2.1.8
nextold:11:deny 1.3.6.1.2.1.2.2.1.10
short:12:short 10
more:13:one-more
shuffle:14:shuffle
cut:15:lost-above 700
nobulk:16:no-bulk
manyways:17:wrong-address
refused:18:wrong-address
types:19:set 1.3.6.1.2.1.2.2.1.14.3 s 123,set 1.3.6.1.2.1.2.2.1.8.2 n,set 1.3.6.1.2.1.2.2.1.14.4 i -5,set 1.3.6.1.2.1.2.2.1.14.5 C 77,set 1.3.6.1.2.1.31.1.1.1.6.6 c 1234,set 1.3.6.1.2.1.2.2.1.14.7 s many
toobig:20:toobig 20
single:21:toobig 1
grows:22:heal
loops:23:wrong-order
cache:26:cache 3
stranger:24:wrong-id'

sim_start --device '127.16.0.1+30 kind=switch ports=24 name=sw#'
set --
old_ifs=$IFS
IFS='
'
for a in $agents
do
	rest=${a#*:}
	more=
	test "${a%%:*}" != manyways || more='any-source = true'
	test "${a%%:*}" != nextold || more='credentials = "old"'
	set -- "$@" "device \"${a%%:*}\" { address = \"127.16.0.${rest%%:*}:$SIM_PORT\"  ping = false  $more }"
	echo "${rest#*:}" | tr ',' '\n' | sed "s/^/127.16.0.${rest%%:*} /" >>commands
done
IFS=$old_ifs
sim_ctl - <commands >/dev/null
POLL_INTERVAL=1s
POLL_TIMEOUT=200ms	# what is lost is asked for again within an interval
poll_conf a.conf "$@"
forewarn_start "$POLL_CONF"
rrd=$FOREWARN_STATE/rrd

odd_of() { says debug --json device "$1" | jq -r '.items[0].oddities | map(.odd) | sort | join(" ")'; }
reads() { wait_for 30 "test \"\$(value $1/interface/Gi0/4 ifHCInOctets)\" -gt 0 && is $1/interface/Gi0/4 state up"; }
# right DEVICE OCTET: the rate of port 4 is what the simulator says it is
right() { wait_cycles "$1" 6 30 && written "$1/interface/Gi0/4" && rate_is "$rrd/$1/interface/Gi0%2F4.rrd" in_octets $((4000 + (1048576 + $2) % 1000)) 3; }

test_run 'what GET denies and GETNEXT tells is asked by GETNEXT' '
	reads next && right next 10 && test "$(odd_of next)" = get-denied && test "$(debug_of next missing | jq length)" = 0 &&
	says debug device next | grep "by GETNEXT *24 interface"'
test_run '... and from SNMPv1 agents as well' '
	wait_for 30 "test \"\$(value nextold/interface/Gi0/4 ifInOctets)\" -gt 0" && test "$(odd_of nextold)" = get-denied'
test_run 'answers of fewer objects than asked: asked for less, and all is read' '
	reads short && right short 12 && odd_of short | grep count && test "$(debug_of short objects_per_get)" -le 10 &&
	test "$(debug_of short missing | jq length)" = 0'
test_run 'answers of more objects: what was asked is taken' 'reads more && right more 13 && test "$(odd_of more)" = count'
test_run 'answers in another order: each value is found by its name' '
	reads shuffle && right shuffle 14 && test "$(odd_of shuffle)" = place &&
	is shuffle/interface/Gi0/3 ifInErrors 0 && says debug device shuffle | grep "odd *the agent answers objects in another order"'
test_run 'long answers are lost: shorter ones are asked for' '
	wait_for 60 "test \"\$(value cut/interface/Gi0/24 ifHCInOctets)\" -gt 0" && right cut 15 &&
	test "$(debug_of cut objects_per_get)" -lt 40'
test_run 'GETBULK is refused: GETNEXT' '
	reads nobulk && test "$(odd_of nobulk)" = no-bulk && test "$(debug_of nobulk rows_per_bulk)" = 1 &&
	says debug device nobulk | grep "GETNEXT instead of bulk"'
test_run 'answers from another address are refused, and that is said' '
	wait_for 20 "test \"\$(debug_of refused snmp_trouble)\" = \"answer from another address than the one asked\"" &&
	is refused snmp silent && odd_of refused | grep source && grep "set any-source" "$FOREWARN_LOG"'
test_run '... unless they are allowed' 'reads manyways && right manyways 17'
test_run 'answers to other requests are said to be' '
	wait_for 20 "test \"\$(debug_of stranger snmp_trouble)\" = \"answer to another request\"" && odd_of stranger | grep stranger'
test_run 'wrong types: what can mean only one thing is read, the rest is missing with its reason' '
	wait_cycles types 2 20 &&
	is types/interface/Gi0/3 ifInErrors 123 && is types/interface/Gi0/5 ifInErrors 77 && is types/interface/Gi0/6 ifHCInOctets 1234 &&
	missing types/interface/Gi0/2 ifOperStatus "value has another type than defined" &&
	missing types/interface/Gi0/4 ifInErrors "value is out of range" &&
	missing types/interface/Gi0/7 ifInErrors "value has another type than defined" &&
	says show interface types | tee shown | grep "? ifInErrors of 1: value is out of range, since 20" &&
	is types/interface/Gi0/2 state unknown && test "$(odd_of types)" = "negative null text type"'
test_run '... counted by reason, and in all' '
	debug_of types missing_by_reason | jq -e ".type == 2 and .range == 1" &&
	says debug --json | jq -e "[.items[].odd_agents | select(. != null) | .text // 0] | add > 0" &&
	says debug --json | jq -e "[.items[].values_missing_by_reason | select(. != null) | .range // 0] | add > 0"'
test_run 'each oddity is one event' 'test "$(says events --json | jq "[.items[] | select(.what == \"odd\" and .name == \"shuffle\")] | length")" = 1'
test_run 'tables that are told in the wrong order are not believed' 'wait_for 20 "odd_of loops | grep order"'

test_run 'tooBig above 20 objects: fewer are asked, but not too few' '
	reads toobig && right toobig 20 && wait_for 40 "test \"\$(debug_of toobig objects_per_get)\" -gt 10" &&
	test "$(debug_of toobig objects_per_get)" -lt 40 && test "$(debug_of toobig missing | jq length)" = 0'
test_run 'an agent that answers one object at a time is asked so' '
	reads single && right single 21 && test "$(debug_of single objects_per_get)" = 1 && test "$(debug_of single missing | jq length)" = 0'
test_run 'an agent that answers all is asked for more than at first, without a value lost' '
	wait_for 60 "test \"\$(debug_of grows objects_per_get)\" -gt 70" && right grows 22 && test "$(debug_of grows lost)" = 0'
test_run '... at once after a restart' '
	since=$(value types/interface/Gi0/4 missing_since | jq -r .ifInErrors) && n=$(debug_of grows objects_per_get) && forewarn_stop && forewarn_start "$POLL_CONF" && wait_cycles grows 1 20 &&
	missing types/interface/Gi0/4 ifInErrors "value is out of range" && test "$(value types/interface/Gi0/4 missing_since | jq -r .ifInErrors)" = "$since" &&
	test "$(debug_of grows objects_per_get)" -ge $n && test "$(debug_of toobig objects_per_get)" -lt 40 &&
	wait_cycles next 2 20 && says debug device next | grep "by GETNEXT *24 interface"'
test_run 'counters that are renewed every three polls: said, and no rate is 0 or a spike' '
	wait_for 40 "odd_of cache | grep -w cache" && wait_cycles cache 14 40 && says debug device cache | grep "cache *its counters are renewed every 3 s" &&
	written cache/interface/Gi0/4 && rates $rrd/cache/interface/Gi0%2F4.rrd in_octets | tail -n 10 | tee rates | awk "
		\$2 !~ /nan/ { n++; if (\$2 < 4602 * .95 || \$2 > 4602 * 1.05) bad = 1 } END { exit bad || n < 7 }" || { cat rates; false; }'
test_run '... also of a port that is idle among others' '
	sim_ctl 127.16.0.26 port 5 down && wait_cycles cache 12 40 && written cache/interface/Gi0/5 && rates $rrd/cache/interface/Gi0%2F5.rrd in_octets |
	grep -v nan | tail -n 3 | tee rates | awk "{ n++; if (\$2 != 0) bad = 1 } END { exit bad || n < 3 }" || { cat rates; false; }'
test_run 'no other agent is believed to do so' 'for d in next more shuffle grows types; do odd_of $d | grep -w cache && return 1; done; true'
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
