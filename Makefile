# forewarn. Written by hand; ./configure is optional and only writes config.mak.autogen.
#
#   make                          the program: build/forewarn
#   make check                    the whole test suite (as root it installs what is missing)
#   make demo                     see it work, from nothing, in a minute
#   make SANITIZE=thread check    or SANITIZE=address,undefined: the suite under sanitizers, in a folder of its own
#   make bench | fuzz | soak      what takes longer: speed as ratios, foreign bytes for an hour, days of running
#   make style                    functions and files that have grown too long
#   make install PREFIX= DESTDIR= where it belongs
#   make deps                     installs the Debian packages of etc/packages.debian (as root)
#   make V=1                      shows the commands
#
# config.mak is for your own settings: CC, CFLAGS, PREFIX, OUT.

-include config.mak.autogen config.mak

OUT     ?= build
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 3600

WARN     = -std=gnu11 -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
MIBS     = -DFOREWARN_MIBS='"$(PREFIX)/share/forewarn/mibs"'

comma   := ,
ifdef SANITIZE
# a folder of its own; a comma in a path would be taken apart by the linker's -Wl
ifneq ($(origin OUT),command line)
OUT     := $(OUT)/$(subst $(comma),-,$(SANITIZE))
endif
HARDEN   = -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer -fPIE
LDHARDEN = -fsanitize=$(SANITIZE) -pie
else
HARDEN   = -fstack-protector-strong -fPIE $(if $(filter -O1 -O2 -O3 -Os -Og,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
LDHARDEN = -pie -Wl,-z,relro,-z,now
endif

# --- libraries: pkg-config's name, Debian's package ---------------------------------------------------------------

LIBRARIES = libevent_core:libevent-dev libevent_extra:libevent-dev libevent_pthreads:libevent-dev librrd:librrd-dev \
	    libconfuse:libconfuse-dev sqlite3:libsqlite3-dev jansson:libjansson-dev libcrypto:libssl-dev
PC_NAMES  = $(foreach l,$(LIBRARIES),$(firstword $(subst :, ,$(l))))

PKG_CONFIG ?= pkg-config
NET_SNMP_CONFIG ?= net-snmp-config

# Asked once, when the first recipe or prerequisite wants to know.
once      = $(eval $(1) := $(2))$($(1))
lacks     = $(if $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null || echo no),$(2))
MISSING   = $(call once,MISSING,$(sort $(foreach l,$(LIBRARIES),\
		$(call lacks,$(firstword $(subst :, ,$(l))),$(lastword $(subst :, ,$(l)))))\
		$(if $(shell command -v $(NET_SNMP_CONFIG)),,libsnmp-dev)))
LIB_CFLAGS = $(call once,LIB_CFLAGS,$(shell $(PKG_CONFIG) --cflags $(PC_NAMES) 2>/dev/null))

EVENT_LIBS    = $(call once,EVENT_LIBS,$(shell $(PKG_CONFIG) --libs libevent_core libevent_extra libevent_pthreads))
RRD_LIBS      = $(call once,RRD_LIBS,$(shell $(PKG_CONFIG) --libs librrd))
CONFUSE_LIBS  = $(call once,CONFUSE_LIBS,$(shell $(PKG_CONFIG) --libs libconfuse))
SQLITE_LIBS   = $(call once,SQLITE_LIBS,$(shell $(PKG_CONFIG) --libs sqlite3))
CRYPTO_LIBS   = $(call once,CRYPTO_LIBS,$(shell $(PKG_CONFIG) --libs libcrypto))
JANSSON_LIBS  = $(call once,JANSSON_LIBS,$(shell $(PKG_CONFIG) --libs jansson))
NETSNMP_LIBS  = $(call once,NETSNMP_LIBS,$(shell $(NET_SNMP_CONFIG) --libs))
BASE_LIBS     = -pthread -lm

# --- layers: base <- { snmp, probe, service, rrd } <- core <- { noc, ctl } ---------------------------------------

SRC_base    = $(wildcard poller/base/*.c)
SRC_snmp    = $(wildcard poller/snmp/*.c)
SRC_probe   = $(wildcard poller/probe/*.c)
SRC_service = $(wildcard poller/service/*.c)
SRC_rrd     = $(wildcard rrd/*.c)
SRC_core    = $(filter-out poller/main.c,$(wildcard poller/*.c))
SRC_noc     = $(wildcard poller/noc/*.c)
SRC_ctl     = $(wildcard poller/ctl/*.c)
LAYERS      = base snmp probe service rrd core noc ctl
archives    = $(foreach l,$(1),$(OUT)/$(l).a)

# What a unit test tNxxx is linked with: the layers up to its own and their libraries. net-snmp is the codec's oracle.
CORE_LAYERS = core rrd service probe snmp base
LAYERS_t0   = base
LAYERS_t1   = snmp base
LAYERS_t2   = probe base
LAYERS_t3   = $(CORE_LAYERS)
LAYERS_t4   = rrd base
LAYERS_t5   = service base
LAYERS_t6   = noc $(CORE_LAYERS)
LAYERS_t7   = ctl noc $(CORE_LAYERS)
LAYERS_t9   = $(LAYERS_t7)
LIBS_t1     = $(NETSNMP_LIBS) $(EVENT_LIBS) $(CRYPTO_LIBS)
LIBS_t2     = $(EVENT_LIBS)
LIBS_t3     = $(EVENT_LIBS) $(RRD_LIBS) $(CONFUSE_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS)
LIBS_t4     = $(RRD_LIBS)
LIBS_t6     = $(LIBS_t3) $(SQLITE_LIBS) $(NETSNMP_LIBS)
LIBS_t7     = $(LIBS_t6)
LIBS_t9     = $(LIBS_t6)
ALL_LAYERS  = $(LAYERS_t7)
ALL_LIBS    = $(LIBS_t7)

PROGRAM     = $(if $(wildcard poller/main.c),$(OUT)/forewarn)
SIMNET_SRC  = $(wildcard t/sim/*.c)
SIMNET      = $(if $(SIMNET_SRC),$(OUT)/simnet)
UNIT_SRC    = $(wildcard t/unit/t[0-9]*.c)
UNIT        = $(UNIT_SRC:t/unit/%.c=$(OUT)/t/%)
BENCH_SRC   = $(wildcard t/bench/*.c)
BENCH       = $(BENCH_SRC:t/bench/%.c=$(OUT)/bench/%)
FUZZ_SRC    = $(wildcard t/fuzz/fuzz-*.c)
FUZZ        = $(FUZZ_SRC:t/fuzz/%.c=$(OUT)/fuzz/%)
REPLAY      = $(FUZZ_SRC:t/fuzz/fuzz-%.c=$(OUT)/replay/replay-%)
ALL_SRC     = $(foreach l,$(LAYERS),$(SRC_$(l))) $(wildcard poller/main.c) $(SIMNET_SRC) $(UNIT_SRC) $(BENCH_SRC) \
	      $(FUZZ_SRC) $(wildcard t/fuzz/replay.c)
ALL_OBJ     = $(ALL_SRC:%.c=$(OUT)/%.o)

.PHONY: all deps check check-run test-programs demo bench fuzz fuzz-programs soak style install clean libraries FORCE
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

all: $(PROGRAM) $(SIMNET) $(call archives,$(LAYERS))

# Without a library nothing is compiled; what is missing is said once, in Debian's words.
libraries:
	@$(if $(MISSING),echo "cannot build: libraries are missing: $(MISSING)" >&2; \
		echo "on Debian: apt-get install $(MISSING)      (or, as root: make deps)" >&2; exit 1,:)

# --- rules --------------------------------------------------------------------------------------------------------

ifndef V
Q = @
say = @printf '  %-4s %s\n' $(1) $(2)
endif

COMPILE = $(CC) $(WARN) $(CFLAGS) $(HARDEN) $(FUZZ_CFLAGS) $(PLACES) -I. $(LIB_CFLAGS) $(CPPFLAGS)
LINK    = $(CC) $(CFLAGS) $(LDHARDEN) $(LDFLAGS)

# Written anew only when it says something else, so that other flags or another list of files build again.
say_if_other = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@

$(OUT)/flags: FORCE
	$(call say_if_other,$(COMPILE))

# Only these know where it will be installed: another PREFIX does not build all again.
$(OUT)/mibs-at: FORCE
	$(call say_if_other,$(MIBS))
$(OUT)/poller/mib.o $(OUT)/t/unit/t3100-mib.o: $(OUT)/mibs-at
$(OUT)/poller/mib.o $(OUT)/t/unit/t3100-mib.o: private PLACES = $(MIBS)

$(OUT)/%.o: %.c $(OUT)/flags | libraries
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

define layer_rules
$(OUT)/$(1).files: FORCE
	$$(call say_if_other,$$(SRC_$(1)))
$(OUT)/$(1).a: $$(SRC_$(1):%.c=$(OUT)/%.o) $(OUT)/$(1).files
	@rm -f $$@
	$$(call say,AR,$$@)
	$$(Q)$$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rules,$(l))))

# Layers name each other in one direction only, but the order on the linker's line need not be learned by heart.
link = @mkdir -p $(@D)$(newline)$(call say,LD,$@)$(newline)$(Q)$(LINK) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
	-Wl,--as-needed $(1) $(BASE_LIBS)
define newline


endef

$(OUT)/forewarn: $(OUT)/poller/main.o $(call archives,$(ALL_LAYERS))
	$(call link,$(ALL_LIBS))

$(OUT)/simnet: $(SIMNET_SRC:%.c=$(OUT)/%.o) $(call archives,snmp base)
	$(call link,$(EVENT_LIBS) $(CRYPTO_LIBS))

define unit_rules
$(filter $(OUT)/t/t$(1)%,$(UNIT)): $(OUT)/t/%: $(OUT)/t/unit/%.o $(call archives,$(LAYERS_t$(1)))
	$$(call link,$$(LIBS_t$(1)))
endef
$(foreach n,0 1 2 3 4 5 6 7 9,$(if $(filter $(OUT)/t/t$(n)%,$(UNIT)),$(eval $(call unit_rules,$(n)))))

$(OUT)/bench/%: $(OUT)/t/bench/%.o $(call archives,$(ALL_LAYERS))
	$(call link,$(ALL_LIBS) $(NETSNMP_LIBS))

$(OUT)/replay/replay-%: $(OUT)/t/fuzz/fuzz-%.o $(OUT)/t/fuzz/replay.o $(call archives,$(ALL_LAYERS))
	$(call link,$(ALL_LIBS))

-include $(wildcard $(ALL_OBJ:.o=.d))

# --- tests --------------------------------------------------------------------------------------------------------

# Tests find the build by these; see t/lib-run.
export FOREWARN_OUT = $(abspath $(OUT))
export FOREWARN_TOP = $(CURDIR)
export SANITIZE
export CC

deps:
	@.ci/deps && echo "deps: everything is there"

# Two makes: what was just installed is only seen by a new one.
check:
	@.ci/deps
	@$(MAKE) --no-print-directory -j$(JOBS) test-programs
	@$(MAKE) --no-print-directory check-run

test-programs: all $(UNIT) $(REPLAY)

FROM_T  = $(if $(filter /%,$(OUT)),$(OUT),../$(OUT))
TESTS  ?= $(UNIT_SRC:t/unit/%.c=$(FROM_T)/t/%) $(notdir $(wildcard t/t[0-9]*.t))

# The top layer first: its tests wait longest, and would wait alone at the end. Most of a test's time is waiting.
TEST_JOBS ?= 5
check-run:
	@cd t && prove -j$(TEST_JOBS) --timer -e ./lib-run $(shell for t in $(TESTS); do echo "$${t##*/} $$t"; done | sort -r | cut -d' ' -f2)

demo:
	@.ci/deps
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@sh t/demo.sh

bench: all $(BENCH)
	@cd t/bench && for b in $(sort $(notdir $(wildcard t/bench/*.sh)) $(BENCH_SRC:t/bench/%.c=%)); do \
		case $$b in \
		*.sh) sh ./$$b || exit 1 ;; \
		*) test -e $$b.sh || $(FOREWARN_OUT)/bench/$$b || exit 1 ;; \
		esac; \
	done

# The sources are compiled again for libFuzzer, in a folder of their own.
fuzz:
	@.ci/deps build more
	@$(MAKE) --no-print-directory -j$(JOBS) CC=clang SANITIZE=address,undefined OUT=$(OUT)/fuzzing \
		FUZZ_CFLAGS=-fsanitize=fuzzer-no-link fuzz-programs
	@FUZZ_SECONDS=$(FUZZ_SECONDS) t/lib-fuzz $(FUZZ_SRC:t/fuzz/%.c=$(FOREWARN_OUT)/fuzzing/fuzz/%)

fuzz-programs: $(FUZZ)

$(OUT)/fuzz/fuzz-%: LDHARDEN = -fsanitize=fuzzer,$(SANITIZE)
$(OUT)/fuzz/fuzz-%: $(OUT)/t/fuzz/fuzz-%.o $(call archives,$(ALL_LAYERS))
	$(call link,$(ALL_LIBS))

# Preloaded, it is the clock of the programs as they are; tick winds it up.
$(OUT)/soak/fast.so: t/soak/fast.c
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(WARN) $(CFLAGS) -shared -fPIC -o $@ $< -ldl

$(OUT)/soak/tick: t/soak/tick.c
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(WARN) $(CFLAGS) -o $@ $<

soak: all $(OUT)/soak/fast.so $(OUT)/soak/tick
	@cd t && for s in $(notdir $(wildcard t/soak*.sh)); do sh ./$$s || exit 1; done

style:
	@t/lib-style

# --- install ------------------------------------------------------------------------------------------------------

INSTALL   ?= install
SHARE      = $(DESTDIR)$(PREFIX)/share
put        = $(foreach f,$(1),$(INSTALL) -D -m 644 $(f) $(2)/$(if $(3),$(3),$(notdir $(f))) &&) :

install: all
	@$(INSTALL) -D -m 755 $(OUT)/forewarn $(DESTDIR)$(PREFIX)/bin/forewarn
	@$(call put,$(wildcard mibs/*.conf mibs/FOREWARN-MIB.txt),$(SHARE)/forewarn/mibs)
	@$(call put,$(wildcard mibs/FOREWARN-MIB.txt),$(SHARE)/snmp/mibs)
	@$(foreach n,1 5 7,$(call put,$(wildcard man/*.$(n)),$(SHARE)/man/man$(n)) &&) :
	@$(call put,$(filter-out %.service %completion %.bash %.debian,$(wildcard etc/* README LICENSE)),$(SHARE)/doc/forewarn)
	@$(call put,$(wildcard etc/*.service),$(DESTDIR)$(PREFIX)/lib/systemd/system)
	@$(call put,$(wildcard etc/*completion etc/*.bash),$(SHARE)/bash-completion/completions,forewarn)
	@echo "installed under $(DESTDIR)$(PREFIX)"

clean:
	rm -rf $(OUT)
