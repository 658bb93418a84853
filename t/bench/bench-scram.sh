#!/bin/sh
# t/bench/bench-scram.sh: the same fault trees by Debian's scram and by forewarn, one after the other in one run: all
# minimal cut sets, probability and importance from exact diagrams. Printed is the CPU time of each process, from its
# start to its end, and the ratio over the models that both finish. Skipped with a word when scram or models are absent.
cd "$(dirname "$0")/.." || exit 1
. ./lib-test.sh
test_begin "fault trees, beside scram" >/dev/null

seconds=${SCRAM_SECONDS:-30}		# of CPU that a model may take
if ! command -v scram >/dev/null
then
	echo "fault trees beside scram: skipped: scram is not installed (Debian: scram)"
	test_ended=yes
	exit 0
fi
if ! test -r "$SHARED/faulttrees/expected.tsv"
then
	echo "fault trees beside scram: skipped: there are no models in $SHARED/faulttrees"
	test_ended=yes
	exit 0
fi

# cpu COMMAND...: user and system seconds; empty when it fails or takes too long
cpu() {
	perl -e '
		my $limit = shift;
		my $rc = system "sh", "-c", "ulimit -t $limit; exec \"\$@\" >/dev/null 2>&1", "sh", @ARGV;
		my @t = times;
		printf "%.3f\n", $t[2] + $t[3] if $rc == 0;' "$seconds" "$@"
}

printf '%-10s %10s %10s %8s\n' model 'scram s' 'forewarn s' ratio
for xml in "$SHARED"/faulttrees/*.xml
do
	model=$(basename "$xml" .xml)
	echo "$model $(cpu scram --bdd --probability 1 --importance 1 -o /dev/null "$xml" | grep . || echo -)" \
		"$(cpu "$FOREWARN" risk --json -s "$SCRATCH" -c "${xml%.xml}.conf" | grep . || echo -)"
done | awk '
	{
		r = $2 != "-" && $3 != "-" && $3 > 0 ? sprintf("%.1f", $2 / $3) : "-"
		printf "%-10s %10s %10s %8s\n", $1, $2, $3, r
	}
	$2 != "-" && $3 != "-" { both++; scram += $2; ours += $3 }
	$3 != "-" && $3 > worst { worst = $3 }
	END {
		printf "%d models that both finish: scram %.2f s, forewarn %.2f s: %.1f x faster (target 10)\n",
			both, scram, ours, scram / (ours > 0 ? ours : 0.001)
		printf "worst of forewarn: %.2f s (target 5)\n", worst
	}'
test_ended=yes
