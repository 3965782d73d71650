#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""ablate - takes one rule out of core at a time, and asks the real kernel's answers

Windows in which core agrees with the kernel on every page must tell when a rule
is missing: a rule that no program notices is not shown by them.  Each patch in
ablation/ breaks one rule.  The table goes into README.md, between its markers.

`ablate.py [--only NAME]... WINDOW...`; status 1 when a rule goes unnoticed.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / 'ci'))
import broken

OUT = broken.TREE / 'build/linux/ablation'
README = HERE / 'README.md'
BEGIN, END = '<!-- ablation: begin -->', '<!-- ablation: end -->'
SECONDS_MAX = 600


def about(patch):
	return ' '.join(re.findall(r'^# (?!SPDX)(.+)$', patch.read_text(), re.M))


def without(patch, windows):
	"""(name, programs that diverged, programs, least first op) or a complaint."""
	copy = OUT / patch.stem
	try:
		broken.build(patch, copy, ('core', 'harness', 'build/plain'),
			     ['build/plain/tidemark'], SECONDS_MAX)
	except broken.Unusable as why:
		return patch, None, str(why)
	status, output = broken.call([copy / 'build/plain/tidemark', 'linux', 'compare', '--json',
				      '--quiet', *windows], copy, SECONDS_MAX)
	broken.shutil.rmtree(copy)
	try:
		told = json.loads(output[output.index('{'):])
	except ValueError:
		return patch, None, 'status %s: %s' % (status, output[-300:])
	return patch, told, ''


def row(patch, told):
	"""What cannot even begin, as core knows no such list, diverges at its first op."""
	all_guests = told['all']
	trouble = sum(guest['trouble'] for guest in told['guests'])
	diverged = all_guests['programs'] - all_guests['programs_equal'] + trouble
	where = [(guest['first_op'], guest['guest']) for guest in told['guests']
		 if guest['first_op'] is not None]
	first = '%d in `%s`' % min(where) if where else 'none'
	total = all_guests['programs'] + trouble
	return diverged, total, '| %s | %s | %d of %d | %s |' % (
		patch.stem, about(patch), diverged, total, first)


def write_rows(rows):
	"""Into the table, where rows of rules that were not asked for stay."""
	text = README.read_text()
	before, rest = text.split(BEGIN)
	old, after = rest.split(END)
	table = {line.split()[1]: line for line in old.splitlines()[3:]}
	table.update(rows)
	lines = ['| rule | without it | programs that diverge | first op |', '|---|---|---|---|',
		 *(table[name] for name in sorted(table)
		   if (HERE / 'ablation' / (name + '.patch')).exists())]
	README.write_text(before + BEGIN + '\n' + '\n'.join(lines) + '\n' + END + after)


def main():
	parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
	parser.add_argument('--only', action='append', default=[], metavar='NAME')
	parser.add_argument('windows', nargs='+', type=pathlib.Path)
	options = parser.parse_args()
	patches = [patch for patch in sorted((HERE / 'ablation').glob('*.patch'))
		   if not options.only or patch.stem in options.only]
	windows = [window.resolve() for window in options.windows]
	status, output = broken.call([broken.TREE / 'build/tidemark', 'linux', 'compare', '--quiet',
				      *windows], broken.TREE, SECONDS_MAX)
	if status != 0:
		print('with all its rules core does not agree either:\n' + output, file=sys.stderr)
		return 2
	rows, unnoticed = {}, 0
	with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
		for patch, told, why in pool.map(lambda patch: without(patch, windows), patches):
			if told is None:
				print('%s: %s' % (patch.stem, why), file=sys.stderr)
				return 2
			diverged, total, line = row(patch, told)
			print('%-26s %5d of %d programs diverge' % (
				patch.stem, diverged, total), flush=True)
			unnoticed += not diverged
			rows[patch.stem] = line
			write_rows(rows)
	print('%d rules, %d unnoticed' % (len(rows), unnoticed))
	return 1 if unnoticed or not rows else 0


if __name__ == '__main__':
	sys.exit(main())
