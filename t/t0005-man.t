#!/bin/sh
# t/t0005-man.t: the manual pages have no mistake that mandoc knows.

cd "${FOREWARN_TOP:-..}" || exit 1
if ! command -v mandoc >/dev/null
then
	echo '1..0 # SKIP mandoc is not installed'
	exit 0
fi

set -- man/*.[1-9]
test -e "$1" || shift
echo "1..$(($# + 1))"
n=1
if printf '.Dd today\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Foo\n' | mandoc -T lint -W warning >/dev/null
then
	echo 'not ok 1 - a mistake is seen'
else
	echo 'ok 1 - a mistake is seen'
fi
for page
do
	n=$((n + 1))
	if said=$(mandoc -T lint -W warning "$page" 2>&1)
	then
		echo "ok $n - $page"
	else
		echo "not ok $n - $page"
		echo "$said" | sed 's/^/# /'
	fi
done
