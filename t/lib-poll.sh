# t/lib-poll.sh: for tests of polling: a quick configuration, and what forewarn says. Read after lib-test.sh.

# poll_conf NAME [LINE...]: $SCRATCH/NAME with short intervals and time-outs (longer under sanitizers: an agent that has no time to
# answer is not silent), community public, and the lines.
poll_conf() {
	poll_file=$SCRATCH/$1
	shift
	{
		echo "state = \"${FOREWARN_STATE:-$SCRATCH/state}\""
		echo "user = \"$(id -un)\""
		echo "poll { interval = ${POLL_INTERVAL:-2s}  status-interval = ${POLL_STATUS:-1s}  threads = ${POLL_THREADS:-2} }"
		echo "defaults { timeout = ${POLL_TIMEOUT:-$((${SANITIZE:+200} + 200))ms}  retries = 1  credentials = \"public\" }"
		echo 'credentials "public" { version = "2c"  community = "public" }'
		echo 'credentials "old" { version = "1"  community = "public" }'
		for poll_line
		do
			echo "$poll_line"
		done
	} >"$poll_file"
	POLL_CONF=$poll_file
}

# says COMMAND...: forewarn with the configuration and the state in use.
says() {
	poll_command=$1
	shift
	"$FOREWARN" "$poll_command" -c "$POLL_CONF" -s "${FOREWARN_STATE:-$SCRATCH/state}" "$@"
}

# value COMPONENT KEY: of "show --json"; "null" when it is not there.
value() {
	poll_device=${1%%/*}
	poll_rest=${1#*/}
	case $1 in
	*/*) says show --json "${poll_rest%%/*}" "$poll_device" ;;
	*) says show --json device "$1" ;;
	esac | jq -r --arg c "$1" --arg k "$2" '.items[] | select(.component == $c) | .[$k]'
}

# is COMPONENT KEY WANTED; missing COMPONENT COLUMN WORDS
is() {
	poll_got=$(value "$1" "$2")
	test "$poll_got" = "$3" || { echo "$1 $2 is '$poll_got', not '$3'"; return 1; }
}

missing() {
	poll_got=$(value "$1" missing | jq -r --arg k "$2" '.[$k]')
	test "$poll_got" = "$3" || { echo "$1 lacks $2: '$poll_got', not '$3'"; return 1; }
}

# debug_of DEVICE KEY: what debug knows of it.
debug_of() {
	says debug --json device "$1" | jq -r --arg k "$2" '.items[0] | (.[$k] // .worker[$k])'
}

# cycles DEVICE: full rounds so far, from its last file.
cycles() {
	says debug --json device "$1" | jq -r '.items[0].cycles // 0'
}

# wait_cycles DEVICE N SECONDS: N more full rounds have been.
wait_cycles() {
	poll_until=$(($(cycles "$1") + $2))
	wait_for "$3" "test \"\$(cycles $1)\" -ge $poll_until"
}

# written COMPONENT: what the store holds of it goes to its file (a graph asks for that).
written() {
	rm -f "$SCRATCH/.written.png"
	says graph "$1" -o "$SCRATCH/.written.png" >/dev/null 2>&1
	test -s "$SCRATCH/.written.png"	# and not its status: what draws is not clean under the thread sanitizer
}

# rates FILE DS: one line a step of the file, "TIME RATE", nan where unknown.
rates() {
	poll_last=$(rrdtool last "$1") &&
	rrdtool fetch "$1" AVERAGE -s $((poll_last - 120)) -e "$poll_last" | awk -v ds="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == ds) column = i + 1; next }
		NF > 1 { sub(":", "", $1); print $1, $column }'
}

# rate_is FILE DS WANTED [LEAST]: at least LEAST (3) steps are known; their mean is WANTED within 1 in 1,000 and the 10 ms that a busy
# machine may let pass between the agent's look at its clock and the answer's arrival; no step is off by more than 5 in 100.
rate_is() {
	rates "$1" "$2" >"$SCRATCH/.rates" && awk -v want="$3" -v least="${4:-3}" '
		$2 ~ /nan/ { next }
		{ n++; sum += $2; off = $2 / want - 1; if (off > .05 || off < -.05) { print "at", $1, "rate", $2, "not", want; bad = 1 } }
		END {
			if (n < least) { print n + 0, "steps known, not", least; exit 1 }
			off = sum / n / want - 1; within = .001 + .01 / n
			if (off > within || off < -within) { print "mean", sum / n, "not", want; bad = 1 }
			exit bad
		}' "$SCRATCH/.rates" || { cat "$SCRATCH/.rates"; return 1; }
}

# gap_is FILE DS MOST: between known steps at least one and at most MOST are unknown.
gap_is() {
	rates "$1" "$2" | awk -v most="$3" '
		$2 ~ /nan/ { if (known) run++; next }
		{ if (known && run) { gaps++; if (run > worst) worst = run } known = 1; run = 0 }
		END { print gaps + 0, "gaps, longest", worst + 0; exit !(gaps > 0 && worst <= most) }'
}

# events KIND: how many events of a kind there are.
events() {
	says events --json | jq --arg k "$1" '[.items[] | select(.what == $k)] | length'
}

# run_pinging NAME COMMANDS: test_run, where this user may open an ICMP socket.
run_pinging() {
	if test "$(id -u)" = 0 || perl -MSocket -e 'socket(my $s, PF_INET, SOCK_DGRAM, 1) or exit 1'
	then
		test_run "$1" "$2"
	else
		test_skip "$1" 'this user may not ping (net.ipv4.ping_group_range)'
	fi
}
