# t/t7140-privilege.t: who it becomes, what it keeps, who may ask it, and that no secret is told.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3
test_begin 'privileges and secrets'
conf=$SCRATCH/forewarn.conf
sim_start --device '127.16.1.1+2 kind=switch ports=2 fan=0 sensors=0 name=sw# community=hunter2secret' \
	--device '127.16.2.1+3 kind=server ports=1 cpu=1 disks=1 name=app# community=hunter2secret'
echo 'hunter2secret' >community
chmod 640 community
chmod 755 "$SCRATCH"

write() {
	conf_write "$conf" "$@"
	sed 's/community = "public"/community-file = "community"/' "$conf" >with.secret && mv with.secret "$conf"
}

test_run 'a secret that everyone can read is refused, with what would be right' '
	CONF_USER=$(id -un) && write && chmod 644 community && ! "$FOREWARN" check -c "$conf" >out 2>&1
	cat out; grep "community.*0644" out && grep "0640" out
'
chmod 640 community
test_run 'check -p prints none, wherever it stands' '
	"$FOREWARN" check -p -c "$conf" >out 2>&1 && sed "s/community-file = .community./community = \"hunter2secret\"/" "$conf" >inline.conf &&
	"$FOREWARN" check -p -c inline.conf >out2 2>&1 && grep -F "***" out2 && ! grep hunter2 out out2
'

if test "$(id -u)" -ne 0
then
	for what in 'a user who is not there' 'root stays without what it does not need' 'it becomes the user'
	do
		test_skip "$what" 'needs root'
	done
else
	CONF_USER=fw-nobody-here
	test_run 'a user who is not there: it says how to make it, and does not start' '
		write && ! "$FOREWARN" run -c "$conf" >out 2>&1
		cat out; grep "fw-nobody-here" out && grep "adduser --system" out && ! test -e state/forewarn.db
	'
	CONF_USER=root
	test_run 'root stays root without what it does not need' '
		write && forewarn_start "$conf" && grep "^CapEff:.*0000000000000022$" "/proc/$FOREWARN_PID/status" &&
		grep "^CapBnd:.*0000000000000022$" "/proc/$FOREWARN_PID/status" && wait_for 15 all_is_well
	'
	test_run '... in all of its threads' '
		for task in /proc/$FOREWARN_PID/task/*/status
		do
			grep -q "^CapEff:.*0000000000000022$" "$task" || return 1
		done
	'
	test_run '... and ends' 'forewarn_stop && rm -rf state'
	user=fwt$$
	if useradd --system --no-create-home --user-group "$user" 2>/dev/null
	then
		test_last='userdel "$user" 2>/dev/null'
		CONF_USER=$user
		chgrp "$user" community
		chmod 640 community
		test_run 'it becomes the configured user' '
			write "device \"here\" { address = \"127.0.0.1\" ping = true credentials = \"sim\" }" && FOREWARN_STATE=$SCRATCH/state && rm -rf state &&
			run_behind "$FOREWARN_LOG" "$FOREWARN" run -c "$conf" && FOREWARN_PID=$! && started 20 $FOREWARN_PID &&
			grep "^Uid:.$(id -u "$user").$(id -u "$user").$(id -u "$user")" "/proc/$FOREWARN_PID/status" &&
			grep "^CapEff:.*0000000000000000$" "/proc/$FOREWARN_PID/status"
		'
		test_run 'its state folder, lock and ledger are its own' '
			for file in state state/lock state/forewarn.db state/forewarn.sock state/journal.0
			do
				test "$(stat -c %U "$file")" = "$user" || { ls -la state; return 1; }
			done
			test "$(stat -c %a state/forewarn.sock)" = 660 && test "$(stat -c %a state)" = 750
		'
		test_run 'raw ICMP works all the same' '
			wait_for 15 "fw show device here --json | jq -e \".items[0].icmp == \\\"answers\\\"\""
		'
		test_run 'the secret can be read again at a reload' '
			kill -HUP "$FOREWARN_PID" && wait_for 10 "grep \"configuration read again\" \"$FOREWARN_LOG\""
		'
		test_run 'a member of its group reaches the socket' '
			setpriv --reuid 65534 --regid "$(id -g "$user")" --clear-groups "$FOREWARN" status -c "$conf" -s "$SCRATCH/state" --json >out 2>&1
			jq -e ".live" out
		'
		test_run 'another is told which group is needed' '
			! setpriv --reuid 65534 --regid 65534 --clear-groups "$FOREWARN" set x up -c /dev/null -s "$SCRATCH/state" >out 2>&1
			cat out; grep "permission denied" out && grep "group .$user." out
		'
		test_run 'it ends, and cron as that user goes on' '
			forewarn_stop && test $FOREWARN_STATUS -eq 0 &&
			setpriv --reuid "$user" --regid "$user" --clear-groups "$FOREWARN" poll -c "$conf" -s "$SCRATCH/state" >out 2>&1
			test $? -eq 0 || { cat out; return 1; }
			grep -v "ICMP\|icmp\|here down" out && return 1	# no agent is there, and a user may not ping everywhere
			test "$(stat -c %U state/forewarn.db)" = "$user"
		'
		test_run 'a state that belongs to somebody else: it is said what would be right' '
			chown -R root state && chown "$user" state && ! "$FOREWARN" run -c "$conf" >out 2>&1
			cat out; grep "chown" out
		'
	else
		test_skip 'it becomes the configured user' 'no user can be made here'
	fi
fi

test_run 'the secret is in no log, no answer, no file but its own' '
	CONF_USER=$(id -un) && write && rm -rf state && forewarn_start "$conf" && wait_for 15 all_is_well &&
	fw debug log wire on; fw debug log poll on; sleep 2
	{ fw debug; fw debug --json; fw debug device sw1; fw debug device sw1 --json; fw status --json; fw show; fw components; fw events; } >asked 2>&1
	sim_ctl 127.16.1.1 wrong-community; sleep 2
	forewarn_stop && ! grep -r -l hunter2 asked "$FOREWARN_LOG" state
'
test_end
