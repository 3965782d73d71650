#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""guest - runs programs in real kernels and in the core, and compares

For every guest that was asked for: fetches what is missing, prepares a window
of programs, boots, and lets `tidemark linux compare` say what differs.
"""

import argparse
import concurrent.futures
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import boot
import configs
import debian
import window


def arguments():
	parser = argparse.ArgumentParser(prog='guest.py', description=__doc__.split('\n')[0])
	parser.add_argument('--full', action='store_true', help='all guests, not the default set')
	parser.add_argument('--config', action='append', default=[], metavar='NAME',
			    help='only this guest (may be given several times)')
	parser.add_argument('--seed', type=int, default=1, help='of the programs (1)')
	parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='guests at a time')
	parser.add_argument('--tool', default=debian.TREE / 'build' / 'tidemark',
			    help='the host program (build/tidemark)')
	parser.add_argument('--list', action='store_true', help='say which guests there are')
	parser.add_argument('--boot-only', action='store_true', help='do not compare')
	return parser.parse_args()


def say(line):
	print(line, flush=True)


def prepare(config, where, options):
	where.mkdir(parents=True, exist_ok=True)
	(where / 'window.bin').unlink(missing_ok=True)
	if config in configs.TRACES:
		window.write_empty(where / 'window.bin', config.window_mib << 20, config.programs)
		return
	corpus = ['--corpus=%s' % (debian.TREE / 'corpus')] if config.corpus else []
	debian.run([options.tool, 'linux', 'prepare', *corpus,
		    '--bytes=%d' % (config.window_mib << 20),
		    '--programs=%d' % config.programs, '--ops=%d' % config.ops,
		    '--seed=%d' % options.seed, '--cpus=%d' % config.nr_cpus(),
		    '--nodes=%d' % len(config.memory), '--mib=%d' % sum(config.memory),
		    '--name=%s' % config.name, where / 'window.bin'])


def one_guest(config, parts, options):
	"""Runs one guest; returns its window's path."""
	where = debian.CACHE / config.name
	prepare(config, where, options)
	start = time.monotonic()
	seen = boot.boot(config, parts, where)
	say('%-18s %s, %d programs in %.0f s' % (config.name, seen.kernel.split()[0],
						 seen.programs, time.monotonic() - start))
	return where / 'window.bin'


def all_guests(rows, options):
	"""The windows of guests that ran, and whether all did."""
	parts = {}
	for name in dict.fromkeys(config.kernel for config in rows):
		say('kernel %s' % name)
		parts[name] = debian.prepare_kernel(name)
	windows = []
	complaints = []
	pool = concurrent.futures.ThreadPoolExecutor(max(options.jobs, 1))
	runs = [pool.submit(one_guest, config, parts[config.kernel], options) for config in rows]
	try:
		for done in runs:
			try:
				windows.append(done.result())
			except debian.Failed as failed:
				complaints.append(str(failed))
	finally:
		pool.shutdown(wait=False, cancel_futures=True)
		boot.stop_all()		# none is left, unless we are to stop
	for line in complaints:
		say(line)
	return windows, not complaints


def judge(windows, options):
	"""Core's opinion of what the guests left: the worse of both exit statuses."""
	recorded = [debian.CACHE / config.name / 'window.bin' for config in configs.TRACES]
	verdict = 0
	for command, wanted in (('compare', [path for path in windows if path not in recorded]),
				('trace', [path for path in windows if path in recorded])):
		if wanted:
			done = subprocess.run([options.tool, 'linux', command, *wanted])
			verdict = max(verdict, done.returncode)
	return verdict


def main():
	options = arguments()
	if options.list:
		for config in configs.CONFIGS + configs.TRACES:
			say('%-18s %s' % (config.name, config.shows))
		return 0
	try:
		rows = configs.chosen(options.config, options.full)
	except KeyError as unknown:
		print('guest.py: no guest is called %s; --list says what there is' % unknown,
		      file=sys.stderr)
		return 2
	for number in (signal.SIGTERM, signal.SIGINT):
		signal.signal(number, lambda *_: sys.exit(2))
	try:
		debian.check_host()
		windows, good = all_guests(rows, options)
	except debian.Failed as failed:
		print('guest.py: %s' % failed, file=sys.stderr)
		return 2
	if not options.boot_only:
		verdict = judge(windows, options)
		return verdict or (0 if good else 2)
	return 0 if good else 2


if __name__ == '__main__':
	sys.exit(main())
