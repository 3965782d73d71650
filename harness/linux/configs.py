# SPDX-License-Identifier: GPL-2.0-only
"""configs - the guests of `make linux`, one row each

memory	one number of MiB, or one per node
cpus	one number, or how many each node has (a node may have none)
alike	time is counted in instructions, for one CPU only
script	what the guest does, in the words of guest/init: `moment` hands over
	zoneinfo and sysctls, `part I N` runs a part of the programs, `tune` writes
	a sysctl, `busy` leaves memory fragmented
"""

import dataclasses

import watch

PLAIN = ('moment', 'part 1 1', 'moment')


@dataclasses.dataclass(frozen=True)
class Config:
	name: str
	shows: str
	kernel: str = '6.1'
	memory: tuple = (512,)
	cpus: tuple = (1,)
	distances: tuple = ()		# (from, to, distance)
	append: str = ''		# to the kernel's command line
	script: tuple = PLAIN
	programs: int = 140
	ops: int = 4000
	default: bool = False
	window_mib: int = 256		# a power of two
	corpus: bool = False		# programs of corpus/ before those drawn
	alike: bool = False		# boots are alike to the last page, and twice as slow
	watched: bool = False		# its boot is recorded, from outside at first

	def nr_cpus(self):
		return sum(self.cpus)


TUNED = (
	'moment', 'part 1 6',
	'tune min_free_kbytes 9000', 'moment', 'part 2 6',
	'tune watermark_scale_factor 150', 'moment', 'part 3 6',
	'tune watermark_boost_factor 40000', 'moment', 'part 4 6',
	'tune lowmem_reserve_ratio "64 32 16 0 0"', 'moment', 'part 5 6',
	'tune percpu_pagelist_high_fraction 16', 'moment', 'part 6 6', 'moment',
)
TUNED_DOWN = (
	'tune watermark_boost_factor 0', 'moment', 'part 1 4',
	'tune min_free_kbytes 600', 'moment', 'part 2 4',
	'tune percpu_pagelist_high_fraction 8', 'moment', 'part 3 4',
	'tune percpu_pagelist_high_fraction 0', 'tune lowmem_reserve_ratio "256 256 0 0 0"',
	'tune watermark_scale_factor 1000', 'moment', 'part 4 4', 'moment',
)
TUNED_PAE = tuple(line.replace('"64 32 16 0 0"', '"64 16 0 0"') for line in TUNED)
BUSY = (
	'moment', 'busy 80 3', 'moment', 'part 1 2', 'busy 50 40', 'moment', 'part 2 2', 'moment',
)
BUSY_NORMAL = ('moment', 'busy 40 3', 'moment', 'part 1 1', 'moment')

CONFIGS = (
	Config('one', '1 CPU, and boots are alike', default=True, alike=True),
	Config('two', '2 CPUs', cpus=(2,), default=True),
	Config('nodes', '2 nodes; corpus programs as well', memory=(512, 512), cpus=(1, 1),
	       distances=((0, 1, 31),), default=True, corpus=True, window_mib=512),
	Config('three-nodes', '3 nodes, one of them without a CPU', memory=(512, 256, 1024),
	       cpus=(1, 1, 0), distances=((0, 1, 21), (0, 2, 31), (1, 2, 15))),
	Config('movablecore', 'a Movable zone that was asked for', memory=(1024,), cpus=(2,),
	       append='movablecore=300M'),
	Config('kernelcore', '3 GiB, a Movable zone that takes what is left', memory=(3072,),
	       append='kernelcore=1G'),
	Config('kernelcore-nodes', 'a Movable zone on each of 2 nodes', memory=(1024, 4096),
	       cpus=(1, 1), append='kernelcore=2G'),
	Config('large', '6 GiB, so that there is a Normal zone', memory=(6144,), cpus=(2,)),
	Config('large-busy', '768 MiB of Normal zone over 3 GiB, fragmented', memory=(3840,),
	       script=BUSY_NORMAL, programs=20, window_mib=512),
	Config('small', '96 MiB, where much fails', memory=(96,)),
	Config('quarter', '256 MiB, 4 CPUs', memory=(256,), cpus=(4,)),
	Config('busy', 'fragmented', script=BUSY),
	Config('busy-two', 'fragmented, 2 CPUs', memory=(256,), cpus=(2,), script=BUSY),
	Config('tuned', 'sysctls change between programs', memory=(1024,), script=TUNED,
	       programs=120),
	Config('tuned-nodes', 'and on 2 nodes', memory=(4096, 768), cpus=(1, 2), script=TUNED,
	       programs=120),
	Config('tuned-down', 'no boost, little reserves, and much', cpus=(2,), script=TUNED_DOWN,
	       programs=120),
	Config('pae', 'i386 PAE, so that there is HighMem', kernel='6.1-pae', memory=(2048,),
	       window_mib=64),
	Config('pae-tuned', 'i386 PAE, sysctls change', kernel='6.1-pae', memory=(1280,),
	       cpus=(2,), script=TUNED_PAE, programs=120, window_mib=64),
	Config('v12', '6.12, 1 CPU', kernel='6.12'),
	Config('v12-two', '6.12, 2 CPUs', kernel='6.12', cpus=(2,)),
	Config('v12-nodes', '6.12, 2 nodes', kernel='6.12', memory=(512, 3584), cpus=(1, 1)),
	Config('v12-busy', '6.12, fragmented', kernel='6.12', script=BUSY),
	Config('v12-tuned', '6.12, sysctls change', kernel='6.12', memory=(1024,), script=TUNED,
	       programs=120),
)

# Not programs, but what the guest itself does is recorded; no programs but empty ones.
RECORDED = (
	'record_begin', 'record tar archive', 'record sort sort_lines', 'record fork fork_storm',
)
TRACES = (
	Config('trace', 'a tar, a sort, a fork storm', memory=(384,), script=RECORDED, programs=6),
	Config('trace-two', 'with 2 CPUs', cpus=(2,), script=RECORDED, programs=6),
	Config('boot', 'from early boot to user space', memory=(256,), append=watch.APPEND,
	       script=('record_boot',), programs=4, window_mib=64, alike=True, watched=True),
	Config('boot-large', 'with memory that is initialised later, and huge pages',
	       memory=(768,), append=watch.APPEND, script=('record_boot',), programs=5,
	       window_mib=64, alike=True, watched=True),
	Config('trace-busy', 'in fragmented memory', script=('busy 80 3', *RECORDED), programs=6),
)


def chosen(names, full):
	"""The rows that were asked for; an unknown name raises KeyError."""
	by_name = {config.name: config for config in CONFIGS + TRACES}
	if names:
		return [by_name[name] for name in names]
	return [config for config in CONFIGS + (TRACES if full else ()) if full or config.default]
