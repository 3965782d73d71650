# SPDX-License-Identifier: MIT
"""evidence.py - which unit tests, seeds and fuzz targets show a rule

Nothing here is typed by hand: a test says its tags in its name, a seed in its
first line, and a target shows what the seeds in its directory show.
"""

import collections
import pathlib
import re
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parent.parent
TAG = r'(?:[ZGWBMPASK]\d|X\d\d?)'
TEST = re.compile(r'^Test\(\s*(\w+)\s*,\s*(\w+)', re.M)
TARGET = re.compile(r'^\s*ROW\((\w+),', re.M)
SEED = re.compile(r'^#\s*(%s(?:[ ,]+%s)*)\s*:' % (TAG, TAG))

Rule = collections.namedtuple('Rule', 'tag text later')
Evidence = collections.namedtuple('Evidence', 'tests seeds targets')


def rules():
	"""The rules in scope, in the order of ci/tags.txt."""
	out = []
	for line in (TREE / 'ci/tags.txt').read_text().splitlines():
		if line and not line.startswith('#'):
			out.append(Rule(*(field.strip() for field in line.split('|', 2))))
	return out


def test_tags(name):
	"""'B1_B2_split_and_merge' -> ['B1', 'B2']"""
	tags = []
	for word in name.split('_'):
		if not re.fullmatch(TAG, word):
			break
		tags.append(word)
	return tags


def seed_tags(path):
	with open(path, 'rb') as file:
		line = file.readline(4096).decode('utf-8', 'replace')
	match = SEED.match(line)
	return re.findall(TAG, match.group(1)) if match else []


def corpus():
	"""Committed seeds, sorted; build/ and ignored files are not looked at."""
	return sorted(path for path in (TREE / 'corpus').glob('*/*') if path.is_file())


def targets():
	"""Names of the fuzz targets, in the order of harness/targets.h."""
	try:
		return TARGET.findall((TREE / 'harness/targets.h').read_text())
	except OSError:
		return []


def collect():
	"""{tag: Evidence} over the whole tree, for every tag in scope."""
	found = {rule.tag: Evidence([], [], []) for rule in rules()}
	for path in sorted((TREE / 'harness/unit').glob('test_*.c')):
		for suite, name in TEST.findall(path.read_text()):
			for tag in test_tags(name):
				if tag in found:
					found[tag].tests.append('%s::%s' % (suite, name))
	rows = targets()
	for path in corpus():
		for tag in seed_tags(path):
			if tag not in found:
				continue
			found[tag].seeds.append(str(path.relative_to(TREE)))
			target = path.parent.name
			if target in rows and target not in found[tag].targets:
				found[tag].targets.append(target)
	return found


def missing():
	"""One sentence per rule with evidence that is not there."""
	out = []
	for tag, evidence in collect().items():
		kinds = zip(evidence, ('unit test', 'seed', 'fuzz target'))
		lacks = ['no ' + what for names, what in kinds if not names]
		if lacks:
			out.append('%s has %s' % (tag, ', '.join(lacks)))
	return out


def tracked():
	"""Files of the project, relative to the tree: git's, or all outside build/."""
	done = subprocess.run(['git', '-C', str(TREE), 'ls-files', '-co', '--exclude-standard'],
			      capture_output=True, text=True)
	if done.returncode == 0:
		names = done.stdout.splitlines()
	else:
		names = [str(path.relative_to(TREE)) for path in TREE.rglob('*')]
		names = [name for name in names if not name.startswith(('build/', '.git/'))]
	return sorted(name for name in set(names) if (TREE / name).is_file())


if __name__ == '__main__':
	sys.exit('\n'.join(missing()) or 0)
