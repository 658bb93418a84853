# t/t9235-errors.t: an agent that answers everything with an error is asked a bounded number of times, and comes back.
. ./lib-test.sh
test_begin 'agents that answer with errors'
test_needs jq
sim_start --device '127.16.0.1+6 kind=switch ports=24 name=sw#'
cat >forewarn.conf <<EOF
user = "$(id -un)"
poll { interval = 2s  status-interval = 1s  threads = 1 }
defaults { credentials = "sim"  timeout = 300ms  retries = 1  ping = false  port = $SIM_PORT }
credentials "sim" { version = "2c"  community = "public" }
credentials "old" { version = "1"  community = "public" }
rrd { write = false }
$(for i in 1 2 3 4 5; do echo "device \"sw$i\" { address = \"127.16.0.$i\" }"; done)
device "sw6" { address = "127.16.0.6"  credentials = "old" }
EOF
chmod 640 forewarn.conf
sim_ctl 127.16.0.5 error 5
forewarn_start forewarn.conf
fw() { forewarn -c forewarn.conf -s "$FOREWARN_STATE" "$@"; }
requests() { sim_field "$1" requests; }
in_octets() { fw show interface "$1" --json | jq -r ".items[] | select(.component == \"$1/interface/Gi0/4\") | .ifHCInOctets // empty"; }
moves() { was=$(in_octets "$1"); wait_for 40 "test -n \"\$(in_octets $1)\" && test \"\$(in_octets $1)\" != \"$was\""; }

test_run 'all but the one that begins with errors are read' '
	for d in sw1 sw2 sw3 sw4 sw6; do wait_for 15 "test -n \"\$(fw show interface $d --json | jq -r .items[0].ifOperStatus)\"" || return 1; done'
for error in 1 5 2
do
	sim_ctl 127.16.0.1+4 error $error
	sim_ctl 127.16.0.6 error $error
	set -- $(for i in 1 2 3 4 5 6; do requests 127.16.0.$i; done)
	sleep 4
	for i in 1 4 5 6
	do
		eval "was=\$$i"
		test_run "error $error: sw$i is asked a bounded number of times" "
			n=\$((\$(requests 127.16.0.$i) - $was)); echo \$n requests in 4 s; test \$n -le 4000"
	done
	sim_ctl 127.16.0.1+4 heal
	sim_ctl 127.16.0.6 heal
	# noSuchName to everything says that there is nothing: that is believed until the next walk
	test $error = 2 || test_run "error $error: all are read again" 'moves sw1 && moves sw4'
done
test_run 'the one that began with errors is read as well' 'sim_ctl 127.16.0.5 heal && moves sw5'
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
