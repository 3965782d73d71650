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
SHRINK_SECONDS_MAX = 20		# of CPU time
BUSY = 15			# CPU time passes so many times slower than time, at the most
OPS_SHOWN_MAX = 40
TRIES_MAX = 5			# inputs replayed of those with the same tag and place
SANITIZERS = ('ASAN', 'UBSAN')


class Crash(collections.namedtuple(
		'Crash', 'targets target tag place what at file times seconds ops replay')):
	def row(self):
		"""For a machine to read."""
		return {'target': self.target, 'tag': self.tag, 'place': self.place,
			'what': self.what, 'file': os.path.relpath(self.file, TREE),
			'times': self.times, 'seconds': round(self.seconds, 1),
			'replay': self.replay}


def call(command, seconds, env=None):
	"""(status, output); a process that does not end is killed and has status None."""
	try:
		done = subprocess.run([str(word) for word in command], timeout=seconds, cwd=TREE,
				      env=env, stdin=subprocess.DEVNULL,
				      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
		return done.returncode, done.stdout.decode(errors='replace')
	except subprocess.TimeoutExpired as late:
		return None, (late.stdout or b'').decode(errors='replace')
	except OSError as error:
		return None, str(error)


def replay(target, file):
	"""What the input does, alone in a new process: (finding or None, output)."""
	status, output = call([binary('libfuzzer', target), '-timeout=%d' % INPUT_SECONDS_MAX,
			       file], 4 * INPUT_SECONDS_MAX, environment())
	return (None if status == 0 else finding_of(output)), output


def same(a, b):
	return a and b and a[:2] == b[:2]


def file_of(found):
	return found[1].split(':')[0]


def replayed(file, found):
	"""What `make replay` calls the same finding; None if it does not show it."""
	status, output = call([REPLAYER, 'replay', '--quiet', file], 4 * INPUT_SECONDS_MAX,
			      environment())
	if not status:
		return None
	if found[0] in SANITIZERS:	# other flags, so perhaps another line
		again = finding_of(output)
		if again and again[0] in SANITIZERS and file_of(again) == file_of(found):
			return again[2]
		return None
	match = re.search(r'\b%s\b.*%s: ?(.*)' % (re.escape(found[0]), re.escape(found[1])), output)
	return match.group(1) if match else None


def shrink_program(file, found, work):
	"""By `tidemark min`, whose result is text, and back to binary."""
	text = work.with_name(work.name + '.ops')
	tidemark = REPLAYER if found[0] in SANITIZERS else TIDEMARK
	call([tidemark, 'min', '--seconds=%d' % SHRINK_SECONDS_MAX, file, '-o', text],
	     BUSY * SHRINK_SECONDS_MAX, environment())
	if text.exists():
		call([TIDEMARK, 'asm', text, '-o', work], INPUT_SECONDS_MAX)
		text.unlink()


def shrink_bytes(target, file, work):
	call([binary('libfuzzer', target), '-minimize_crash=1', '-exact_artifact_path=%s' % work,
	      '-max_total_time=%d' % (SHRINK_SECONDS_MAX // 2),
	      '-timeout=%d' % INPUT_SECONDS_MAX, file], SHRINK_SECONDS_MAX, environment())


def shrink(target, file, found, work):
	"""A smaller input with the same tag and place, if one comes up in bounded time."""
	if target != 'text':
		shrink_program(file, found, work)
		if work.exists() and (same(replay(target, work)[0], found)
				      or replayed(work, found) is not None):
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


def keep(members, found):
	"""Shrinks the smallest of some inputs, puts it under build/crashes/ and tells its story."""
	target, file = min(members, key=lambda member: (member[0] == 'canary',
							member[1].stat().st_size))
	CRASHES.mkdir(parents=True, exist_ok=True)
	work = CRASHES / ('.shrinking-%d' % os.getpid())
	small = shrink(target, file, found, work)
	digest = hashlib.sha256(small.read_bytes()).hexdigest()[:8]
	place = re.sub(r'[^\w.]+', '-', found[1])
	kept = CRASHES / '-'.join((target, found[0], place, digest))
	shutil.copy(small, kept)
	work.unlink(missing_ok=True)
	final = replay(target, kept)[0] or found
	said = replayed(kept, found) if target != 'text' else None
	shown = os.path.relpath(kept, TREE)
	command = ('make replay F=%s' % shown if said is not None else
		   '%s %s' % (os.path.relpath(binary('libfuzzer', target), TREE), shown))
	what = said if said and found[0] in SANITIZERS else found[2]
	return Crash({member[0] for member in members}, target, found[0], found[1], what,
		     final[3], kept, len(members), 0, text_of(target, kept), command)


def triage(crashes, start):
	"""[(target, engines.Found)] to [Crash]; the same tag and place count once."""
	groups = collections.OrderedDict()
	for target, crash in sorted(crashes, key=lambda pair: pair[1].time):
		found = crash.finding or replay(target, crash.file)[0] or ('X10', 'unknown', '', '')
		group = groups.setdefault(found[:2], (found, crash.time, []))
		group[2].append((target, crash.file))
	told = []
	for found, first, members in groups.values():
		sure = [member for member in members[:TRIES_MAX] if same(replay(*member)[0], found)]
		if not sure:			# X10: the input alone does not do it
			found = ('X10', found[1], '%s in a campaign, not alone' % found[0], '')
		told.append(keep(sure or members, found)._replace(
			times=len(members), seconds=first - start,
			targets={target for target, file in members}))
	return told


def describe(crash):
	lines = crash.ops.rstrip().splitlines()
	shown = lines if len(lines) <= OPS_SHOWN_MAX else lines[:OPS_SHOWN_MAX] + ['...']
	return '\n'.join(
		['CRASH %s: %s at %s: %s' % (crash.target, crash.tag, crash.place, crash.what)]
		+ (['  %s' % crash.at] if crash.at else [])
		+ ['  | %s' % line for line in shown]
		+ ['  found %d time%s, first after %.1f s, kept as %s' % (
			crash.times, 's' * (crash.times != 1), crash.seconds,
			os.path.relpath(crash.file, TREE)),
		   '  replay: %s' % crash.replay])
