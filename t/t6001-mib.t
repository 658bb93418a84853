# t/t6001-mib.t: FOREWARN-MIB is valid SMIv2 at smilint's strictest, and says what the program sends.
. ./lib-test.sh

test_needs smilint snmptranslate
test_begin 'FOREWARN-MIB'

mib=$TEST_TOP/mibs/FOREWARN-MIB.txt

# smilint with the IETF's own modules where they are installed, else with what it has to know of them
lint() {
	{
		find /usr/share/mibs /usr/share/snmp/mibs /var/lib/mibs -name 'SNMPv2-SMI*' -exec dirname {} \; 2>/dev/null |
			sort -u | sed 's/^/path :/'
		echo "path :$TEST_T/mibs/lint"
		echo 'level 9'
	} >smi.conf
	smilint -c smi.conf -l 9 -s -m "$1" >lint.out 2>&1
	cat lint.out
	! test -s lint.out
}

# names NAME: what net-snmp makes of an object identifier
named() {
	test "$(snmptranslate -M "$TEST_T/mibs:$TEST_TOP/mibs" -m FOREWARN-MIB "$1" 2>/dev/null)" = "FOREWARN-MIB::$2"
}

test_run 'smilint at its strictest has nothing to say' 'lint "$mib"'

test_run 'smilint would say it (the check checks)' '
	sed "s/forewarnAlert 17 }/forewarnAlert 16 }/" "$mib" >FOREWARN-MIB &&
	! lint ./FOREWARN-MIB &&
	grep already lint.out
'

test_run 'the root in C is the root in the MIB' '
	root=$(sed -n "s/^#define FOREWARN_ROOT //p" "$TEST_TOP/poller/noc/trap-int.h" | tr -d " " | tr , .) &&
	test -n "$root" &&
	named "$root" forewarnMIB
'

test_run 'it is written in one place in C' '
	test "$(grep -rn "9999, 9999" "$TEST_TOP/poller" | wc -l)" -eq 1
'

test_run 'notifications have the numbers that are sent' '
	named 1.3.6.1.4.1.8072.9999.9999.0.1 forewarnAlertRaised &&
	named 1.3.6.1.4.1.8072.9999.9999.0.2 forewarnAlertChanged &&
	named 1.3.6.1.4.1.8072.9999.9999.0.3 forewarnAlertCleared
'

test_run 'it loads beside net-snmp own modules' '
	test -e /usr/share/snmp/mibs/NET-SNMP-MIB.txt || return 0
	snmptranslate -M "$TEST_T/mibs:$TEST_TOP/mibs:/usr/share/snmp/mibs" -m NET-SNMP-MIB:FOREWARN-MIB \
		1.3.6.1.4.1.8072.9999.9999.0.1 >got &&
	grep FOREWARN-MIB::forewarnAlertRaised got
'

test_end
