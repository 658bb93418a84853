#!/bin/sh
# t/t9240-checks.t: programs that are run: each exit status, a time-out, a missing program; performance data in RRD, also after a
# kill; on their own and in a device.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'checks'
sim_start --device '127.16.0.1 kind=server name=app1'
for status in 0 1 2 3 7
do
	printf '#!/bin/sh\necho "said %s | load=%s.5;5;9 size=2KB"\nexit %s\n' $status $status $status >st$status
done
printf '#!/bin/sh\nexec sleep 60\n' >slow
printf '#!/bin/sh\ncat "%s/flip" 2>/dev/null || echo "ok | users=3"\n! test -e "%s/flip"\n' "$SCRATCH" "$SCRATCH" >flips
chmod +x st? slow flips
check() {
	printf 'check "%s" { command = "%s"  every = 1s  timeout = 500ms }' "$1" "$2"
}
poll_conf a.conf "device \"app1\" { address = \"127.16.0.1:$SIM_PORT\"  $(check login "$SCRATCH/st0 {address}") $(check flips "$SCRATCH/flips") }" \
	"$(check zero "$SCRATCH/st0")" "$(check one "$SCRATCH/st1")" "$(check two "$SCRATCH/st2")" "$(check three "$SCRATCH/st3")" \
	"$(check seven "$SCRATCH/st7")" "$(check slow "$SCRATCH/slow")" "$(check none "$SCRATCH/not-there")"
forewarn_start "$POLL_CONF"
rrd=$FOREWARN_STATE/rrd

# of_check NAME KEY
of_check() {
	says show --json check | jq -r --arg c "$1" --arg k "$2" '.items[] | select(.component == $c) | .[$k]'
}

test_run 'exit status 0 up, 1 degraded, 2 down, 3 and others unknown' '
	for c in zero:up one:degraded two:down three:unknown seven:unknown app1/check/login:up app1/check/flips:up
	do
		wait_for 10 "test \"\$(of_check ${c%%:*} state)\" = ${c#*:}" || { of_check ${c%%:*} state; return 1; }
	done'
test_run 'the reason is what it says' 'test "$(of_check two reason)" = "said 2"'
test_run 'one that does not end is ended: unknown' '
	wait_for 10 "test \"\$(of_check slow reason)\" != null" && test "$(of_check slow state)" = unknown && { of_check slow reason; of_check slow reason | grep "500 ms"; }'
test_run 'a missing program is unknown, with its name' 'wait_for 10 "of_check none reason | grep not-there" && test "$(of_check none state)" = unknown'
test_run 'performance data' 'of_check one performance | jq -r ".[]" | grep "^load=1.5" && of_check one performance | grep "size=2048B"'
test_run 'a check that fails takes its device with it' '
	is app1 state up && echo "broken | users=1" >flip && wait_for 10 "test \"\$(of_check app1/check/flips state)\" = degraded" &&
	wait_for 5 "test \"\$(value app1 state)\" != up" && rm flip && wait_for 10 "test \"\$(value app1 state)\" = up"'
gauge_is() {
	written "$1" && rates "$2" "$3" | awk -v want="$4" '$2 !~ /nan/ { n++; if ($2 != want) bad = 1; last = $2 } END { print n, last; exit bad || n < 3 }'
}
test_run 'in RRD: status, time it took, its values' '
	wait_for 10 "test -e $rrd/two/check/two.rrd" && wait_for 10 "gauge_is two $rrd/two/check/two.rrd status 2" &&
	gauge_is two $rrd/two/check/two.rrd load 2.5 && gauge_is one $rrd/one/check/one.rrd size 2048 &&
	gauge_is app1/check/login $rrd/app1/check/login.rrd load 0.5'
test_run 'a kill loses no row' '
	before=$(rrdtool last $rrd/two/check/two.rrd) && sleep 4 && forewarn_stop KILL; at=$(date +%s)
	forewarn_start "$POLL_CONF" && ! grep "their class has no definition" "$FOREWARN_LOG" && sleep 3 &&
	wait_for 10 "gauge_is two $rrd/two/check/two.rrd load 2.5" &&
	rates $rrd/two/check/two.rrd load | awk -v from=$((at - 3)) -v to=$((at - 1)) "
		\$1 > from && \$1 < to { n++; if (\$2 ~ /nan/) bad = 1 } END { print n; exit bad || n == 0 }"'
test_run 'it ends, and leaves no program running' 'forewarn_stop && ! pgrep -f "$SCRATCH/slow"'
test_run 'one round of one check' '
	timeout 20 "$FOREWARN" poll -c "$POLL_CONF" -s "$FOREWARN_STATE" zero >out 2>&1; s=$?; cat out; test $s = 0 && test ! -s out'
test_end
