#!/bin/sh
# t/t0001-layers.t: every #include goes from a layer to itself or to one below it:
#
#	base <- { snmp, probe, service, rrd } <- core (poller/*.c) <- noc <- { ctl, web } <- main.c
#
# A header that ends in -int.h stays in its folder. rrd/ and service/ know no socket, no thread and no clock.

cd "${FOREWARN_TOP:-..}" || exit 1

# Reads "FILE:LINE:TEXT" with text as it stands in the file; prints a line for each arrow in the wrong direction.
breaches() {
	awk -F: '
	BEGIN {
		below["base"] = " base "
		below["snmp"] = " snmp base "
		below["probe"] = " probe base "
		below["service"] = " service base "
		below["rrd"] = " rrd base "
		below["core"] = " core snmp probe service rrd base "
		below["noc"] = " noc core snmp probe service rrd base "
		below["ctl"] = " ctl noc core snmp probe service rrd base "
		below["web"] = " web noc core snmp probe service rrd base "
		below["main"] = " main web ctl noc core snmp probe service rrd base "
	}
	function folder(path) { sub("/[^/]*$", "", path); return path }
	function layer(path) {
		if (path == "poller/main.c") return "main"
		path = folder(path)
		if (path == "poller") return "core"
		sub("^poller/", "", path)
		return path
	}
	{
		text = substr($0, length($1) + length($2) + 3)
		if (text !~ /^[ \t]*#[ \t]*include[ \t]*"/) next
		split(text, part, "\"")
		to = part[2]
		if (to !~ "/") to = folder($1) "/" to
		if (to ~ /\.\./)
			print $1 ":" $2 ": " part[2] ": paths go from the root of the tree, without .."
		else if (!index(below[layer($1)], " " layer(to) " "))
			print $1 ":" $2 ": " layer($1) " may not include " layer(to) " (" part[2] ")"
		else if (to ~ /-int\.h$/ && folder(to) != folder($1))
			print $1 ":" $2 ": " part[2] " is private to " folder(to)
	}'
}

sources=$(find poller rrd -name '*.[ch]' | sort)
test_number=0
check() {
	test_number=$((test_number + 1))
	if test -z "$2"
	then
		echo "ok $test_number - $1"
	else
		echo "not ok $test_number - $1"
		echo "$2" | sed 's/^/# /'
	fi
}

echo 1..5
check 'includes go from a layer to itself or below' "$(grep -Hn '#[[:space:]]*include' $sources | breaches)"

# the reader itself: each of these is a breach
wrong='poller/base/log.c:1:#include "poller/snmp/snmp.h"
poller/snmp/ber.c:2:#include "poller/probe/probe.h"
poller/service/graph.c:3:#include "rrd/store.h"
rrd/store.c:4:  #  include "poller/worker.h"
poller/worker.c:5:#include "poller/noc/noc.h"
poller/noc/send.c:6:#include "poller/ctl/ctl.h"
poller/worker.c:7:#include "poller/snmp/ber-int.h"
poller/noc/send.c:8:#include "../ctl/ctl.h"
poller/ctl/show.c:9:#include "poller/main.h"
poller/worker.c:10:#include "ctl/ctl.h"'
found=$(echo "$wrong" | breaches | cut -d: -f2 | tr '\n' ' ')
test "$found" = '1 2 3 4 5 6 7 8 10 ' || wrong_found="found lines: $found"
check 'a breach is seen' "$wrong_found"

right='poller/base/log.c:1:#include "err.h"
poller/snmp/ber.c:2:#include "ber-int.h"
rrd/store.c:3:#include "poller/base/err.h"
poller/worker.c:4:#include "rrd/store.h"
poller/ctl/show.c:5:#include "poller/noc/noc.h"
poller/main.c:6:#include "poller/ctl/ctl.h"
poller/worker.c:7:#include <event2/event.h>'
check 'what is allowed is not' "$(echo "$right" | breaches)"

leaves=$(find rrd poller/service -name '*.[ch]' | sort)
outside='<(pthread|threads|sys/socket|sys/epoll|poll|netinet/[a-z_]*|arpa/inet|event2?/?[a-z_]*)\.h>'
check 'rrd/ and service/ know no socket and no thread' "$(grep -nE "#[[:space:]]*include[[:space:]]*$outside" $leaves)"
clocks='(clock_mono|clock_wall|clock_gettime|gettimeofday|time)'
check 'rrd/ and service/ know no clock' "$(perl t/lib-strip $leaves | grep -E "(^|[^_a-zA-Z0-9.>])${clocks}[[:space:]]*\\(")"
