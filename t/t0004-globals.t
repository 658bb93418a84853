#!/bin/sh
# t/t0004-globals.t: no global of ours is written after start, so threads share nothing that they do not send. The list
# below is the whole exception; what is thread-local, or read-only after the loader's relocation, is none.

cd "${FOREWARN_TOP:-..}" || exit 1
out=${FOREWARN_OUT:-build}

# file, symbols
allowed='poller/base/log.c write_lock journal_once to_syslog to_journal level_most debug_areas
poller/base/hash.c key key_once'

if test -n "$SANITIZE"
then
	echo '1..0 # SKIP sanitizers add globals of their own'
	exit 0
fi

# Objects in writable sections: "symbol section" a line; a static within a function has a number behind its name (gcc)
# or the function before it (clang).
writable() {
	nm -f sysv "$1" | awk -F'|' '
		{ for (i = 1; i <= 7; i++) gsub(/^ +| +$/, "", $i) }
		$4 == "OBJECT" && ($7 ~ /^\.(data|bss)/ || $7 == "*COM*") && $7 !~ /^\.data\.rel\.ro/ {
			sub(/\.[0-9]+$/, "", $1); sub(/^.*\./, "", $1); print $1, $7 }'
}

refused() {
	writable "$2" | while read -r symbol section
	do
		case " $(echo "$allowed" | grep "^$1 ") " in
		*" $symbol "*) ;;
		*) echo "# $1: '$symbol' in $section is written by whom? Pass a struct instead" ;;
		esac
	done
}

# the reader itself
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cat >"$folder/bad.c" <<'END'
extern int one; int one; static int two = 2; int *three(void); extern const char *const name[]; extern __thread int mine;
int *three(void) { static int three; three++; return two++ ? &three : &two; }
const char *const name[] = { "a", "b" }; __thread int mine; static const int four = 4; const int *five(void);
const int *five(void) { return &four; }
END
${CC:-cc} -O0 -fPIE -c -o "$folder/bad.o" "$folder/bad.c" || exit 1
found=$(refused bad.c "$folder/bad.o" | sed "s/.*: '\([a-z]*\)'.*/\1/" | sort | tr '\n' ' ')

n=1
if test "$found" = 'one three two '
then
	echo 'ok 1 - a writable global is seen, a constant or a thread-local one is none'
else
	echo "not ok 1 - a writable global is seen, a constant or a thread-local one is none: $found"
fi
for source in $(find poller rrd -name '*.c' | sort)
do
	object=$out/${source%.c}.o
	test -e "$object" || continue
	n=$((n + 1))
	found=$(refused "$source" "$object")
	if test -z "$found"
	then
		echo "ok $n - $source"
	else
		echo "not ok $n - $source"
		echo "$found"
	fi
done
test $n -gt 1 || echo "Bail out! no objects in $out"
echo "1..$n"
