#!/bin/sh
# t/demo.sh: see forewarn work, from nothing, in half a minute. 'make demo' builds and runs it; by hand:
#
#	FOREWARN_OUT=build sh t/demo.sh
#
# Everything runs on this machine, at loopback addresses and free ports. What it makes stays in $FOREWARN_DEMO (default:
# the build folder's demo/); no process is left behind. Each step waits until what it tells has happened; when that does
# not happen in time it says so in one line and exits 1. Colour only on a terminal (and without NO_COLOR).
# t/t9010-demo.t holds its output against the story.

TOP=$(cd "$(dirname "$0")/.." && pwd) || exit 1
FOREWARN_OUT=$(cd "${FOREWARN_OUT:-$TOP/build}" 2>/dev/null && pwd) || {
	echo "demo: there is no build folder: make demo builds first" >&2
	exit 1
}
DEMO=${FOREWARN_DEMO:-$FOREWARN_OUT/demo}
FOREWARN=$FOREWARN_OUT/forewarn
SIMNET=$FOREWARN_OUT/simnet
CONF=$DEMO/forewarn.conf
TRAPS=$DEMO/traps.log
LOG=$DEMO/forewarn.log
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
COLUMNS=110
export COLUMNS
umask 022

children=
scratch=
step='the beginning'
look=

# ---- saying -------------------------------------------------------------------------------------------------------

bold= dim= bad= warn= good= plain=
if test -t 1 && test -z "$NO_COLOR"
then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
	bad=$(printf '\033[1;31m') warn=$(printf '\033[33m') good=$(printf '\033[32m')
fi

say() {
	printf '%s\n' "$@"
}

# title TEXT: a step of the story.
title() {
	step=$1
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

# Text from standard input, moved in, words that matter in colour.
shown() {
	sed "s/^/    /;s/ *\$//
		s/AT RISK/$warn&$plain/g;s/ !!/$bad&$plain/g;s/DOWN\\|quality down/$bad&$plain/g;s/ ok /$good&$plain/g
		s/nothing is wrong/$good&$plain/"
}

# run_shown ARGUMENT...: a command of forewarn as one would type it, and what it prints.
run_shown() {
	shown_line=
	for shown_word
	do
		case $shown_word in
		*' '*) shown_word="\"$shown_word\"" ;;
		esac
		shown_line="$shown_line $shown_word"
	done
	printf '    %s$ forewarn%s%s\n' "$dim" "$shown_line" "$plain"
	forewarn "$@" 2>&1 | shown
}

# die WHY: one line, and where to look.
die() {
	printf '%s\n' "demo: $step: $1$look" >&2
	exit 1
}

forewarn() {
	"$FOREWARN" "$@" -c "$CONF"
}

# A path as one would type it here.
short() {
	case $1 in
	"$PWD"/*) printf '%s\n' "${1#"$PWD"/}" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# ---- processes ----------------------------------------------------------------------------------------------------

# behind OUTPUT COMMAND...: in the background until the demo ends, however it ends.
behind() {
	behind_output=$1
	shift
	: >"$behind_output"
	if setpriv --pdeathsig TERM true 2>/dev/null
	then
		setpriv --pdeathsig TERM "$@" >>"$behind_output" 2>&1 </dev/null &
	else
		"$@" >>"$behind_output" 2>&1 </dev/null &
	fi
	children="$children $!"
}

# A zombie is not alive.
alive() {
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	Z*|'') return 1 ;;
	esac
}

# wait_for SECONDS CONDITION: look ten times a second; false when it has not come true in that time.
wait_for() {
	wait_end=$(($(date +%s) + $1 + 1))
	until eval "$2"
	do
		test "$(date +%s)" -lt "$wait_end" || return 1
		sleep 0.1
	done
}

end_children() {
	for child in $children
	do
		kill "$child" 2>/dev/null
	done
	for child in $children
	do
		wait_for 6 "! alive $child" || kill -9 "$child" 2>/dev/null
		wait "$child" 2>/dev/null
	done
	children=
}

clean() {
	status=$?
	trap '' INT TERM HUP PIPE
	end_children
	test -z "$scratch" || rm -rf "$scratch"
	trap - EXIT
	exit "$status"
}

# free_port: a UDP port that is free on every address now.
free_port() {
	perl -MSocket -e '
		my $s;
		socket($s, PF_INET, SOCK_DGRAM, 0) && bind($s, sockaddr_in(0, INADDR_ANY)) or die "no free port: $!\n";
		print +(sockaddr_in(getsockname($s)))[0], "\n"'
}

# ---- what is there ------------------------------------------------------------------------------------------------

prepare() {
	for program in snmpd snmptrapd snmpget snmpset jq perl
	do
		command -v "$program" >/dev/null || die "there is no '$program'; 'make deps' installs what is missing"
	done
	for program in "$FOREWARN" "$SIMNET"
	do
		test -x "$program" || die "there is no '$program'; 'make' builds it"
	done
	rm -rf "$DEMO" 2>/dev/null
	mkdir -p "$DEMO" 2>/dev/null && test -w "$DEMO" ||
		die "cannot write '$DEMO'; name another folder: FOREWARN_DEMO=FOLDER"
	look=" (what was said is in $(short "$DEMO"))"
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/forewarn-demo.XXXXXX") || die 'no scratch folder'
	# the name of a Unix socket has at most 107 octets
	STATE=$DEMO/state
	test $((${#STATE} + 14)) -le 107 || STATE=$(mktemp -d "${TMPDIR:-/tmp}/forewarn-state.XXXXXX") || die 'no state folder'
	# The program finds mibs/ beside a build folder in the tree; one elsewhere is told.
	case $FOREWARN_OUT in
	"$TOP"/*) told= ;;
	*)	FOREWARN_MIBS=$TOP/mibs
		told="FOREWARN_MIBS=$(short "$FOREWARN_MIBS") "
		export FOREWARN_MIBS ;;
	esac
	# net-snmp's programs read nothing of this machine's
	SNMPCONFPATH=$scratch
	SNMP_PERSISTENT_DIR=$scratch
	MIBS=
	export SNMPCONFPATH SNMP_PERSISTENT_DIR MIBS
}

# snmpd: a real agent, of this machine.
start_agent() {
	for try in 1 2 3 4 5
	do
		AGENT_PORT=$(free_port) || die 'no free port'
		cat >"$scratch/snmpd.conf" <<-END
			rocommunity public 127.0.0.1
			rwcommunity demo 127.0.0.1 .1.3.6.1.4.1.8072.1.5
			sysLocation the machine of this demonstration
		END
		behind "$scratch/snmpd.out" snmpd -f -C -c "$scratch/snmpd.conf" -Lf "$DEMO/snmpd.log" -I -smux \
			"udp:127.0.0.1:$AGENT_PORT"
		AGENT_PID=$!
		wait_for 10 '! alive $AGENT_PID ||
			snmpget -v2c -c public -r 0 -t 0.5 "127.0.0.1:$AGENT_PORT" 1.3.6.1.2.1.1.3.0 >/dev/null 2>&1'
		alive "$AGENT_PID" && break
	done
	alive "$AGENT_PID" || die 'snmpd does not start; see snmpd.log'
	# It remembers its interface table for 15 s, longer than a graph of half a minute can bear: 1 s
	# (nsCacheTimeout of ifTable, NET-SNMP-AGENT-MIB).
	snmpset -v2c -c demo -r 1 -t 1 "127.0.0.1:$AGENT_PORT" 1.3.6.1.4.1.8072.1.5.3.1.2.1.3.6.1.2.1.2.2 i 1 \
		>/dev/null 2>&1
}

# simnet: the network. Each device answers at its own address of 127.0.0.0/8.
start_network() {
	cat >"$DEMO/network.dev" <<-END
		127.16.1.1+2  kind=switch ports=2 psu=2 fan=0 sensors=0 name=sw#
		127.16.2.1+3  kind=server ports=1 psu=0 name=app#
	END
	behind "$DEMO/simnet.log" "$SIMNET" --control "$scratch/sim" --die-with-parent "$DEMO/network.dev"
	wait_for 10 'grep -q "^simnet: port" "$DEMO/simnet.log"' || die 'the simulated network does not start; see simnet.log'
	SIM_PORT=$(sed -n 's/^simnet: port \([0-9]*\) .*/\1/p' "$DEMO/simnet.log")
}

# network COMMAND...: a fault, or its end.
network() {
	"$SIMNET" ctl "$scratch/sim" "$@" >>"$DEMO/simnet.log" 2>&1 || die "the simulated network does not obey '$*'"
}

# snmptrapd: the network operations centre. One line a trap: TRAP, then NAME = VALUE for each object, parted by tabs.
start_noc() {
	echo 'disableAuthorization yes' >"$scratch/snmptrapd.conf"
	# the last folder that has a module counts: the few that Debian does not ship, the machine's, ours
	mib_folders=$TOP/t/mibs:/usr/share/snmp/mibs:/usr/share/snmp/mibs/iana:/usr/share/snmp/mibs/ietf:$TOP/mibs
	for try in 1 2 3 4 5
	do
		NOC_PORT=$(free_port) || die 'no free port'
		: >"$TRAPS"
		behind "$scratch/snmptrapd.out" snmptrapd -f -n -C -c "$scratch/snmptrapd.conf" -M "$mib_folders" \
			-m SNMPv2-MIB:FOREWARN-MIB -Lf "$TRAPS" -F 'TRAP\t%v\n' "udp:127.0.0.1:$NOC_PORT"
		NOC_PID=$!
		wait_for 10 '! alive $NOC_PID || grep -qi ":$(printf %04X "$NOC_PORT") " /proc/net/udp'
		alive "$NOC_PID" && return
	done
	die 'snmptrapd does not start; see traps.log'
}

configure() {
	who=forewarn
	test "$(id -u)" -ne 0 || who=root
	cat >"$CONF" <<-END
		# What the demonstration runs on. Every option: man 5 forewarn.conf
		state = "$STATE"
		user  = "$who"		# whom it becomes when it is started by root

		poll     { interval = 2s  status-interval = 1s  threads = 2 }
		defaults { credentials = "demo"  timeout = 300ms  retries = 1 }
		credentials "demo" { version = "2c"  community = "public" }

		# a real agent: snmpd of this machine
		device "here" { address = "127.0.0.1:$AGENT_PORT" }

		# The simulated network. Its addresses are this machine's own, so they answer a ping whatever happens: no ping.
		device "sw1"  { address = "127.16.1.1:$SIM_PORT"  ping = false }
		device "sw2"  { address = "127.16.1.2:$SIM_PORT"  ping = false }
		device "app1" { address = "127.16.2.1:$SIM_PORT"  ping = false  parents = {"sw1", "sw2"} }
		device "app2" { address = "127.16.2.2:$SIM_PORT"  ping = false  parents = {"sw1", "sw2"} }
		device "app3" { address = "127.16.2.3:$SIM_PORT"  ping = false  parents = {"sw1", "sw2"} }

		group "app servers" { need = 2  members = {"app[1-3]"} }
		group "switches"    { need = 1  members = {"sw[1-2]"} }

		service "order management" { owner = "erp"     needs = {"app servers", "switches"} }
		service "intranet"         { owner = "office"  needs = {"switches"} }
		service "this machine"     { owner = "you"     needs = {"here", "here/interface/lo"} }

		notify "noc" { trap = "127.0.0.1:$NOC_PORT" }
	END
	forewarn check >"$LOG" 2>&1 || die "the configuration is wrong: $(head -1 "$LOG")"
}

# Traffic over lo, so that there is something to see: for 32 s at most 3 MB/s, in waves.
make_traffic() {
	behind "$scratch/traffic.out" perl -MSocket -e '
		alarm 60;
		my ($to, $from, $block, $got) = (undef, undef, "x" x 8192);
		socket($to, PF_INET, SOCK_DGRAM, 0) && bind($to, sockaddr_in(0, INADDR_LOOPBACK)) or die;
		socket($from, PF_INET, SOCK_DGRAM, 0) && connect($from, getsockname($to)) or die;
		for (my $t = 0; $t < 320; $t++) {
			for (1 .. 2 + 18 * (1 - cos($t / 320 * 6.2832 * 4))) {
				send($from, $block, 0);
				recv($to, $got, 8192, MSG_DONTWAIT);
			}
			select(undef, undef, undef, 0.1);
		}'
}

start_forewarn() {
	behind "$LOG" "$FOREWARN" run -c "$CONF"
	FOREWARN_PID=$!
	polled_since=$(date +%s)
	wait_for 10 'test -S "$STATE/forewarn.sock" || ! alive $FOREWARN_PID'
	alive $FOREWARN_PID && test -S "$STATE/forewarn.sock" || die "forewarn does not start: $(tail -n 1 "$LOG")"
}

# ---- what has happened --------------------------------------------------------------------------------------------

# service NAME FILTER: is it so? jq's filter, on the service's item of 'forewarn status --json'.
service() {
	forewarn status "$1" --json 2>/dev/null | jq -e ".items[0] | $2" >/dev/null 2>&1
}

# told PATTERN...: has the NOC been told, in one trap that matches all of them?
told_of() {
	grep '^TRAP' "$TRAPS" >"$scratch/told"
	for pattern
	do
		grep -e "$pattern" "$scratch/told" >"$scratch/told.next"
		mv "$scratch/told.next" "$scratch/told"
	done
	test -s "$scratch/told"
}

# Time to read, and for numbers to come in.
breathe() {
	sleep 5
}

# must_be SECONDS WHAT CONDITION: else the demonstration ends.
must_be() {
	wait_for "$1" "$3" || die "did not happen as told within $1 s: $2"
}

transitions() {
	grep '^TRAP' "$TRAPS" | grep -c "AlertTransition.0 = [^	]*$1"
}

# The last trap that told_of() found, as snmptrapd decoded it: the objects that say most.
show_trap() {
	say "    the NOC's snmptrapd has received, and decoded by FOREWARN-MIB:"
	tail -n 1 "$scratch/told" | tr '\t' '\n' |
		sed -n 's/^FOREWARN-MIB::\(forewarnAlert\(Number\|Severity\|Transition\|Cause\|FirstDo\|Services\|Points\)\)/\1/p' |
		sed '/STRING: *$/d; s/^/  | /' | shown
}

# ---- the story ----------------------------------------------------------------------------------------------------

tell_who_is_there() {
	cat <<-END
		${bold}forewarn says that a service is at risk while it still works.${plain}
		This shows it in half a minute, on this machine alone.

		What runs until the end of the demonstration:
		    snmpd       a real SNMP agent: it tells about this machine (127.0.0.1, port $AGENT_PORT)
		    simnet      a simulated network (127.16.x.x, port $SIM_PORT): two switches, sw1 and sw2, with two
		                power supplies each, and three app servers, app1, app2 and app3
		    snmptrapd   the operations centre (NOC), which has to be told what is wrong (port $NOC_PORT)
		    forewarn    asks all devices every second, and knows what the services stand on:

		    order management   needs two of the three app servers, and one of the two switches
		    intranet           needs one of the two switches
		    this machine       needs its SNMP agent and its interface lo
	END
}

all_is_well() {
	title '(0) All is well.'
	must_be 20 'all devices, power supplies and services are up' '
		service "order management" ".quality == \"up\" and .can_lose == 1 and (.at_risk | not)" &&
		service intranet ".quality == \"up\" and .can_lose == 1 and (.at_risk | not)" &&
		service "this machine" ".quality == \"up\" and (.at_risk | not)" &&
		test "$(forewarn show power-supply --json | jq "[.items[] | select(.state == \"up\")] | length")" = 4'
	say 'Quality is what the users get. Risk is how much may still fail before they get nothing:' \
		'order management can still lose 1, whichever it is.'
	run_shown status
}

app_server_dies() {
	title '(1) One of the three app servers dies.'
	network 127.16.2.2 silent
	must_be 15 'order management works, at risk, can lose 0' '
		service "order management" ".quality == \"up\" and .at_risk and .can_lose == 0"'
	must_be 10 'the NOC is told of app2' 'told_of "app2" "AlertTransition.0 = [^	]*raise" "order management"'
	say 'The users see nothing: two app servers are enough, quality stays ok. But no more may be lost now:' \
		'that is the news, and the time to repair is now, not after the outage.'
	run_shown status
	say ''
	show_trap
}

power_supply_fails() {
	title '(2) One of the two power supplies in one of the two switches fails.'
	network 127.16.1.1 psu 1 failed
	must_be 15 'intranet works, at risk, can still lose 1' '
		service intranet ".quality == \"up\" and .at_risk and .can_lose == 1"'
	must_be 10 'the NOC is told of the power supply' 'told_of "sw1/power-supply" "AlertTransition.0 = [^	]*raise" intranet'
	say 'sw1 runs on its other power supply, and sw2 is there as well. Whatever fails next, the intranet goes on: it can' \
		'still lose 1, as it was built to. A risk all the same: what was built in is no longer there.'
	run_shown risk intranet
	say ''
	show_trap
}

second_app_server_dies() {
	title '(3) The second app server dies.'
	network 127.16.2.3 silent
	must_be 15 'order management is down' 'service "order management" ".quality == \"down\""'
	must_be 10 'the NOC is told of app3' 'told_of "app3" "AlertTransition.0 = [^	]*raise" "critical"'
	say 'One of three is too few. Now it is an outage; the warning came before it.'
	run_shown risk 'order management'
	say ''
	show_trap
}

all_heals() {
	title '(4) All is repaired.'
	network all heal
	must_be 20 'all services are well and every alert is cleared' '
		forewarn status --json | jq -e ".wrong == [] and ([.items[] | select(.quality == \"up\" and (.at_risk | not))] | length) == 3" >/dev/null'
	must_be 10 'the NOC is told that every alert is over' '
		test "$(transitions raise)" -gt 0 && test "$(transitions clear)" = "$(transitions raise)"'
	say "Every alert is over: $(transitions raise) were raised, $(transitions clear) are cleared; so says the log of the NOC."
	run_shown status
}

traffic_is_drawn() {
	title 'What was read is kept: the traffic of this machine over its interface lo.'
	breathe
	must_be 5 'a graph is drawn' '
		forewarn graph here/interface/lo -o "$DEMO/graph.png" --since "$(($(date +%s) - polled_since))s" >>"$LOG" 2>&1'
	test "$(od -An -c -N 4 "$DEMO/graph.png" | tr -d ' ')" = '211PNG' || die 'graph.png is not a PNG'
	run_shown show interface here
	say "    drawn as a picture: $(short "$DEMO/graph.png")"
}

forewarn_ends() {
	kill "$FOREWARN_PID"
	wait_for 6 '! alive $FOREWARN_PID' || die 'forewarn does not end within 5 s'
	wait "$FOREWARN_PID" || die "forewarn ended with status $?: $(tail -n 1 "$LOG")"
	end_children
}

tell_what_is_left() {
	here=$(short "$DEMO")
	program="$told$(short "$FOREWARN") -c $(short "$CONF")"
	title "Done in $(($(date +%s) - began)) s. Nothing runs any more; this is left in $here:"
	cat <<-END
		    forewarn.conf   the configuration: 30 lines that describe all of this
		    graph.png       the traffic over lo
		    traps.log       what the NOC received
		    forewarn.log    what forewarn said
		    $(basename "$STATE")           its memory: states, events, RRD files$(test "$STATE" = "$DEMO/state" || echo " (in $STATE)")

		${bold}Try next${plain} (nothing polls now: after three intervals, 6 s, what was polled is unknown, and never an old "up")
		    $program events --since 1h
		    $program explain "order management"
		    $program graph sw1/interface/Gi0/1 -o $here/sw1.png --since 5min

		Your own network: README, "Begin".
	END
}

trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
trap 'exit 141' PIPE
began=$(date +%s)
prepare
start_agent
start_network
start_noc
configure
make_traffic
start_forewarn
tell_who_is_there
all_is_well
breathe
app_server_dies
breathe
power_supply_fails
breathe
second_app_server_dies
breathe
all_heals
traffic_is_drawn
forewarn_ends
tell_what_is_left
