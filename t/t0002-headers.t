#!/bin/sh
# t/t0002-headers.t: each header compiles alone, twice, without a warning: it brings what it needs and has its guard.

cd "${FOREWARN_TOP:-..}" || exit 1
cc=${CC:-cc}
flags='-std=gnu11 -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Werror -I. -fsyntax-only -x c'
libraries=$(pkg-config --cflags libevent_core librrd libconfuse sqlite3 jansson libcrypto 2>/dev/null)
headers=$(find poller rrd t -name '*.h' | sort)

set -- $headers
echo "1..$(($# + 1))"
n=0
for header
do
	n=$((n + 1))
	if said=$(printf '#include "%s"\n#include "%s"\n' "$header" "$header" | $cc $flags $libraries - 2>&1)
	then
		echo "ok $n - $header"
	else
		echo "not ok $n - $header"
		echo "$said" | sed 's/^/# /'
	fi
done

# the compiler's word counts: a header that lacks an include of its own is refused
if echo 'bool lacks(size_t its_includes);' | $cc $flags - 2>/dev/null
then
	echo "not ok $((n + 1)) - a header that needs another is refused"
else
	echo "ok $((n + 1)) - a header that needs another is refused"
fi
