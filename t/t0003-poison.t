#!/bin/sh
# t/t0003-poison.t: functions of the C library that overrun, that keep state between threads, or that start a shell are
# not called.

cd "${FOREWARN_TOP:-..}" || exit 1

poison='strcpy stpcpy strcat sprintf vsprintf gets strtok gmtime localtime asctime ctime strerror atoi atol atof system
popen rand srand tmpnam tempnam mktemp alloca inet_ntoa gethostbyname setjmp longjmp'

calls() {
	words=$(echo $poison | tr ' ' '|')
	grep -E "(^|[^_a-zA-Z0-9.>])($words)[[:space:]]*\\("
}

echo 1..3
called=$(perl t/lib-strip $(find poller rrd -name '*.[ch]' | sort) | calls)
if test -z "$called"
then
	echo 'ok 1 - no poisoned call in poller/ and rrd/'
else
	echo 'not ok 1 - no poisoned call in poller/ and rrd/'
	echo "$called" | sed 's/^/# /'
fi

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cat >"$folder/bad.c" <<'END'
int x = atoi(text);
	strcpy (to, from); /* a comment */ tm = localtime(&t);
	char *s = "a \" string"; sprintf(s, "x");
	(void)system("ls");
END
cat >"$folder/good.c" <<'END'
/* strcpy( in a comment, also
   over lines: gets( */ int y; // system(
	snprintf(b, n, "strcat(%s)", s); localtime_r(&t, &tm); char c = '"'; my_system(1);
	t->system(t); p = "\"gets("; f(strerrordesc_np(e));
END
found=$(perl t/lib-strip "$folder/bad.c" | calls | cut -d: -f2 | tr '\n' ' ')
if test "$found" = '1 2 3 4 '; then echo 'ok 2 - a call is seen'; else echo "not ok 2 - a call is seen: $found"; fi
found=$(perl t/lib-strip "$folder/good.c" | calls)
if test -z "$found"
then
	echo 'ok 3 - a word in a comment or a string is not'
else
	echo 'not ok 3 - a word in a comment or a string is not'
	echo "$found" | sed 's/^/# /'
fi
