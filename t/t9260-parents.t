#!/bin/sh
# t/t9260-parents.t: a device behind a router, in network namespaces: when the router is cut off it is down, the device behind it
# unknown with the router named, and nobody is alerted of the device.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq ip unshare ping
test "$(id -u)" = 0 && unshare -n true 2>/dev/null || test_skip_all 'needs root and network namespaces'

test_begin 'parents'
n=$$
space() {
	ip netns exec "fw$n$1" "$@"
}
clean_spaces() {
	ip netns del fw${n}router 2>/dev/null
	ip netns del fw${n}far 2>/dev/null
	ip netns del fw${n}home 2>/dev/null
}
test_last=clean_spaces
ip netns add fw${n}home 2>ns.err && ip netns add fw${n}router && ip netns add fw${n}far && ip netns exec fw${n}far true 2>ns.err ||
	{ test_skip 'network namespaces' "cannot be made: $(head -n 1 ns.err)"; test_end; }
at() {
	at_space=$1
	shift
	ip netns exec fw$n$at_space "$@"
}
wire() {
	ip -n fw$n$1 link add $2 type veth peer name $4 netns fw$n$3 && ip -n fw$n$1 addr add $5 dev $2 && ip -n fw$n$3 addr add $6 dev $4 &&
	ip -n fw$n$1 link set $2 up && ip -n fw$n$3 link set $4 up
}
test_run 'three hosts in a row' '
	for s in home router far; do ip -n fw$n$s link set lo up || return 1; done
	wire home h0 router r0 10.99.1.1/24 10.99.1.2/24 && wire router r1 far f0 10.99.2.1/24 10.99.2.2/24 &&
	ip -n fw${n}home route add default via 10.99.1.2 && ip -n fw${n}far route add default via 10.99.2.1 &&
	at router sh -c "echo 1 >/proc/sys/net/ipv4/ip_forward" && at home ping -c 1 -W 2 10.99.2.2'

poll_conf a.conf 'device "router" { address = "10.99.1.2"  credentials = "none" }' \
	'device "server" { address = "10.99.2.2"  parents = {"router"} }' 'device "beside" { address = "10.99.1.1" }'
sed -i 's/  credentials = "none"//; s/  credentials = "public" }$/ }/' a.conf
mkdir -p state
run_behind forewarn.log ip netns exec fw${n}home "$FOREWARN" run -c a.conf -s state
FOREWARN_STATE=$SCRATCH/state
pid=$!
wait_for 20 'socket_answers "$SCRATCH/state/forewarn.sock"' || test_fatal 'forewarn starts' forewarn.log

test_run 'all are up' 'for d in router server beside; do wait_for 15 "test \"\$(value $d state)\" = up" || { cat forewarn.log; return 1; }; done'
test_run 'the router is cut off: it is down, the server unknown, and why' '
	ip -n fw${n}router link set r0 down && wait_for 20 "test \"\$(value router state)\" = down" &&
	wait_for 10 "test \"\$(value server state)\" = unknown" && value server reason | grep router && is beside state up'
test_run 'one alert, about the router' '
	wait_for 5 "says status --json | jq -e \".wrong | length == 1\"" &&
	says status --json | jq -e ".wrong[0] | .component == \"router\" and (.cause | test(\"1 device behind\"))"'
test_run 'it comes back' '
	ip -n fw${n}router link set r0 up && for d in router server; do wait_for 20 "test \"\$(value $d state)\" = up" || return 1; done'
test_run 'the server alone is down when only it is cut off' '
	ip -n fw${n}far link set f0 down && wait_for 20 "test \"\$(value server state)\" = down" && is router state up'
kill $pid
test_end
