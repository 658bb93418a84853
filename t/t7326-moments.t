#!/bin/sh
# t/t7326-moments.t: what begins and ends while it runs: a calendar that needs more for seconds, and a window of maintenance
# that begins and ends between two polls from cron.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq snmptrapd
test_begin 'calendars and maintenance begin and end'

trapd_start
# Under sanitizers all is slower: so are the moments.
slow=$((${SANITIZE:+2} + 1))
stamp() {
	date -u -d "@$(($(date +%s) + $1 * slow))" +%Y%m%dT%H%M%SZ
}
cat >rush.ics <<-END
	BEGIN:VCALENDAR
	BEGIN:VEVENT
	DTSTART:$(stamp 12)
	DTEND:$(stamp 18)
	END:VEVENT
	END:VCALENDAR
END
cat >model.conf <<-END
	state = "$SCRATCH/state"
	user = "$(id -un)"
	calendar "rush" { ical = {"$SCRATCH/rush.ics"} }
	component "app1" { }
	component "app2" { }
	component "app3" { }
	group "app servers" { need = 1  members = {"app[1-3]"}  during "rush" { need = 3 } }
	service "orders" { needs = {"app servers"} }
	notify "noc" { trap = "127.0.0.1:$TRAPD_PORT" }
END
FOREWARN_CONFIG=$SCRATCH/model.conf
export FOREWARN_CONFIG
service_is() {
	forewarn status --json >status.json && :
	jq -e ".items[] | select(.service == \"orders\") | $1" status.json >/dev/null || { jq -c '.items[0]' status.json; return 1; }
}
told() {
	grep "^TRAP.*$1" "$TRAPD_LOG" >told.all
}

mkdir -p state
test_run 'one is down before the rush: enough now, and the alert says when it is not' '
	forewarn set app1 down --why "pulled out" && forewarn_start model.conf &&
	wait_for 6 "service_is \".quality == \\\"up\\\" and .at_risk and .coming.quality_then == \\\"down\\\"\"" &&
	forewarn status | grep "app1 down" && wait_for 5 "told \"app1 down.*orders\"" && cat told.all && grep -q "down from" told.all'
test_run 'it begins: the service is down by that, as an event and in the alert' '
	wait_for 15 "service_is \".quality == \\\"down\\\"\" && forewarn risk orders >got && grep -q \"app servers: 3 needed now, 2 there\" got" &&
	wait_for 5 "forewarn events \"app servers\" --json >events.json && jq -e \"any(.items[]; .what == \\\"demand\\\")\" events.json" &&
	jq -e "[.items[] | select(.what == \"demand\")] | last | .before == \"need 1\" and .now == \"need 3\" and (.reason | test(\"during rush\"))" events.json &&
	wait_for 5 "told \"AlertTransition.0 = [^	]*\\(change\\|escalate\\|worse\\).*app1 down.*orders: down\" || told \"app1 down.*orders: down\""'
test_run 'it ends: the service works again, the alert stays as it was before, and nothing is ahead' '
	wait_for 15 "service_is \".quality == \\\"up\\\" and .at_risk and .coming == null\"" &&
	wait_for 5 "forewarn events \"app servers\" --json >events.json && jq -e \"[.items[] | select(.what == \\\"demand\\\")] | length > 1\" events.json" &&
	jq -e "[.items[] | select(.what == \"demand\")] | length == 2 and .[0].now == \"need 1\" and (.[0].reason | test(\"no calendar holds any more\"))" events.json &&
	forewarn status --json | jq -e "[.wrong[] | select(.component == \"app1\")] | length == 1 and .[0].touches[0].quality == \"up\""'
test_run 'the process ends as ever' 'forewarn_stop'

sim_start --device '127.16.0.1 kind=server ports=1 psu=0 name=app1'
poll_conf poll.conf "device \"app1\" { address = \"127.16.0.1:$SIM_PORT\"  ping = false }" 'service "orders" { needs = {"app1"} }' \
	"notify \"noc\" { trap = \"127.0.0.1:$TRAPD_PORT\" }"
sed -i "s|^state = .*|state = \"$SCRATCH/cron\"|" poll.conf
mkdir -p cron
FOREWARN_CONFIG=$SCRATCH/poll.conf
FOREWARN_STATE=$SCRATCH/cron
events_of() {
	forewarn events app1 --json | jq -e "[.items[] | select(.what == \"maintenance\") | .now] | $1" || { forewarn events app1; return 1; }
}
test_run 'from cron: a window that is planned begins with the poll after its time' '
	forewarn poll && forewarn maintain app1 --from 2s --until $((9 * slow))s --why "new disks" --yes && events_of "index(\"begins\") == null" &&
	wait_for 5 "forewarn poll; events_of \"index(\\\"begins\\\") != null\""'
test_run 'a failure within it alerts nobody' '
	sim_ctl 127.16.0.1 silent && forewarn poll && forewarn status --json | jq -e "[.wrong[] | select(.component == \"app1\")] == []"'
test_run 'the poll after its end says that, and alerts of what is down still' '
	wait_for 15 "forewarn poll >/dev/null; events_of \"index(\\\"ends\\\") != null\"" &&
	forewarn status --json | jq -e "[.wrong[] | select(.component == \"app1\")] | length == 1" && wait_for 5 "told \"app1 down.*orders\""'
test_end
