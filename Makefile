# SPDX-License-Identifier: MIT
#
# Makefile - every build is a variant: one row below, with its objects and
# programs under build/<variant>/.  `make help` lists what there is to say,
# V=1 shows commands.

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

DEPS	?= ci/deps
JOBS	?= $(shell nproc)
SECONDS	?= 60
THREADS	?= 2
ENGINE	?= libfuzzer
CCACHE	:= $(shell command -v ccache)
SUBMAKE	 = $(MAKE) $(if $(V),,-s) --no-print-directory -j$(JOBS)
Q	:= $(if $(V),,@)

hooks	:= sim
COMMON	 = -std=c11 -g $(addprefix -iquote ,core harness harness/hooks/$(hooks))
WARN	:= -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror
FREE	:= -O2 -ffreestanding -fno-pie
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
NOUAR	:= -fsanitize-address-use-after-return=never
# Of a pointer that is used AddressSanitizer says as much; alignment is for make test.
TRAP	:= -fsanitize=address,undefined -fsanitize-trap=undefined $(NOUAR) -fno-unroll-loops \
	   -fno-sanitize=null,object-size,alignment,pointer-overflow
LINKFUZZ := -O2 -fsanitize=fuzzer,address,undefined -fsanitize-trap=undefined -fuse-ld=lld-19
MCDC	:= -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc

core	:= $(wildcard core/*.c)
fuzz	:= $(wildcard harness/fuzz/*.c)
bench	:= $(wildcard harness/bench/*.c)
state	:= harness/fuzz/libfuzzer_state.c
shared	:= $(filter-out %/driver.c %/afl_mutator.c %_state.c,$(fuzz))
library	:= $(core) $(wildcard harness/*.c harness/linux/*.c harness/hooks/sim/*.c) $(shared)
cli	:= $(wildcard harness/cli/*.c harness/linux/cli/*.c)
unit	:= $(wildcard harness/unit/*.c)
objects	 = $(patsubst %.c,build/$(1)/%.o,$(2))

all: build/tidemark

# $(call variant,name,compiler,flags,linker flags)
define variant
build/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$(Q)$(CCACHE) $(2) $$(COMMON) $(WARN) $(3) $$(BLIND) -MMD -MP -c $$< -o $$@
build/$(1)/tidemark: $(call objects,$(1),$(library) $(cli))
	$(Q)$(2) $(3) $$^ $(4) -o $$@
build/$(1)/unit: $(call objects,$(1),$(library) $(unit))
	$(Q)$(2) $(3) $$^ $(4) -lcriterion -o $$@
-include $(patsubst %.o,%.d,$(call objects,$(1),$(library) $(cli) $(unit) $(fuzz) $(bench)))
endef

$(eval $(call variant,plain,gcc,-O2))
$(eval $(call variant,san,clang-19,-O1 $(SANFLAGS) $(NOUAR),-fuse-ld=lld-19))
$(eval $(call variant,gcc-O0,gcc,-O0))
$(eval $(call variant,gcc-san,gcc,-O2 -w $(SANFLAGS)))
$(eval $(call variant,clang-O0,clang-19,-O0))
$(eval $(call variant,clang-O2,clang-19,-O2))
$(eval $(call variant,gcc-m32,gcc,-O2 -m32))
# What is always inlined is counted once, as a function, and not wherever it went.
$(eval $(call variant,cov,gcc,-O0 --coverage -Dalways_inline=unused))
$(eval $(call variant,mcdc,clang-19,-O0 -w $(MCDC)))
$(eval $(call variant,free-gcc,gcc,$(FREE)))
$(eval $(call variant,free-gcc32,gcc,$(FREE) -m32))
$(eval $(call variant,free-clang,clang-19,$(FREE)))
$(eval $(call variant,free-clang32,clang-19,$(FREE) -m32))

# The fuzz targets are one program per engine, which goes by the name it is
# called by.  afl_state.c writes AFL's map itself, so AFL's compiler stays away.
export AFL_QUIET := 1
export AFL_USE_ASAN := 1
# Coverage is of what is under test: core/ and the parser.  The way through our own
# checks says nothing new, and each counter costs time at every input.  Nobody
# records operands of comparisons: our mutator does not ask for them.
uncounted := ci/uncounted.txt
COUNT	:= -fsanitize-coverage=inline-8bit-counters,pc-table,indirect-calls \
	   -fsanitize-coverage-ignorelist=$(uncounted)
counted	 = $(filter-out core/validate.c,$(filter core/% harness/op_text% %/canary.c,$<))
count	 = $(if $(counted),$(COUNT))
# What is hot is known beforehand: harness/bench/train.c ran it, in a build that counts.
# The profile is made once, since with an old one functions that changed are only slower.
profile := build/train/profile
PROFILED := -fprofile-instr-use=$(profile) -Wno-profile-instr-out-of-date \
	    -Wno-profile-instr-unprofiled
$(eval $(call variant,train,clang-19,-O1 -fprofile-instr-generate))
$(eval $(call variant,fuzz,clang-19,-O2 $(TRAP) $(PROFILED) $$(count),-fuse-ld=lld-19))
$(call objects,fuzz,$(core)): $(uncounted)
$(call objects,fuzz,$(core)): export CCACHE_EXTRAFILES := $(uncounted)
$(eval $(call variant,afl,afl-clang-fast,-O2 -w))
# Nor are model, executor, validators and what makes ops of bytes under test while
# fuzzing: make test runs them with all sanitizers, and AFL++ does.  Core, what touches
# simulated memory and the parser of texts keep theirs; sim.c touches it by calls that
# are looked at wherever they come from.  Checks are short loops of known length and small
# functions of many files: loops are unrolled, and the files compiled as one.
checking := $(filter-out %/run_contents.c,$(wildcard harness/oracle*.c harness/run*.c)) \
	    harness/hash.c harness/op.c harness/op_binary.c harness/hooks/sim/sim.c core/validate.c
$(call objects,fuzz,$(checking)): BLIND := -fno-sanitize=address,undefined -funroll-loops -flto
build/fuzz/harness/hooks/sim/sim.o: BLIND += -DSIM_ASAN
# Loops there stay loops: see harness/bare.h.
$(call objects,fuzz,harness/oracle.c harness/run_boot.c): BLIND += -fno-builtin
$(eval $(call variant,mutator,clang-19,-O2 -fPIC))

build/train/train: $(call objects,train,$(library) $(state) harness/bench/speed.c \
		harness/bench/train.c)
	$(Q)clang-19 -fprofile-instr-generate $^ -o $@
$(profile):
	$(Q)$(MAKE) build/train/train
	$(Q)LLVM_PROFILE_FILE=$@.raw build/train/train
	$(Q)llvm-profdata-19 merge $@.raw -o $@
$(call objects,fuzz,$(library) $(fuzz) $(bench)): | $(profile)

targets	:= $(shell sed -n 's/^[[:blank:]]*ROW.\([a-z_]*\),.*/\1/p' harness/targets.h)
drawing	:= $(wildcard harness/mutate*.c harness/world*.c) harness/linux/programs.c
driver	:= $(filter-out $(drawing),$(library)) harness/fuzz/driver.c

# Drawing and mutating is not under test while fuzzing, and three times as fast
# without sanitizers: it brings its own copy of what it calls, hidden.
mutate	:= mutator_new mutator_delete mutate_bytes mutate_cross_bytes mutate_text
build/mutator/mutator.o: $(call objects,mutator,$(library))
	$(Q)ld -r $^ -o $@.all
	$(Q)objcopy $(mutate:%=--keep-global-symbol=%) $@.all $@

build/fuzz/driver: $(call objects,fuzz,$(driver) $(state)) build/mutator/mutator.o
	$(Q)clang-19 $(LINKFUZZ) $^ -o $@
build/afl/harness/fuzz/afl_state.o: harness/fuzz/afl_state.c
	@mkdir -p $(@D)
	$(Q)$(CCACHE) clang-19 $(COMMON) $(WARN) -O2 -MMD -MP -c $< -o $@
build/afl/driver: $(call objects,afl,$(driver) harness/fuzz/afl_state.c) build/mutator/mutator.o
	$(Q)afl-clang-fast -O2 -fsanitize=fuzzer $^ -o $@
build/afl/mutator.so: $(call objects,mutator,$(library) $(state) \
		harness/fuzz/afl_mutator.c)
	$(Q)clang-19 -shared $^ -o $@
build/fuzz/speed: $(call objects,fuzz,$(library) harness/bench/speed.c $(state))
	$(Q)clang-19 $(LINKFUZZ) $^ -o $@
build/fuzz/empty: $(call objects,fuzz,harness/bench/empty.c)
	$(Q)clang-19 $(LINKFUZZ) $^ -o $@
build/%/bin: build/%/driver
	$(Q)mkdir -p $@ && for target in $(targets); do ln -sf ../driver $@/$$target; done
	$(Q)touch $@

# Real threads are other hooks, whose inline half is chosen by the include path:
# core is compiled once more, and the stress program is one of its own.
stress	:= $(core) $(wildcard stress/*.c harness/hooks/pthread/*.c harness/op*.c harness/world*.c \
	   harness/snapshot*.c)
STRESS	:= -O2 -pthread -DCORE_CACHE_LINE=128 -DCORE_PAGE_BYTES=128
build/stress/%.o build/stress-san/%.o build/stress-tsan/%.o: hooks := pthread
$(eval $(call variant,stress,gcc,$(STRESS)))
$(eval $(call variant,stress-san,clang-19,$(STRESS) $(SANFLAGS) $(NOUAR),-fuse-ld=lld-19))
$(eval $(call variant,stress-tsan,clang-19,$(STRESS) -fsanitize=thread,-fuse-ld=lld-19))
define stress_program
build/$(1)/tidemark-stress: $(call objects,$(1),$(stress))
	$(Q)$(2) $(STRESS) $(3) $$^ -o $$@
-include $(patsubst %.o,%.d,$(call objects,$(1),$(stress)))
endef
$(eval $(call stress_program,stress,gcc))
$(eval $(call stress_program,stress-san,clang-19,$(SANFLAGS) -fuse-ld=lld-19))
$(eval $(call stress_program,stress-tsan,clang-19,-fsanitize=thread -fuse-ld=lld-19))

build-libfuzzer: build/fuzz/bin build/tidemark build/san/tidemark
build-afl: build/afl/bin build/afl/mutator.so build-libfuzzer
has32	:= $(wildcard /usr/lib/gcc/x86_64-linux-gnu/*/32/libgcc.a)
free	:= free-gcc free-clang $(if $(has32),free-gcc32 free-clang32)
hashed	:= san gcc-O0 gcc-san clang-O0 clang-O2 $(if $(has32),gcc-m32)
build-test: build/stress/tidemark-stress build/stress-tsan/tidemark-stress
build-test: build/san/unit build/tidemark build/plain/unit $(hashed:%=build/%/tidemark)
build-coverage: $(foreach v,cov mcdc,build/$(v)/unit build/$(v)/tidemark)
build-lint: $(foreach v,$(free),$(call objects,$(v),$(core)))

build/tidemark: build/plain/tidemark
	$(Q)ln -sf plain/tidemark $@

# --- what people say ------------------------------------------------------------

help:
	@echo 'make fuzz         attack the core: SECONDS=60 T=target ENGINE=libfuzzer|afl JOBS=n'
	@echo 'make test         unit tests, corpus, same hashes on every build, mutants, tidy'
	@echo 'make stress       real threads: SECONDS=60 THREADS=2 NAME=churn SEED=n'
	@echo '                  SAN=thread|address, SCALING=9 for one thread against THREADS,'
	@echo '                  BROKEN=1 for races put in by hand, each to be reported'
	@echo 'make replay F=f   replay one corpus or crash file with a trace'
	@echo 'make coverage     HTML under build/coverage, and COVERAGE.md anew'
	@echo 'make linux        the same programs in the real kernel: FULL=1, or CONFIG="name..."'
	@echo 'make hunt         how fast make fuzz finds bugs that were put in by hand'
	@echo 'make lint         every rule that a program can check'
	@echo 'make bench        speed'
	@echo 'make clean        remove build/'
	@echo 'Programs: build/tidemark (see its --help), build/fuzz/bin/*, build/*/unit.'
	@echo 'ci/fuzz exits with 1 after a crash; make itself makes 2 of every failure.'
	@echo 'V=1 shows commands. DEPS=true leaves out ci/deps, which installs what is missing.'

fuzz:
	@$(DEPS)
	@$(SUBMAKE) build-$(ENGINE)
	@SECONDS=$(SECONDS) T=$(T) ENGINE=$(ENGINE) JOBS=$(JOBS) ci/fuzz

test:
	@$(DEPS)
	@$(SUBMAKE) build-test
	@ci/test $(hashed)

# SAN is whose build to use.
stress-build := build/stress$(patsubst %address,%san,$(patsubst %thread,%tsan,$(SAN:%=-%)))
stress:
	@$(DEPS)
ifdef BROKEN
	@$(SUBMAKE) build/tidemark build/stress/tidemark-stress build/stress-tsan/tidemark-stress
	@ci/stress $(NAME)
else
	@$(SUBMAKE) $(stress-build)/tidemark-stress
	@$(stress-build)/tidemark-stress $(NAME) --threads=$(THREADS) --seconds=$(SECONDS) \
		$(SEED:%=--seed=%) $(SCALING:%=--scaling=%)
endif

replay:
	@$(DEPS)
	@$(SUBMAKE) build/san/tidemark
	@build/san/tidemark replay $(F)

coverage:
	@$(DEPS)
	@$(SUBMAKE) build-coverage
	@ci/coverage

hunt:
	@$(DEPS)
	@$(SUBMAKE) build-libfuzzer
	@ci/hunt $(NAMES)

linux:
	@$(DEPS) linux
	@$(SUBMAKE) build/tidemark
	@harness/linux/guest.py $(if $(FULL),--full) $(CONFIG:%=--config=%)

lint:
	@$(DEPS)
	@$(SUBMAKE) build-lint
	@ci/lint $(free)

bench:
	@$(DEPS)
	@$(SUBMAKE) build/fuzz/speed build/fuzz/empty build/tidemark build/san/tidemark \
		build/stress/tidemark-stress
	@ci/bench

clean:
	rm -rf build

.PHONY: all help fuzz test stress replay coverage hunt linux lint bench clean
.PHONY: build-libfuzzer build-afl build-test build-coverage build-lint
