#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""held - asks a guest that waits before one of its programs about another program

`held.py [--lists] FOLDER TEXT` exits with 0 when that guest and core differ about
TEXT, with 1 when they do not or no guest can run it, with 2 when the question
failed.  shrink.py makes FOLDER; if there is a before.ops in it, then those ops run
first, and are part of the state that TEXT meets.  The last difference is left there,
as differs.ops with the state and the pages of the kernel, and as the window
differs.bin.

What a program finds depends on all that ran before, so each is asked from the
same state, bit by bit.  The memory of the guest that waits is in files; the rest
of it is saved, and it ends.  A copy maps those files so that what it writes stays
its own, is given another window, and goes on from there: its CPUs stand in one
stopped section, in which nothing but the window's program can run.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import boot
import configs
import debian
import window

ANSWER_SECONDS_MAX = 60
WINDOW_DEVICE = 0x1110		# ivshmem
WINDOW_BAR = 2
CONFIG_ADDRESS, CONFIG_DATA = 0xcf8, 0xcfc
COMMAND, MEMORY_ON = 4, 2


class Monitor:
	"""What qemu is told, in the lines of its protocol."""

	def __init__(self, guest):
		self.guest = guest
		self.answer()			# it greets
		self.tell('qmp_capabilities')
		self.tell('migrate-set-capabilities', capabilities=[
			{'capability': 'x-ignore-shared', 'state': True}])

	def answer(self):
		said = ''
		for line in self.guest.stdout:
			said = line.strip()
			if said.startswith('{"return"') or said.startswith('{"QMP"'):
				return json.loads(said).get('return')
			if said.startswith('{"error"') or not said.startswith('{'):
				break
		raise debian.Failed('qemu: ' + said)

	def tell(self, what, **how):
		self.guest.stdin.write(json.dumps({'execute': what, 'arguments': how}) + '\n')
		self.guest.stdin.flush()
		return self.answer()

	def configure(self, slot, register, value):
		"""Writes to a PCI device."""
		address = 1 << 31 | slot << 11 | register
		for port, word in ((CONFIG_ADDRESS, address), (CONFIG_DATA, value)):
			self.tell('human-monitor-command',
				  **{'command-line': 'o /w %d %d' % (port, word)})


def wait_for(guest, path, program, wanted, seconds):
	"""Until a program of the window has that status."""
	end = time.monotonic() + seconds
	while time.monotonic() < end:
		status, error = window.status(path, program)
		if status == wanted:
			return
		if error or guest.poll() is not None:
			raise debian.Failed('the guest ended, or complained: ' + error)
		time.sleep(0.005)
	raise debian.Failed('no answer after %d s%s' % (seconds, boot.last_words(path.parent)))


# --- the guest that waits -------------------------------------------------------------


def save(monitor, path):
	"""All but what is in shared files; returns where the window is for the guest."""
	device = next(device for bus in monitor.tell('query-pci') for device in bus['devices']
		      if device['id']['device'] == WINDOW_DEVICE)
	address = next(region['address'] for region in device['regions']
		       if region['bar'] == WINDOW_BAR)
	monitor.tell('migrate', uri='exec:cat > ' + str(path))
	while monitor.tell('query-migrate').get('status') != 'completed':
		time.sleep(0.01)
	return device['slot'], address


def hold(config, tool, where, old, program):
	"""Boots a guest with a window's programs, up to one of them, and leaves it in `where`."""
	parts = debian.prepare_kernel(config.kernel)
	shutil.rmtree(where, ignore_errors=True)
	where.mkdir(parents=True)
	window.write_again(old, where / 'window.bin', hold=program)
	boot.furnish(config, parts, where)
	guest = boot.start(boot.command(config, parts[0], where, (where, 'on')) + ['-qmp', 'stdio'])
	try:
		monitor = Monitor(guest)
		wait_for(guest, where / 'window.bin', program, window.HELD, boot.SECONDS_MAX)
		slot, address = save(monitor, where / 'saved')
	finally:
		boot.stop(guest)
	(where / 'held').write_text(json.dumps({
		'guest': config.name, 'tool': str(tool), 'slot': slot, 'address': address}))


def discard(where):
	for path in (*where.glob('memory.*'), where / 'saved', where / 'held'):
		path.unlink(missing_ok=True)


# --- copies of it -----------------------------------------------------------------------


def run_copy(where, held, copy):
	"""Runs the one program of the window in `copy`."""
	config = configs.chosen([held['guest']], False)[0]
	command = boot.command(config, debian.KERNELS[config.kernel], copy, (where, 'off'))
	guest = boot.start(command + ['-qmp', 'stdio', '-incoming', 'defer'])
	try:
		monitor = Monitor(guest)
		# Memory that is not in what was saved has to be in its place already.
		base = 0x10 + 4 * WINDOW_BAR
		monitor.configure(held['slot'], base, held['address'] & 0xffffffff)
		monitor.configure(held['slot'], base + 4, held['address'] >> 32)
		monitor.configure(held['slot'], COMMAND, MEMORY_ON)
		monitor.tell('migrate-incoming', uri='exec:cat ' + str(where / 'saved'))
		wait_for(guest, copy / 'window.bin', 0, window.DONE, ANSWER_SECONDS_MAX)
	finally:
		boot.stop(guest)


def call(*command):
	return subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, text=True,
			      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def differs(where, fill, lists):
	"""Is there a difference about what fill(held, window) puts into a window?
	`lists`: also one that no page tells, but the lists at the end."""
	held = json.loads((where / 'held').read_text())
	copy = where / held['guest']
	shutil.rmtree(copy, ignore_errors=True)
	copy.mkdir()
	(copy / 'initramfs').symlink_to(where / 'initramfs')
	shared = copy / 'window.bin'
	if not fill(held, shared):
		return False			# nothing that a guest can run
	run_copy(where, held, copy)
	done = call(held['tool'], 'linux', 'compare', '--quiet', '--texts=%s' % copy, shared)
	if done.returncode > 1:
		raise debian.Failed(done.stdout)
	written = copy / (held['guest'] + '-0.ops')
	if not written.exists() or not (lists or call(held['tool'], 'replay',
						      written).returncode == 1):
		return False
	written.replace(where / 'differs.ops')
	shared.replace(where / 'differs.bin')
	return True


def differs_about(where, text, lists):
	size = (where / 'window.bin').stat().st_size
	before = ['--before=%s' % path for path in where.glob('before.ops')]
	return differs(where, lambda held, shared: not call(
		held['tool'], 'linux', 'prepare', '--programs=0', '--bytes=%d' % size, *before,
		'--file=%s' % text, shared).returncode, lists)


def differs_again(where, old, program, lists):
	"""The same with a program of another window."""
	return differs(where, lambda _, shared: window.write_again(old, shared, only=program)
		       or True, lists)


def main():
	parser = argparse.ArgumentParser(prog='held.py', description=__doc__,
					 formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument('--lists', action='store_true',
			    help='other lists at the end are a difference, too')
	parser.add_argument('folder', metavar='FOLDER', type=pathlib.Path)
	parser.add_argument('text', metavar='TEXT', type=pathlib.Path)
	options = parser.parse_args()
	try:
		return 0 if differs_about(options.folder.resolve(), options.text,
					  options.lists) else 1
	except (debian.Failed, OSError) as failed:
		print('held.py: %s' % failed, file=sys.stderr)
		return 2
	finally:
		boot.stop_all()


if __name__ == '__main__':
	sys.exit(main())
