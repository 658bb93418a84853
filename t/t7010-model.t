#!/bin/sh
# t/t7010-model.t: a configuration of components, groups and services alone: judged without a daemon, exact on fault trees.

. ./lib-test.sh
test_needs jq
test_begin 'a model without a daemon and without any device'

cat >model.conf <<-END
	component "feed A" { unavailability = 0.01 }
	component "feed B" { unavailability = 0.02 }
	component "app1" { unavailability = 0.1  needs = {"feed A"} }
	component "app2" { unavailability = 0.1  needs = {"feed A"} }
	component "app3" { unavailability = 0.1  needs = {"feed B"} }
	component "db" { unavailability = 0.001 }
	component "db-replica" { unavailability = 0.001 }
	group "app servers" { need = 2  full = 3  members = {"app[1-3]"} }
	service "order management" { owner = "erp"  tier = 1  runbook = "https://wiki.example.com/erp"
	                             needs = {"app servers", "db | db-replica"} }
	service "reports" { needs = {"db-replica"} }
END
FOREWARN_CONFIG=$SCRATCH/model.conf
export FOREWARN_CONFIG

test_run 'risk --json has every key, integers are integers' '
	forewarn risk "order management" --json >got &&
	jq -e ".version == 1 and (.live | not) and (.items | length) == 1" got &&
	jq -e ".items[0] | .service == \"order management\" and .quality == \"up\" and .at_risk == false and .owner == \"erp\" and
		.tier == 1 and .distance == 1 and .distance_weak == 1 and .distance_worst == 1 and .design_distance == 1 and
		.can_lose == 0 and .built_for == 0 and .smallest_count == 1 and .components == 7 and .components_unknown == 0 and
		.single_points == [\"feed A\"] and .single_points_count == 1 and .smallest[0] == [\"feed A\"]" got &&
	! grep -E "\"(distance|distance_weak|distance_worst|design_distance|cut_sets|smallest_count|components|tier|can_lose)\": [0-9]*\.[0-9]" got
'
test_run 'all cut sets by size, the smallest first; importance' '
	forewarn risk "order management" --list 3 --json | jq -e ".items[0] | .cut_sets == 7 and .cut_sets_by_size == [1, 6] and
		.design_cut_sets == 7 and .smallest_count == 1 and ([.smallest[] | length]) == [1, 2, 2] and
		(.importance | length) == .components and (.importance[] | select(.component == \"feed A\") |
			.raw > 1 and .rrw > 1 and .fussell_vesely > .criticality)"
'
test_run 'for people behind -v: by size, larger sets, what to guard; and what a repair gains' '
	forewarn risk "order management" -v >got &&
	grep -q "^By size  *7 in all: 1 of 1 · 6 of 2$" got && grep -q "^Larger sets  *[a-z]" got &&
	grep -q "^Guard next  *feed A: if it fails an outage is [0-9.]* times as likely; failed in [0-9.]* % of outages$" got &&
	! grep -q "^Repair gains" got &&
	mkdir -p apart && forewarn set app1 down -s apart >/dev/null && forewarn risk "order management" -v -s apart >got &&
	grep -q "^By size  *5 in all: 4 of 1 · 1 of 2$" got &&
	grep -q "^Repair gains  *app1: with it back an outage is [0-9.]* times less likely$" got
'
{
	echo 'group "half" { need = 51  members = {"c[1-100]"} }'
	echo 'service "halves" { needs = {"half"} }'
	awk 'BEGIN { for (i = 1; i <= 100; i++) printf "component \"c%d\" { unavailability = 0.01 }\n", i }'
} >halves.conf
test_run 'cut sets beyond 2^53 are digits, every one of them right' '
	forewarn risk -c halves.conf --json | jq -e ".items[0] | .cut_sets == \"100891344545564193334812497256\" and
		.cut_sets_by_size[49] == .cut_sets and .cut_sets_by_size[48] == 0 and (.cut_sets_by_size | length) == 50" &&
	forewarn risk -c halves.conf halves -v | tr "\n" " " | grep -q "By size  *100,891,344,545,564,193,334,812,497,256 in all"
'
awk 'BEGIN {
	for (i = 1; i <= 4000; i++) {
		printf "component \"a%d\" { unavailability = 0.01 }\ncomponent \"b%d\" { unavailability = 0.01 }\n", i, i
		printf "component \"c%d\" { unavailability = 0.01 }\ngroup \"h%d\" { need = 1  members = {\"b%d\", \"c%d\"} }\n", i, i, i, i
		printf "group \"g%d\" { need = 2  members = {\"a%d\", \"h%d\"} }\n", i, i, i
	}
	print "group \"all\" { need = 1  members = {\"g[1-4000]\"} }\nservice \"endless\" { needs = {\"all\"} }"
}' >endless.conf
test_run 'more than can be counted: said so, and what is exact stays' '
	forewarn risk -c endless.conf --json --list 1 >got &&
	jq -e ".items[0] | .cut_sets == null and .cut_sets_by_size == null and .distance == 4000 and .smallest_count == 1 and
		(.smallest[0] | length) == 4000 and (.importance | length) == 12000 and
		(.cut_sets_reason | test(\"cannot count the cut sets of .endless.: more than the steps allowed\"))" got &&
	forewarn risk -c endless.conf endless -v | grep -q "^By size  *cannot count"
'
awk 'BEGIN {
	for (i = 1; i <= 5001; i++) printf "component \"v%d\" { unavailability = 0.0001 }\n", i
	print "group \"quorum\" { need = 2500  members = {\"v[1-5001]\"} }"
	print "component \"a\" { unavailability = 0.001 }\ncomponent \"b\" { unavailability = 0.002 }"
	print "group \"pair\" { need = 1  members = {\"a\", \"b\"} }\nservice \"vote\" { needs = {\"quorum\", \"pair\"} }"
}' >vote.conf
test_run 'no room for the diagram: distance, short cut sets and chance are found without it' '
	forewarn risk -c vote.conf --json >got &&
	jq -e ".items[0] | .exact == false and .distances_exact and .distance == 2 and .distance_least == 2 and .design_distance == 2 and
		.can_lose == 1 and .smallest_count == 1 and .smallest == [[\"a\", \"b\"]] and .cut_sets == null and .cut_sets_least == 1 and
		.cut_sets_exact_to == 64 and .cut_sets_by_size[:3] == [0, 1, 0] and (.cut_sets_by_size | length) == 64 and
		.p_low <= 2e-6 and .p_high >= 2e-6 and (.p - 2e-6 | fabs) < 2e-15 and .design_p == .p" got &&
	forewarn risk -c vote.conf vote -v >page &&
	grep -q "^Would end it  *only a + b$" page && grep -q "^Chance  *to be down at a random moment: about 1 in 500,000;" page &&
	grep -q "^By size  *1 at least: 1 of 2; of more than 64 not counted$" page &&
	tr "\n" " " <page | tr -s " " | grep -q "Bounds too many things overlap for its diagram to have room: quality, distances and single points are exact;"
'
mkdir -p voted && forewarn set a down -s voted -c vote.conf >/dev/null
test_run 'so too when something failed: the next one ends it' '
	forewarn risk -c vote.conf -s voted --json | jq -e ".items[0] | .exact == false and .distance == 1 and .design_distance == 2 and
		.single_points == [\"b\"] and .smallest == [[\"b\"]] and (.p - 0.002 | fabs) < 1e-12 and .design_p == null and .design_cut_sets_least == 1"
'
awk 'BEGIN {
	for (g = 1; g <= 20; g++) {
		for (i = 1; i <= 10; i++) printf "component \"c%d-%d\" { unavailability = 0.01 }\n", g, i
		printf "group \"any%d\" { need = 10  members = {\"c%d-[1-10]\"} }\n", g, g
	}
	print "group \"all\" { need = 1  members = {\"any[1-20]\"} }\nservice \"wide\" { needs = {\"all\"} }"
}' >wide.conf
test_run 'a service that only twenty failures at once end, in 10^20 ways' '
	forewarn risk -c wide.conf --json --list 2 >got && jq -e ".items[0] | .distance == 20 and .smallest_count == \"100000000000000000000\" and
		.cut_sets == .smallest_count and (.cut_sets_by_size | length) == 20 and .cut_sets_by_size[19] == .cut_sets and
		.cut_sets_by_size[0] == 0 and (.smallest | length) == 2 and (.smallest[0] | length) == 20 and .can_lose == 19" got &&
	forewarn risk -c wide.conf wide --list 4 | tr "\n" " " | grep -q "any of 100000000000000000000 sets of 20: c"
'
cat >never.conf <<-END
	component "a" { }
	component "b" { }
	group "any" { need = 1  members = {"a", "b"} }
	service "s" { needs = {"any"} }
END
test_run 'the keys that programs read, and what is null' '
	forewarn risk -c wide.conf --json >wide.json && forewarn risk -c never.conf --json >never.json && rm -rf lost && mkdir -p lost &&
	printf "a\tdown\nb\tdown\n" | forewarn set -c never.conf -s lost --stdin >/dev/null && forewarn risk -c never.conf -s lost --json >down.json &&
	for file in wide never down
	do
		jq -e ".items[0] | [\"service\", \"quality\", \"at_risk\", \"distance\", \"distance_weak\", \"distance_worst\", \"design_distance\",
			\"cut_sets\", \"cut_sets_by_size\", \"single_points\", \"smallest\", \"p\", \"p_horizon\", \"importance\", \"shared_fate\",
			\"capacity\"] - keys == []" $file.json || return 1
	done &&
	jq -e ".items[0] | .p == null and .p_horizon == null and .importance == [] and .distance == 2 and .shared_fate == [] and .capacity == []" never.json &&
	jq -e ".items[0] | .quality == \"down\" and .at_risk == false and .distance == 0 and .distance_weak == 0 and .distance_worst == 0 and
		.design_distance == 2 and .cut_sets == 0 and .cut_sets_by_size == [] and .single_points == [] and .smallest == [] and .p == 1" down.json &&
	jq -e ".items[0].importance | length == 200 and all((. | keys) == [\"birnbaum\", \"component\", \"criticality\", \"fussell_vesely\", \"raw\", \"rrw\"])" wide.json
'
test_run 'p is that of the formula' '
	forewarn risk "order management" --json | jq -e ".items[0].p as \$p |
		([0,1] | map(. as \$a | [0,1] | map(. as \$b |
			(if \$a == 1 then 0.01 else 0.99 end) * (if \$b == 1 then 0.02 else 0.98 end) *
			(if \$a == 1 then 1 else (if \$b == 1 then 1 - 0.81 else (0.1*0.1*0.9*3 + 0.001) end) end)) | add) | add) as \$apps |
		(1 - (1 - \$apps) * (1 - 0.000001)) as \$want | ((\$p - \$want) / \$want | fabs) < 1e-12"
'
test_run 'risk for people: no spare, what carries what, the chance, where to go on' '
	forewarn risk "order management" >got &&
	grep -q "^order management   quality ok · owner erp · tier 1$" got &&
	grep -q "built without a spare: one component alone can stop it" got &&
	grep -q "^Ends it now  *feed A (carries app1, app2)$" got &&
	grep -q "^Chance  *to be down at a random moment: about 1 in [0-9]*; rates: 7 given$" got &&
	grep -q "^Certainty  *the states of all 7 components are known: nothing of it is polled$" got &&
	grep -q "^Runbook  *https://wiki.example.com/erp$" got && ! grep -q "^Larger sets" got &&
	tail -n 1 got | grep -q "^More  *-v .*forewarn explain \"order management\""
'
test_run 'risk of all: those that are well are not listed' '
	forewarn risk >got &&
	grep -q "^no service is at risk; all are well$" got
'
test_run 'a model needs no definitions, is judged by anyone, and comes from standard input as well' '
	FOREWARN_MIBS=/nowhere forewarn risk "order management" --json | jq -e ".items[0].distance == 1" &&
	forewarn risk -c - "order management" --json <model.conf | jq -e ".items[0].distance == 1 and (.items | length) == 1" &&
	forewarn check -c - <model.conf && forewarn explain -c - reports <model.conf | grep -q db-replica &&
	forewarn whatif -c - --down db-replica <model.conf | grep -q reports &&
	{ echo "servce \"x\" { }" | forewarn risk -c - 2>err; test $? -eq 1; } && grep -q "^forewarn risk: standard input:1: " err &&
	{ forewarn run -c - <model.conf 2>err; test $? -eq 2; } && grep -q "needs a file" err &&
	{ forewarn set -c - db down <model.conf 2>err; test $? -ne 0; } && grep -q "standard input has no state folder" err &&
	{ echo "device \"d\" { address = \"192.0.2.1\" }" >dev.conf && FOREWARN_MIBS=/nowhere forewarn check -c dev.conf 2>err; test $? -eq 1; } &&
	grep -q "^/nowhere: cannot be read" err
'
test_run 'status: exit status 0, no device is polled, nothing wrong' '
	forewarn status >got &&
	head -n 1 got | grep -q " · no device is polled$" &&
	grep -q "nothing is wrong" got && tail -n 1 got | grep -q "next: forewarn risk"
'
test_run 'explain: a sentence, then the tree' '
	forewarn explain "order management" >got &&
	grep -q "^order management needs 2 of the 3 app servers and either db or db-replica. With fewer than 3 app servers it is degraded.$" got &&
	grep -q "^   app servers  (group, needs 2 of 3)  up$" got &&
	grep -q "^      app1  (component, stands on)  up$" got &&
	grep -q "feed A  (component, set by hand)  up  (as above)$" got &&
	forewarn explain "feed A" | grep -q "up until someone sets it otherwise. order management"
'

test_run 'what a large service stands on is named in part, and how many more there are' '
	{ for i in $(seq 45); do echo "component \"c$i\" { }"; done; echo "service \"all\" { needs = {\"c[1-45]\"} }"; } >large.conf &&
	forewarn risk -v all -c large.conf >got && tr "\n" " " <got | tr -s " " | grep -q "Stands on c1 · c2 · .* c40 and 5 more (--json) More"'

# With a state folder, what is set by hand is kept, and judged without a daemon as well.
test_run 'a state folder that is not there is made by the first thing to keep; a parent that is missing is told' '
	forewarn set -s fresh app3 down && test -f fresh/forewarn.db && forewarn status -s fresh | grep -q "^order management  *DEGRADED" &&
	! forewarn set -s none/fresh app3 down 2>got && grep -q "cannot make state folder .none/fresh.: No such file" got'
test "$(id -u)" -ne 0 || test_run 'what root keeps belongs to the owner of the folder' '
	mkdir own && chown nobody: own && forewarn set -s own app3 down && test "$(stat -c %U own/forewarn.db)" = nobody'
mkdir state
sed "1i state = \"$SCRATCH/state\"" model.conf >kept.conf
FOREWARN_CONFIG=$SCRATCH/kept.conf
test_run 'set: one, with its reason and end; who did it is recorded' '
	forewarn set app3 down --until 4h --why "new disks" >got &&
	grep -q "^app3 is down (was up) until .*, then up again$" got &&
	forewarn status >got2; test $? -eq 2 &&
	grep -q "^order management  *DEGRADED  *AT RISK" got2 &&
	forewarn events app3 --json | jq -e --arg who "$(id -un)" ".items[0] | .what == \"set\" and .now == \"down\" and .reason == \"new disks\" and .who == \$who"
'
test_run 'risk: the pair that would end it is named, and the repair' '
	forewarn risk "order management" --json | jq -e ".items[0] | .quality == \"degraded\" and .at_risk and .distance == 1 and
		(.single_points | sort) == [\"app1\", \"app2\", \"feed A\"] and .failed[0].component == \"app3\" and
		.failed[0].reason == \"new disks\" and .repairs == [{\"components\":[\"app3\"],\"quality\":\"up\",\"can_lose\":0,\"at_risk\":false}] and
		.left[0] == {\"group\":\"app servers\",\"there\":2,\"unknown\":0,\"members\":3,\"need\":2,\"full\":3}" &&
	forewarn risk "order management" | grep -q "^Not up  *app3 down: new disks ("
'
test_run 'two repairs that only together help are named together' '
	forewarn set "feed A" down && forewarn set db down && forewarn set db-replica down &&
	forewarn risk "order management" --json | jq -e ".items[0] | .distance == 0 and .can_lose == -1 and .single_points == [] and
		.smallest == [] and (.repairs[0].components | length) == 2 and (.repairs[0].components | index(\"feed A\") != null)" &&
	forewarn risk "order management" | grep -q "^Repair first  *.* and .*, one alone is not enough: works again" &&
	forewarn set "feed A" up && forewarn set db up && forewarn set db-replica up
'
test_run 'quality and risk each since their own beginning; a chance is not told where it cannot be' '
	mkdir -p since && cat >since.conf <<-X &&
		state = "$SCRATCH/since"
		component "a" { unavailability = 0.01 }
		component "b" { unavailability = 0.01 }
		component "c" { }
		component "d" { }
		service "two" { needs = {"a | b"} }
		service "half known" { needs = {"a | c"} }
		service "not known" { needs = {"d"} }
	X
	forewarn set -c since.conf a down && forewarn risk two -c since.conf --json >got &&
	jq -e ".items[0] | .quality_since == null and .risk_since == .failed[0].since" got &&
	forewarn risk two -c since.conf | head -n 1 | grep -q "^two   quality ok · AT RISK since [0-9:]* (" &&
	forewarn set -c since.conf b down && forewarn risk two -c since.conf --json >got2 &&
	jq -e ".items[0] | .risk_since == null and .quality_since == (.failed[] | select(.component == \"b\") | .since) and
		.quality_since > (.failed[] | select(.component == \"a\") | .since)" got2 &&
	forewarn risk two -c since.conf | head -n 1 | grep -q "^two   quality DOWN since [0-9:]* (" &&
	forewarn set -c since.conf a up && forewarn set -c since.conf c down && forewarn set -c since.conf d down &&
	forewarn risk "half known" -c since.conf | grep -q "^Chance .* about 1 in 100 (usually: cannot be told); rates: 1 given, 1 not known" &&
	! forewarn risk "not known" -c since.conf | grep Chance && ! forewarn risk "not known" -v -c since.conf | grep "100 %"
'
test_run 'set in bulk: every mistake by line, and nothing was changed' '
	printf "feed A\tdown\tx\nfeed X\tup\n# no\n\nfeed B\tbad\napp servers\tdown\n" >lines &&
	{ forewarn set --stdin <lines >out 2>err; test $? -eq 1; } && test ! -s out &&
	grep -q "standard input:2: there is no component .feed X.; .feed A. is near$" err &&
	grep -q "standard input:5: cannot set .feed B.: .bad. is not a state; use up, degraded, down or unknown$" err &&
	grep -q "standard input:6: cannot set .app servers.: it follows from what it needs" err &&
	grep -q "^3 mistakes; nothing was changed$" err &&
	forewarn explain "feed A" --json | jq -e ".items[0].state == \"up\""
'
test_run 'set in bulk: all of it, also of lines that end in CR' '
	printf "feed A\tdegraded\tworks\r\nfeed B\tdegraded\n" | forewarn set --stdin --json |
		jq -e "[.items[].component] == [\"feed A\", \"feed B\"] and .mistakes == []" &&
	forewarn explain "feed A" --json | jq -e ".items[0] | .state == \"degraded\" and .reason == \"works\"" &&
	printf "feed A\tup\nfeed B\tup\napp3\tup\n" | forewarn set --stdin | grep -q "^3 states set$" && forewarn status
'
test_run 'what is down again and again is told by Before' '
	forewarn risk "order management" --json | jq -e ".items[0].before.days == 90" && ! forewarn risk reports --json | jq -e ".items[0].at_risk"
'
FOREWARN_CONFIG=$SCRATCH/model.conf

# ---- real fault trees --------------------------------------------------------------------------------------------

tree() {
	forewarn risk -c "$SHARED/faulttrees/$1.conf" --json --list 5 >got.json &&
	jq -e --arg service "$2" --arg sets "$5" --argjson distance "$4" --argjson p "$7" --arg by_size "$6" '
		.items[] | select(.service == $service) |
		.distance == $distance and .design_distance == $distance and
		(($p - .p) / $p | fabs) < 1e-9 and
		(.cut_sets | tostring) == $sets and ([.cut_sets_by_size[] | tostring] | join(",")) == $by_size and
		.design_cut_sets == .cut_sets and (.smallest_count | tostring) == ($by_size | split(",")[$distance - 1]) and
		([.smallest[] | length] | . == sort and first == $distance) and .single_points_count == .cut_sets_by_size[0] and
		([.importance[] | select(.birnbaum > 0 and .raw >= 1 and .fussell_vesely > 0)] | length) > 0' got.json
}

if test -r "$SHARED/faulttrees/expected.tsv"
then
	sed 1d "$SHARED/faulttrees/expected.tsv" >trees
	tab=$(printf '\t')
	while IFS=$tab read -r model service components distance sets by_size p <&4
	do
		test_run "$model: distance, cut sets by size and chance as two programs agree" '
			tree "$model" "$service" "$components" "$distance" "$sets" "$by_size" "$p" || { jq -c ".items[] | [.distance, .cut_sets, .p]" got.json; false; }
		'
	done 4<trees
else
	test_skip 'fault trees' 'they are not there'
fi
own="state = \"$SCRATCH/shared\"  user = \"$(id -un)\""
{ cat model.conf; echo "$own"; } >one.conf
{ sed 's/need = 2/need = 1/' model.conf; echo "$own"; } >two.conf
test_run 'a daemon on the same folder with another configuration is not mixed with this one' '
	FOREWARN_STATE=$SCRATCH/shared && forewarn_start one.conf &&
	forewarn set -c one.conf app1 down >/dev/null &&
	forewarn risk -c one.conf "order management" --json | jq -e ".live and .items[0].failed_count == 1" &&
	forewarn risk -c ./two.conf "order management" --json | jq -e "(.live | not) and .items[0].failed_count == 0 and .items[0].distance == 2" &&
	{ forewarn set -c two.conf app2 down 2>err; test $? -eq 1; } &&
	grep -q "runs .$SCRATCH/one.conf., which is another configuration; use -c" err
'
test_end
