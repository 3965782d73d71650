# SPDX-License-Identifier: MIT
"""engines - one run of one fuzz target under libFuzzer or AFL++

A Run is a process (restarted after a crash, until its seconds are used up)
that works on one target.  ci/fuzz starts, polls and stops Runs; nothing here
waits.  Counts come from a file that the target itself keeps (TIDEMARK_COUNTS),
so they are right after a crash too.
"""

import collections
import ctypes
import os
import pathlib
import re
import resource
import shutil
import signal
import struct
import subprocess
import time

TREE = pathlib.Path(__file__).resolve().parent.parent
BUILD = TREE / 'build'
INPUT_MAX = 4096		# bytes; 256 ops and a machine fit
INPUT_SECONDS_MAX = 5		# an input that takes longer is a finding
MEMORY_MB_MAX = 2048
SAME_CRASH_MAX = 8		# the same finding so often ends a run early
GRACE_SECONDS = 3		# a process may end this much late
LIBFUZZER_LATE_SECONDS = 1	# it ends in the second after -max_total_time
CPU_SHARE_LEAST = 50		# CPU time passes so many times slower than time, at the most

# One input that failed: what the log says, where it lies, when it came (by the run's clock).
Found = collections.namedtuple('Found', 'finding file output time')

SANITIZER = 'detect_leaks=0:quarantine_size_mb=16:abort_on_error=1'
SYMBOLIZER = '/usr/bin/llvm-symbolizer-19'


def target_names():
	text = (TREE / 'harness/targets.h').read_text()
	return re.findall(r'^\s*ROW\((\w+),', text, re.M)


def binary(engine, target):
	return BUILD / {'libfuzzer': 'fuzz', 'afl': 'afl'}[engine] / 'bin' / target


def environment(**more):
	env = dict(os.environ, ASAN_OPTIONS=SANITIZER, TERM=os.environ.get('TERM', 'xterm'))
	env.update(more)
	if os.path.exists(SYMBOLIZER):
		env['ASAN_SYMBOLIZER_PATH'] = SYMBOLIZER
	return env


def die_with_parent():
	"""In the child: if ci/fuzz is killed, nothing of it stays behind."""
	pr_set_pdeathsig = 1
	ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def start_process(command, log, env):
	with open(log, 'ab') as out:
		return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
					stdout=out, stderr=subprocess.STDOUT, env=env, cwd=TREE,
					start_new_session=True, preexec_fn=die_with_parent)


# --- time -------------------------------------------------------------------------

class WallClock:
	"""Seconds as they go by."""
	grace = GRACE_SECONDS

	def watch(self, pid):
		pass

	def now(self):
		return time.monotonic()

	def limit(self, seconds):
		"""For a process that looks at the time itself."""
		return max(1, round(seconds - LIBFUZZER_LATE_SECONDS))


class CpuClock:
	"""Seconds that a machine with a CPU for each job, and nothing else to do, would take."""
	grace = 0

	def __init__(self, jobs):
		self.jobs = jobs
		self.pids = set()

	def watch(self, pid):
		self.pids.add(pid)

	def now(self):
		ended = resource.getrusage(resource.RUSAGE_CHILDREN)
		running = sum(map(cpu_seconds, self.pids))
		return (ended.ru_utime + ended.ru_stime + running) / self.jobs

	def limit(self, seconds):
		return max(1, round(seconds * CPU_SHARE_LEAST))


def cpu_seconds(pid):
	"""Of a process that nobody has waited for yet; 0 of any other."""
	try:
		with open('/proc/%d/stat' % pid) as stat:
			fields = stat.read().rpartition(')')[2].split()
	except OSError:
		return 0
	return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


# --- what a log says ------------------------------------------------------------

def finding_of(log):
	"""(tag, place, what, op) that the output of a failed process tells, or None."""
	match = re.search(r'^tidemark: finding: (\S+) (.*?): (.*)$', log, re.M)
	if match:
		at = re.search(r'^tidemark: at (.*)$', log, re.M)
		return match.group(1), match.group(2), match.group(3), at.group(1) if at else ''
	match = re.search(r'^(\w+) (\S+\.[ch]:\d+): (.*)$', log, re.M)	# a panic outside of a run
	if match and 'libFuzzer: ' in log:
		return match.group(1), match.group(2), match.group(3), ''
	match = re.search(r'([\w.-]+\.[ch]:\d+):\d+: runtime error: (.*)$', log, re.M)
	if match:
		return 'UBSAN', match.group(1), match.group(2), ''
	match = re.search(r'ERROR: AddressSanitizer:? (.*)$', log, re.M)
	if match and 'ILL' not in match.group(1):
		return 'ASAN', top_frame(log), match.group(1).split(' on ')[0], ''
	for tag, pattern in (('TIMEOUT', r'libFuzzer: timeout'),
			     ('OOM', r'libFuzzer: out-of-memory'),
			     ('UBSAN', r'deadly signal|ILL|SUMMARY: UndefinedBehavior')):
		match = re.search(r'.*(?:%s).*' % pattern, log)
		if match:
			return tag, top_frame(log), match.group(0).strip(), ''
	return None


def top_frame(log):
	"""The innermost frame in our own code, as "file.c:line"."""
	match = re.search(r'^\s*#\d+ .*?\b(?:core|harness)/(?:[\w.-]+/)*([\w.-]+:\d+)', log, re.M)
	return match.group(1) if match else 'unknown'


# --- a run ------------------------------------------------------------------------

class Run:
	"""One target, one process at a time, for `seconds` in all."""

	def __init__(self, target, instance, seed, empty, clock):
		self.target = target
		self.clock = clock
		self.instance = instance
		self.seed = seed
		self.empty = empty
		self.seconds = 0.0		# granted, see start()
		self.used = 0.0			# seconds that processes ran
		self.process = None
		self.crashes = []		# [Found]
		self.problem = None		# why it could not run
		self.cov = 0
		self.features = 0
		self.restarts = 0
		self.seeds_at_start = 0
		self.dir = BUILD / self.engine / target
		self.dir.mkdir(parents=True, exist_ok=True)
		self.counts_file = self.dir / ('counts-%d' % instance)
		self.counts_file.unlink(missing_ok=True)
		self.log = self.dir / ('log-%d' % instance)
		self.log_from = 0		# where this process's output begins

	def counts(self):
		"""(executions, ops, refused) so far."""
		try:
			return struct.unpack('<3Q', self.counts_file.read_bytes()[:24])
		except (OSError, struct.error):
			return 0, 0, 0

	def left(self):
		return self.seconds - self.elapsed()

	def elapsed(self):
		return self.used + (self.clock.now() - self.started if self.process else 0)

	def start(self, seconds):
		self.seconds = seconds
		self.log.unlink(missing_ok=True)
		self.prepare()
		self.launch()

	def launch(self):
		self.started = self.clock.now()
		self.log_from = self.log.stat().st_size if self.log.exists() else 0
		self.process = start_process(self.command(), self.log, self.env())
		self.clock.watch(self.process.pid)

	def output(self):
		"""What the current (or last) process has said."""
		if not self.log.exists():
			return ''
		with open(self.log, 'rb') as log:
			log.seek(self.log_from)
			return log.read().decode(errors='replace')

	def stop(self):
		"""Ends the process and all that it started."""
		if not self.process:
			return
		for number in (signal.SIGTERM, signal.SIGKILL):
			try:
				os.killpg(self.process.pid, number)
				self.process.wait(GRACE_SECONDS)
			except (ProcessLookupError, subprocess.TimeoutExpired):
				pass
		self.process.wait()
		self.used += self.clock.now() - self.started
		self.process = None

	def poll(self):
		"""True while there is more to do."""
		if not self.process:
			return False
		self.watch()
		if self.has_enough():
			self.stop()
			return self.finish(None)
		status = self.process.poll()
		if status is None:
			if self.left() < -self.clock.grace:
				self.stop()
				self.finish(None)
			return self.process is not None
		self.stop()			# also those that it left behind
		return self.finish(status)

	def has_enough(self):
		return False


class LibFuzzer(Run):
	engine = 'fuzz'

	def __init__(self, *args):
		super().__init__(*args)
		self.corpus = self.dir / ('empty' if self.empty else 'corpus')
		self.seeds = self.dir / 'seeds'
		self.artifacts = self.dir / ('artifacts-%d' % self.instance)

	def prepare(self):
		if self.empty and self.instance == 0:
			shutil.rmtree(self.corpus, ignore_errors=True)
		shutil.rmtree(self.artifacts, ignore_errors=True)
		for path in (self.corpus, self.seeds, self.artifacts):
			path.mkdir(parents=True, exist_ok=True)
		self.seeds_at_start = self.corpus_files()

	def corpus_files(self):
		dirs = [self.corpus] if self.empty else [self.corpus, self.seeds]
		return sum(len(os.listdir(path)) for path in dirs if path.exists())

	def env(self):
		return environment(TIDEMARK_COUNTS=str(self.counts_file))

	def command(self):
		return [binary('libfuzzer', self.target), '-seed=%d' % (self.seed + self.restarts),
			'-max_total_time=%d' % self.clock.limit(self.left()),
			'-max_len=%d' % INPUT_MAX, '-len_control=0',
			'-timeout=%d' % INPUT_SECONDS_MAX,
			'-rss_limit_mb=%d' % MEMORY_MB_MAX, '-artifact_prefix=%s/' % self.artifacts,
			self.corpus] + ([] if self.empty else [self.seeds])

	def watch(self):
		with open(self.log, 'rb') as log:
			log.seek(max(self.log_from, self.log.stat().st_size - 4096))
			told = re.findall(rb'cov: (\d+) ft: (\d+)', log.read())
		if told:
			self.cov, self.features = int(told[-1][0]), int(told[-1][1])

	def finish(self, status):
		if status in (0, None):
			return False
		output = self.output()
		found = finding_of(output)
		files = sorted(self.artifacts.iterdir(), key=lambda path: path.stat().st_mtime)
		if not files or not found:
			self.problem = output.strip().splitlines()[-1:] or ['status %s' % status]
			return False
		self.crashes.append(Found(found, files[-1], output, self.clock.now()))
		same = [crash for crash in self.crashes if crash.finding[:2] == found[:2]]
		if self.is_canary_catch() or self.left() < 1 or len(same) >= SAME_CRASH_MAX:
			return False
		self.restarts += 1
		self.launch()
		return True

	def is_canary_catch(self):
		return self.target == 'canary' and 'tidemark: canary:' in self.crashes[-1].output


class Afl(Run):
	engine = 'afl'

	def __init__(self, *args):
		super().__init__(*args)
		self.out = self.dir / ('out-%d' % self.instance)
		self.seeds = self.dir / ('start-%d' % self.instance)

	def prepare(self):
		shutil.rmtree(self.out, ignore_errors=True)
		shutil.rmtree(self.seeds, ignore_errors=True)
		self.seeds.mkdir(parents=True)
		seeds = BUILD / 'fuzz' / self.target / 'seeds'
		files = [] if self.empty else list(seeds.iterdir())
		for path in files:
			shutil.copy(path, self.seeds)
		if not files:			# AFL wants something to start from
			(self.seeds / 'one').write_bytes(b'\1')
		self.seeds_at_start = len(files)

	def env(self):
		return environment(
			TIDEMARK_COUNTS=str(self.counts_file), TIDEMARK_TARGET=self.target,
			ASAN_OPTIONS=SANITIZER + ':symbolize=0', AFL_NO_UI='1', AFL_NO_AFFINITY='1',
			AFL_SKIP_CPUFREQ='1', AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES='1',
			AFL_CUSTOM_MUTATOR_LIBRARY=str(BUILD / 'afl/mutator.so'),
			AFL_CUSTOM_MUTATOR_ONLY='1')

	def command(self):
		return ['afl-fuzz', '-i', self.seeds, '-o', self.out, '-m', 'none',
			'-t', str(INPUT_SECONDS_MAX * 1000), '-s', str(self.seed),
			'-V', str(self.clock.limit(self.left())), '--', binary('afl', self.target)]

	def corpus_files(self):
		queue = self.out / 'default/queue'
		return len(list(queue.glob('id*'))) if queue.exists() else self.seeds_at_start

	def stats(self, name):
		try:
			text = (self.out / 'default/fuzzer_stats').read_text()
		except OSError:
			return 0
		match = re.search(r'^%s\s*: (\d+)' % name, text, re.M)
		return int(match.group(1)) if match else 0

	def crash_files(self):
		return sorted((self.out / 'default/crashes').glob('id*'))

	def watch(self):
		self.cov = self.features = self.stats('edges_found')
		known = [crash.file for crash in self.crashes]
		for path in self.crash_files():
			if path not in known:		# what it is, a replay tells
				self.crashes.append(Found(None, path, '', self.clock.now()))

	def has_enough(self):
		return self.target == 'canary' and bool(self.crashes)

	def finish(self, status):
		self.watch()
		if status and not self.crashes:
			lines = [line for line in self.output().splitlines()
				 if 'ABORT' in line or '[-]' in line]
			self.problem = lines[-1:] or ['afl-fuzz: status %s' % status]
		return False


ENGINES = {'libfuzzer': LibFuzzer, 'afl': Afl}
