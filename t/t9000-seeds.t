#!/bin/sh
# t/t9000-seeds.t: every decoder of foreign bytes takes the seeds of its fuzz target, whole and cut short.

cd "${FOREWARN_TOP:-..}" || exit 1
out=${FOREWARN_OUT:-build}

set -- t/fuzz/fuzz-*.c
if ! test -e "$1"
then
	echo '1..0 # SKIP there are no fuzz targets'
	exit 0
fi
echo "1..$#"
n=0
for source
do
	n=$((n + 1))
	name=${source#t/fuzz/fuzz-}
	name=${name%.c}
	if said=$("$out/replay/replay-$name" "t/fuzz/seeds/$name" 2>&1)
	then
		echo "ok $n - $name: $(echo "$said" | tail -1)"
	else
		echo "not ok $n - $name"
		echo "$said" | tail -30 | sed 's/^/# /'
	fi
done
