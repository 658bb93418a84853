#!/bin/sh
# t/t9310-isolation.t: of many devices a third is silent, slow, lying or lossy; the healthy ones miss no poll and are polled as
# regularly as if they were alone. Measured by the poller's own records. ISOLATION_DEVICES and ISOLATION_INTERVAL (seconds)
# make it larger: 'make bench' runs it with 10,000.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq

devices=${ISOLATION_DEVICES:-300}
interval=${ISOLATION_INTERVAL:-2}
test_begin "isolation: $devices devices, every $interval s"

# Which octets of each 20 devices do what: 4 silent, 1 after 2 s, 1 lying, 1 losing a tenth; the others are healthy.
sim_start --for 3600 --device "127.16.0.1+$devices kind=switch ports=4 psu=1 fan=0 sensors=0 uptime=100000 name=sw#"
awk -v n=$devices -v port="$SIM_PORT" 'BEGIN {
	print "name,address,port,credentials,parents,needs"
	split("silent silent silent silent slow lying lossy", what)
	for (i = 1; i <= n; i++)
		printf "%s%d,127.16.%d.%d,%d,sim,,\n", i % 20 < 7 ? what[i % 20 + 1] : "good", i, int(i / 256), i % 256, port
}' >fleet.csv
cat >a.conf <<EOF
user = "$(id -un)"
poll { interval = ${interval}s  status-interval = ${interval}s  threads = 2 }
defaults { credentials = "sim"  timeout = 500ms  retries = 2  ping = false }
credentials "sim" { version = "2c"  community = "public" }
rrd { write = false }
devices = "fleet.csv"
EOF
chmod 640 a.conf
POLL_CONF=a.conf
forewarn_start a.conf

fleet() {
	awk -F, -v what="$1" 'NR > 1 && $1 ~ "^" what "[0-9]" { print $2 }' fleet.csv
}
all() {
	says debug --json 2>/dev/null | jq "[.items[] | select(.worker != null) | .$1] | add"
}
test_run 'all are found while all is well' "wait_for $((interval * 20)) \"test \\\"\\\$(all components)\\\" = $((devices * 6))\" || { all components; false; }"
{
	fleet silent | sed 's/$/ silent/'
	fleet slow | sed 's/$/ delay 2000/'
	fleet lying | awk '{ print $0, NR % 2 ? "loop" : "malformed" }'
	fleet lossy | sed 's/$/ loss 10/'
} | sim_ctl - >/dev/null
began=$(all polls)
test_run 'the silent are known to be, and are asked less' \
	"wait_for $((interval * 4 + 10)) \"test \\\"\\\$(all quiet)\\\" -ge $((devices / 5))\""
missed_before=$(says show --json device | jq '[.items[] | select(.component | startswith("good")) | .missed] | add')
sent_before=$(all snmp_sent)
polls_before=$(all polls)
wait_for $((interval * 10 + 30)) "test \$((\$(all polls) - polls_before)) -ge $((devices * 6))"
sent=$(($(all snmp_sent) - sent_before))
says show --json device >show.json
jq -r --argjson i "$interval" '.items[] | [(.component | gsub("[0-9]"; "")), .missed, .late, (.jitter_s * 1000 / $i), .snmp] | @tsv' \
	show.json | sort >table
# jitters KIND: half, 99 in 100, and all of them are below
jitters() {
	awk -v what="$1" '$1 == what { print $4 }' table | sort -n | awk '
		{ j[NR] = $1 }
		END { n = int(NR * .99) + 1; if (n > NR) n = NR; printf "%.2f %.2f %.2f\n", j[int(NR / 2) + 1], j[n], j[NR] }'
}
for what in good silent slow lying lossy
do
	set -- $(jitters $what)
	awk -v what=$what -v a="$1" -v b="$2" -v c="$3" '
		$1 == what { n++; missed += $2; late += $3; silent += /silent$/ }
		END { printf "# %-6s %5d devices, %d silent, %d polls missed, %d late; worst jitter: half %s, 99 %% %s, all %s thousandths\n",
			what, n, silent, missed, late, a, b, c }' table
done
echo "# $sent requests in about six intervals; all polls: 99 % within $(all jitter_p99_permille) thousandths; sent early $(all snmp_early)"
test_run 'the healthy ones answer, every one' \
	'test "$(awk "\$1 == \"good\" && \$NF != \"answers\"" table | wc -l)" = 0'
test_run '... and missed no poll' \
	'test "$(jq "[.items[] | select(.component | startswith(\"good\")) | .missed] | add" show.json)" = "$missed_before" &&
	test "$missed_before" = 0 && test "$(awk "\$1 == \"good\" { n += \$3 } END { print n + 0 }" table)" = 0'
# ... or below a quarter of a second where the interval is a test's
if test -n "$SANITIZE"
then
	test_skip '... and are polled regularly' 'measured where nothing slows it down'
else
	test_run '... and are polled regularly: worst jitter below 50 thousandths of the interval for 99 of 100' '
	set -- $(jitters good); echo "half below $1, 99 % below $2, all below $3"
	awk -v j="$2" -v i="$interval" "BEGIN { exit !(j < 50 || j * i < 250) }"'
fi
test_run 'those that lose a tenth lose no poll either' 'test "$(awk "\$1 == \"lossy\" && \$NF != \"answers\"" table | wc -l)" = 0'
test_run 'silent ones cost little: few requests more than the healthy need' '
	echo "$sent requests"; test "$sent" -lt $((devices * 6 * 4))'
test_run 'no answer was lost by the kernel' 'test "$(all kernel_dropped)" = 0'
fleet silent | sed 's/$/ heal/' | sim_ctl - >/dev/null
test_run 'the silent come back within an interval and a poll' \
	"wait_for $((interval * 4)) \"test \\\"\\\$(says show --json device | jq '[.items[] | select(.snmp == \\\"silent\\\" and (.component | startswith(\\\"silent\\\")))] | length')\\\" = 0\""
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
