#!/bin/sh
# t/t7310-whatif.t: what would follow if components failed: told before and after, worst first, and nothing is touched.

. ./lib-test.sh
test_needs jq
test_begin 'what if'

cat >model.conf <<-END
	component "feed A" { unavailability = 0.01 }
	component "feed B" { unavailability = 0.02 }
	component "app1" { unavailability = 0.1  needs = {"feed A"} }
	component "app2" { unavailability = 0.1  needs = {"feed A"} }
	component "app3" { unavailability = 0.1  needs = {"feed B"} }
	component "spare" { }
	component "db" { unavailability = 0.001 }
	component "db-replica" { unavailability = 0.001 }
	group "app servers" { need = 2  full = 3  members = {"app[1-3]"} }
	service "order management" { owner = "erp"  tier = 1  needs = {"app servers", "db | db-replica"} }
	service "portal" { tier = 2  needs = {"db | db-replica", "app3 | spare"} }
	service "reports" { needs = {"db-replica"} }
END
FOREWARN_CONFIG=$SCRATCH/model.conf
export FOREWARN_CONFIG

test_run 'before and after, the worst first, what would end it then; those that stay are counted' '
	forewarn whatif --down app3 --down db >got && cat got &&
	head -n 1 got | grep -q "^If app3 and db are down:$" &&
	grep -q "^order management  *ok -> DEGRADED  *AT RISK  *0  *feed A, app1, app2, db-replica$" got &&
	grep -q "^portal  *ok  *AT RISK  *1 -> 0  *spare, db-replica$" got &&
	test "$(grep -n "^order" got | cut -d: -f1)" -lt "$(grep -n "^portal" got | cut -d: -f1)" &&
	! grep -q "^reports" got && grep -q "^2 services would change, 1 would not; nothing was touched$" got &&
	grep -q "^next: forewarn risk \"order management\"$" got
'
test_run 'for programs: every key, before and after' '
	forewarn whatif --down app3 --json >got &&
	jq -e ".version == 1 and .services == 3 and .unreached == [] and .assumed == [{component: \"app3\", before: \"up\", after: \"down\"}]" got &&
	jq -e ".items[0] | .service == \"order management\" and .owner == \"erp\" and .tier == 1 and .built_for == 0 and
		.before.quality == \"up\" and .after.quality == \"degraded\" and .before.at_risk == false and .after.at_risk and
		.before.distance == 1 and .after.distance == 1 and .before.single_points == [\"feed A\"] and
		.after.single_points == [\"feed A\", \"app1\", \"app2\"] and .after.single_points_count == 3 and .after.p > .before.p" got
'
test_run 'it says what risk says when it has happened' '
	mkdir -p state && sed "1i state = \"$SCRATCH/state\"" model.conf >kept.conf &&
	forewarn whatif -c kept.conf --down app3 --down "feed A" --degraded db --json >what &&
	forewarn set -c kept.conf app3 down && forewarn set -c kept.conf "feed A" down && forewarn set -c kept.conf db degraded &&
	forewarn risk -c kept.conf --json >risk && jq -e "(.items | length) > 0" what &&
	jq -n --slurpfile w what --slurpfile r risk "[\$w[0].items[] | .service as \$s | .after as \$a |
		(\$r[0].items[] | select(.service == \$s)) as \$t | [\"quality\", \"at_risk\", \"distance\", \"distance_weak\", \"distance_worst\",
			\"can_lose\", \"single_points\", \"p\", \"smallest_count\"][] | select(\$a[.] != \$t[.])]" >differ && cat differ && jq -e ". == []" differ
'
test_run 'what if it is repaired: the way back' '
	forewarn whatif -c kept.conf --up app3 --up "feed A" --up db >got && cat got &&
	grep -q "^order management  *DOWN -> ok " got && grep -q "^2 services would change, 1 would not; nothing was touched$" got &&
	forewarn status -c kept.conf --json | jq -e ".items[] | select(.service == \"order management\") | .quality == \"down\""
'
test_run 'a range stands for all of it; a name given twice counts once, its last state' '
	forewarn whatif --down "app[1-3]" --up app3 --json | jq -e "[.assumed[] | .component + \" \" + .after] == [\"app1 down\", \"app2 down\", \"app3 up\"]" &&
	forewarn whatif --down "app[1-2]" | grep -q "^order management  *ok -> DOWN  .*0 -> -  *it is down$"
'
test_run 'nothing changes: that is said, and why' '
	forewarn whatif --down spare --up app1 >got && cat got && grep -q "^portal " got &&
	forewarn whatif --up app1 --json | jq -e ".items == [] and .unchanged == [\"app1 is up already\"]" &&
	sed "/^service \"portal\"/d" model.conf >fewer.conf &&
	forewarn whatif -c fewer.conf --down spare --up app1 >got && cat got &&
	grep -q "^no service would change: no service stands on spare; app1 is up already$" got &&
	grep -q "^0 services would change, 2 would not; nothing was touched$" got
'
test_run 'groups and services are refused with what would be right; unknown names with what is near' '
	! forewarn whatif --down "app servers" 2>err && grep -q "name those it is about: app1, app2, app3$" err &&
	! forewarn whatif --down reports 2>err && grep -q "is a service: .*forewarn explain \"reports\" lists them" err &&
	! forewarn whatif --down app9 2>err && grep -q "there is no component .app9.; .app[123]. is near$" err &&
	! forewarn whatif --down "app[2-" 2>err && grep -q "a range is written \[1-12\]" err
'
test_run 'exit status: 0 told, 1 not, 2 wrong usage' '
	forewarn whatif --down app1 >/dev/null; test $? -eq 0 && { forewarn whatif --down nobody 2>err; test $? -eq 1; } &&
	{ forewarn whatif 2>err; test $? -eq 2; } && { forewarn whatif --down 2>err; test $? -eq 2; } &&
	{ forewarn whatif app1 --down app2 2>err; test $? -eq 2; }
'

# The same of the daemon: it answers, and nothing of what it holds moves.
cat >run.conf <<-END
	state = "$SCRATCH/run"
	user = "$(id -un)"
	$(cat model.conf)
END
FOREWARN_STATE=$SCRATCH/run
forewarn_start run.conf
FOREWARN_CONFIG=$SCRATCH/run.conf
test_run 'the daemon answers the same, and is as it was' '
	wait_for 10 "forewarn status --json | jq -e .live >/dev/null" && forewarn status --json | jq .items >before &&
	forewarn whatif --down app3 --down db --json >got && jq -e .live got &&
	forewarn whatif -c model.conf --down app3 --down db --json | jq .items >here && jq .items got | diff - here &&
	forewarn status --json | jq .items | diff before - && forewarn events --json | jq -e "[.items[] | select(.what == \"state\")] == []"
'
test_run 'the API refuses what is no list of names' '
	socket=$SCRATCH/run/forewarn.sock && ask() { curl -s --unix-socket "$socket" -d "$1" http://forewarn/whatif; } &&
	if command -v curl >/dev/null
	then
		ask "{}" | grep -q "whatif needs .list." && ask "{\"list\":[{\"state\":\"down\"}]}" | grep -q "needs .name." &&
		ask "{\"list\":[{\"name\":\"app1\",\"state\":\"bad\"}]}" | grep -q "is not a state"
	fi
'
test_end
