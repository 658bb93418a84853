#!/bin/sh
# t/t9220-discovery.t: which components a device has, and what they are called: equal names, ports that are renumbered, removed and
# added, tables that cannot be read whole, and real devices' recordings held against what is known of them.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'discovery'

# Two ports of equal names, one without any, one whose name has odd bytes.
cat >names.snmprec <<'X'
1.3.6.1.2.1.1.3.0|67|100000
1.3.6.1.2.1.2.2.1.2.1|4|eth
1.3.6.1.2.1.2.2.1.2.2|4|eth
1.3.6.1.2.1.2.2.1.2.3|4|lo
1.3.6.1.2.1.2.2.1.2.5|4x|612f6220c3a91b5b316d
1.3.6.1.2.1.2.2.1.7.1|2|1
1.3.6.1.2.1.2.2.1.7.2|2|1
1.3.6.1.2.1.2.2.1.7.3|2|2
1.3.6.1.2.1.2.2.1.7.4|2|1
1.3.6.1.2.1.2.2.1.7.5|2|1
1.3.6.1.2.1.2.2.1.8.1|2|1
1.3.6.1.2.1.2.2.1.8.2|2|2
1.3.6.1.2.1.2.2.1.8.3|2|2
1.3.6.1.2.1.2.2.1.8.4|2|1
1.3.6.1.2.1.2.2.1.8.5|2|77
1.3.6.1.2.1.2.2.1.8.6.1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16|2|1
1.3.6.1.2.1.2.2.1.10.1|65|1000
1.3.6.1.2.1.2.2.1.10.2|65|2000
X
sim_start --device '127.16.0.1 kind=switch ports=6 name=moves' --device '127.16.0.2 kind=switch ports=6 name=loses' \
	--device '127.16.0.3 kind=switch ports=6 name=odd' --device "127.16.0.4 kind=recording file=$SCRATCH/names.snmprec" \
	--device '127.16.0.5 kind=switch ports=6 name=grows' --device '127.16.0.6 kind=switch ports=60 name=torn'
sim_ctl 127.16.0.5 port 6 remove >/dev/null
POLL_INTERVAL=1s
poll_conf a.conf "device \"moves\" { address = \"127.16.0.1:$SIM_PORT\" }" \
	"device \"loses\" { address = \"127.16.0.2:$SIM_PORT\"  watch = {\"interface/*\"} }" \
	"device \"odd\"   { address = \"127.16.0.3:$SIM_PORT\" }" \
	"device \"names\" { address = \"127.16.0.4:$SIM_PORT\" }" \
	"device \"grows\" { address = \"127.16.0.5:$SIM_PORT\" }" \
	"device \"torn\"  { address = \"127.16.0.6:$SIM_PORT\" }"
forewarn_start "$POLL_CONF"
rrd=$FOREWARN_STATE/rrd

names_of() {
	says show --json interface "$1" | jq -r '.items[].component' | sort | tr '\n' ' '
}

test_run 'polled for a while' 'wait_cycles moves 4 20 && wait_cycles names 2 20'
test_run 'equal names get their index, one without a name is its index, odd bytes are made harmless' '
	names_of names && test "$(says show --json interface names | jq -r ".items | length")" = 5 &&
	is names/interface/eth~1 ifInOctets 1000 && is names/interface/eth~2 ifInOctets 2000 &&
	is names/interface/4 ifOperStatus up && is names/interface/lo state down && is names/interface/lo reason admin &&
	! names_of names | LC_ALL=C grep -q "$(printf "\033")"'
test_run 'a row whose index is too long is left out, and that is said' '
	debug_of names discovery_trouble | grep "interface.: rows whose index has more than 16 numbers are left out" &&
	says debug device names | grep "left out"'
test_run 'a value that the definition does not list is unknown' '
	n=$(says show --json interface names | jq -r ".items[] | select(.ifOperStatus == 77) | .component") &&
	test -n "$n" && is "$n" state unknown && is "$n" reason "ifOperStatus 77"'

# A device that has long been calm: walked again three times and more, and nothing was new.
test_run 'renumbered: names stay, and their history goes on' '
	wait_cycles moves 14 40 && sim_ctl 127.16.0.1 renumber && wait_for 10 "test \$(events reindex) = 1" && wait_cycles moves 4 20 &&
	is moves/interface/Gi0/3 ifDescr "simulated port 3" && test "$(names_of moves | wc -w)" = 6 &&
	written moves/interface/Gi0/3 && rate_is $rrd/moves/interface/Gi0%2F3.rrd in_octets 3577 6'
test_run '... and no value of another port went to a file meanwhile' '
	for p in 1 2 4 5 6
	do
		written moves/interface/Gi0/$p && rate_is $rrd/moves/interface/Gi0%2F$p.rrd in_octets $((p * 1000 + 577)) 6 || return 1
	done'

# Between the packets of a poll, of a poll of states, and in the middle of the walks that follow: a value of another port
# would be a step of a million octets, or a name that never was.
test_run 'renumbered between any two requests: no value of another port is filed, and no name is made up' '
	for n in 2 3 5 8 11 4 17 26 40 9
	do
		sim_ctl 127.16.0.6 renumber $n >/dev/null && sleep 0.4 || return 1
	done
	sim_ctl 127.16.0.6 renumber && before=$(events reindex) && wait_for 15 "test \$(events reindex) -ge $before" && wait_cycles torn 4 20 &&
	test "$(names_of torn | wc -w)" = 60 && is torn/interface/Gi0/37 ifDescr "simulated port 37" &&
	for p in 1 17 30 37 59 60
	do
		written torn/interface/Gi0/$p && rrdtool fetch $rrd/torn/interface/Gi0%2F$p.rrd AVERAGE -r 1 -s -60 >fetched &&
		awk -v most=$((p * 1200 + 1000)) "\$2 + 0 > most && \$2 != \"nan\" { print; bad = 1 } \$2 + 0 > 0 { some++ } END { exit bad || some < 3 }" fetched || { cat fetched; return 1; }
	done'

test_run 'a port that is removed is down and gone' '
	sim_ctl 127.16.0.2 port 4 remove &&
	wait_for 15 "test \"\$(value loses/interface/Gi0/4 state)\" = down" &&
	value loses/interface/Gi0/4 reason | grep "^gone" && test "$(names_of loses | wc -w)" = 6 && wait_for 5 "test \$(events gone) = 1"'
test_run '... and is so after a restart' '
	forewarn_stop && forewarn_start "$POLL_CONF" && wait_cycles loses 2 20 &&
	is loses/interface/Gi0/4 state down && value loses/interface/Gi0/4 reason | grep "^gone"'
test_run '... and up when it comes back' '
	sim_ctl 127.16.0.2 port 4 add && wait_for 15 "test \"\$(value loses/interface/Gi0/4 state)\" = up"'
test_run 'what is gone can be forgotten, what is there cannot' '
	sim_ctl 127.16.0.2 port 5 remove && wait_for 15 "test \"\$(value loses/interface/Gi0/5 state)\" = down" &&
	! says forget loses/interface/Gi0/4 && says forget loses/interface/Gi0/5 && wait_cycles loses 2 20 &&
	test "$(names_of loses | wc -w)" = 5 && is loses/interface/Gi0/6 state up'

test_run 'a port that is added is found' '
	test "$(names_of grows | wc -w)" = 5 && sim_ctl 127.16.0.5 port 6 add &&
	wait_for 15 "test \$(names_of grows | wc -w) = 6" && wait_for 5 "test \$(events new) = 1" && is grows/interface/Gi0/6 ifDescr "simulated port 6"'

test_run 'a port that is renamed is another component: the old name gets none of its values, and that is an event' '
	sim_ctl 127.16.0.5 set 1.3.6.1.2.1.31.1.1.1.1.2 s uplink && sim_ctl 127.16.0.5 reboot &&
	wait_for 15 "test \"\$(value grows/interface/uplink state)\" = up" && wait_for 15 "test \$(events rename) = 1" &&
	says events --json | jq -e ".items[] | select(.what == \"rename\") | .reason == \"interface Gi0/2 is called uplink now\"" &&
	n=$(value grows/interface/Gi0/2 ifHCInOctets) && wait_cycles grows 2 20 &&
	test "$(value grows/interface/Gi0/2 ifHCInOctets)" = "$n" && test "$(value grows/interface/uplink ifHCInOctets)" != "$n" &&
	wait_for 15 "test \"\$(value grows/interface/Gi0/2 state)\" = down" && value grows/interface/Gi0/2 reason | grep "^gone"'
test_run '... and has its history again when it gets its name back' '
	sim_ctl 127.16.0.5 show 1.3.6.1.2.1.31.1.1.1.1.2 && sim_ctl 127.16.0.5 reboot &&
	wait_for 15 "test \"\$(value grows/interface/Gi0/2 state)\" = up" && wait_cycles grows 4 20 && written grows/interface/Gi0/2 &&
	rate_is $rrd/grows/interface/Gi0%2F2.rrd in_octets $((2000 + 581)) 2'

test_run 'one of two equal names goes: the other is called as before' '
	for c in 2 7 8 10
	do
		sim_ctl 127.16.0.4 no-such-instance 1.3.6.1.2.1.2.2.1.$c.2 >/dev/null || return 1
	done
	wait_for 20 "value names/interface/eth~2 reason | grep \"^gone\"" && wait_cycles names 2 20 && names_of names &&
	is names/interface/eth~1 state up && is names/interface/eth~1 ifInOctets 1000 && test "$(says show --json interface names | jq ".items | length")" = 5 &&
	sim_ctl 127.16.0.4 heal >/dev/null && wait_for 20 "is names/interface/eth~2 ifInOctets 2000 && is names/interface/eth~2 state down"'

# The tables are read anew after a reboot: in the wrong order, and without an end.
for fault in wrong-order loop
do
	test_run "$fault: said, and nothing is renamed or lost" "
		wait_cycles odd 3 20 && sim_ctl 127.16.0.3 $fault && sim_ctl 127.16.0.3 reboot &&
		wait_for 15 'debug_of odd discovery_trouble | grep \"not read whole: .*names do not increase\"' &&
		wait_cycles odd 2 20 && test \"\$(names_of odd | wc -w)\" = 6 && is odd/interface/Gi0/3 state up &&
		sim_ctl 127.16.0.3 $fault off && sim_ctl 127.16.0.3 reboot &&
		wait_for 15 'test \"\$(debug_of odd discovery_trouble)\" = null'"
done
forewarn_stop

# ---- recordings of real devices --------------------------------------------------------------------------------------------

recordings=
for r in "$SHARED"/devices/*.snmprec
do
	r=$(basename "$r" .snmprec)
	test ! -e "$SHARED/devices/$r.ports.tsv" || recordings="$recordings $r"
done
# What serves it: the recording, or what is left of it when it has broken lines.
recorded() {
	test -e "$SHARED/devices/clean/$1.snmprec" && echo "$SHARED/devices/clean/$1.snmprec" || echo "$SHARED/devices/$1.snmprec"
}
# ports_agree ORACLE GOT: as many rows (but those of neither name nor state), and each port of a name that only one has is the same
# in both.
ports_agree() {
	awk -F "\t" '
		function same(a, b) { return a == b || a == "?" || a == "" }
		FNR == 1 { file++ }
		file == 1 && FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		function key(descr, name) { sub(/ +$/, "", descr); sub(/ +$/, "", name); return descr != "" ? descr : "n " name }
		file == 1 {
			if ($at["ifDescr"] $at["ifName"] $at["ifOperStatus"] == "") next
			rows++; name = key($at["ifDescr"], $at["ifName"]); seen[name]++
			oper[name] = $at["ifOperStatus"]; in_[name] = $at["in_octets"]; out[name] = $at["out_octets"]
			next
		}
		{
			got++; name = key($1, $2); mine[name]++; if (mine[name] > 1 || seen[name] != 1) next
			compared++
			if (!same(oper[name], $3) || !same(in_[name], $4) || !same(out[name], $5)) {
				print "port", name, ":", $3, $4, $5, "not", oper[name], in_[name], out[name]; bad = 1
			}
		}
		END {
			print rows, "ports,", got, "got,", compared, "compared"
			exit bad || got != rows
		}' "$1" "$2"
}

test -n "$recordings" || { test_skip 'recordings of real devices' 'there are none'; test_end; }

FOREWARN_STATE=$SCRATCH/recorded
set --
n=0
for r in $recordings
do
	n=$((n + 1))
	set -- "$@" --device "127.17.0.$n kind=recording file=$(recorded $r)"
done
sim_start "$@"
set --
n=0
for r in $recordings
do
	n=$((n + 1))
	set -- "$@" "device \"$r\" { address = \"127.17.0.$n:$SIM_PORT\" }"
done
poll_conf recorded.conf "$@"
mkdir "$FOREWARN_STATE"
test_run 'recorded devices are polled once' 'says poll 2>poll.err; cat poll.err; test -s "$FOREWARN_STATE/forewarn.db"'

# ifIndex is not shown, so ports are held against each other by ifDescr, else ifName, where only one has it.
for r in $recordings
do
	test_run "$r: ports are as the recording has them" '
		says show --json interface $r >got.json && jq -r ".items[] | [.ifDescr // \"\", .ifName // \"\",
			.ifOperStatus // \"\", .ifHCInOctets // .ifInOctets // \"\", .ifHCOutOctets // .ifOutOctets // \"\",
			.component] | @tsv" got.json >got.tsv && ports_agree "$SHARED/devices/$r.ports.tsv" got.tsv'
done
test_run 'their sysUpTime and sysName (or what there is room for) are as recorded' '
	says show --json device >devices.json && says show --json system >systems.json || return 1
	for r in $recordings
	do
		want=$(awk -F "\t" "NR == 1 { for (i = 1; i <= NF; i++) at[\$i] = i } NR == 2 { print \$at[\"sysUpTime_cs\"] }" "$SHARED/devices/$r.system.tsv")
		got=$(jq -r --arg d "$r" ".items[] | select(.component == \$d) | .sysUpTime // empty" devices.json)
		test "$got" = "$want" || test "$want" = "?" || { echo "$r: sysUpTime $got, not $want"; return 1; }
		want=$(awk -F "\t" "NR == 1 { for (i = 1; i <= NF; i++) at[\$i] = i } NR == 2 { print \$at[\"sysName\"] }" "$SHARED/devices/$r.system.tsv")
		got=$(jq -r --arg d "$r" ".items[] | select(.device == \$d) | .sysName // empty" systems.json)
		case $want in "$got"*) ;; *) false ;; esac || { echo "$r: sysName $got, not $want"; return 1; }
	done'
test_end
