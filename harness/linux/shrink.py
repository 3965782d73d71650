#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""shrink - makes a program small on which a guest and core differ

What the kernel answers to fewer ops only the kernel can say, and what it answers
depends on all that ran before.  So the guest boots once more, with the programs
of its window, and waits before the first that differs; copies of it (held.py) say
whether they differ about less.  First as many ops as can be become part of the
state that the others begin with: what is left begins where core goes wrong.  Then
`tidemark min` leaves out and simplifies what is not needed to show it.

In a guest that does not boot alike a program may agree this time: then all that
differed are asked about, and if need be from before the next of them.

	shrink.py one			after `make linux CONFIG=one` found a difference
"""

import argparse
import itertools
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'ci'))
import boot
import broken
import configs
import debian
import held

EXPECTED = re.compile(r'^expect .*?(?=\w+ = )')
BOOTS_MAX = 4			# until a program differs again
PROGRAMS_MAX = 20		# that are asked about at each


def arguments():
	parser = argparse.ArgumentParser(
		prog='shrink.py', description=__doc__,
		formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument('--program', type=int, metavar='N',
			    help='this program of the window (the first that differs)')
	parser.add_argument('--seconds', type=int, default=200,
			    help='of CPU time for each round of questions (200)')
	parser.add_argument('--tool', default=debian.TREE / 'build' / 'tidemark', metavar='FILE',
			    type=pathlib.Path, help='the host program (build/tidemark)')
	parser.add_argument('--without', metavar='RULE',
			    help='a core without this rule (ablation/), to see that this works')
	parser.add_argument('--window', type=pathlib.Path,
			    help='what the guest left (build/linux/GUEST/window.bin)')
	parser.add_argument('-o', '--output', type=pathlib.Path,
			    help='where the smallest one goes (build/linux/GUEST/small.ops)')
	parser.add_argument('guest', metavar='GUEST', help='a name of guest.py --list')
	return parser.parse_args()


def say(line):
	print(line, flush=True)


# --- programs as lines ----------------------------------------------------------------


def split(text):
	"""(lines of the machine, ops without what is expected of them)."""
	rows = [line for line in text.read_text().splitlines() if not line.startswith('#')]
	first = rows.index('ops')
	machine = rows[:rows.index('state') if 'state' in rows else first]
	return machine, [EXPECTED.sub('', line) for line in rows[first + 1:]]


def after(ops, nr):
	"""Those behind the first nr, but for what names one of them."""
	names = {line.split()[0] for line in ops[:nr] if ' = ' in line}
	return [line for line in ops[nr:] if ' = ' in line or not names.intersection(line.split())]


# --- questions ------------------------------------------------------------------------


class Questions:
	"""About programs that a guest which waits runs after `before`."""

	def __init__(self, where, machine, lists, tool):
		self.where = where
		self.machine = machine
		self.lists = ['--lists'] * lists	# no page tells the difference
		self.tool = tool
		self.before = []
		self.asked = 0
		self.start = time.monotonic()

	def write(self, name, ops):
		(self.where / name).write_text('\n'.join([*self.machine, 'ops', *ops]) + '\n')
		return self.where / name

	def tell(self, ops):
		say('%4.0f s, %4d questions: %d ops, and %d before that are part of the state' % (
			time.monotonic() - self.start, self.asked, len(ops), len(self.before)))

	def differs_after(self, ops, nr):
		self.asked += 1
		self.write('before.ops', self.before + ops[:nr])
		return held.differs_about(self.where, self.write('rest.ops', after(ops, nr)),
					  bool(self.lists))

	def later(self, ops):
		"""What is left when as many as can be are part of the state."""
		step = 1
		while step < len(ops) and not self.differs_after(ops, len(ops) - step):
			step *= 2
		good, bad = max(len(ops) - step, 0), len(ops) - step // 2
		while bad - good > 1:
			middle = (good + bad) // 2
			if self.differs_after(ops, middle):
				good = middle
			else:
				bad = middle
		self.before += ops[:good]
		self.write('before.ops', self.before)
		left = after(ops, good)
		self.tell(left)
		return left

	def fewer(self, ops, seconds):
		"""What `tidemark min` makes of them."""
		ask = ' '.join([held.__file__, *self.lists, str(self.where)])
		said = debian.run([self.tool, 'min', '--seconds=%d' % seconds, '--ask=' + ask,
				   self.write('rest.ops', ops), '-o', self.where / 'small.ops'])
		self.asked += int(re.search(r'in (\d+) tries', said).group(1))
		_, left = split(self.where / 'differs.ops')
		self.tell(left)
		return left


def differing(tool, shared):
	"""Numbers of the programs in a window on which core differs."""
	with tempfile.TemporaryDirectory() as folder:
		held.call(tool, 'linux', 'compare', '--quiet', '--texts=%s' % folder, shared)
		return sorted(int(re.search(r'\d+$', path.stem).group())
			      for path in pathlib.Path(folder).glob('*.ops'))


def again(config, tool, program, shared, where):
	"""Holds the guest before a program that differs there again: its questions and ops."""
	numbers = differing(tool, shared)
	if not numbers:
		raise debian.Failed('%s: expected programs that differ, got none' % shared)
	if program is not None:
		numbers = [program]
	for at in numbers[:BOOTS_MAX]:
		start = time.monotonic()
		held.hold(config, tool, where, shared, at)
		say('%s waits before program %d, after %.0f s' % (
			config.name, at, time.monotonic() - start))
		tried = list(dict.fromkeys([at, *numbers]))[:PROGRAMS_MAX]
		for lists, number in itertools.product((False, True), tried):
			if held.differs_again(where, shared, number, lists):
				say('and differs about program %d' % number)
				machine, ops = split(where / 'differs.ops')
				return Questions(where, machine, lists, tool), ops
		say('and agrees this time about %d programs' % len(tried))
	raise debian.Failed('none of the programs that differed did so again')


def shrink(config, tool, options, shared, output):
	where = debian.CACHE / ('shrink-' + config.name)
	try:
		questions, ops = again(config, tool, options.program, shared, where)
		first, nr, ops = len(ops), None, questions.later(ops)
		while len(ops) != nr:
			ops = questions.fewer(ops, options.seconds)
			nr = len(ops)
			ops = questions.later(ops)
	finally:
		held.discard(where)
	subprocess.run([tool, 'linux', 'compare', where / 'differs.bin'])
	shutil.copy(where / 'differs.ops', output)
	say('%d ops, were %d; to see it: %s replay %s' % (len(ops), first, tool, output))


def without(rule):
	"""The host program of a core without a rule."""
	copy = debian.CACHE / 'without'
	patch = debian.TREE / 'harness/linux/ablation' / (rule + '.patch')
	try:
		broken.build(patch, copy, ('core', 'harness', 'build/plain'),
			     ['build/plain/tidemark'], boot.SECONDS_MAX)
	except broken.Unusable as why:
		raise debian.Failed('%s: %s' % (patch, why)) from None
	return copy / 'build/plain/tidemark'


def main():
	options = arguments()
	for number in (signal.SIGTERM, signal.SIGINT):
		signal.signal(number, lambda *_: sys.exit(2))
	try:
		config = configs.chosen([options.guest], False)[0]
	except KeyError as unknown:
		print('shrink.py: no guest is called %s; guest.py --list says what there is'
		      % unknown, file=sys.stderr)
		return 2
	try:
		if config in configs.TRACES:
			raise debian.Failed('%s runs no programs' % config.name)
		debian.check_host()
		output = options.output or debian.CACHE / config.name / 'small.ops'
		output.parent.mkdir(parents=True, exist_ok=True)
		tool = without(options.without) if options.without else options.tool
		shrink(config, tool, options,
		       options.window or debian.CACHE / config.name / 'window.bin', output)
		if options.without:		# core as it is agrees with the kernel
			debian.run([options.tool, 'replay', output])
	except (debian.Failed, OSError) as failed:
		print('shrink.py: %s' % failed, file=sys.stderr)
		return 2
	finally:
		boot.stop_all()
	return 0


if __name__ == '__main__':
	sys.exit(main())
