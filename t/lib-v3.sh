# t/lib-v3.sh: for tests of version 3: passwords in files, credentials, agents, and what was counted. Read after lib-poll.sh.

secret=pancakes4711

# v3_files: good, bad: the password, and another.
v3_files() {
	echo "$secret" >good
	echo 'not the password' >bad
	chmod 640 good bad
}

# credentials NAME USER AUTH PRIV [AUTH-FILE [PRIV-FILE [MORE]]]
credentials() {
	printf 'credentials "%s" { version = "3"  user = "%s" ' "$1" "$2"
	test -z "$3" || printf ' auth = "%s"  auth-file = "%s" ' "$3" "${5:-good}"
	test -z "$4" || printf ' priv = "%s"  priv-file = "%s" ' "$4" "${6:-good}"
	printf '%s }\n' "$7"
}

# sim N[+COUNT] [MORE]: simulated agents from 127.81.0.N on, for sim_start --device.
sim() { echo "127.81.0.$1 kind=switch uptime=86400 ports=1 psu=0 fan=0 sensors=0 user=full auth=SHA-256 auth-password=$secret priv=AES priv-password=$secret $2"; }

# device NAME ADDRESS CREDENTIALS
device() { echo "device \"$1\" { address = \"$2\"  credentials = \"$3\"  ping = false }"; }

# count WORD; counted WORD [MORE-THAN]: of all workers.
count() { says debug --json | jq "[.items[] | .v3? // empty | .[\"$1\"] // 0] | add // 0"; }
counted() { test "$(count $1)" -gt "${2:-0}"; }
