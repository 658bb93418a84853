#!/bin/sh
# t/t7340-stories.t: how redundancy is lost without anybody seeing it, and what people are told: one story after the other.
#
# Nothing is polled here: components are set by hand, as a program beside forewarn would, and the NOC listens.

. ./lib-test.sh
test_needs jq snmptrapd

# service NAME FILTER: does jq's filter hold of the service's item of 'risk --json'?
service() {
	forewarn risk "$1" --json >risk.json && jq -e ".items[0] | $2" risk.json >/dev/null || { jq -c '.items[0] | {quality, at_risk, distance, distance_weak, distance_worst, can_lose}' risk.json; return 1; }
}

# alert KEY FILTER: ... of the open alert about a component?
alert() {
	forewarn status --json >status.json
	jq -e "[.wrong[] | select(.component == \"$1\")] | length == 1 and (.[0] | $2)" status.json >/dev/null
}

# told PATTERN...: is there a notification that matches all of them?
told() {
	grep '^TRAP' "$TRAPD_LOG" >told.all
	for pattern
	do
		grep -e "$pattern" told.all >told.next
		mv told.next told.all
	done
	test -s told.all
}

# are_up NAME...
are_up() {
	for name
	do
		printf '%s\tup\n' "$name"
	done | forewarn set --stdin >/dev/null
}

test_begin 'stories: what is lost while everything works'
trapd_start
cat >stories.conf <<-END
	state = "$SCRATCH/state"
	user  = "$(id -un)"
	component "feed A" { carries = {"app1", "edge1", "db1"} }
	component "feed B" { carries = {"app3", "edge2", "db2"} }
	component "app1" { }
	component "app2" { }
	component "app3" { }
	component "edge1" { }
	component "edge2" { }
	component "db1" { }
	component "db2" { }
	component "link1" { }
	component "link2" { }
	component "resolver" { }
	group "app servers" { need = 2  members = {"app[1-3]"} }
	group "edge"  { need = 1  members = {"edge[1-2]"} }
	group "db"    { need = 1  members = {"db[1-2]"} }
	group "trunk" { need = 1  members = {"link[1-2]"} }
	service "orders" { needs = {"app servers", "edge"} }
	service "ledger" { needs = {"db"} }
	service "branch" { needs = {"trunk"} }
	$(for i in 1 2 3 4 5 6; do echo "service \"names $i\" { needs = {\"resolver\"} }"; done)
	notify "noc" { trap = "127.0.0.1:$TRAPD_PORT" }
END
FOREWARN_CONFIG=$SCRATCH/stories.conf
export FOREWARN_CONFIG
FOREWARN_STATE=$SCRATCH/state
mkdir -p "$FOREWARN_STATE"

# Booted with one link: the pair never had its second one since the start. The design is the yardstick, not the last state.
forewarn set link2 down --why "never patched" >/dev/null
forewarn_start "$FOREWARN_CONFIG"

test_run 'booted with one link: at risk from the first second, though nothing changed since' '
	wait_for 10 "service branch \".at_risk and .can_lose == 0 and .built_for == 1\"" &&
	wait_for 10 "told link2 \"AlertTransition.0 = [^	]*raise\" \"branch: up, can lose 0 (was 1)\" \"never patched\"" &&
	forewarn risk branch >got && grep -q "^Works now. One more failure stops it (built to survive any one).$" got &&
	grep -q "^What is left  *trunk 1 of 2, 1 needed$" got && forewarn set link2 up >/dev/null &&
	wait_for 10 "told link2 \"AlertTransition.0 = [^	]*clear\""
'

test_run 'weakening: a degraded member of a pair loses nothing yet, and only it stands between' '
	forewarn set db1 degraded --why "replication 40 s behind" >/dev/null && wait_for 10 "alert db1 \".severity == \\\"minor\\\" and .kind == \\\"risk\\\"\"" &&
	service ledger ".quality == \"degraded\" or .quality == \"up\"" &&
	service ledger ".at_risk and .distance == 2 and .distance_weak == 1" &&
	wait_for 10 "told db1 \"ledger: up, can lose 1\""
'
test_run '... then the other one fails: what works hangs on what is weak' '
	forewarn set db2 down >/dev/null && wait_for 10 "told db2 \"AlertTransition.0 = [^	]*raise\" \"ledger: \"" &&
	service ledger ".quality == \"degraded\" and .distance == 1 and .distance_weak == 0" &&
	wait_for 10 "alert db1 \".severity == \\\"major\\\"\"" && wait_for 10 "told db1 \"AlertTransition.0 = [^	]*change\"" &&
	forewarn risk ledger >got && grep -q "^Works, but not as it should. One more failure stops it" got &&
	are_up db1 db2 && wait_for 10 "forewarn status >/dev/null"
'

test_run 'shared feed: it takes one of each pair; one alert with a line for each service, nobody else is blamed' '
	forewarn set "feed A" down --why "fuse" >/dev/null &&
	wait_for 10 "told \"feed A down: fuse\" \"AlertTransition.0 = [^	]*raise\" \"orders: up, can lose 0 (was 1)\" \"ledger: up, can lose 0 (was 1)\"" &&
	forewarn status --json | jq -e "(.wrong | length) == 1 and (.wrong[0].touches | length) == 2" &&
	told "AlertLeft.0 = [^	]*app servers 2 of 3, 2 needed; edge 1 of 2, 1 needed" &&
	forewarn risk orders >got && grep -q "^Not up  *feed A down: fuse" got && grep -q "^Ends it now .*feed B (carries app3, edge2)" got
'
test_run '... the second failure under it is heard, and so is what it does to the first' '
	forewarn set app2 down >/dev/null && wait_for 10 "told app2 \"AlertTransition.0 = [^	]*raise\" critical \"orders: down (was 0)\"" &&
	wait_for 10 "told \"feed A\" \"AlertTransition.0 = [^	]*change\" critical \"orders: down (was 0)\"" &&
	forewarn set edge2 degraded >/dev/null && wait_for 10 "alert edge2 \".severity != \\\"critical\\\"\"" &&
	alert edge2 ".touches[0].due_to_others" &&
	are_up "feed A" app2 edge2 && wait_for 10 "forewarn status >/dev/null"
'

test_run 'one dead resolver under six services is one alert with six lines' '
	forewarn set resolver down >/dev/null && wait_for 10 "alert resolver \"(.touches | length) == 6\"" &&
	wait_for 10 "told resolver \"AlertServiceCount.0 = [^	]*6\"" && forewarn set resolver up >/dev/null && wait_for 10 "forewarn status >/dev/null"
'

test_run 'partial reachability: what nobody can see is counted at its worst, and called unknown' '
	forewarn set app2 unknown >/dev/null && wait_for 10 "alert app2 \".severity == \\\"warning\\\"\"" &&
	service orders ".quality == \"up\" and (.at_risk | not) and .distance == 2 and .distance_worst == 1" &&
	forewarn risk orders >got && grep -q "^Works now. It can still lose 0..1: 1 of its 7 components is unknown.$" got &&
	wait_for 10 "told app2 \"AlertSubject.0 = [^	]*\[UNKNOWN\] app2 unknown: orders may be worse than it looks\""
'
test_run '... and two of three unseen may be an outage: nobody says up' '
	forewarn set app3 unknown >/dev/null && service orders ".quality == \"unknown\" and .distance == 2 and .distance_worst == 0" &&
	forewarn risk orders >got && grep -q "^It is not known whether it works: 2 of its 7 components are unknown.$" got &&
	are_up app2 app3 && wait_for 10 "forewarn status >/dev/null" &&
	wait_for 10 trapd_all_cleared || { grep "^TRAP" "$TRAPD_LOG"; false; }
'
test_end
