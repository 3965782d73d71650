# SPDX-License-Identifier: MIT
"""triage - from an input that made a target fail to a small file and its story

Replays an input in a clean process, names it by tag and place, shrinks it
within a time limit, and keeps it under build/crashes/.
"""

import collections
import hashlib
import os
import re
import shutil
import subprocess

from engines import BUILD, INPUT_SECONDS_MAX, TREE, binary, environment, finding_of

CRASHES = BUILD / 'crashes'
TIDEMARK = BUILD / 'tidemark'
REPLAYER = BUILD / 'san/tidemark'	# what `make replay` runs
SHRINK_SECONDS_MAX = 20
OPS_SHOWN_MAX = 40
NOT_PROGRAMS = ('text', 'boot', 'canary')	# what fails there need not be a program

Crash = collections.namedtuple('Crash', 'target tag place what at file times ops replay')


def call(command, seconds, env=None):
	"""(status, output); a process that does not end is killed and has status None."""
	try:
		done = subprocess.run([str(word) for word in command], timeout=seconds, cwd=TREE, env=env,
				      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
				      stderr=subprocess.STDOUT)
		return done.returncode, done.stdout.decode(errors='replace')
	except subprocess.TimeoutExpired as late:
		return None, (late.stdout or b'').decode(errors='replace')
	except OSError as error:
		return None, str(error)


def replay(target, file):
	"""What the input does, alone in a new process: (finding or None, output)."""
	status, output = call([binary('libfuzzer', target), '-timeout=%d' % INPUT_SECONDS_MAX, file],
			      4 * INPUT_SECONDS_MAX, environment())
	return (None if status == 0 else finding_of(output)), output


def same(a, b):
	return a and b and a[:2] == b[:2]


def shows(file, found):
	"""Does `make replay` end in the same finding?"""
	status, output = call([REPLAYER, 'replay', '--quiet', file], 4 * INPUT_SECONDS_MAX, environment())
	again = finding_of(output)
	if status and again and found[0] in ('ASAN', 'UBSAN'):
		return again[1] == found[1]
	return bool(status) and re.search(r'\b%s\b.*%s' % (re.escape(found[0]), re.escape(found[1])),
					  output) is not None


def shrink_program(file, work):
	"""By `tidemark min`, whose result is text, and back to binary."""
	text = work.with_name(work.name + '.ops')
	call([TIDEMARK, 'min', file, '-o', text], SHRINK_SECONDS_MAX, environment())
	if text.exists():
		call([TIDEMARK, 'asm', text, '-o', work], INPUT_SECONDS_MAX)
		text.unlink()


def shrink_bytes(target, file, work):
	call([binary('libfuzzer', target), '-minimize_crash=1', '-exact_artifact_path=%s' % work,
	      '-max_total_time=%d' % (SHRINK_SECONDS_MAX // 2), '-timeout=%d' % INPUT_SECONDS_MAX, file],
	     SHRINK_SECONDS_MAX, environment())


def shrink(target, file, found, work):
	"""A smaller input with the same tag and place, if one comes up in bounded time."""
	if target not in NOT_PROGRAMS:
		shrink_program(file, work)
		if work.exists() and (same(replay(target, work)[0], found) or shows(work, found)):
			return work
		work.unlink(missing_ok=True)
	shrink_bytes(target, file, work)
	if work.exists() and same(replay(target, work)[0], found):
		return work
	return file


def text_of(target, file):
	if target == 'text':
		return file.read_text(errors='replace')
	return call([TIDEMARK, 'show', file], INPUT_SECONDS_MAX)[1]


def replay_command(target, file, found):
	"""`make replay` where it shows the same finding; else the target itself."""
	shown = os.path.relpath(file, TREE)
	if target not in NOT_PROGRAMS or target == 'boot':
		if shows(file, found):
			return 'make replay F=%s' % shown
	return '%s %s' % (os.path.relpath(binary('libfuzzer', target), TREE), shown)


def keep(target, file, found, times):
	"""Shrinks one input, puts it under build/crashes/ and tells its story."""
	CRASHES.mkdir(parents=True, exist_ok=True)
	work = CRASHES / ('.shrinking-%d' % os.getpid())
	small = shrink(target, file, found, work)
	digest = hashlib.sha256(small.read_bytes()).hexdigest()[:8]
	place = re.sub(r'[^\w.]+', '-', found[1])
	kept = CRASHES / '-'.join((target, found[0], place, digest))
	shutil.copy(small, kept)
	work.unlink(missing_ok=True)
	final = replay(target, kept)[0] or found
	return Crash(target, found[0], found[1], found[2], final[3], kept, times,
		     text_of(target, kept), replay_command(target, kept, found))


def triage(crashes):
	"""[(target, finding or None, file)] to [Crash]; the same tag and place count once."""
	groups = collections.OrderedDict()
	for target, found, file in crashes:
		again, output = replay(target, file)
		if not again:			# X10: the input alone does not do it
			found = ('X10', (found or ('', 'unknown'))[1], 'fails in a campaign, not alone', '')
		else:
			found = again
		groups.setdefault(found[:2], []).append((target, found, file))
	told = []
	for members in groups.values():
		target, found, file = min(members, key=lambda member: member[2].stat().st_size)
		told.append(keep(target, file, found, len(members)))
	return told


def describe(crash):
	lines = crash.ops.rstrip().splitlines()
	shown = lines if len(lines) <= OPS_SHOWN_MAX else lines[:OPS_SHOWN_MAX] + ['...']
	return '\n'.join(
		['CRASH %s: %s at %s: %s' % (crash.target, crash.tag, crash.place, crash.what)]
		+ (['  %s' % crash.at] if crash.at else [])
		+ ['  | %s' % line for line in shown]
		+ ['  found %d time%s, kept as %s' % (crash.times, 's' * (crash.times != 1),
						     os.path.relpath(crash.file, TREE)),
		   '  replay: %s' % crash.replay])
