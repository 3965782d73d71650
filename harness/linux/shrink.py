#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""shrink - makes a program smaller on which a guest and core differ

What the kernel answers to fewer ops only the kernel can say, so every round is
a boot of the guest: its window holds the program without one part each, for
parts of several sizes, and without all those at once that the round before
could each do without.  The smallest program that differs goes on, until none
that is smaller does.  Begin with what `tidemark linux compare
--texts=FOLDER` wrote:

	shrink.py one build/linux/differ/one-17.ops
"""

import argparse
import dataclasses
import heapq
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import boot
import configs
import debian
import window

EXPECTED = re.compile(r'^expect .*?(?=\w+ = )')
CANDIDATES_MAX = 400		# at once: each leaves two snapshots in the window
WINDOW_MIB = 512


def arguments():
	parser = argparse.ArgumentParser(
		prog='shrink.py', description=__doc__,
		formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument('--rounds', type=int, default=30, help='boots at most (30)')
	parser.add_argument('--tool', default=debian.TREE / 'build' / 'tidemark', metavar='FILE',
			    help='the host program (build/tidemark)')
	parser.add_argument('-o', '--output', type=pathlib.Path,
			    help='where the smallest one goes (beside TEXT, with -small)')
	parser.add_argument('guest', metavar='GUEST', help='a name of guest.py --list')
	parser.add_argument('text', metavar='TEXT', type=pathlib.Path)
	return parser.parse_args()


# --- programs as lines ----------------------------------------------------------------


def lines(text):
	"""(lines of the machine, ops without what is expected of them)."""
	rows = [line for line in text.splitlines() if not line.startswith('#')]
	if 'ops' not in rows:
		raise debian.Failed('expected a program with a line "ops", found none')
	first = rows.index('ops')
	machine = rows[:rows.index('state') if 'state' in rows else first]
	return machine, tuple(EXPECTED.sub('', line) for line in rows[first + 1:])


def kept(ops, gone):
	"""Indexes of ops but those in `gone`, and those that name what is not there then."""
	names = {ops[i].split()[0] for i in gone if ' = ' in ops[i]}
	return [i for i, line in enumerate(ops) if i not in gone and
		(' = ' in line or not names.intersection(line.split()))]


def parts(nr):
	"""Ranges of indexes, from halves down to as many parts as may be tried at once."""
	size, most = nr // 2, CANDIDATES_MAX
	while size >= 1 and (nr + size - 1) // size <= most:
		for start in range(0, nr, size):
			yield range(start, min(start + size, nr))
		most -= (nr + size - 1) // size
		size //= 2


# --- a round ------------------------------------------------------------------------


class Guest:
	def __init__(self, config, tool):
		self.config = config
		self.tool = tool
		self.kernel = debian.prepare_kernel(config.kernel)
		self.where = debian.CACHE / ('shrink-' + config.name)

	def differing(self, machine, candidates):
		"""{index: text} of the candidates on which core and the guest differ."""
		shutil.rmtree(self.where, ignore_errors=True)
		files = []
		for folder in ('candidates', 'texts'):
			(self.where / folder).mkdir(parents=True)
		for i, ops in enumerate(candidates):
			files.append(self.where / 'candidates' / ('%d.ops' % i))
			files[-1].write_text('\n'.join((*machine, 'ops', *ops)) + '\n')
		shared = self.where / 'window.bin'
		debian.run([self.tool, 'linux', 'prepare', '--programs=0',
			    '--bytes=%d' % (WINDOW_MIB << 20),
			    *('--file=%s' % path for path in files), shared])
		boot.boot(self.config, self.kernel, self.where)
		subprocess.run([self.tool, 'linux', 'compare', '--quiet', '--json',
				'--texts=%s' % (self.where / 'texts'), shared],
			       stdout=subprocess.DEVNULL, check=False)
		return {int(path.stem.rpartition('-')[2]): path
			for path in (self.where / 'texts').glob('*.ops')}


@dataclasses.dataclass(order=True)
class Found:
	"""A program that differed: the fewer ops the better."""
	size: int
	number: int			# in its round
	ops: tuple = dataclasses.field(compare=False)
	text: str = dataclasses.field(compare=False, default='')
	union: tuple = dataclasses.field(compare=False, default=())	# it may not need those


def one_round(guest, machine, ops, union):
	"""(whether these ops differ, what else does with fewer)."""
	tried = [(), union, *parts(len(ops))]
	left = [kept(ops, set(gone)) for gone in tried]
	good = guest.differing(machine, [[ops[i] for i in indexes] for indexes in left])
	finest = len(tried[-2])		# the last part may be shorter
	free = {i for number in good if number > 1 and len(tried[number]) <= finest
		for i in tried[number]}
	smaller = []
	for number in good:
		text = good[number].read_text()
		cut = lines(text)[1]
		if tried[number] or len(cut) < len(ops):
			again = [at for at, i in enumerate(left[number][:len(cut)]) if i in free]
			smaller.append(Found(len(cut), number, cut, text, again))
	return 0 in good, smaller


def shrink(guest, options):
	"""Best first: what differs after other programs need not in a guest just booted."""
	output = options.output or options.text.with_name(options.text.stem + '-small.ops')
	machine, ops = lines(options.text.read_text())
	least, heap = len(ops), [Found(len(ops), 0, ops)]
	for number in range(1, options.rounds + 1):
		tried = heapq.heappop(heap)
		again, smaller = one_round(guest, machine, tried.ops, tried.union)
		print('round %d: %d ops%s, %d smaller programs' % (
			number, tried.size, '' if again else ', not again', len(smaller)),
		      flush=True)
		for found in smaller:
			heapq.heappush(heap, found)
		if smaller and min(smaller).size < least:
			least = min(smaller).size
			output.write_text(min(smaller).text)
		if not heap or again and not smaller:
			break
	print('%s: %d ops, were %d' % (output if output.exists() else options.text, least,
				       len(ops)))


def main():
	options = arguments()
	try:
		row = configs.chosen([options.guest], False)[0]
		if row in configs.TRACES:
			raise debian.Failed('%s runs no programs' % row.name)
		debian.check_host()
		shrink(Guest(row, options.tool), options)
	except KeyError as unknown:
		print('shrink.py: no guest is called %s; guest.py --list says what there is'
		      % unknown, file=sys.stderr)
		return 2
	except (debian.Failed, OSError) as failed:
		print('shrink.py: %s' % failed, file=sys.stderr)
		return 2
	finally:
		boot.stop_all()
	return 0


if __name__ == '__main__':
	sys.exit(main())
