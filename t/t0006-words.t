#!/bin/sh
# t/t0006-words.t: no file of the tree names a place on somebody's own machine, and the licence is said.

cd "${FOREWARN_TOP:-..}" || exit 1

# put together here, so that this file is none of those it looks for
places="(^|[^A-Za-z0-9_.])/(w""ork|ro""ot|ho""me/[a-z]+)(/|[^A-Za-z0-9_]|\$)|/tmp/f""w"

if git rev-parse --git-dir >/dev/null 2>&1
then
	named=$(git grep -nIE -e "$places")
else
	named=$(grep -rnIE -e "$places" README LICENSE Makefile configure.ac .ci etc man mibs poller rrd t)
fi
# a name that mkstemp() makes up is on any machine
named=$(echo "$named" | grep -v XXXXXX)

echo 1..3
if test -z "$named"
then
	echo 'ok 1 - no file names a place on one machine only'
else
	echo 'not ok 1 - no file names a place on one machine only'
	echo "$named" | sed 's/^/# /'
fi
if grep -q 'Version 2, June 1991' LICENSE && grep -q 'END OF TERMS AND CONDITIONS' LICENSE
then
	echo 'ok 2 - LICENSE is the GNU General Public License, version 2, whole'
else
	echo 'not ok 2 - LICENSE is the GNU General Public License, version 2, whole'
fi
if ! test -e README
then
	echo 'ok 3 # skip there is no README yet'
elif grep -q 'GPL-2.0-or-later' README
then
	echo 'ok 3 - README says GPL-2.0-or-later'
else
	echo 'not ok 3 - README says GPL-2.0-or-later'
fi
