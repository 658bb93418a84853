#!/bin/sh
# t/t7030-screens.t: screens for people: no wider than the window, words not cut, the worst first, colour on terminals only.

. ./lib-test.sh
test_needs jq perl script
test_begin 'screens of 60 services, long names and narrow windows'

# 60 services on pairs of feeds, all on a common pair; one has no spare.
mkdir state
perl -e '
	print qq(state = "$ARGV[0]/state"\n);
	for my $s (1 .. 60) {
		printf qq(component "a%d" {}\ncomponent "b%d" {}\ngroup "pair %d" { need = 1  members = {"a%d", "b%d"} }\n), ($s) x 5;
		printf qq(service "%s %d" { owner = "team %d"  tier = %d  needs = {"pair %d", "names"} }\n),
			$s % 2 ? "order management and everything that hangs on it in region" : "portal", $s, $s % 7, $s % 3 + 1, $s;
	}
	print qq(component "dns1" {}\ncomponent "dns2" {}\ngroup "names" { need = 1  members = {"dns1", "dns2"} }\n);
	print qq(component "vermittlung köln-ehrenfeld" {}\nservice "Büro Köln" { needs = {"vermittlung köln-ehrenfeld"} }\n);
	print qq(component "spare part" {}\n);
' "$SCRATCH" >many.conf
FOREWARN_CONFIG=$SCRATCH/many.conf
export FOREWARN_CONFIG

# widest: columns of the widest line of a file; a command to be copied is not broken.
widest() {
	perl -CSD -ne 'chomp; next if /^next: /; $most = length if length > ($most // 0); END { print $most, "\n" }' "$1"
}

# on_terminal COLUMNS COMMAND: its output on a terminal so wide.
on_terminal() {
	script -qec "stty cols $1 rows 50; $2" /dev/null </dev/null | tr -d '\r'
}

test_run 'all is well: three lines and what to do next' '
	forewarn status >got && grep -q "^61 services: 61 well$" got && grep -q "^61 are well (status --all)    next: forewarn risk SERVICE" got &&
	test "$(wc -l <got)" -le 6
'
forewarn set dns1 down --why "disk full" >out
forewarn set a7 down --why "$(printf 'a very long reason that goes on and on %.0s' 1 2 3)" >out
forewarn set b7 down >out
forewarn set a8 degraded >out
forewarn set "spare part" down >out
test_run 'one cause under sixty services is one line, not sixty names' '
	{ forewarn status >got; test $? -eq 2; } &&
	grep -q "^61 services: 1 down, [0-9]* degraded, .*1 well$\|^61 services: 1 down, 59 at risk, 1 well$" got &&
	grep -A3 "^dns1 down: disk full" got | grep -q "services: each can lose no more" &&
	test "$(grep -c "^dns1" got)" -eq 1
'
test_run 'the worst is first, among causes and among services; what touches nobody is last' '
	sed -n "/^WHAT IS WRONG/{n;p;}" got | grep -q "^a7 down\|^b7 down" &&
	sed -n "/^SERVICE/{n;p;}" got | grep -q "region 7 .*DOWN " &&
	awk "/^spare part down/ { seen = NR } /^dns1/ { other = NR } END { exit !(seen > other && other) }" got &&
	grep -q "^spare part down .*no service" got &&
	tail -n 1 got | grep -q "next: forewarn risk \".*region 7\"$"
'
test_run 'a long list is cut, and says so; --all shows it' '
	grep -q "^[0-9]* more are not well (status --all)$" got && forewarn status --all >all; test "$(grep -c "AT RISK\|DOWN" all)" -ge 60 &&
	grep -q "^Büro Köln" all && ! grep -q "^Büro Köln" got
'
for columns in 80 120 200
do
	test_run "no line is wider than a window of $columns columns" '
		for k in "status" "status --all" "risk" "risk -v" "events" "explain \"portal 8\""
		do
			COLUMNS=$columns forewarn $(eval echo "$k") >got 2>&1
			case $k in "risk -v"|explain*) continue ;; esac
			test "$(widest got)" -le $columns || { echo "$k: $(widest got)"; return 1; }
		done
	'
done
test_run 'words are wrapped, none is cut' '
	COLUMNS=80 forewarn status >got; tr -s " \n" " " <got | grep -q "a very long" && ! grep -q "a very.*[.][.][.]" got &&
	test "$(COLUMNS=80 forewarn risk "$(forewarn status --json | jq -r ".items[] | select(.quality == \"down\").service")" | tr -s " \n" "  " | grep -o "goes on and on" | wc -l)" -eq 3
'
test_run 'no colour in a pipe; on a terminal there is; NO_COLOR is heard' '
	forewarn status >got; ! grep -q "$(printf "\033")" got &&
	on_terminal 100 "$FOREWARN status" >got && grep -q "$(printf "\033\\[1;31mDOWN")" got &&
	sed "s/$(printf "\033")\[[0-9;]*m//g" got >plain && test "$(widest plain)" -le 100 &&
	NO_COLOR=1 on_terminal 100 "$FOREWARN status" >got && ! grep -q "$(printf "\033")" got
'
test_run 'the width is that of the terminal' '
	on_terminal 70 "NO_COLOR=1 $FOREWARN risk" >got && test "$(widest got)" -le 70 && on_terminal 160 "NO_COLOR=1 $FOREWARN risk" >got &&
	test "$(widest got)" -le 160 && test "$(widest got)" -gt 100
'
test_run 'repairs: which alone is enough, and which only together' '
	forewarn set dns2 down >out && forewarn set a8 down >out && forewarn set b8 down >out &&
	forewarn risk "portal 8" >got && grep -q "^Repair first  *.* and .*, one alone is not enough: works as it should again, \"can lose 0\"" got &&
	forewarn status >got; grep -A2 "^a8 down" got | tr -s " \n" " " | grep -q "its repair alone is not enough"
'
test_run 'JSON has all of it, cut nowhere' '
	forewarn status --json >got; test -s got && jq -e "(.items | length) == 61 and ([.wrong[] | select(.component == \"dns1\")][0].touches | length) == 60" got
'
test_end
