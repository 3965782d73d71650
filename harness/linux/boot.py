# SPDX-License-Identifier: GPL-2.0-only
"""boot - one guest from power on to power off

The guest gets its window as the memory of a PCI device.  It ends by itself, or
at the time limit, or with us: nothing is left running.
"""

import ctypes
import dataclasses
import os
import signal
import stat
import subprocess
import threading
import time

import debian
import memory
import watch
import window

INIT = debian.TREE / 'harness' / 'linux' / 'guest' / 'init'
SECONDS_MAX = 600
PR_SET_PDEATHSIG = 1
RUNNING = set()			# guests, for whoever has to stop them all
ASKING = threading.Lock()	# one guest at a time tells where its kernel has what

# The same memory at the same addresses in every boot, as far as the kernel decides;
# and no check of the timer, which a guest that gets little time fails.
ALWAYS = ('console=ttyS0 oops=panic panic=1 nokaslr norandmaps random.trust_cpu=off '
	  'init_on_alloc=0 page_alloc.shuffle=0 '
	  'no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1 audit=0')


# --- the file system that the guest boots from -------------------------------------


class Cpio:
	"""An archive in the form that the kernel unpacks; fit to be written without root."""

	def __init__(self):
		self.parts = []
		self.inode = 0

	def add(self, name, mode, data=b'', device=(0, 0)):
		self.inode += 1
		fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
		head = b'070701' + b''.join(b'%08X' % field for field in fields)
		head += name.encode() + b'\0'
		self.parts += [head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)]

	def bytes(self):
		self.add('TRAILER!!!', 0)
		return b''.join(self.parts)


def initramfs(kernel, shell, churn, script):
	archive = Cpio()
	for name in ('bin', 'dev', 'proc', 'sys', 'tmp'):
		archive.add(name, stat.S_IFDIR | 0o755)
	archive.add('dev/console', stat.S_IFCHR | 0o600, device=(5, 1))
	for name, path in (('init', INIT), ('bin/busybox', shell), ('bin/churn', churn),
			   ('tidemark.ko', kernel.module())):
		archive.add(name, stat.S_IFREG | 0o755, path.read_bytes())
	archive.add('script', stat.S_IFREG | 0o644, script.encode())
	return archive.bytes()


# --- the machine ----------------------------------------------------------------


def clock_options(config):
	"""All CPUs take turns in one thread, which is quickest where cores are few."""
	if config.alike:
		return ['-accel', 'tcg', '-icount', 'shift=1,sleep=off']
	return ['-accel', 'tcg,thread=single']


def cpu_names(config, node):
	first = sum(config.cpus[:node])
	return ['cpus=%d' % cpu for cpu in range(first, first + config.cpus[node])]


def backend(config, node, files):
	"""A node's memory; files: (folder with one per node, on: is shared, or off: copied)."""
	of = 'ram'
	if files:
		of = 'file,mem-path=%s,share=%s' % (files[0] / ('memory.%d' % node), files[1])
	return 'memory-backend-%s,id=m%d,size=%dM' % (of, node, config.memory[node])


def memory_options(config, files):
	if len(config.memory) == 1:
		return ['-machine', 'memory-backend=m0', '-object',
			backend(config, 0, files)] if files else []
	options = []
	for node in range(len(config.memory)):
		options += ['-object', backend(config, node, files), '-numa',
			    ','.join(['node', 'nodeid=%d' % node, 'memdev=m%d' % node,
				      *cpu_names(config, node)])]
	for start, end, distance in config.distances:
		options += ['-numa', 'dist,src=%d,dst=%d,val=%d' % (start, end, distance)]
	return options


def command(config, kernel, where, files=None):
	size = (where / 'window.bin').stat().st_size
	return ['qemu-system-x86_64', *clock_options(config), '-cpu', 'qemu64',
		'-rtc', 'base=2020-01-01,clock=vm', '-m', '%dM' % sum(config.memory),
		'-smp', str(config.nr_cpus()), *memory_options(config, files),
		'-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
		'-serial', 'file:%s' % (where / 'console.log'),
		'-object', 'memory-backend-file,id=window,mem-path=%s,size=%d,share=on'
		% (where / 'window.bin', size), '-device', 'ivshmem-plain,memdev=window,master=on',
		'-kernel', str(kernel.image()), '-initrd', str(where / 'initramfs'),
		'-append', ' '.join((ALWAYS, config.append)).strip()]


def die_with_parent():
	ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(line, files=()):
	"""A guest that runs until stop(), its own end or ours."""
	guest = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
				 stderr=subprocess.STDOUT, text=True, pass_fds=files,
				 preexec_fn=die_with_parent)
	RUNNING.add(guest)
	return guest


def stop(guest):
	guest.kill()
	guest.wait()
	RUNNING.discard(guest)


def stop_all():
	for guest in list(RUNNING):
		guest.kill()


def last_words(where):
	try:
		lines = (where / 'console.log').read_text(errors='replace').splitlines()
	except OSError:
		return ''
	return ''.join('\n  ' + line for line in lines[-8:])


def power(config, kernel, where, watching=None):
	options, files = (watching.options(), watching.files()) if watching else ((), ())
	deadline = time.monotonic() + SECONDS_MAX
	guest = start([*command(config, kernel, where), *options], files)
	try:
		if watching:
			watching.follow(deadline)
		output, _ = guest.communicate(timeout=max(deadline - time.monotonic(), 1))
	except (subprocess.TimeoutExpired, TimeoutError):
		raise debian.Failed('%s: not done after %d s%s' % (config.name, SECONDS_MAX,
								   last_words(where))) from None
	finally:
		stop(guest)
	if guest.returncode != 0:
		raise debian.Failed('%s: qemu: %s' % (config.name, output.strip()))


def symbols(config, parts):
	"""Where this kernel has its functions and variables; asks it once."""
	kernel = parts[0]
	where = debian.CACHE / 'kallsyms'
	with ASKING:
		if not kernel.kallsyms().exists():
			where.mkdir(exist_ok=True)
			window.write_empty(where / 'window.bin', 16 << 20, 0)
			boot(dataclasses.replace(config, name='kallsyms', append='', watched=False,
						 script=('blob kallsyms < /proc/kallsyms',)),
			     parts, where)
			(where / 'kallsyms').rename(kernel.kallsyms())
	return memory.read_symbols(kernel.kallsyms().read_text())


def watched(config, parts, where):
	"""A boot that is recorded; returns what is in the window then."""
	kernel = parts[0]
	if config.nr_cpus() > 1 or len(config.memory) > 1 or sum(config.memory) > watch.MIB_MAX:
		raise debian.Failed('%s: a boot is recorded with one CPU and one node of at most '
				    '%d MiB' % (config.name, watch.MIB_MAX))
	watching = watch.Watch(symbols(config, parts), kernel.layout(), sum(config.memory), where)
	try:
		power(config, kernel, where, watching)
		watching.traces(window.read(where / 'window.bin'))
	finally:
		watching.close()
	return window.read(where / 'window.bin')


def furnish(config, parts, where):
	"""What the guest boots from, beside its window."""
	_, shell, churn = parts
	script = '\n'.join(config.script) + '\n'
	(where / 'initramfs').write_bytes(initramfs(parts[0], shell, churn, script))
	(where / 'console.log').unlink(missing_ok=True)


def boot(config, parts, where):
	"""Boots, and returns what is in the window then."""
	furnish(config, parts, where)
	if config.watched:
		seen = watched(config, parts, where)
	else:
		power(config, parts[0], where)
		seen = window.read(where / 'window.bin')
	for blob in seen.blobs:
		(where / os.path.basename(blob.name)).write_bytes(blob.data)
	if seen.error:
		raise debian.Failed('%s: the module says: %s' % (config.name, seen.error))
	if seen.blob('done') is None:
		raise debian.Failed('%s: the guest ended early%s'
				    % (config.name, last_words(where)))
	if seen.done != seen.programs:
		raise debian.Failed('%s: %d of %d programs ran' % (config.name, seen.done,
								   seen.programs))
	return seen
