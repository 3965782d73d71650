# SPDX-License-Identifier: MIT
"""broken - copies of the tree with one mutant in each, built

A mutant is a file harness/mutants/<name>.patch: lines of prose that say what is
broken, fields `name: value`, then a unified diff against the tree.
"""

import re
import shutil
import subprocess

import evidence

TREE = evidence.TREE
MUTANTS = TREE / 'harness/mutants'
PATCH_SECONDS_MAX = 10


class Unusable(Exception):
	"""A patch that says too little, does not apply or does not build."""


def mutants(wanted):
	"""Paths of the mutants with these names, or of all."""
	paths = sorted(MUTANTS.glob('*.patch'))
	return [path for path in paths if not wanted or path.stem in wanted]


def field(text, name):
	"""The words of a field."""
	match = re.search(r'^#?\s*%s:\s*(.+)$' % name, text, re.M)
	if not match:
		raise Unusable('no "%s:" line' % name)
	return re.split(r'[,\s]+', match.group(1).strip())


def call(command, cwd, seconds, env=None):
	"""(status, output); a run that does not end has status 'timeout'."""
	try:
		done = subprocess.run([str(word) for word in command], cwd=cwd, env=env,
				      timeout=seconds, stdout=subprocess.PIPE,
				      stderr=subprocess.STDOUT)
		return done.returncode, done.stdout.decode(errors='replace')
	except subprocess.TimeoutExpired as late:
		return 'timeout', (late.stdout or b'').decode(errors='replace')


def build(patch, copy, parts, goals, seconds):
	"""Copies parts of the tree to `copy`, breaks them, makes goals: what changed, anew."""
	shutil.rmtree(copy, ignore_errors=True)
	copy.mkdir(parents=True)
	shutil.copy2(TREE / 'Makefile', copy)
	for part in parts:			# with their times, so that make sees
		(copy / part).parent.mkdir(parents=True, exist_ok=True)
		if (TREE / part).is_dir():
			shutil.copytree(TREE / part, copy / part, symlinks=True)
		elif (TREE / part).exists():
			shutil.copy2(TREE / part, copy / part)
	status, output = call(['patch', '-p1', '-s', '-f', '-i', patch], copy, PATCH_SECONDS_MAX)
	if status != 0:
		raise Unusable('the patch does not apply:\n' + output)
	status, output = call(['make', '-s', 'WARN=-w'] + goals, copy, seconds)
	if status != 0:
		raise Unusable('does not build:\n' + output)
