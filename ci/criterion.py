# SPDX-License-Identifier: MIT
"""criterion.py - runs a Criterion program and reads its report

The program's own exit status cannot be trusted alone: it is 0 when no test ran.
"""

import collections
import os
import re
import subprocess

Result = collections.namedtuple('Result', 'passed failed skipped output')
# The report does not escape what tests say, so it is searched and not parsed.
ENTRY = re.compile(r'"name": "(\w+)",\s*"(passed"|assertions": \d+,\s*"status": "(\w+)")')


def run(program, report, jobs=2, timeout=600, pattern='*'):
	"""Result with lists of 'suite::test'; a crash of the runner is a failed test."""
	report.parent.mkdir(parents=True, exist_ok=True)
	report.unlink(missing_ok=True)
	command = [str(program), '-j%d' % jobs, '--color=never', '--timeout=120',
		   '--json=%s' % report, '--filter', '*/' + pattern]
	env = dict(os.environ, LC_ALL='C',
		   ASAN_OPTIONS='handle_abort=0:detect_leaks=0:abort_on_error=0')
	try:
		done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
				      text=True, errors='replace', timeout=timeout, env=env)
		status, output = done.returncode, done.stdout
	except subprocess.TimeoutExpired as late:
		status, output = 'timeout', (late.stdout or b'').decode(errors='replace')
	result = Result([], [], [], output)
	text = report.read_text(errors='replace') if report.is_file() else ''
	suite = ''
	for name, kind, state in ENTRY.findall(text):
		if kind == 'passed"':
			suite = name
		elif state == 'PASSED':
			result.passed.append('%s::%s' % (suite, name))
		elif state == 'SKIPPED':
			result.skipped.append('%s::%s' % (suite, name))
		else:
			result.failed.append('%s::%s' % (suite, name))
	if status not in (0, 1) or (status == 1 and not result.failed):
		result.failed.append('runner::ended_with_%s' % status)
	return result
